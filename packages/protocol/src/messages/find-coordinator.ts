import { array, errorCode, type Infer, type InferInput, int8, int32, nullable, string, struct } from '../schema/field.ts'
import { defineApi, type RequestInputOf, type RequestOf, type ResponseInputOf, type ResponseOf } from '../schema/message.ts'

/** What the keys of the request are. `SHARE` needs version 6 (KIP-932). */
export const coordinatorTypes = { GROUP: 0, TRANSACTION: 1, SHARE: 2 } as const

export const coordinator = struct({
  key: string(),
  nodeId: int32(),
  host: string(),
  port: int32(),
  errorCode: errorCode(
    'NONE',
    'UNKNOWN_SERVER_ERROR',
    'COORDINATOR_NOT_AVAILABLE',
    'COORDINATOR_LOAD_IN_PROGRESS',
    'INVALID_REQUEST',
    'INVALID_GROUP_ID',
    'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
    'GROUP_AUTHORIZATION_FAILED',
    'TOPIC_AUTHORIZATION_FAILED',
    'CLUSTER_AUTHORIZATION_FAILED',
  ),
  errorMessage: nullable(string(), { ignorable: true }),
})
export interface Coordinator extends Infer<typeof coordinator> {}
export interface CoordinatorInput extends InferInput<typeof coordinator> {}

/**
 * Which broker coordinates a group or a transactional id. One key up to version 3, a list from 4 on. COORDINATOR_NOT_AVAILABLE is the
 * normal answer of a cold cluster: the first question creates the internal topic.
 */
export const findCoordinator = defineApi({
  key: 10,
  name: 'FindCoordinator',
  versions: [0, 6],
  flexibleFrom: 3,
  request: struct({
    /** Up to version 3. */
    key: string({ until: 3, default: '' }),
    /** One of {@link coordinatorTypes}. */
    keyType: int8({ since: 1, default: 0 }),
    /** From version 4 on. */
    coordinatorKeys: array(string(), { since: 4, default: [] }),
  }),
  response: struct({
    throttleTimeMs: int32({ since: 1, default: 0, ignorable: true }),
    errorCode: errorCode(
      { until: 3, default: 'NONE' },
      'NONE',
      'UNKNOWN_SERVER_ERROR',
      'COORDINATOR_NOT_AVAILABLE',
      'COORDINATOR_LOAD_IN_PROGRESS',
      'INVALID_REQUEST',
      'INVALID_GROUP_ID',
      'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
      'GROUP_AUTHORIZATION_FAILED',
      'TOPIC_AUTHORIZATION_FAILED',
      'CLUSTER_AUTHORIZATION_FAILED',
    ),
    errorMessage: nullable(string({ default: '' }), { since: 1, until: 3, ignorable: true }),
    /** -1 after an error, like the port; the host is then empty. */
    nodeId: int32({ until: 3, default: 0 }),
    host: string({ until: 3, default: '' }),
    port: int32({ until: 3, default: 0 }),
    coordinators: array(coordinator, { since: 4, default: [] }),
  }),
})
export type FindCoordinatorRequest = RequestOf<typeof findCoordinator>
export type FindCoordinatorRequestInput = RequestInputOf<typeof findCoordinator>
export type FindCoordinatorResponse = ResponseOf<typeof findCoordinator>
export type FindCoordinatorResponseInput = ResponseInputOf<typeof findCoordinator>
