import { array, errorCode, type Infer, type InferInput, int32, int64, string, struct } from '../schema/field.ts'
import { defineApi, type RequestInputOf, type RequestOf, type ResponseInputOf, type ResponseOf } from '../schema/message.ts'

export const offsetForLeaderPartition = struct({
  partition: int32(),
  /** The epoch that the asker believes to be current; -1 skips the check. */
  currentLeaderEpoch: int32({ default: -1, ignorable: true }),
  /** The epoch in question. */
  leaderEpoch: int32(),
})
export interface OffsetForLeaderPartition extends Infer<typeof offsetForLeaderPartition> {}

export const offsetForLeaderTopic = struct({
  topic: string(),
  partitions: array(offsetForLeaderPartition),
})
export interface OffsetForLeaderTopic extends Infer<typeof offsetForLeaderTopic> {}

export const epochEndOffset = struct({
  errorCode: errorCode(
    'NONE',
    'UNKNOWN_SERVER_ERROR',
    'UNKNOWN_TOPIC_OR_PARTITION',
    'LEADER_NOT_AVAILABLE',
    'NOT_LEADER_OR_FOLLOWER',
    'FENCED_LEADER_EPOCH',
    'UNKNOWN_LEADER_EPOCH',
    'REPLICA_NOT_AVAILABLE',
    'KAFKA_STORAGE_ERROR',
    'OFFSET_NOT_AVAILABLE',
    'INVALID_REQUEST',
    'UNSUPPORTED_VERSION',
    'TOPIC_AUTHORIZATION_FAILED',
    'CLUSTER_AUTHORIZATION_FAILED',
  ),
  partition: int32(),
  /** The largest epoch up to the one in question; -1 if that is newer than all. */
  leaderEpoch: int32({ default: -1, ignorable: true }),
  /** Where the next epoch starts; the end of the log for the current epoch; -1 if unknown. */
  endOffset: int64({ default: -1 }),
})
export interface EpochEndOffset extends Infer<typeof epochEndOffset> {}
export interface EpochEndOffsetInput extends InferInput<typeof epochEndOffset> {}

export const offsetForLeaderTopicResult = struct({
  topic: string(),
  partitions: array(epochEndOffset),
})
export interface OffsetForLeaderTopicResult extends Infer<typeof offsetForLeaderTopicResult> {}

/**
 * Where a leader epoch ends in the log. A consumer asks after a change of leader, to learn whether records that it has read were cut away
 * (KIP-320).
 */
export const offsetForLeaderEpoch = defineApi({
  key: 23,
  name: 'OffsetForLeaderEpoch',
  versions: [2, 4],
  flexibleFrom: 4,
  request: struct({
    /** -1 for a consumer. Version 2 cannot say, which counts as -2, Kafka's `DEBUGGING_REPLICA_ID`. */
    replicaId: int32({ since: 3, default: -2, ignorable: true }),
    topics: array(offsetForLeaderTopic),
  }),
  response: struct({
    throttleTimeMs: int32({ default: 0, ignorable: true }),
    topics: array(offsetForLeaderTopicResult),
  }),
})
export type OffsetForLeaderEpochRequest = RequestOf<typeof offsetForLeaderEpoch>
export type OffsetForLeaderEpochRequestInput = RequestInputOf<typeof offsetForLeaderEpoch>
export type OffsetForLeaderEpochResponse = ResponseOf<typeof offsetForLeaderEpoch>
export type OffsetForLeaderEpochResponseInput = ResponseInputOf<typeof offsetForLeaderEpoch>
