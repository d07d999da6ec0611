/**
 * The broker is in this process, and somebody watches: what it has not done by then, as on a full disk, it will not do. (Kafka's defaults
 * are a minute and two.)
 */
export const PATIENCE = { requestTimeoutMs: 10_000, defaultApiTimeoutMs: 20_000 } as const
/** The same for a producer. */
export const PRODUCER_PATIENCE = { requestTimeoutMs: 10_000, deliveryTimeoutMs: 20_000 } as const
