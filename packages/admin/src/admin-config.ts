import { clientConfig } from '@logwerk/client'
import { type ConfigInputOf, type ConfigOf, defineConfig, durationMs } from '@logwerk/runtime'

/** Options of an admin client. Names, units and defaults are those of Java's Admin. */
export const adminConfig = defineConfig({
  ...clientConfig,
  // Java's Admin is used now and then, and lets go of its connections sooner than a producer or consumer.
  connectionsMaxIdleMs: durationMs({
    kafkaKey: 'connections.max.idle.ms',
    default: 300_000,
    min: 1,
    doc: 'A connection without requests for this long is closed.',
  }),
  defaultApiTimeoutMs: durationMs({
    kafkaKey: 'default.api.timeout.ms',
    default: 60_000,
    min: 0,
    max: 0x7fff_ffff,
    doc: 'Longest wait of a call that has no `timeoutMs` of its own, all attempts together.',
  }),
})

export type AdminConfig = ConfigOf<typeof adminConfig>
export type AdminConfigInput = ConfigInputOf<typeof adminConfig>
