import type { LogFields, Logger, LogLevel } from '../logger.ts'
import { loggerTo } from '../logger.ts'

/** A line that a simulated process logged. */
export interface LogLine {
  /** Virtual time. */
  readonly atMs: number
  readonly machine: string
  readonly level: LogLevel
  readonly message: string
  readonly fields: LogFields
}

/** Lines of a simulation that are kept; the oldest go first. */
const MAX_LINES = 10_000

/** The lines that were logged, of all machines, in order. */
export class LogLines {
  #lines: LogLine[] = []

  /** The last 10,000, or of one machine those among them. */
  lines(machine?: string): readonly LogLine[] {
    const kept = this.#lines.slice(-MAX_LINES)
    return machine === undefined ? kept : kept.filter(line => line.machine === machine)
  }

  /** A logger for a process; what it says counts only while the process is there. */
  logger(machine: string, nowMs: () => number, isAlive: () => boolean): Logger {
    return loggerTo((level, message, fields) => {
      if (!isAlive()) return
      this.#lines.push({ atMs: nowMs(), machine, level, message, fields })
      if (this.#lines.length >= 2 * MAX_LINES) this.#lines = this.#lines.slice(-MAX_LINES)
    }, 'debug')
  }
}
