import { type Clock, type Endpoint, formatEndpoint, type Logger, messageOf } from '@logwerk/runtime'

/** An attempt or two may fail while a broker is started again: that is nobody's business. */
const QUIET_MS = 3000
const REPEAT_MS = 30_000

interface Outage {
  readonly sinceMs: number
  toldMs: number | null
}

/**
 * Tells of brokers that cannot be reached for a while, now and then, and when they can be again. Outages are sat out, so that without this
 * a client whose broker is gone looks like one that has nothing to do.
 */
export class OutageLog {
  readonly #clock: Clock
  readonly #log: Logger
  readonly #outages = new Map<string, Outage>()

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock
    this.#log = log
  }

  failed(endpoint: Endpoint, error: unknown): void {
    const broker = formatEndpoint(endpoint)
    const nowMs = this.#clock.monotonicMs()
    const outage = this.#outages.get(broker)
    if (outage === undefined) {
      this.#outages.set(broker, { sinceMs: nowMs, toldMs: null })
      return
    }
    const isDue = outage.toldMs === null ? nowMs - outage.sinceMs >= QUIET_MS : nowMs - outage.toldMs >= REPEAT_MS
    if (!isDue) return
    outage.toldMs = nowMs
    this.#log.warn(`${broker} could not be reached for ${secondsOf(nowMs - outage.sinceMs)} and is tried again: ${messageOf(error)}`)
  }

  reached(endpoint: Endpoint): void {
    const broker = formatEndpoint(endpoint)
    const outage = this.#outages.get(broker)
    if (outage === undefined) return
    this.#outages.delete(broker)
    if (outage.toldMs !== null) this.#log.info(`${broker} is reached again, after ${secondsOf(this.#clock.monotonicMs() - outage.sinceMs)}`)
  }
}

function secondsOf(ms: number): string {
  return `${Math.round(ms / 1000)} s`
}
