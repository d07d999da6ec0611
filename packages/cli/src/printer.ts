import type { Clock } from '@logwerk/runtime'
import type { Io } from './io.ts'
import { Progress } from './progress.ts'
import { type Style, styleOf } from './style.ts'
import { type Column, formatTable } from './table.ts'

/** Writes what a command has to say: for people on a terminal, as one JSON object a line in a pipe or where `--json` asks for it. */
export class Printer {
  /** True for people, false for programs. */
  readonly isHuman: boolean
  /** Emphasis on standard output. */
  readonly style: Style
  /** How long work comes along, on standard error. What else is said there takes its place. */
  readonly progress: Progress
  readonly #io: Io
  readonly #errorStyle: Style

  constructor(io: Io, asJson: boolean, clock: Clock) {
    this.#io = io
    this.progress = new Progress(io.stderr, clock)
    this.isHuman = io.stdout.isTTY && !asJson
    this.style = styleOf(io.stdout, io.env)
    this.#errorStyle = styleOf(io.stderr, io.env)
  }

  /** A line for people; programs do not see it. */
  say(line = ''): void {
    if (this.isHuman) this.#io.stdout.write(`${line}\n`)
  }

  /** A line for programs; people do not see it. */
  json(value: unknown): void {
    if (!this.isHuman) this.#io.stdout.write(`${JSON.stringify(value)}\n`)
  }

  /** The same for both, each in its form. */
  tell(line: string, value: unknown): void {
    if (this.isHuman) this.say(line)
    else this.json(value)
  }

  /** A table for people, whose absence of rows is said in words; the rows themselves for programs. */
  rows<R extends object>(columns: readonly Column<R>[], rows: readonly R[], none: string): void {
    if (!this.isHuman) for (const row of rows) this.json(row)
    else if (rows.length === 0) this.say(none)
    else for (const line of formatTable(columns, rows, this.style)) this.say(line)
  }

  /** Something to know that is not the result: to standard error, for both. */
  note(line: string): void {
    this.progress.clear()
    this.#io.stderr.write(`${line}\n`)
  }

  /** The same, and it may matter. */
  warn(line: string): void {
    this.note(`${this.#errorStyle.yellow('warning:')} ${line}`)
  }
}
