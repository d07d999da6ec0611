import { KafkaError } from '@logwerk/runtime'
import { brokerCodeOf } from '../partition.ts'

/** What a client of a group is told when the log did not take the group's records. */
export type CoordinatorCode = 'COORDINATOR_NOT_AVAILABLE' | 'NOT_COORDINATOR' | 'UNKNOWN_SERVER_ERROR'

/** Source: Kafka's `GroupMetadataManager.appendGroupMetadataErrorToResponseError`; what may pass is a reason to try again. */
export function coordinatorCodeOf(error: unknown): CoordinatorCode {
  if (!(error instanceof KafkaError)) return 'UNKNOWN_SERVER_ERROR'
  switch (brokerCodeOf(error)) {
    case 'KAFKA_STORAGE_ERROR':
    case 'NOT_LEADER_OR_FOLLOWER':
      return 'NOT_COORDINATOR'
    case 'MESSAGE_TOO_LARGE':
    case 'RECORD_LIST_TOO_LARGE':
    case 'UNKNOWN_SERVER_ERROR':
      return 'UNKNOWN_SERVER_ERROR'
    default:
      return 'COORDINATOR_NOT_AVAILABLE'
  }
}
