import type { LeaveGroupResponseInput, LeavingMember, LeavingMemberResponseInput } from '@logwerk/protocol'
import { type ClassicGroup, memberRefusal, staticMemberOf } from './classic-group.ts'
import { GroupChange } from './group-change.ts'
import { completeJoinIfReady, prepareRebalance } from './rebalance.ts'
import { answered, type GroupRules, type Step } from './step.ts'

/** A LeaveGroup request; one that names a single member (up to version 2) is a list of one. */
export interface LeaveGroupEvent {
  readonly groupId: string
  readonly members: readonly LeavingMember[]
}

/**
 * Members leave, or an administrator removes static ones by their instance id. Each gets a code of its own. Source: Kafka's
 * `GroupMetadataManager.classicGroupLeave`.
 */
export function onLeaveGroup(
  group: ClassicGroup | null,
  { groupId, members }: LeaveGroupEvent,
  nowMs: number,
  rules: GroupRules,
): Step<LeaveGroupResponseInput> {
  if (groupId === '') return answered(group, { errorCode: 'INVALID_GROUP_ID' })
  if (group?.state === 'dead') return answered(group, { errorCode: 'COORDINATOR_NOT_AVAILABLE' })
  if (group === null) {
    return answered(group, { errorCode: 'NONE', members: members.map(member => leavingResponse(member, 'UNKNOWN_MEMBER_ID')) })
  }
  const change = new GroupChange(group, nowMs, rules)
  const responses = members.map(member => leavingResponse(member, leave(change, member)))
  const left = responses.filter(({ errorCode }) => errorCode === 'NONE')
  if (left.length > 0) {
    const reason = `left: ${left.map(({ memberId, groupInstanceId }) => groupInstanceId ?? memberId).join(', ')}`
    if (change.state === 'preparingRebalance') completeJoinIfReady(change)
    else if (change.state !== 'empty' && hasLostMembers(group, change)) prepareRebalance(change, reason)
  }
  return change.answered({ errorCode: 'NONE', members: responses })
}

function leave(change: GroupChange, leaving: LeavingMember): LeavingMemberResponseInput['errorCode'] {
  const memberId = memberIdOf(change, leaving)
  if (memberId === null) return 'UNKNOWN_MEMBER_ID'
  if (!change.pendingMembers.has(memberId)) {
    const refusal = memberRefusal(change, memberId, leaving.groupInstanceId)
    if (refusal !== null) return refusal
  }
  change.removeMember(memberId)
  change.note('info', 'a member leaves the group', { member: memberId, reason: leaving.reason ?? 'not given' })
  return 'NONE'
}

/** An administrator knows a static member by its instance id only. */
function memberIdOf(change: GroupChange, { memberId, groupInstanceId }: LeavingMember): string | null {
  if (memberId !== '') return memberId
  return (groupInstanceId === null ? undefined : staticMemberOf(change, groupInstanceId))?.memberId ?? null
}

/** Somebody who only held an id was never part of the generation. */
function hasLostMembers(before: ClassicGroup, after: GroupChange): boolean {
  return after.members.size < before.members.size
}

function leavingResponse({ memberId, groupInstanceId }: LeavingMember, errorCode: LeavingMemberResponseInput['errorCode']) {
  return { memberId, groupInstanceId, errorCode }
}
