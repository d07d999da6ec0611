import { jsonOf } from './printed.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** Facts of a log line, kept apart from its text so that machines can read them. */
export type LogFields = Readonly<Record<string, unknown>>

/** Where Logwerk tells what it does. Any object with these four methods will do; {@link loggerTo} adapts everything else. */
export interface Logger {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
}

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']

/**
 * A logger that hands every line at or above `minimum` (default `info`) to `sink`: one function adapts pino, winston, the console or
 * a test's array.
 */
export function loggerTo(sink: (level: LogLevel, message: string, fields: LogFields) => void, minimum: LogLevel = 'info'): Logger {
  const from = LEVELS.indexOf(minimum)
  const at = (level: LogLevel) =>
    LEVELS.indexOf(level) < from ? () => {} : (message: string, fields?: LogFields) => sink(level, message, fields ?? {})
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

/** Says nothing. */
export const silentLogger: Logger = loggerTo(() => {}, 'error')

/**
 * One line of text: `message key=value key=value`. Values with spaces, quotes or control characters, and empty ones, are quoted as
 * in JSON; control characters of the message are escaped so, for a part of it may come from a peer. Never throws, whatever the fields
 * hold: a log line must not break what it reports on.
 */
export function formatLogLine(message: string, fields: LogFields): string {
  let line = message.replace(/[\p{Cc}\u2028\u2029]/gu, escaped)
  for (const [key, value] of Object.entries(fields)) {
    const text = textOf(value)
    line += ` ${key}=${text === '' || /[\s"\p{Cc}]/u.test(text) ? JSON.stringify(text) : text}`
  }
  return line
}

function textOf(value: unknown): string {
  try {
    if (value instanceof Error) return String(value.message)
    if (typeof value !== 'object' || value === null) return typeof value === 'function' ? `[function ${value.name}]` : String(value)
    return jsonOf(value)
  } catch {
    // A message or a name that throws when it is asked for.
    return '[not printable]'
  }
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
