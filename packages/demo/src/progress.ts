import { progressOf } from './chart.ts'
import { countedOf, countOf } from './numbers.ts'
import { report } from './report.ts'
import type { Screen } from './screen.ts'

/** Time between two pictures of the live chart. */
const DRAW_INTERVAL_MS = 80
const PROGRESS_COLUMNS = 24

/** Draws the live chart; where that cannot be done, a line for each quarter of the way. */
export class Progress {
  storedCount = 0
  readonly #screen: Screen
  readonly #toStore: number
  readonly #chart: () => readonly string[]
  readonly #timer: NodeJS.Timeout
  #told = 0

  constructor(screen: Screen, toStore: number, chart: () => readonly string[]) {
    this.#screen = screen
    this.#toStore = toStore
    this.#chart = chart
    this.#timer = setInterval(() => this.#show(), DRAW_INTERVAL_MS)
  }

  end(): void {
    clearInterval(this.#timer)
    this.#show()
    this.#screen.erase()
  }

  #show(): void {
    const share = this.#toStore === 0 ? 1 : this.storedCount / this.#toStore
    this.#screen.draw(['', progressOf(share, PROGRESS_COLUMNS), '', ...this.#chart()])
    if (this.#screen.isLive || Math.floor(share * 4) <= this.#told) return
    this.#told = Math.floor(share * 4)
    report(
      this.#screen,
      'stored',
      `${`${this.#told * 25} %`.padStart(5)}  ${countOf(this.storedCount)} of ${countedOf(this.#toStore, 'record')}`,
    )
  }
}
