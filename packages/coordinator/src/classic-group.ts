import type { JoinGroupProtocol } from '@logwerk/protocol'
import { type CommittedOffsets, NO_OFFSETS } from './committed-offsets.ts'

/**
 * Where a classic group stands. `preparingRebalance`: members are asked to join. `completingRebalance`: all have, and the leader's
 * assignment is awaited. `dead`: the coordinator let go of it.
 */
export type GroupState = 'empty' | 'preparingRebalance' | 'completingRebalance' | 'stable' | 'dead'

/** The states as DescribeGroups and ListGroups spell them. */
export const groupStateNames: Readonly<Record<GroupState, string>> = {
  empty: 'Empty',
  preparingRebalance: 'PreparingRebalance',
  completingRebalance: 'CompletingRebalance',
  stable: 'Stable',
  dead: 'Dead',
}

/**
 * Names a request that waits for its answer. Chosen by the caller of a step, unique among those that wait, and given back with the answer.
 */
export type Ticket = number

/** A member of a classic group. Never changed in place. */
export interface ClassicMember {
  readonly memberId: string
  /** Of a static member (KIP-345); null for a dynamic one. */
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly rebalanceTimeoutMs: number
  readonly sessionTimeoutMs: number
  /** In order of preference. After a restart of the broker only the group's own, because only that is stored. */
  readonly protocols: readonly JoinGroupProtocol[]
  /** Empty while there is none. */
  readonly assignment: Uint8Array
  /** The JoinGroup request that waits for the other members; null for none. */
  readonly awaitingJoin: Ticket | null
  /** The SyncGroup request that waits for the leader; null for none. */
  readonly awaitingSync: Ticket | null
  /** True until its first join was answered: it does not know its id yet and sends no heartbeats. */
  readonly isNew: boolean
}

/** How long the first rebalance of an empty group still waits for further members (KIP-134). */
export interface InitialRebalance {
  readonly delayMs: number
  readonly remainingMs: number
  /** True if a member came in the delay under way: then there is another one, as long as time remains. */
  readonly memberAdded: boolean
}

/**
 * A classic group and its committed offsets. Never changed in place: a step gives a new one, and the old one stands until the records of
 * the step are in the log.
 */
export interface ClassicGroup {
  readonly groupId: string
  readonly state: GroupState
  /** When it took on its state, in milliseconds since 1970; -1 if a record of an old Kafka does not say. */
  readonly stateSinceMs: number
  readonly generationId: number
  /** "consumer" for consumers; null for a group that only stores offsets. */
  readonly protocolType: string | null
  /** The assignor that all members know; null while the group is empty. */
  readonly protocolName: string | null
  readonly leaderId: string | null
  /** In the order in which they came. */
  readonly members: ReadonlyMap<string, ClassicMember>
  /** Ids given out with MEMBER_ID_REQUIRED whose owners have not come back yet (KIP-394). */
  readonly pendingMembers: ReadonlySet<string>
  /** Members that have not sent SyncGroup since the last join. */
  readonly pendingSyncs: ReadonlySet<string>
  /** Set while an empty group waits for its first members; null while a rebalance waits for known ones. */
  readonly initialRebalance: InitialRebalance | null
  /** What the members of a consumer group read, as of its generation; null if that is not known. */
  readonly subscribedTopics: ReadonlySet<string> | null
  readonly offsets: CommittedOffsets
}

/** A group in which nothing has happened yet. */
export function newClassicGroup(groupId: string, nowMs: number): ClassicGroup {
  return {
    groupId,
    state: 'empty',
    stateSinceMs: nowMs,
    generationId: 0,
    protocolType: null,
    protocolName: null,
    leaderId: null,
    members: new Map(),
    pendingMembers: new Set(),
    pendingSyncs: new Set(),
    initialRebalance: null,
    subscribedTopics: null,
    offsets: NO_OFFSETS,
  }
}

/** The parts of a group that say who belongs to it. */
export interface Membership {
  readonly members: ReadonlyMap<string, ClassicMember>
}

/** The member that stands for a static member's instance id at present. */
export function staticMemberOf({ members }: Membership, groupInstanceId: string): ClassicMember | undefined {
  for (const member of members.values()) if (member.groupInstanceId === groupInstanceId) return member
  return undefined
}

/**
 * Why a request of this member is turned away; null if it is one. A static member whose place another process took is fenced, if it says
 * who it is (KIP-345).
 */
export function memberRefusal(
  group: Membership,
  memberId: string,
  groupInstanceId: string | null,
): 'UNKNOWN_MEMBER_ID' | 'FENCED_INSTANCE_ID' | null {
  const member = group.members.get(memberId)
  if (groupInstanceId === null || member?.groupInstanceId === groupInstanceId) return member === undefined ? 'UNKNOWN_MEMBER_ID' : null
  return staticMemberOf(group, groupInstanceId) === undefined ? 'UNKNOWN_MEMBER_ID' : 'FENCED_INSTANCE_ID'
}

/** What the member sent in JoinGroup for a protocol. */
export function metadataOf(member: ClassicMember, protocolName: string): Uint8Array {
  return member.protocols.find(protocol => protocol.name === protocolName)?.metadata ?? NO_BYTES
}

/** The longest time that any member may take to rejoin. */
export function rebalanceTimeoutMsOf({ members }: Membership): number {
  let longest = 0
  for (const member of members.values()) longest = Math.max(longest, member.rebalanceTimeoutMs)
  return longest
}

export const NO_BYTES: Uint8Array = new Uint8Array(0)
