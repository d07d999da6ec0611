import { errorCode, int32, nullable, string, struct } from '../schema/field.ts'
import { defineApi, type RequestInputOf, type RequestOf, type ResponseInputOf, type ResponseOf } from '../schema/message.ts'

/** Keeps a group member alive. A non-zero error code is an order: rejoin, or find the coordinator again. */
export const heartbeat = defineApi({
  key: 12,
  name: 'Heartbeat',
  versions: [0, 4],
  flexibleFrom: 4,
  request: struct({
    groupId: string(),
    /** Generation the member believes in; a stale one is answered with ILLEGAL_GENERATION. */
    generationId: int32(),
    memberId: string(),
    /** Set by static members (KIP-345), so that a restart keeps its partitions. */
    groupInstanceId: nullable(string(), { since: 3, default: null }),
  }),
  response: struct({
    throttleTimeMs: int32({ since: 1, default: 0, ignorable: true }),
    errorCode: errorCode(
      'NONE',
      'UNKNOWN_SERVER_ERROR',
      'ILLEGAL_GENERATION',
      'UNKNOWN_MEMBER_ID',
      'REBALANCE_IN_PROGRESS',
      'FENCED_INSTANCE_ID',
      'INVALID_GROUP_ID',
      'GROUP_AUTHORIZATION_FAILED',
      'NOT_COORDINATOR',
      'COORDINATOR_NOT_AVAILABLE',
      'COORDINATOR_LOAD_IN_PROGRESS',
      'UNSUPPORTED_VERSION',
    ),
  }),
})
export type HeartbeatRequest = RequestOf<typeof heartbeat>
export type HeartbeatRequestInput = RequestInputOf<typeof heartbeat>
export type HeartbeatResponse = ResponseOf<typeof heartbeat>
export type HeartbeatResponseInput = ResponseInputOf<typeof heartbeat>
