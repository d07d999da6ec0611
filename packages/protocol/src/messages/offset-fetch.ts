import { ZERO_UUID } from '@logwerk/runtime'
import { array, boolean, errorCode, type Infer, type InferInput, int32, int64, nullable, string, struct, uuid } from '../schema/field.ts'
import { defineApi, type RequestInputOf, type RequestOf, type ResponseInputOf, type ResponseOf } from '../schema/message.ts'

export const offsetFetchTopic = struct({
  name: string(),
  partitionIndexes: array(int32()),
})
export interface OffsetFetchTopic extends Infer<typeof offsetFetchTopic> {}

export const offsetFetchGroupTopic = struct({
  /** Empty from version 10 on, which goes by `topicId`. */
  name: string({ until: 9, default: '', ignorable: true }),
  /** From version 10 on, instead of the name; an unknown one is answered with UNKNOWN_TOPIC_ID. */
  topicId: uuid({ since: 10, default: ZERO_UUID, ignorable: true }),
  partitionIndexes: array(int32()),
})
export interface OffsetFetchGroupTopic extends Infer<typeof offsetFetchGroupTopic> {}

export const offsetFetchGroup = struct({
  groupId: string(),
  /** With `memberEpoch`, makes the coordinator check the member (KIP-848). */
  memberId: nullable(string(), { since: 9, default: null, ignorable: true }),
  /** Has to be the member's own, else STALE_MEMBER_EPOCH; -1 skips the check. */
  memberEpoch: int32({ since: 9, default: -1, ignorable: true }),
  /** Null for all that the group has committed. */
  topics: nullable(array(offsetFetchGroupTopic)),
})
export interface OffsetFetchGroup extends Infer<typeof offsetFetchGroup> {}
export interface OffsetFetchGroupInput extends InferInput<typeof offsetFetchGroup> {}

export const offsetFetchPartitionResponse = struct({
  partitionIndex: int32(),
  /** -1 if nothing is committed. */
  committedOffset: int64(),
  committedLeaderEpoch: int32({ since: 5, default: -1, ignorable: true }),
  /** An empty string if nothing is committed. */
  metadata: nullable(string()),
  errorCode: errorCode(
    'NONE',
    'UNKNOWN_SERVER_ERROR',
    'UNKNOWN_TOPIC_OR_PARTITION',
    'UNKNOWN_TOPIC_ID',
    'UNSTABLE_OFFSET_COMMIT',
    'TOPIC_AUTHORIZATION_FAILED',
  ),
})
export interface OffsetFetchPartitionResponse extends Infer<typeof offsetFetchPartitionResponse> {}
export interface OffsetFetchPartitionResponseInput extends InferInput<typeof offsetFetchPartitionResponse> {}

export const offsetFetchTopicResponse = struct({
  name: string(),
  partitions: array(offsetFetchPartitionResponse),
})
export interface OffsetFetchTopicResponse extends Infer<typeof offsetFetchTopicResponse> {}
export interface OffsetFetchTopicResponseInput extends InferInput<typeof offsetFetchTopicResponse> {}

export const offsetFetchGroupTopicResponse = struct({
  name: string({ until: 9, default: '', ignorable: true }),
  topicId: uuid({ since: 10, default: ZERO_UUID, ignorable: true }),
  partitions: array(offsetFetchPartitionResponse),
})
export interface OffsetFetchGroupTopicResponse extends Infer<typeof offsetFetchGroupTopicResponse> {}
export interface OffsetFetchGroupTopicResponseInput extends InferInput<typeof offsetFetchGroupTopicResponse> {}

export const offsetFetchGroupResponse = struct({
  groupId: string(),
  topics: array(offsetFetchGroupTopicResponse),
  errorCode: errorCode(
    { default: 'NONE' },
    'NONE',
    'UNKNOWN_SERVER_ERROR',
    'COORDINATOR_LOAD_IN_PROGRESS',
    'COORDINATOR_NOT_AVAILABLE',
    'NOT_COORDINATOR',
    'INVALID_GROUP_ID',
    'GROUP_ID_NOT_FOUND',
    'UNKNOWN_MEMBER_ID',
    'STALE_MEMBER_EPOCH',
    'INVALID_REQUEST',
    'UNSUPPORTED_VERSION',
    'GROUP_AUTHORIZATION_FAILED',
  ),
})
export interface OffsetFetchGroupResponse extends Infer<typeof offsetFetchGroupResponse> {}
export interface OffsetFetchGroupResponseInput extends InferInput<typeof offsetFetchGroupResponse> {}

/**
 * Reads committed offsets. A partition without one answers offset -1 and no error. Up to version 7 a request is about one group, from 8 on
 * about a list of them (KIP-709); version 10 goes by topic id.
 */
export const offsetFetch = defineApi({
  key: 9,
  name: 'OffsetFetch',
  versions: [1, 10],
  flexibleFrom: 6,
  request: struct({
    /** Up to version 7; then see `groups`. */
    groupId: string({ until: 7, default: '' }),
    /** Null for all that the group has committed. */
    topics: nullable(array(offsetFetchTopic, { default: [] }), { until: 7, nullableSince: 2 }),
    groups: array(offsetFetchGroup, { since: 8, default: [] }),
    /** Answers UNSTABLE_OFFSET_COMMIT for partitions that an open transaction has committed to (KIP-447). */
    requireStable: boolean({ since: 7, default: false }),
  }),
  response: struct({
    throttleTimeMs: int32({ since: 3, default: 0, ignorable: true }),
    /** Up to version 7. */
    topics: array(offsetFetchTopicResponse, { until: 7, default: [] }),
    errorCode: errorCode(
      { since: 2, until: 7, default: 'NONE', ignorable: true },
      'NONE',
      'UNKNOWN_SERVER_ERROR',
      'COORDINATOR_LOAD_IN_PROGRESS',
      'COORDINATOR_NOT_AVAILABLE',
      'NOT_COORDINATOR',
      'INVALID_GROUP_ID',
      'GROUP_ID_NOT_FOUND',
      'UNKNOWN_MEMBER_ID',
      'STALE_MEMBER_EPOCH',
      'INVALID_REQUEST',
      'UNSUPPORTED_VERSION',
      'GROUP_AUTHORIZATION_FAILED',
    ),
    /** From version 8 on. */
    groups: array(offsetFetchGroupResponse, { since: 8, default: [] }),
  }),
})
export type OffsetFetchRequest = RequestOf<typeof offsetFetch>
export type OffsetFetchRequestInput = RequestInputOf<typeof offsetFetch>
export type OffsetFetchResponse = ResponseOf<typeof offsetFetch>
export type OffsetFetchResponseInput = ResponseInputOf<typeof offsetFetch>
