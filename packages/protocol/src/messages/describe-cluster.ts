import { array, boolean, errorCode, type Infer, type InferInput, int8, int32, nullable, string, struct } from '../schema/field.ts'
import { defineApi, type RequestInputOf, type RequestOf, type ResponseInputOf, type ResponseOf } from '../schema/message.ts'
import { NO_AUTHORIZED_OPERATIONS } from './authorized-operations.ts'

/** Which nodes to list. A broker answers MISMATCHED_ENDPOINT_TYPE to a question for controllers (KIP-919). */
export const endpointTypes = { BROKER: 1, CONTROLLER: 2 } as const

export const describeClusterBroker = struct({
  brokerId: int32(),
  host: string(),
  port: int32(),
  rack: nullable(string(), { default: null }),
  isFenced: boolean({ since: 2, default: false }),
})
export interface DescribeClusterBroker extends Infer<typeof describeClusterBroker> {}
export interface DescribeClusterBrokerInput extends InferInput<typeof describeClusterBroker> {}

/** Cluster id, brokers and controller, without topics (KIP-700). */
export const describeCluster = defineApi({
  key: 60,
  name: 'DescribeCluster',
  versions: [0, 2],
  flexibleFrom: 0,
  request: struct({
    includeClusterAuthorizedOperations: boolean(),
    /** One of {@link endpointTypes}. */
    endpointType: int8({ since: 1, default: 1 }),
    /** Brokers that are registered but out of service (KIP-1073). */
    includeFencedBrokers: boolean({ since: 2, default: false }),
  }),
  response: struct({
    throttleTimeMs: int32({ default: 0 }),
    errorCode: errorCode(
      'NONE',
      'UNKNOWN_SERVER_ERROR',
      'MISMATCHED_ENDPOINT_TYPE',
      'UNSUPPORTED_ENDPOINT_TYPE',
      'INVALID_REQUEST',
      'UNSUPPORTED_VERSION',
      'CLUSTER_AUTHORIZATION_FAILED',
    ),
    errorMessage: nullable(string(), { default: null }),
    endpointType: int8({ since: 1, default: 1 }),
    clusterId: string(),
    /** -1 for none. */
    controllerId: int32({ default: -1 }),
    brokers: array(describeClusterBroker),
    /** A bit per `AclOperation` number, if the request asks for it. */
    clusterAuthorizedOperations: int32({ default: NO_AUTHORIZED_OPERATIONS }),
  }),
})
export type DescribeClusterRequest = RequestOf<typeof describeCluster>
export type DescribeClusterRequestInput = RequestInputOf<typeof describeCluster>
export type DescribeClusterResponse = ResponseOf<typeof describeCluster>
export type DescribeClusterResponseInput = ResponseInputOf<typeof describeCluster>
