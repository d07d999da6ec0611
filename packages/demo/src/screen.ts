/** Where the demo writes; `process.stdout` is one. */
export interface Output {
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
  readonly rows?: number | undefined
  write(text: string): unknown
}

const ESCAPE = '\u001b['
const paint = (on: number, off: number) => (text: string) => `${ESCAPE}${on}m${text}${ESCAPE}${off}m`
const plain = (text: string) => text

/** Emphasis; plain text where there is no terminal, where it is dumb, and with NO_COLOR (no-color.org). */
export interface Style {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly green: (text: string) => string
  readonly yellow: (text: string) => string
  readonly red: (text: string) => string
  readonly cyan: (text: string) => string
}

const PLAIN: Style = { bold: plain, dim: plain, green: plain, yellow: plain, red: plain, cyan: plain }
const COLOURED: Style = {
  bold: paint(1, 22),
  dim: paint(2, 22),
  green: paint(32, 39),
  yellow: paint(33, 39),
  red: paint(31, 39),
  cyan: paint(36, 39),
}

/** A block whose lines are cut in two by the terminal, or that is higher than it, cannot be drawn over. */
const LIVE_COLUMNS = 40
const LIVE_ROWS = 10

/** Text line by line, with a block at the bottom that is drawn over again while it lives. */
export class Screen {
  readonly style: Style
  /** True where a block can be drawn over: a terminal that moves its cursor and has room for it. */
  readonly isLive: boolean
  readonly columns: number
  readonly rows: number
  readonly #output: Output
  #blockLineCount = 0

  constructor(output: Output, env: Readonly<Record<string, string | undefined>>) {
    this.#output = output
    this.columns = output.columns || 80
    this.rows = output.rows || 24
    const isTerminal = output.isTTY === true && env['TERM'] !== 'dumb'
    this.isLive = isTerminal && this.columns >= LIVE_COLUMNS && this.rows >= LIVE_ROWS
    this.style = isTerminal && !env['NO_COLOR'] ? COLOURED : PLAIN
  }

  /** Writes lines below everything that is there; a live block stays where it is and is over. */
  print(...lines: readonly string[]): void {
    this.#blockLineCount = 0
    this.#output.write(lines.map(line => `${line}\n`).join(''))
  }

  /** Draws the block, in place of what it was. Does nothing where that cannot be done. Lines have to fit the screen. */
  draw(lines: readonly string[]): void {
    if (!this.isLive) return
    const home = this.#blockLineCount > 0 ? `${ESCAPE}${this.#blockLineCount}A` : ''
    this.#output.write(`${home}${lines.map(line => `${ESCAPE}2K${line}\n`).join('')}${ESCAPE}0J`)
    this.#blockLineCount = lines.length
  }

  /** Takes the block away. */
  erase(): void {
    if (this.#blockLineCount > 0) this.draw([])
    this.#blockLineCount = 0
  }
}
