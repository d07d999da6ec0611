import { type Random, randomFraction } from './random.ts'

/** How long to wait before trying again: exponential with jitter (KIP-580). */
export interface BackoffOptions {
  /** First wait, before jitter. */
  readonly initialMs: number
  /** Upper bound of any wait. */
  readonly maxMs: number
}

const JITTER = 0.2

/**
 * The wait before attempt `attempt + 1`, where `attempt` counts the failures so far, less one:
 * `initialMs * 2^attempt`, at most `maxMs`, times a factor in [0.8, 1.2), and again at most `maxMs`: bounded before the jitter too,
 * so that clients that have all reached the bound still spread out. Always `maxMs` where `initialMs` is not below it. In whole
 * milliseconds, rounded down. Source: KIP-580 and Kafka's class `ExponentialBackoff`.
 */
export function backoffMs(options: BackoffOptions, attempt: number, random: Random): number {
  if (options.initialMs >= options.maxMs) return options.maxMs
  // 2^64 is past every cap; a larger exponent would only risk Infinity * 0.
  const plain = Math.min(options.maxMs, options.initialMs * 2 ** Math.min(attempt, 64))
  return Math.min(options.maxMs, Math.floor(plain * (1 - JITTER + 2 * JITTER * randomFraction(random))))
}
