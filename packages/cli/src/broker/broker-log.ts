import { formatLogLine, type Logger, loggerTo, messageOf, type World } from '@logwerk/runtime'
import type { Io } from '../io.ts'
import { isDebugging } from '../report-error.ts'
import { styleOf } from '../style.ts'
import { printable } from '../table.ts'

/** What the broker reports, on standard error: a line of text on a terminal, a JSON object elsewhere. */
export function brokerLog({ stderr, env }: Pick<Io, 'stderr' | 'env'>, { clock }: Pick<World, 'clock'>): Logger {
  const style = styleOf(stderr, env)
  const colours = { debug: style.dim, info: style.dim, warn: style.yellow, error: style.red }
  return loggerTo(
    (level, message, fields) => {
      const time = new Date(clock.nowMs()).toISOString()
      const line = stderr.isTTY
        ? `${style.dim(time.slice(11, 23))} ${colours[level](level.padEnd(5))} ${printable(formatLogLine(message, fields))}`
        : JSON.stringify({ time, level, message, ...fields }, plain)
      stderr.write(`${line}\n`)
    },
    // A person wants to hear of trouble; a file of logs may tell how it came about.
    isDebugging(env) ? 'debug' : stderr.isTTY ? 'warn' : 'info',
  )
}

function plain(_key: string, value: unknown): unknown {
  return value instanceof Error ? messageOf(value) : typeof value === 'bigint' ? String(value) : value
}
