import { ZERO_UUID } from '@logwerk/runtime'
import {
  array,
  errorCode,
  type Infer,
  type InferInput,
  int16,
  int32,
  int64,
  nested,
  nullable,
  records,
  string,
  struct,
  uuid,
} from '../schema/field.ts'
import { defineApi, type RequestInputOf, type RequestOf, type ResponseInputOf, type ResponseOf } from '../schema/message.ts'
import { leaderIdAndEpoch, nodeEndpoint } from './leader-hint.ts'

export const producePartition = struct({
  index: int32(),
  /** Exactly one batch of magic 2; two batches, or an older magic, are INVALID_RECORD. */
  records: records(),
})
export interface ProducePartition extends Infer<typeof producePartition> {}
export interface ProducePartitionInput extends InferInput<typeof producePartition> {}

export const produceTopic = struct({
  /** Empty from version 13 on, which goes by `topicId`. */
  name: string({ until: 12, default: '', ignorable: true }),
  /** From version 13 on, instead of the name; an unknown one is answered with UNKNOWN_TOPIC_ID. */
  topicId: uuid({ since: 13, default: ZERO_UUID, ignorable: true }),
  partitionData: array(producePartition),
})
export interface ProduceTopic extends Infer<typeof produceTopic> {}
export interface ProduceTopicInput extends InferInput<typeof produceTopic> {}

export const produceRecordError = struct({
  /** Place of the record in its batch, from 0. */
  batchIndex: int32(),
  batchIndexErrorMessage: nullable(string(), { default: null }),
})
export interface ProduceRecordError extends Infer<typeof produceRecordError> {}

export const producePartitionResponse = struct({
  index: int32(),
  errorCode: errorCode(
    'NONE',
    'UNKNOWN_SERVER_ERROR',
    'CORRUPT_MESSAGE',
    'MESSAGE_TOO_LARGE',
    'RECORD_LIST_TOO_LARGE',
    'INVALID_RECORD',
    'INVALID_TIMESTAMP',
    'INVALID_REQUIRED_ACKS',
    'INVALID_REQUEST',
    'INVALID_TOPIC_EXCEPTION',
    'UNSUPPORTED_FOR_MESSAGE_FORMAT',
    'UNSUPPORTED_COMPRESSION_TYPE',
    'UNSUPPORTED_VERSION',
    'UNKNOWN_TOPIC_OR_PARTITION',
    'LEADER_NOT_AVAILABLE',
    'NOT_LEADER_OR_FOLLOWER',
    'FENCED_LEADER_EPOCH',
    'UNKNOWN_LEADER_EPOCH',
    'REPLICA_NOT_AVAILABLE',
    'KAFKA_STORAGE_ERROR',
    'UNKNOWN_TOPIC_ID',
    'INCONSISTENT_TOPIC_ID',
    'REQUEST_TIMED_OUT',
    'NOT_ENOUGH_REPLICAS',
    'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
    'POLICY_VIOLATION',
    'OUT_OF_ORDER_SEQUENCE_NUMBER',
    'DUPLICATE_SEQUENCE_NUMBER',
    'UNKNOWN_PRODUCER_ID',
    'INVALID_PRODUCER_EPOCH',
    'PRODUCER_FENCED',
    'INVALID_PRODUCER_ID_MAPPING',
    'INVALID_TXN_STATE',
    'CONCURRENT_TRANSACTIONS',
    'TRANSACTION_ABORTABLE',
    'TRANSACTION_COORDINATOR_FENCED',
    'COORDINATOR_LOAD_IN_PROGRESS',
    'COORDINATOR_NOT_AVAILABLE',
    'NOT_COORDINATOR',
    'TOPIC_AUTHORIZATION_FAILED',
    'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
    'CLUSTER_AUTHORIZATION_FAILED',
  ),
  /** Offset of the batch's first record, also of one that was a duplicate; -1 after an error. */
  baseOffset: int64(),
  /** The broker's clock where the topic has LogAppendTime, else -1. */
  logAppendTimeMs: int64({ default: -1, ignorable: true }),
  logStartOffset: int64({ since: 5, default: -1, ignorable: true }),
  /** Records that made the broker refuse the whole batch (KIP-467). */
  recordErrors: array(produceRecordError, { since: 8, default: [], ignorable: true }),
  errorMessage: nullable(string(), { since: 8, default: null, ignorable: true }),
  /** Where to go after NOT_LEADER_OR_FOLLOWER, without asking for metadata (KIP-951). */
  currentLeader: nested(leaderIdAndEpoch, { since: 10, tag: 0 }),
})
export interface ProducePartitionResponse extends Infer<typeof producePartitionResponse> {}
export interface ProducePartitionResponseInput extends InferInput<typeof producePartitionResponse> {}

export const produceTopicResponse = struct({
  /** Empty from version 13 on, which goes by `topicId`. */
  name: string({ until: 12, default: '', ignorable: true }),
  topicId: uuid({ since: 13, default: ZERO_UUID, ignorable: true }),
  partitionResponses: array(producePartitionResponse),
})
export interface ProduceTopicResponse extends Infer<typeof produceTopicResponse> {}
export interface ProduceTopicResponseInput extends InferInput<typeof produceTopicResponse> {}

/**
 * Appends record batches to partitions. With `acks` 0 there is no response, not even to a failure: the broker closes the connection
 * instead, so that the client fetches metadata anew.
 *
 * Version 7 is the first in which zstd is allowed, 12 adds partitions to the transaction on its own (KIP-890), 13 goes by topic id. Brokers
 * advertise the versions 0 to 13 and turn 0 to 2 down: older librdkafka stops compressing when the range does not start at 0 (KAFKA-18659).
 */
export const produce = defineApi({
  key: 0,
  name: 'Produce',
  versions: [3, 13],
  flexibleFrom: 9,
  request: struct({
    /** Null outside of transactions; a transactional batch without one is TRANSACTIONAL_ID_AUTHORIZATION_FAILED. */
    transactionalId: nullable(string(), { default: null }),
    /** 0: no answer; 1: the leader has it; -1: all in-sync replicas have it. Anything else is INVALID_REQUIRED_ACKS. */
    acks: int16(),
    /** Longest wait for the replicas that `acks` -1 asks for. */
    timeoutMs: int32(),
    topicData: array(produceTopic),
  }),
  response: struct({
    responses: array(produceTopicResponse),
    /** The answer is sent at once; the sender then keeps quiet for this long (KIP-219). */
    throttleTimeMs: int32({ default: 0, ignorable: true }),
    /** Addresses of the brokers that `currentLeader` names. */
    nodeEndpoints: array(nodeEndpoint, { since: 10, default: [], tag: 0 }),
  }),
})
export type ProduceRequest = RequestOf<typeof produce>
export type ProduceRequestInput = RequestInputOf<typeof produce>
export type ProduceResponse = ResponseOf<typeof produce>
export type ProduceResponseInput = ResponseInputOf<typeof produce>
