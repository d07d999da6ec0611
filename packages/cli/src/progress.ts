import type { Clock } from '@logwerk/runtime'
import type { Output } from './io.ts'

/** Between two states of the line. */
const INTERVAL_MS = 250

/** A line on a terminal that tells how long work comes along, written over itself. Elsewhere it says nothing. */
export class Progress {
  readonly #output: Output
  readonly #clock: Clock
  #shownMs: number
  #isShown = false

  constructor(output: Output, clock: Clock) {
    this.#output = output
    this.#clock = clock
    this.#shownMs = clock.monotonicMs()
  }

  /** `text` is made only when it is going to be shown. */
  update(text: () => string): void {
    if (!this.#output.isTTY || this.#clock.monotonicMs() - this.#shownMs < INTERVAL_MS) return
    this.#shownMs = this.#clock.monotonicMs()
    this.#isShown = true
    this.#output.write(`\r${text().slice(0, Math.max(this.#output.columns - 1, 20))}\u001b[K`)
  }

  /** Takes the line away. */
  clear(): void {
    if (this.#isShown) this.#output.write('\r\u001b[K')
    this.#isShown = false
  }
}
