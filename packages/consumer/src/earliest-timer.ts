import type { Clock, Timer } from '@logwerk/runtime'

/** One timer for many wishes: it runs at the earliest moment that was asked for, and is free again then. */
export class EarliestTimer {
  readonly #clock: Clock
  readonly #task: () => void
  #timer: Timer | null = null
  #atMs = Number.POSITIVE_INFINITY

  constructor(clock: Clock, task: () => void) {
    this.#clock = clock
    this.#task = task
  }

  /** Runs the task at this monotonic time at the latest. */
  at(atMs: number): void {
    if (atMs >= this.#atMs) return
    this.#timer?.cancel()
    this.#atMs = atMs
    // Not in the background: between two attempts to reach a broker nothing else may keep the process alive.
    this.#timer = this.#clock.setTimer(Math.max(atMs - this.#clock.monotonicMs(), 1), () => {
      this.#timer = null
      this.#atMs = Number.POSITIVE_INFINITY
      this.#task()
    })
  }

  cancel(): void {
    this.#timer?.cancel()
  }
}
