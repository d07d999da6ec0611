import { ZERO_UUID } from '@logwerk/runtime'
import {
  array,
  errorCode,
  type Infer,
  type InferInput,
  int8,
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

/** What a reader may see of transactions. */
export const isolationLevels = { READ_UNCOMMITTED: 0, READ_COMMITTED: 1 } as const

export const fetchPartition = struct({
  partition: int32(),
  /** The epoch the reader believes in: an older one is FENCED_LEADER_EPOCH, a newer one UNKNOWN_LEADER_EPOCH. -1 skips the check. */
  currentLeaderEpoch: int32({ since: 9, default: -1, ignorable: true }),
  fetchOffset: int64(),
  /** Followers only; a consumer sends -1 and checks with OffsetForLeaderEpoch. */
  lastFetchedEpoch: int32({ since: 12, default: -1 }),
  /** Followers only. */
  logStartOffset: int64({ since: 5, default: -1, ignorable: true }),
  /** Soft limit of this partition's records. */
  partitionMaxBytes: int32(),
  /** Followers of the metadata quorum only. */
  replicaDirectoryId: uuid({ since: 17, default: ZERO_UUID, ignorable: true, tag: 0 }),
  /**
   * Followers of the metadata quorum only (KIP-1166). Kafka's default is 2^63 - 1; ours stands for the same, since the default is never on
   * the wire.
   */
  highWatermark: int64({ since: 18, default: Number.MAX_SAFE_INTEGER, ignorable: true, tag: 1 }),
})
export interface FetchPartition extends Infer<typeof fetchPartition> {}
export interface FetchPartitionInput extends InferInput<typeof fetchPartition> {}

export const fetchTopic = struct({
  /** Empty from version 13 on, which goes by `topicId`. */
  topic: string({ until: 12, default: '', ignorable: true }),
  /** From version 13 on, instead of the name. A session that started with names may not go on with ids: FETCH_SESSION_TOPIC_ID_ERROR. */
  topicId: uuid({ since: 13, default: ZERO_UUID, ignorable: true }),
  partitions: array(fetchPartition),
})
export interface FetchTopic extends Infer<typeof fetchTopic> {}
export interface FetchTopicInput extends InferInput<typeof fetchTopic> {}

export const forgottenTopic = struct({
  topic: string({ until: 12, default: '', ignorable: true }),
  topicId: uuid({ since: 13, default: ZERO_UUID, ignorable: true }),
  partitions: array(int32()),
})
export interface ForgottenTopic extends Infer<typeof forgottenTopic> {}
export interface ForgottenTopicInput extends InferInput<typeof forgottenTopic> {}

export const abortedTransaction = struct({
  producerId: int64(),
  /** Records of the producer are void from here to its next abort marker. */
  firstOffset: int64(),
})
export interface AbortedTransaction extends Infer<typeof abortedTransaction> {}

export const fetchPartitionResponse = struct({
  partitionIndex: int32(),
  errorCode: errorCode(
    'NONE',
    'UNKNOWN_SERVER_ERROR',
    'OFFSET_OUT_OF_RANGE',
    'OFFSET_NOT_AVAILABLE',
    'OFFSET_MOVED_TO_TIERED_STORAGE',
    'CORRUPT_MESSAGE',
    'INVALID_FETCH_SIZE',
    'INVALID_TOPIC_EXCEPTION',
    'UNSUPPORTED_COMPRESSION_TYPE',
    'UNSUPPORTED_VERSION',
    'INVALID_REQUEST',
    'UNKNOWN_TOPIC_OR_PARTITION',
    'LEADER_NOT_AVAILABLE',
    'NOT_LEADER_OR_FOLLOWER',
    'FENCED_LEADER_EPOCH',
    'UNKNOWN_LEADER_EPOCH',
    'REPLICA_NOT_AVAILABLE',
    'KAFKA_STORAGE_ERROR',
    'UNKNOWN_TOPIC_ID',
    'INCONSISTENT_TOPIC_ID',
    'TOPIC_AUTHORIZATION_FAILED',
    'CLUSTER_AUTHORIZATION_FAILED',
  ),
  /** Offset behind the last replicated record; -1 after an error. */
  highWatermark: int64(),
  /** Start of the earliest open transaction, else the high watermark. */
  lastStableOffset: int64({ default: -1, ignorable: true }),
  logStartOffset: int64({ since: 5, default: -1, ignorable: true }),
  /** For followers: where their log left the leader's. */
  divergingEpoch: nested(
    struct({
      epoch: int32({ default: -1 }),
      endOffset: int64({ default: -1 }),
    }),
    { since: 12, tag: 0 },
  ),
  /** Where to go after NOT_LEADER_OR_FOLLOWER or FENCED_LEADER_EPOCH (KIP-951). */
  currentLeader: nested(leaderIdAndEpoch, { since: 12, tag: 1 }),
  /** For followers of the metadata quorum: the snapshot that replaced what they ask for. */
  snapshotId: nested(
    struct({
      endOffset: int64({ default: -1 }),
      epoch: int32({ default: -1 }),
    }),
    { since: 12, tag: 2 },
  ),
  /** Aborted transactions that overlap the records, in no promised order; null for READ_UNCOMMITTED. */
  abortedTransactions: nullable(array(abortedTransaction), { ignorable: true }),
  /** Broker to read from instead, -1 for none (KIP-392). */
  preferredReadReplica: int32({ since: 11, default: -1 }),
  /**
   * Whole batches, perhaps with the start of one more, which is to be ignored. A broker sends no bytes rather than null, on which some
   * clients fail.
   */
  records: records(),
})
export interface FetchPartitionResponse extends Infer<typeof fetchPartitionResponse> {}
export interface FetchPartitionResponseInput extends InferInput<typeof fetchPartitionResponse> {}

export const fetchTopicResponse = struct({
  topic: string({ until: 12, default: '', ignorable: true }),
  topicId: uuid({ since: 13, default: ZERO_UUID, ignorable: true }),
  partitions: array(fetchPartitionResponse),
})
export interface FetchTopicResponse extends Infer<typeof fetchTopicResponse> {}
export interface FetchTopicResponseInput extends InferInput<typeof fetchTopicResponse> {}

/**
 * Reads record batches, waiting up to `maxWaitMs` for `minBytes` of them. (The constant is not called `fetch`, the name of a global
 * function.)
 *
 * The first batch of the first partition that has any comes whole, whatever the limits say (KIP-74); batches are never cut at the requested
 * offset, so the reader drops the records before it. Fetch sessions (KIP-227): id 0 with epoch 0 opens one, epoch -1 wants none, and every
 * further request counts the epoch up by one and names only what changed. Version 13 goes by topic id.
 */
export const fetchApi = defineApi({
  key: 1,
  name: 'Fetch',
  versions: [4, 18],
  flexibleFrom: 12,
  request: struct({
    /** Followers only. */
    clusterId: nullable(string(), { since: 12, default: null, ignorable: true, tag: 0 }),
    /** -1 for consumers; a follower moves to `replicaState` in version 15. */
    replicaId: int32({ until: 14, default: -1 }),
    replicaState: nested(
      struct({
        replicaId: int32({ default: -1 }),
        replicaEpoch: int64({ default: -1 }),
      }),
      { since: 15, tag: 1 },
    ),
    maxWaitMs: int32(),
    minBytes: int32(),
    /** Soft limit of the whole response; its first batch may exceed it. */
    maxBytes: int32({ default: 0x7fff_ffff, ignorable: true }),
    /** One of {@link isolationLevels}. With READ_COMMITTED a response ends at the last stable offset. */
    isolationLevel: int8({ default: 0, ignorable: true }),
    sessionId: int32({ since: 7, default: 0, ignorable: true }),
    sessionEpoch: int32({ since: 7, default: -1, ignorable: true }),
    topics: array(fetchTopic),
    /** Partitions to take out of the session. */
    forgottenTopicsData: array(forgottenTopic, { since: 7, default: [] }),
    /** Lets the broker point to a closer replica (KIP-392). */
    rackId: string({ since: 11, default: '', ignorable: true }),
  }),
  response: struct({
    throttleTimeMs: int32({ default: 0, ignorable: true }),
    /** Of the session; a partition's own error is with the partition. */
    errorCode: errorCode(
      { since: 7, default: 'NONE', ignorable: true },
      'NONE',
      'UNKNOWN_SERVER_ERROR',
      'FETCH_SESSION_ID_NOT_FOUND',
      'INVALID_FETCH_SESSION_EPOCH',
      'FETCH_SESSION_TOPIC_ID_ERROR',
      'INVALID_REQUEST',
      'INCONSISTENT_CLUSTER_ID',
      'UNKNOWN_TOPIC_ID',
      'INCONSISTENT_TOPIC_ID',
      'CLUSTER_AUTHORIZATION_FAILED',
    ),
    /** 0 if the broker keeps no session; that is always allowed. */
    sessionId: int32({ since: 7, default: 0 }),
    responses: array(fetchTopicResponse),
    /** Addresses of the brokers that `currentLeader` names. */
    nodeEndpoints: array(nodeEndpoint, { since: 16, default: [], tag: 0 }),
  }),
})
export type FetchRequest = RequestOf<typeof fetchApi>
export type FetchRequestInput = RequestInputOf<typeof fetchApi>
export type FetchResponse = ResponseOf<typeof fetchApi>
export type FetchResponseInput = ResponseInputOf<typeof fetchApi>
