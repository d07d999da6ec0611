import { array, errorCode, type Infer, type InferInput, int32, int64, string, struct } from '../schema/field.ts'
import { defineApi, type RequestInputOf, type RequestOf, type ResponseInputOf, type ResponseOf } from '../schema/message.ts'

export const deleteRecordsPartition = struct({
  partitionIndex: int32(),
  /** First offset to keep; -1 for the high watermark. Beyond the high watermark it is OFFSET_OUT_OF_RANGE. */
  offset: int64(),
})
export interface DeleteRecordsPartition extends Infer<typeof deleteRecordsPartition> {}

export const deleteRecordsTopic = struct({
  name: string(),
  partitions: array(deleteRecordsPartition),
})
export interface DeleteRecordsTopic extends Infer<typeof deleteRecordsTopic> {}

export const deleteRecordsPartitionResult = struct({
  partitionIndex: int32(),
  /** Where the log starts now, on all replicas; -1 after an error. */
  lowWatermark: int64(),
  errorCode: errorCode(
    'NONE',
    'UNKNOWN_SERVER_ERROR',
    'OFFSET_OUT_OF_RANGE',
    'POLICY_VIOLATION',
    'REQUEST_TIMED_OUT',
    'INVALID_TOPIC_EXCEPTION',
    'INVALID_REQUEST',
    'UNKNOWN_TOPIC_OR_PARTITION',
    'LEADER_NOT_AVAILABLE',
    'NOT_LEADER_OR_FOLLOWER',
    'FENCED_LEADER_EPOCH',
    'UNKNOWN_LEADER_EPOCH',
    'REPLICA_NOT_AVAILABLE',
    'KAFKA_STORAGE_ERROR',
    'TOPIC_AUTHORIZATION_FAILED',
  ),
})
export interface DeleteRecordsPartitionResult extends Infer<typeof deleteRecordsPartitionResult> {}
export interface DeleteRecordsPartitionResultInput extends InferInput<typeof deleteRecordsPartitionResult> {}

export const deleteRecordsTopicResult = struct({
  name: string(),
  partitions: array(deleteRecordsPartitionResult),
})
export interface DeleteRecordsTopicResult extends Infer<typeof deleteRecordsTopicResult> {}
export interface DeleteRecordsTopicResultInput extends InferInput<typeof deleteRecordsTopicResult> {}

/** Moves the start of partitions' logs forward. POLICY_VIOLATION where the topic is compacted and not also deleted from. */
export const deleteRecords = defineApi({
  key: 21,
  name: 'DeleteRecords',
  versions: [0, 2],
  flexibleFrom: 2,
  request: struct({
    topics: array(deleteRecordsTopic),
    timeoutMs: int32(),
  }),
  response: struct({
    throttleTimeMs: int32({ default: 0 }),
    topics: array(deleteRecordsTopicResult),
  }),
})
export type DeleteRecordsRequest = RequestOf<typeof deleteRecords>
export type DeleteRecordsRequestInput = RequestInputOf<typeof deleteRecords>
export type DeleteRecordsResponse = ResponseOf<typeof deleteRecords>
export type DeleteRecordsResponseInput = ResponseInputOf<typeof deleteRecords>
