import { array, bytes, errorCode, type Infer, type InferInput, int32, nullable, string, struct } from '../schema/field.ts'
import { defineApi, type RequestInputOf, type RequestOf, type ResponseInputOf, type ResponseOf } from '../schema/message.ts'

export const syncGroupAssignment = struct({
  memberId: string(),
  /** For consumers, the version and a ConsumerProtocolAssignment. */
  assignment: bytes(),
})
export interface SyncGroupAssignment extends Infer<typeof syncGroupAssignment> {}
export interface SyncGroupAssignmentInput extends InferInput<typeof syncGroupAssignment> {}

/**
 * Second half of a classic rebalance: the leader hands in the assignments, every member waits for its own. Version 5 also names the
 * protocol; another than the group's is INCONSISTENT_GROUP_PROTOCOL (KIP-559).
 */
export const syncGroup = defineApi({
  key: 14,
  name: 'SyncGroup',
  versions: [0, 5],
  flexibleFrom: 4,
  request: struct({
    groupId: string(),
    generationId: int32(),
    memberId: string(),
    /** Set by static members (KIP-345), so that a restart keeps their partitions. */
    groupInstanceId: nullable(string(), { since: 3, default: null }),
    protocolType: nullable(string(), { since: 5, default: null, ignorable: true }),
    protocolName: nullable(string(), { since: 5, default: null, ignorable: true }),
    /** Empty unless this member is the leader. */
    assignments: array(syncGroupAssignment),
  }),
  response: struct({
    throttleTimeMs: int32({ since: 1, default: 0, ignorable: true }),
    errorCode: errorCode(
      'NONE',
      'UNKNOWN_SERVER_ERROR',
      'COORDINATOR_LOAD_IN_PROGRESS',
      'COORDINATOR_NOT_AVAILABLE',
      'NOT_COORDINATOR',
      'ILLEGAL_GENERATION',
      'UNKNOWN_MEMBER_ID',
      'REBALANCE_IN_PROGRESS',
      'FENCED_INSTANCE_ID',
      'INCONSISTENT_GROUP_PROTOCOL',
      'INVALID_GROUP_ID',
      'INVALID_REQUEST',
      'UNSUPPORTED_VERSION',
      'REQUEST_TIMED_OUT',
      'GROUP_AUTHORIZATION_FAILED',
    ),
    protocolType: nullable(string(), { since: 5, default: null, ignorable: true }),
    protocolName: nullable(string(), { since: 5, default: null, ignorable: true }),
    assignment: bytes(),
  }),
})
export type SyncGroupRequest = RequestOf<typeof syncGroup>
export type SyncGroupRequestInput = RequestInputOf<typeof syncGroup>
export type SyncGroupResponse = ResponseOf<typeof syncGroup>
export type SyncGroupResponseInput = ResponseInputOf<typeof syncGroup>
