import type { Clock } from '@logwerk/runtime'

/** A loop that always finds records goes on for this long before others have their turn. */
const LOOP_MS = 10
/** The clock is looked at for one in so many records at least, where they are quick. */
const MAX_STRIDE = 16
const QUICK_MS = 1

/**
 * Sees to it that a loop that always finds records leaves timers and sockets their turn: awaiting what is there already never does, and
 * heartbeats have to go out and answers to come in.
 */
export class Turns {
  readonly #clock: Clock
  #lastTurnMs: number
  #lastLookMs: number
  #stride = 1
  #left = 1
  #isDue = false

  constructor(clock: Clock) {
    this.#clock = clock
    this.#lastTurnMs = clock.monotonicMs()
    this.#lastLookMs = this.#lastTurnMs
  }

  /** True, until they had it, once the others have waited for long enough. Asked once per record, or per list of them. */
  isDue(): boolean {
    if (this.#isDue || --this.#left > 0) return this.#isDue
    const nowMs = this.#clock.monotonicMs()
    this.#stride = nowMs - this.#lastLookMs < QUICK_MS ? Math.min(this.#stride * 2, MAX_STRIDE) : 1
    this.#left = this.#stride
    this.#lastLookMs = nowMs
    this.#isDue = nowMs - this.#lastTurnMs >= LOOP_MS
    return this.#isDue
  }

  /** Resolves when timers and sockets have had their turn. */
  take(): Promise<void> {
    return new Promise(resolve =>
      this.#clock.soon(() => {
        this.taken()
        resolve()
      }),
    )
  }

  /** They had it: the loop waited for something else. */
  taken(): void {
    this.#lastTurnMs = this.#clock.monotonicMs()
    this.#isDue = false
  }
}
