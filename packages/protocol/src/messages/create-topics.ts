import { ZERO_UUID } from '@logwerk/runtime'
import {
  array,
  boolean,
  errorCode,
  type Infer,
  type InferInput,
  int8,
  int16,
  int32,
  nullable,
  string,
  struct,
  uuid,
} from '../schema/field.ts'
import { defineApi, type RequestInputOf, type RequestOf, type ResponseInputOf, type ResponseOf } from '../schema/message.ts'

export const creatableReplicaAssignment = struct({
  partitionIndex: int32(),
  /** Replicas; the first is the preferred leader. */
  brokerIds: array(int32()),
})
export interface CreatableReplicaAssignment extends Infer<typeof creatableReplicaAssignment> {}

export const creatableTopicConfig = struct({
  name: string(),
  /** Null for the default. */
  value: nullable(string()),
})
export interface CreatableTopicConfig extends Infer<typeof creatableTopicConfig> {}

export const creatableTopic = struct({
  name: string(),
  /** -1 for the broker's `num.partitions`, or when `assignments` says it. */
  numPartitions: int32(),
  /** -1 for the broker's `default.replication.factor`, or when `assignments` says it. */
  replicationFactor: int16(),
  /** Empty to let the broker place the replicas. */
  assignments: array(creatableReplicaAssignment),
  configs: array(creatableTopicConfig),
})
export interface CreatableTopic extends Infer<typeof creatableTopic> {}
export interface CreatableTopicInput extends InferInput<typeof creatableTopic> {}

export const creatableTopicConfigResult = struct({
  name: string(),
  value: nullable(string()),
  readOnly: boolean(),
  /** One of `configSources`. */
  configSource: int8({ default: -1, ignorable: true }),
  isSensitive: boolean(),
})
export interface CreatableTopicConfigResult extends Infer<typeof creatableTopicConfigResult> {}
export interface CreatableTopicConfigResultInput extends InferInput<typeof creatableTopicConfigResult> {}

export const creatableTopicResult = struct({
  name: string(),
  topicId: uuid({ since: 7, default: ZERO_UUID, ignorable: true }),
  errorCode: errorCode(
    'NONE',
    'UNKNOWN_SERVER_ERROR',
    'TOPIC_ALREADY_EXISTS',
    'INVALID_TOPIC_EXCEPTION',
    'INVALID_PARTITIONS',
    'INVALID_REPLICATION_FACTOR',
    'INVALID_REPLICA_ASSIGNMENT',
    'INVALID_CONFIG',
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
  errorMessage: nullable(string(), { ignorable: true }),
  /** Why `configs` is missing: the caller may create the topic but not see its configuration. */
  topicConfigErrorCode: errorCode({ since: 5, default: 'NONE', ignorable: true, tag: 0 }, 'NONE', 'TOPIC_AUTHORIZATION_FAILED'),
  numPartitions: int32({ since: 5, default: -1, ignorable: true }),
  replicationFactor: int16({ since: 5, default: -1, ignorable: true }),
  /** The topic's whole configuration; null if the caller may not see it (KIP-525). */
  configs: nullable(array(creatableTopicConfigResult, { default: [] }), { since: 5, ignorable: true }),
})
export interface CreatableTopicResult extends Infer<typeof creatableTopicResult> {}
export interface CreatableTopicResultInput extends InferInput<typeof creatableTopicResult> {}

/**
 * Creates topics, each on its own: one may fail while others succeed. A name that comes twice gets one answer, INVALID_REQUEST. Running out
 * of `timeoutMs` undoes nothing.
 */
export const createTopics = defineApi({
  key: 19,
  name: 'CreateTopics',
  versions: [2, 7],
  flexibleFrom: 5,
  request: struct({
    topics: array(creatableTopic),
    timeoutMs: int32({ default: 60_000 }),
    /** Checks everything and creates nothing. */
    validateOnly: boolean({ default: false }),
  }),
  response: struct({
    throttleTimeMs: int32({ default: 0, ignorable: true }),
    topics: array(creatableTopicResult),
  }),
})
export type CreateTopicsRequest = RequestOf<typeof createTopics>
export type CreateTopicsRequestInput = RequestInputOf<typeof createTopics>
export type CreateTopicsResponse = ResponseOf<typeof createTopics>
export type CreateTopicsResponseInput = ResponseInputOf<typeof createTopics>
