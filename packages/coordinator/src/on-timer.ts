import type { ClassicGroup } from './classic-group.ts'
import { GroupChange } from './group-change.ts'
import { completeJoinIfReady, continueInitialRebalance, prepareRebalance } from './rebalance.ts'
import { answered, type GroupRules, type Outcome, type TimerName } from './step.ts'

/**
 * A timer that an earlier step set has run out. One that was cancelled or set anew in the meantime must not come here.
 *
 * Source: Kafka's `GroupMetadataManager`: `expireClassicGroupMemberHeartbeat`, `completeClassicGroupJoin`, `expirePendingSync`.
 */
export function onTimer(group: ClassicGroup | null, timer: TimerName, nowMs: number, rules: GroupRules): Outcome {
  if (group === null || group.state === 'dead') return answered(group, null)
  const change = new GroupChange(group, nowMs, rules)
  if (timer === 'join') {
    if (change.state === 'preparingRebalance') continueInitialRebalance(change)
  } else if (timer === 'sync') endSyncs(change)
  else endSession(change, timer.slice('session '.length))
  return change.outcome()
}

function endSession(change: GroupChange, memberId: string): void {
  if (change.pendingMembers.has(memberId)) {
    change.removeMember(memberId)
    change.note('info', 'an id that was given out was not used', { member: memberId })
    return completeJoinIfReady(change)
  }
  const member = change.members.get(memberId)
  if (member === undefined) return
  // Whoever waits for an answer sends no heartbeats; its session begins anew with the answer. A new member may wait only so long.
  if (!member.isNew && (member.awaitingJoin !== null || member.awaitingSync !== null)) return
  change.removeMember(memberId)
  change.note('info', 'a member has not been heard of and is out of the group', {
    member: memberId,
    sessionTimeoutMs: member.sessionTimeoutMs,
  })
  if (change.state === 'preparingRebalance') completeJoinIfReady(change)
  else prepareRebalance(change, `the session of ${memberId} has ended`)
}

function endSyncs(change: GroupChange): void {
  const missing = [...change.pendingSyncs]
  if (missing.length === 0 || (change.state !== 'completingRebalance' && change.state !== 'stable')) return
  for (const memberId of missing) change.removeMember(memberId)
  change.note('info', 'members that did not ask for their assignment are out of the group', { missing })
  prepareRebalance(change, 'members did not ask for their assignment')
}
