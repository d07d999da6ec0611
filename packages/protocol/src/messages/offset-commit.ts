import { ZERO_UUID } from '@logwerk/runtime'
import { array, errorCode, type Infer, type InferInput, int32, int64, nullable, string, struct, uuid } from '../schema/field.ts'
import { defineApi, type RequestInputOf, type RequestOf, type ResponseInputOf, type ResponseOf } from '../schema/message.ts'

export const offsetCommitPartition = struct({
  partitionIndex: int32(),
  /** Of the next record to read. */
  committedOffset: int64(),
  /** Epoch of the last record read; lets the reader notice a truncated log (KIP-320). */
  committedLeaderEpoch: int32({ since: 6, default: -1, ignorable: true }),
  /** At most `offset.metadata.max.bytes` (4096), else OFFSET_METADATA_TOO_LARGE. */
  committedMetadata: nullable(string()),
})
export interface OffsetCommitPartition extends Infer<typeof offsetCommitPartition> {}
export interface OffsetCommitPartitionInput extends InferInput<typeof offsetCommitPartition> {}

export const offsetCommitTopic = struct({
  /** Empty from version 10 on, which goes by `topicId`. */
  name: string({ until: 9, default: '', ignorable: true }),
  /** From version 10 on, instead of the name; an unknown one is answered with UNKNOWN_TOPIC_ID. */
  topicId: uuid({ since: 10, default: ZERO_UUID, ignorable: true }),
  partitions: array(offsetCommitPartition),
})
export interface OffsetCommitTopic extends Infer<typeof offsetCommitTopic> {}
export interface OffsetCommitTopicInput extends InferInput<typeof offsetCommitTopic> {}

export const offsetCommitPartitionResponse = struct({
  partitionIndex: int32(),
  errorCode: errorCode(
    'NONE',
    'UNKNOWN_SERVER_ERROR',
    'UNKNOWN_TOPIC_OR_PARTITION',
    'UNKNOWN_TOPIC_ID',
    'OFFSET_METADATA_TOO_LARGE',
    'INVALID_COMMIT_OFFSET_SIZE',
    'INVALID_GROUP_ID',
    'GROUP_ID_NOT_FOUND',
    'STALE_MEMBER_EPOCH',
    'UNSUPPORTED_VERSION',
    'INVALID_REQUEST',
    'REQUEST_TIMED_OUT',
    'COORDINATOR_LOAD_IN_PROGRESS',
    'COORDINATOR_NOT_AVAILABLE',
    'NOT_COORDINATOR',
    'ILLEGAL_GENERATION',
    'UNKNOWN_MEMBER_ID',
    'REBALANCE_IN_PROGRESS',
    'FENCED_INSTANCE_ID',
    'TOPIC_AUTHORIZATION_FAILED',
    'GROUP_AUTHORIZATION_FAILED',
  ),
})
export interface OffsetCommitPartitionResponse extends Infer<typeof offsetCommitPartitionResponse> {}
export interface OffsetCommitPartitionResponseInput extends InferInput<typeof offsetCommitPartitionResponse> {}

export const offsetCommitTopicResponse = struct({
  name: string({ until: 9, default: '', ignorable: true }),
  topicId: uuid({ since: 10, default: ZERO_UUID, ignorable: true }),
  partitions: array(offsetCommitPartitionResponse),
})
export interface OffsetCommitTopicResponse extends Infer<typeof offsetCommitTopicResponse> {}
export interface OffsetCommitTopicResponseInput extends InferInput<typeof offsetCommitTopicResponse> {}

/**
 * Commits the offsets of a group. Generation -1 with an empty member id is a consumer that manages its partitions itself, allowed only
 * while the group has no members. A generation in a group that does not exist is GROUP_ID_NOT_FOUND from version 9 on, ILLEGAL_GENERATION
 * before; members of the consumer protocol (KIP-848) need version 9. Version 10 goes by topic id.
 */
export const offsetCommit = defineApi({
  key: 8,
  name: 'OffsetCommit',
  versions: [2, 10],
  flexibleFrom: 8,
  request: struct({
    groupId: string(),
    /** Generation of the classic protocol, member epoch of the consumer protocol, or -1. */
    generationIdOrMemberEpoch: int32({ default: -1, ignorable: true }),
    memberId: string({ ignorable: true }),
    /** Set by static members (KIP-345), so that a restart keeps their partitions. */
    groupInstanceId: nullable(string(), { since: 7, default: null }),
    /** -1 for the broker's `offsets.retention.minutes`. */
    retentionTimeMs: int64({ until: 4, default: -1, ignorable: true }),
    topics: array(offsetCommitTopic),
  }),
  response: struct({
    throttleTimeMs: int32({ since: 3, default: 0, ignorable: true }),
    topics: array(offsetCommitTopicResponse),
  }),
})
export type OffsetCommitRequest = RequestOf<typeof offsetCommit>
export type OffsetCommitRequestInput = RequestInputOf<typeof offsetCommit>
export type OffsetCommitResponse = ResponseOf<typeof offsetCommit>
export type OffsetCommitResponseInput = ResponseInputOf<typeof offsetCommit>
