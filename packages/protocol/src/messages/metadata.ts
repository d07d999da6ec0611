import { ZERO_UUID } from '@logwerk/runtime'
import { array, boolean, errorCode, type Infer, type InferInput, int32, nullable, string, struct, uuid } from '../schema/field.ts'
import { defineApi, type RequestInputOf, type RequestOf, type ResponseInputOf, type ResponseOf } from '../schema/message.ts'
import { NO_AUTHORIZED_OPERATIONS } from './authorized-operations.ts'

export const metadataRequestTopic = struct({
  /** Zero when the name is given. */
  topicId: uuid({ since: 10, default: ZERO_UUID, ignorable: true }),
  /** Null when the id is given, which only version 12 and later look at. */
  name: nullable(string(), { nullableSince: 10 }),
})
export interface MetadataRequestTopic extends Infer<typeof metadataRequestTopic> {}
export interface MetadataRequestTopicInput extends InferInput<typeof metadataRequestTopic> {}

export const metadataBroker = struct({
  nodeId: int32(),
  host: string(),
  port: int32(),
  rack: nullable(string(), { since: 1, default: null, ignorable: true }),
})
export interface MetadataBroker extends Infer<typeof metadataBroker> {}
export interface MetadataBrokerInput extends InferInput<typeof metadataBroker> {}

export const metadataPartition = struct({
  errorCode: errorCode('NONE', 'UNKNOWN_SERVER_ERROR', 'LEADER_NOT_AVAILABLE', 'LISTENER_NOT_FOUND', 'REPLICA_NOT_AVAILABLE'),
  partitionIndex: int32(),
  /** -1 with LEADER_NOT_AVAILABLE. */
  leaderId: int32(),
  leaderEpoch: int32({ since: 7, default: -1, ignorable: true }),
  replicaNodes: array(int32()),
  isrNodes: array(int32()),
  offlineReplicas: array(int32(), { since: 5, default: [], ignorable: true }),
})
export interface MetadataPartition extends Infer<typeof metadataPartition> {}
export interface MetadataPartitionInput extends InferInput<typeof metadataPartition> {}

export const metadataTopic = struct({
  errorCode: errorCode(
    'NONE',
    'UNKNOWN_SERVER_ERROR',
    'UNKNOWN_TOPIC_OR_PARTITION',
    'UNKNOWN_TOPIC_ID',
    'LEADER_NOT_AVAILABLE',
    'INVALID_TOPIC_EXCEPTION',
    'INVALID_REPLICATION_FACTOR',
    'INVALID_REQUEST',
    'REQUEST_TIMED_OUT',
    'POLICY_VIOLATION',
    'TOPIC_AUTHORIZATION_FAILED',
  ),
  /** Null for an id that is unknown. */
  name: nullable(string(), { nullableSince: 12 }),
  /** Zero for a name that is unknown. */
  topicId: uuid({ since: 10, default: ZERO_UUID, ignorable: true }),
  isInternal: boolean({ since: 1, default: false, ignorable: true }),
  partitions: array(metadataPartition),
  /** A bit per `AclOperation` number, if the request asks for it. */
  topicAuthorizedOperations: int32({ since: 8, default: NO_AUTHORIZED_OPERATIONS }),
})
export interface MetadataTopic extends Infer<typeof metadataTopic> {}
export interface MetadataTopicInput extends InferInput<typeof metadataTopic> {}

/**
 * Which brokers there are, and who leads what. In version 0 an empty list asks for all topics; from 1 on null does, and an empty list asks
 * for none. Topics may be looked up by id from version 12 on.
 */
export const metadata = defineApi({
  key: 3,
  name: 'Metadata',
  versions: [0, 13],
  flexibleFrom: 9,
  request: struct({
    /** Null for all topics. */
    topics: nullable(array(metadataRequestTopic), { nullableSince: 1 }),
    /**
     * Creates a missing topic if the broker's configuration agrees; versions 0 to 3 always allow it. The first answer is then
     * UNKNOWN_TOPIC_OR_PARTITION, and the topic is there on a retry.
     */
    allowAutoTopicCreation: boolean({ since: 4, default: true }),
    includeClusterAuthorizedOperations: boolean({ since: 8, until: 10, default: false }),
    includeTopicAuthorizedOperations: boolean({ since: 8, default: false }),
  }),
  response: struct({
    throttleTimeMs: int32({ since: 3, default: 0, ignorable: true }),
    brokers: array(metadataBroker),
    clusterId: nullable(string(), { since: 2, default: null, ignorable: true }),
    /** Any broker in KRaft, where clients have no business with the controller; -1 for none. */
    controllerId: int32({ since: 1, default: -1, ignorable: true }),
    topics: array(metadataTopic),
    /** Moved to DescribeCluster with version 11. */
    clusterAuthorizedOperations: int32({ since: 8, until: 10, default: NO_AUTHORIZED_OPERATIONS }),
    /** REBOOTSTRAP_REQUIRED sends the client back to its bootstrap servers (KIP-1102). */
    errorCode: errorCode({ since: 13, default: 'NONE', ignorable: true }, 'NONE', 'UNKNOWN_SERVER_ERROR', 'REBOOTSTRAP_REQUIRED'),
  }),
})
export type MetadataRequest = RequestOf<typeof metadata>
export type MetadataRequestInput = RequestInputOf<typeof metadata>
export type MetadataResponse = ResponseOf<typeof metadata>
export type MetadataResponseInput = ResponseInputOf<typeof metadata>
