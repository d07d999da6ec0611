import { array, errorCode, type Infer, type InferInput, int8, int32, int64, string, struct } from '../schema/field.ts'
import { defineApi, type RequestInputOf, type RequestOf, type ResponseInputOf, type ResponseOf } from '../schema/message.ts'

/** Timestamps that mean a place. The version is the first that may ask for it. */
export const listOffsetsTimestamps = {
  /** End of the log; with READ_COMMITTED the last stable offset. */
  LATEST: -1,
  EARLIEST: -2,
  /** The record with the largest timestamp. Version 7 (KIP-734). */
  MAX_TIMESTAMP: -3,
  /** First offset on local disk. Version 8 (KIP-405). */
  EARLIEST_LOCAL: -4,
  /** Last offset in tiered storage, -1 if there is none. Version 9 (KIP-1005). */
  LATEST_TIERED: -5,
  /** First offset not yet in tiered storage, -1 if there is none. Version 11 (KIP-1023). */
  EARLIEST_PENDING_UPLOAD: -6,
} as const

export const listOffsetsPartition = struct({
  partitionIndex: int32(),
  /** -1 skips the check. */
  currentLeaderEpoch: int32({ since: 4, default: -1, ignorable: true }),
  /** Milliseconds, or one of {@link listOffsetsTimestamps}. */
  timestamp: int64(),
})
export interface ListOffsetsPartition extends Infer<typeof listOffsetsPartition> {}
export interface ListOffsetsPartitionInput extends InferInput<typeof listOffsetsPartition> {}

export const listOffsetsTopic = struct({
  name: string(),
  partitions: array(listOffsetsPartition),
})
export interface ListOffsetsTopic extends Infer<typeof listOffsetsTopic> {}
export interface ListOffsetsTopicInput extends InferInput<typeof listOffsetsTopic> {}

export const listOffsetsPartitionResponse = struct({
  partitionIndex: int32(),
  errorCode: errorCode(
    'NONE',
    'UNKNOWN_SERVER_ERROR',
    'OFFSET_NOT_AVAILABLE',
    'UNSUPPORTED_FOR_MESSAGE_FORMAT',
    'UNSUPPORTED_VERSION',
    'INVALID_REQUEST',
    'INVALID_TOPIC_EXCEPTION',
    'REQUEST_TIMED_OUT',
    'UNKNOWN_TOPIC_OR_PARTITION',
    'LEADER_NOT_AVAILABLE',
    'NOT_LEADER_OR_FOLLOWER',
    'FENCED_LEADER_EPOCH',
    'UNKNOWN_LEADER_EPOCH',
    'REPLICA_NOT_AVAILABLE',
    'KAFKA_STORAGE_ERROR',
    'TOPIC_AUTHORIZATION_FAILED',
  ),
  /** Of the record found; -1 where the question was for a place. */
  timestamp: int64({ default: -1 }),
  /** -1 if no record is that young. */
  offset: int64({ default: -1 }),
  /** Epoch in which the record was written, -1 if unknown. */
  leaderEpoch: int32({ since: 4, default: -1 }),
})
export interface ListOffsetsPartitionResponse extends Infer<typeof listOffsetsPartitionResponse> {}
export interface ListOffsetsPartitionResponseInput extends InferInput<typeof listOffsetsPartitionResponse> {}

export const listOffsetsTopicResponse = struct({
  name: string(),
  partitions: array(listOffsetsPartitionResponse),
})
export interface ListOffsetsTopicResponse extends Infer<typeof listOffsetsTopicResponse> {}
export interface ListOffsetsTopicResponseInput extends InferInput<typeof listOffsetsTopicResponse> {}

/**
 * Looks up offsets by time: the first record at or after a timestamp, or one of {@link listOffsetsTimestamps}. A special timestamp in a
 * version before its own is UNSUPPORTED_VERSION.
 */
export const listOffsets = defineApi({
  key: 2,
  name: 'ListOffsets',
  versions: [1, 11],
  flexibleFrom: 6,
  request: struct({
    /** -1 for consumers. */
    replicaId: int32(),
    /** One of `isolationLevels`. */
    isolationLevel: int8({ since: 2, default: 0 }),
    topics: array(listOffsetsTopic),
    /** Longest wait for an answer from tiered storage. */
    timeoutMs: int32({ since: 10, default: 0, ignorable: true }),
  }),
  response: struct({
    throttleTimeMs: int32({ since: 2, default: 0, ignorable: true }),
    topics: array(listOffsetsTopicResponse),
  }),
})
export type ListOffsetsRequest = RequestOf<typeof listOffsets>
export type ListOffsetsRequestInput = RequestInputOf<typeof listOffsets>
export type ListOffsetsResponse = ResponseOf<typeof listOffsets>
export type ListOffsetsResponseInput = ResponseInputOf<typeof listOffsets>
