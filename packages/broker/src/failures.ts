import { type BrokerErrorCode, KafkaError, type Logger } from '@logwerk/runtime'
import { brokerCodeOf } from './partition.ts'

/** As {@link brokerCodeOf}; an error that is no KafkaError is a bug of ours, so its stack goes to the log. */
export function loggedCodeOf(log: Logger, error: unknown): BrokerErrorCode {
  if (!(error instanceof KafkaError)) log.error('a request failed unexpectedly', { error: stackOf(error) })
  return brokerCodeOf(error)
}

/** The error's text with its stack, which loggers do not print by themselves. */
export function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
