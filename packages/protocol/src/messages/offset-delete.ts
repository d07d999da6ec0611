import { array, errorCode, type Infer, type InferInput, int32, string, struct } from '../schema/field.ts'
import { defineApi, type RequestInputOf, type RequestOf, type ResponseInputOf, type ResponseOf } from '../schema/message.ts'

export const offsetDeleteTopic = struct({
  name: string(),
  partitions: array(
    struct({
      partitionIndex: int32(),
    }),
  ),
})
export interface OffsetDeleteTopic extends Infer<typeof offsetDeleteTopic> {}

export const offsetDeleteTopicResponse = struct({
  name: string(),
  partitions: array(
    struct({
      partitionIndex: int32(),
      errorCode: errorCode(
        'NONE',
        'UNKNOWN_SERVER_ERROR',
        'UNKNOWN_TOPIC_OR_PARTITION',
        'GROUP_SUBSCRIBED_TO_TOPIC',
        'TOPIC_AUTHORIZATION_FAILED',
      ),
    }),
  ),
})
export interface OffsetDeleteTopicResponse extends Infer<typeof offsetDeleteTopicResponse> {}
export interface OffsetDeleteTopicResponseInput extends InferInput<typeof offsetDeleteTopicResponse> {}

/**
 * Deletes committed offsets of a group (KIP-496). A topic that a member is subscribed to is GROUP_SUBSCRIBED_TO_TOPIC; a group with members
 * that are no consumers is NON_EMPTY_GROUP.
 */
export const offsetDelete = defineApi({
  key: 47,
  name: 'OffsetDelete',
  versions: [0, 0],
  flexibleFrom: null,
  request: struct({
    groupId: string(),
    topics: array(offsetDeleteTopic),
  }),
  response: struct({
    errorCode: errorCode(
      'NONE',
      'UNKNOWN_SERVER_ERROR',
      'COORDINATOR_LOAD_IN_PROGRESS',
      'COORDINATOR_NOT_AVAILABLE',
      'NOT_COORDINATOR',
      'INVALID_GROUP_ID',
      'GROUP_ID_NOT_FOUND',
      'NON_EMPTY_GROUP',
      'GROUP_AUTHORIZATION_FAILED',
    ),
    throttleTimeMs: int32({ default: 0, ignorable: true }),
    topics: array(offsetDeleteTopicResponse),
  }),
})
export type OffsetDeleteRequest = RequestOf<typeof offsetDelete>
export type OffsetDeleteRequestInput = RequestInputOf<typeof offsetDelete>
export type OffsetDeleteResponse = ResponseOf<typeof offsetDelete>
export type OffsetDeleteResponseInput = ResponseInputOf<typeof offsetDelete>
