import { array, errorCode, type Infer, type InferInput, int32, nullable, string, struct } from '../schema/field.ts'
import { defineApi, type RequestInputOf, type RequestOf, type ResponseInputOf, type ResponseOf } from '../schema/message.ts'

export const leavingMember = struct({
  /** Empty to name a static member by its instance id. */
  memberId: string(),
  groupInstanceId: nullable(string(), { default: null }),
  /** For the broker's log (KIP-800). */
  reason: nullable(string(), { since: 5, default: null, ignorable: true }),
})
export interface LeavingMember extends Infer<typeof leavingMember> {}
export interface LeavingMemberInput extends InferInput<typeof leavingMember> {}

export const leavingMemberResponse = struct({
  memberId: string(),
  groupInstanceId: nullable(string()),
  errorCode: errorCode('NONE', 'UNKNOWN_SERVER_ERROR', 'UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID', 'UNSUPPORTED_VERSION'),
})
export interface LeavingMemberResponse extends Infer<typeof leavingMemberResponse> {}
export interface LeavingMemberResponseInput extends InferInput<typeof leavingMemberResponse> {}

/**
 * Takes members out of a classic group, so that it need not wait for their session to expire. One member up to version 2; from 3 on a list,
 * which lets an administrator remove static members by instance id alone.
 */
export const leaveGroup = defineApi({
  key: 13,
  name: 'LeaveGroup',
  versions: [0, 5],
  flexibleFrom: 4,
  request: struct({
    groupId: string(),
    /** Up to version 2. */
    memberId: string({ until: 2, default: '' }),
    /** From version 3 on. */
    members: array(leavingMember, { since: 3, default: [] }),
  }),
  response: struct({
    throttleTimeMs: int32({ since: 1, default: 0, ignorable: true }),
    errorCode: errorCode(
      'NONE',
      'UNKNOWN_SERVER_ERROR',
      'COORDINATOR_LOAD_IN_PROGRESS',
      'COORDINATOR_NOT_AVAILABLE',
      'NOT_COORDINATOR',
      'UNKNOWN_MEMBER_ID',
      'FENCED_INSTANCE_ID',
      'INVALID_GROUP_ID',
      'INVALID_REQUEST',
      'UNSUPPORTED_VERSION',
      'GROUP_AUTHORIZATION_FAILED',
    ),
    members: array(leavingMemberResponse, { since: 3, default: [] }),
  }),
})
export type LeaveGroupRequest = RequestOf<typeof leaveGroup>
export type LeaveGroupRequestInput = RequestInputOf<typeof leaveGroup>
export type LeaveGroupResponse = ResponseOf<typeof leaveGroup>
export type LeaveGroupResponseInput = ResponseInputOf<typeof leaveGroup>
