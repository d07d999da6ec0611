import { array, boolean, bytes, errorCode, type Infer, type InferInput, int32, nullable, string, struct } from '../schema/field.ts'
import { defineApi, type RequestInputOf, type RequestOf, type ResponseInputOf, type ResponseOf } from '../schema/message.ts'
import { NO_AUTHORIZED_OPERATIONS } from './authorized-operations.ts'

export const describedGroupMember = struct({
  memberId: string(),
  groupInstanceId: nullable(string(), { since: 4, default: null, ignorable: true }),
  clientId: string(),
  clientHost: string(),
  /** What the member sent in JoinGroup; empty unless the group is stable. */
  memberMetadata: bytes(),
  /** What the leader sent in SyncGroup. */
  memberAssignment: bytes(),
})
export interface DescribedGroupMember extends Infer<typeof describedGroupMember> {}
export interface DescribedGroupMemberInput extends InferInput<typeof describedGroupMember> {}

export const describedGroup = struct({
  errorCode: errorCode(
    'NONE',
    'UNKNOWN_SERVER_ERROR',
    'COORDINATOR_LOAD_IN_PROGRESS',
    'COORDINATOR_NOT_AVAILABLE',
    'NOT_COORDINATOR',
    'GROUP_ID_NOT_FOUND',
    'INVALID_GROUP_ID',
    'GROUP_AUTHORIZATION_FAILED',
  ),
  errorMessage: nullable(string(), { since: 6, default: null }),
  groupId: string(),
  /** "Empty", "PreparingRebalance", "CompletingRebalance", "Stable" or "Dead". */
  groupState: string(),
  protocolType: string(),
  /** The assignor in use; only while the group is stable. */
  protocolData: string(),
  members: array(describedGroupMember),
  /** A bit per `AclOperation` number, if the request asks for it. */
  authorizedOperations: int32({ since: 3, default: NO_AUTHORIZED_OPERATIONS }),
})
export interface DescribedGroup extends Infer<typeof describedGroup> {}
export interface DescribedGroupInput extends InferInput<typeof describedGroup> {}

/**
 * State and members of classic groups. A group that does not exist is GROUP_ID_NOT_FOUND from version 6 on; before, it is a group without
 * error in the state "Dead".
 */
export const describeGroups = defineApi({
  key: 15,
  name: 'DescribeGroups',
  versions: [0, 6],
  flexibleFrom: 5,
  request: struct({
    groups: array(string()),
    includeAuthorizedOperations: boolean({ since: 3, default: false }),
  }),
  response: struct({
    throttleTimeMs: int32({ since: 1, default: 0, ignorable: true }),
    groups: array(describedGroup),
  }),
})
export type DescribeGroupsRequest = RequestOf<typeof describeGroups>
export type DescribeGroupsRequestInput = RequestInputOf<typeof describeGroups>
export type DescribeGroupsResponse = ResponseOf<typeof describeGroups>
export type DescribeGroupsResponseInput = ResponseInputOf<typeof describeGroups>
