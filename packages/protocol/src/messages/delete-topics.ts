import { ZERO_UUID } from '@logwerk/runtime'
import { array, errorCode, type Infer, type InferInput, int32, nullable, string, struct, uuid } from '../schema/field.ts'
import { defineApi, type RequestInputOf, type RequestOf, type ResponseInputOf, type ResponseOf } from '../schema/message.ts'

export const deletableTopic = struct({
  /** Null when the id is given. */
  name: nullable(string(), { default: null }),
  /** Zero when the name is given. */
  topicId: uuid(),
})
export interface DeletableTopic extends Infer<typeof deletableTopic> {}
export interface DeletableTopicInput extends InferInput<typeof deletableTopic> {}

export const deletableTopicResult = struct({
  /** Null for an id that is unknown. */
  name: nullable(string(), { nullableSince: 6 }),
  topicId: uuid({ since: 6, default: ZERO_UUID, ignorable: true }),
  errorCode: errorCode(
    'NONE',
    'UNKNOWN_SERVER_ERROR',
    'UNKNOWN_TOPIC_OR_PARTITION',
    'UNKNOWN_TOPIC_ID',
    'INVALID_TOPIC_EXCEPTION',
    'TOPIC_DELETION_DISABLED',
    'NOT_CONTROLLER',
    'REQUEST_TIMED_OUT',
    'INVALID_REQUEST',
    'POLICY_VIOLATION',
    'THROTTLING_QUOTA_EXCEEDED',
    'UNSUPPORTED_VERSION',
    'KAFKA_STORAGE_ERROR',
    'TOPIC_AUTHORIZATION_FAILED',
    'CLUSTER_AUTHORIZATION_FAILED',
  ),
  errorMessage: nullable(string(), { since: 5, default: null, ignorable: true }),
})
export interface DeletableTopicResult extends Infer<typeof deletableTopicResult> {}
export interface DeletableTopicResultInput extends InferInput<typeof deletableTopicResult> {}

/**
 * Deletes topics with their records and committed offsets: by name, or by id from version 6 on. A topic created again under the same name
 * has another id.
 */
export const deleteTopics = defineApi({
  key: 20,
  name: 'DeleteTopics',
  versions: [1, 6],
  flexibleFrom: 4,
  request: struct({
    /** From version 6 on. */
    topics: array(deletableTopic, { since: 6, default: [] }),
    /** Up to version 5. */
    topicNames: array(string(), { until: 5, default: [], ignorable: true }),
    timeoutMs: int32(),
  }),
  response: struct({
    throttleTimeMs: int32({ default: 0, ignorable: true }),
    responses: array(deletableTopicResult),
  }),
})
export type DeleteTopicsRequest = RequestOf<typeof deleteTopics>
export type DeleteTopicsRequestInput = RequestInputOf<typeof deleteTopics>
export type DeleteTopicsResponse = ResponseOf<typeof deleteTopics>
export type DeleteTopicsResponseInput = ResponseInputOf<typeof deleteTopics>
