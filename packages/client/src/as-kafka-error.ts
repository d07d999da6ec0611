import { KafkaError, messageOf } from '@logwerk/runtime'

/** What was thrown, as a KafkaError: anything else is `UNKNOWN_SERVER_ERROR`, with what it was as the cause. */
export function asKafkaError(thrown: unknown): KafkaError {
  return thrown instanceof KafkaError ? thrown : new KafkaError('UNKNOWN_SERVER_ERROR', messageOf(thrown), { cause: thrown })
}
