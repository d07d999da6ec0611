import { array, boolean, errorCode, type Infer, type InferInput, int32, nullable, string, struct } from '../schema/field.ts'
import { defineApi, type RequestInputOf, type RequestOf, type ResponseInputOf, type ResponseOf } from '../schema/message.ts'

export const createPartitionsTopic = struct({
  name: string(),
  /** Partitions in all, not in addition. */
  count: int32(),
  /** Replicas of the new partitions; null to let the broker place them. */
  assignments: nullable(
    array(
      struct({
        /** Replicas; the first is the preferred leader. */
        brokerIds: array(int32()),
      }),
    ),
  ),
})
export interface CreatePartitionsTopic extends Infer<typeof createPartitionsTopic> {}
export interface CreatePartitionsTopicInput extends InferInput<typeof createPartitionsTopic> {}

export const createPartitionsTopicResult = struct({
  name: string(),
  errorCode: errorCode(
    'NONE',
    'UNKNOWN_SERVER_ERROR',
    'UNKNOWN_TOPIC_OR_PARTITION',
    'INVALID_TOPIC_EXCEPTION',
    'INVALID_PARTITIONS',
    'INVALID_REPLICA_ASSIGNMENT',
    'INVALID_REPLICATION_FACTOR',
    'REASSIGNMENT_IN_PROGRESS',
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
  errorMessage: nullable(string(), { default: null }),
})
export interface CreatePartitionsTopicResult extends Infer<typeof createPartitionsTopicResult> {}
export interface CreatePartitionsTopicResultInput extends InferInput<typeof createPartitionsTopicResult> {}

/** Gives topics more partitions; fewer, or as many, is INVALID_PARTITIONS. Records stay where they are, so keys may change partition. */
export const createPartitions = defineApi({
  key: 37,
  name: 'CreatePartitions',
  versions: [0, 3],
  flexibleFrom: 2,
  request: struct({
    topics: array(createPartitionsTopic),
    timeoutMs: int32(),
    /** Checks everything and creates nothing. */
    validateOnly: boolean(),
  }),
  response: struct({
    throttleTimeMs: int32({ default: 0 }),
    results: array(createPartitionsTopicResult),
  }),
})
export type CreatePartitionsRequest = RequestOf<typeof createPartitions>
export type CreatePartitionsRequestInput = RequestInputOf<typeof createPartitions>
export type CreatePartitionsResponse = ResponseOf<typeof createPartitions>
export type CreatePartitionsResponseInput = ResponseInputOf<typeof createPartitions>
