import { KafkaError } from '@logwerk/runtime'

/** What waits on a client that is closed fails with this. */
export function closedError(): KafkaError {
  return new KafkaError('CLOSED', 'the client was closed')
}
