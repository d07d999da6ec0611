import { array, boolean, bytes, errorCode, type Infer, type InferInput, int32, nullable, string, struct } from '../schema/field.ts'
import { defineApi, type RequestInputOf, type RequestOf, type ResponseInputOf, type ResponseOf } from '../schema/message.ts'

export const joinGroupProtocol = struct({
  name: string(),
  /** For consumers, the version and a ConsumerProtocolSubscription. */
  metadata: bytes(),
})
export interface JoinGroupProtocol extends Infer<typeof joinGroupProtocol> {}
export interface JoinGroupProtocolInput extends InferInput<typeof joinGroupProtocol> {}

export const joinGroupMember = struct({
  memberId: string(),
  groupInstanceId: nullable(string(), { since: 5, default: null, ignorable: true }),
  metadata: bytes(),
})
export interface JoinGroupMember extends Infer<typeof joinGroupMember> {}
export interface JoinGroupMemberInput extends InferInput<typeof joinGroupMember> {}

/**
 * Enters a classic group and waits until all its members have. The answer names the leader, who alone gets the members' metadata and
 * assigns the partitions. From version 4 on a first join without a member id is answered with MEMBER_ID_REQUIRED and an id to come back
 * with (KIP-394); static members skip that.
 */
export const joinGroup = defineApi({
  key: 11,
  name: 'JoinGroup',
  versions: [0, 9],
  flexibleFrom: 6,
  request: struct({
    groupId: string(),
    /** Outside of `group.min.session.timeout.ms` to `group.max.session.timeout.ms`: INVALID_SESSION_TIMEOUT. */
    sessionTimeoutMs: int32(),
    /** How long the others wait for this member in a rebalance; -1 for the session timeout. */
    rebalanceTimeoutMs: int32({ since: 1, default: -1, ignorable: true }),
    /** Empty in the first request. */
    memberId: string(),
    /** Set by static members (KIP-345), so that a restart keeps their partitions. */
    groupInstanceId: nullable(string(), { since: 5, default: null }),
    /** "consumer" for consumers. All members share it. */
    protocolType: string(),
    /** Assignors in order of preference; none, or none in common with the group, is INCONSISTENT_GROUP_PROTOCOL. */
    protocols: array(joinGroupProtocol),
    /** For the broker's log (KIP-800). */
    reason: nullable(string(), { since: 8, default: null, ignorable: true }),
  }),
  response: struct({
    throttleTimeMs: int32({ since: 2, default: 0, ignorable: true }),
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
      'MEMBER_ID_REQUIRED',
      'INCONSISTENT_GROUP_PROTOCOL',
      'INVALID_GROUP_ID',
      'INVALID_SESSION_TIMEOUT',
      'GROUP_MAX_SIZE_REACHED',
      'INVALID_REQUEST',
      'UNSUPPORTED_VERSION',
      'REQUEST_TIMED_OUT',
      'GROUP_AUTHORIZATION_FAILED',
    ),
    /** -1 after an error. */
    generationId: int32({ default: -1 }),
    protocolType: nullable(string(), { since: 7, default: null, ignorable: true }),
    /** The assignor that all members know. Null after an error, but empty below version 7, which has no null. */
    protocolName: nullable(string(), { nullableSince: 7 }),
    leader: string(),
    /** Tells a static leader that came back that the old assignment stands (KIP-814). */
    skipAssignment: boolean({ since: 9, default: false }),
    memberId: string(),
    /** Empty unless this member is the leader. */
    members: array(joinGroupMember),
  }),
})
export type JoinGroupRequest = RequestOf<typeof joinGroup>
export type JoinGroupRequestInput = RequestInputOf<typeof joinGroup>
export type JoinGroupResponse = ResponseOf<typeof joinGroup>
export type JoinGroupResponseInput = ResponseInputOf<typeof joinGroup>
