import { formatPlace, KafkaError, type KafkaErrorCode, messageOf } from '@logwerk/runtime'
import type { Io } from './io.ts'
import { styleOf } from './style.ts'
import { printable } from './table.ts'
import { UsageError } from './usage-error.ts'

/** What the process ends with. */
export const exitCodes = { DONE: 0, FAILED: 1, USAGE: 2 } as const
/** One of {@link exitCodes}. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/**
 * Says on standard error, in one line, why a command failed: the message, its place where the message does not name it, and the code. The
 * stack follows where LOGWERK_DEBUG is set.
 *
 * @returns The exit code.
 */
export function reportError(error: unknown, { stderr, env }: Pick<Io, 'stderr' | 'env'>): ExitCode {
  const style = styleOf(stderr, env)
  const help =
    error instanceof UsageError ? style.dim(` (${['logwerk', error.command, '--help'].filter(part => part !== '').join(' ')})`) : ''
  stderr.write(`${style.red('error:')} ${printable(describeError(error))}${help}\n`)
  if (isDebugging(env)) stderr.write(`${stackOf(error)}\n`)
  return error instanceof UsageError ? exitCodes.USAGE : exitCodes.FAILED
}

/** The line for an error, without colours: exported for its test. */
export function describeError(error: unknown): string {
  const message = messageOf(error)
  if (!(error instanceof KafkaError)) return message
  const hint = hintOf(error)
  const { broker, ...place } = error.at
  // Most messages name the place themselves, in words of their own.
  const parts = Object.values(place).every(part => message.includes(String(part))) ? {} : place
  const at = formatPlace(broker === undefined || message.includes(String(broker)) ? parts : { ...parts, broker })
  const code = message.includes(error.code) ? '' : error.code
  const facts = [code, at === '' ? '' : `at ${at}`].filter(part => part !== '').join(' ')
  return [facts === '' ? message : `${message} (${facts})`, ...(hint === undefined ? [] : [hint])].join('; ')
}

function hintOf({ code, at }: KafkaError): string | undefined {
  // A partition that is not there needs no other topic.
  if (code === 'UNKNOWN_TOPIC_OR_PARTITION' && at.partition !== undefined) return undefined
  // Without a topic it is about a line that never became a record.
  if (code === 'MESSAGE_TOO_LARGE' && at.topic === undefined) return undefined
  return WAYS_OUT[code]
}

/** What to do next, where the message can only say what is wrong. */
const WAYS_OUT: Partial<Record<KafkaErrorCode, string>> = {
  UNKNOWN_TOPIC_OR_PARTITION: '"logwerk topics list" shows the topics there are, "logwerk topics create --topic NAME" makes one',
  TOPIC_ALREADY_EXISTS: '"logwerk topics describe" shows it, --if-not-exists is content with it',
  GROUP_ID_NOT_FOUND: '"logwerk groups list" shows the groups there are',
  MESSAGE_TOO_LARGE:
    '"--command-property max.request.size=N" raises the limit of the command, "logwerk configs alter" with max.message.bytes that of the topic',
  NON_EMPTY_GROUP: 'stop its members first; "logwerk groups describe" shows them',
}

/** LOGWERK_DEBUG is set, and not to 0 or false. */
export function isDebugging(env: Io['env']): boolean {
  return !['', '0', 'false'].includes(env['LOGWERK_DEBUG'] ?? '')
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause === undefined ? '' : `\nCaused by: ${stackOf(error.cause)}`
  return `${error.stack ?? error.message}${cause}`
}
