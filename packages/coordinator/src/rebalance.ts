import { type ClassicMember, NO_BYTES } from './classic-group.ts'
import type { GroupChange } from './group-change.ts'
import { selectProtocol, subscribedTopicsOf } from './group-protocols.ts'
import { joinedResponse } from './join-response.ts'

/** Somebody came, left or changed: a rebalance begins, or the one under way may now have all it waits for. */
export function rebalanceOrCompleteJoin(change: GroupChange, reason: string): void {
  if (change.state === 'preparingRebalance') completeJoinIfReady(change)
  else prepareRebalance(change, reason)
}

/** Asks all members to join anew. Source: Kafka's `GroupMetadataManager.prepareRebalance`. */
export function prepareRebalance(change: GroupChange, reason: string): void {
  if (change.state === 'completingRebalance') failSyncs(change)
  change.pendingSyncs.clear()
  change.cancelTimer('sync')
  const isInitial = change.state === 'empty'
  change.moveTo('preparingRebalance')
  change.note('info', 'the group prepares a rebalance', { reason, members: change.members.size })
  if (isInitial) {
    // Members of an application come one after the other: without a delay each of them would cause a rebalance (KIP-134).
    const delayMs = change.rules.initialRebalanceDelayMs
    change.initialRebalance = { delayMs, remainingMs: Math.max(change.rebalanceTimeoutMs - delayMs, 0), memberAdded: false }
    change.setTimer('join', delayMs)
  } else if (change.allJoined) {
    completeJoin(change)
  } else {
    change.setTimer('join', change.rebalanceTimeoutMs)
  }
}

/** Ends the join phase if it waits for nobody any more. The delay of an initial rebalance is not cut short. */
export function completeJoinIfReady(change: GroupChange): void {
  if (change.state === 'preparingRebalance' && change.initialRebalance === null && change.allJoined) completeJoin(change)
}

/** The delay of an initial rebalance has passed: another one if members came in it, else the join phase ends. */
export function continueInitialRebalance(change: GroupChange): void {
  const initial = change.initialRebalance
  if (initial === null || !initial.memberAdded || initial.remainingMs === 0) return completeJoin(change)
  const delayMs = Math.min(change.rules.initialRebalanceDelayMs, initial.remainingMs)
  change.initialRebalance = { delayMs, remainingMs: Math.max(initial.remainingMs - initial.delayMs, 0), memberAdded: false }
  change.setTimer('join', delayMs)
}

/**
 * Ends the join phase: dynamic members that did not come are out, static ones stay until their session ends, and everybody who waits
 * learns of the new generation. Source: Kafka's `GroupMetadataManager.completeClassicGroupJoin`.
 */
export function completeJoin(change: GroupChange): void {
  change.cancelTimer('join')
  change.initialRebalance = null
  const missing = [...change.members.values()].filter(member => member.awaitingJoin === null && member.groupInstanceId === null)
  for (const { memberId } of missing) change.removeMember(memberId)
  if (missing.length > 0) change.note('info', 'members that did not rejoin are out of the group', { missing: missing.map(idOf) })

  if (!electJoinedLeader(change)) {
    change.note('warn', 'no member has rejoined; the rebalance waits for the sessions of the static members to end')
    change.setTimer('join', change.rebalanceTimeoutMs)
    return
  }
  change.generationId++
  change.pendingSyncs.clear()
  if (change.members.size === 0) becomeEmpty(change)
  else beginSync(change)
}

function becomeEmpty(change: GroupChange): void {
  change.protocolName = null
  change.subscribedTopics = subscribedTopicsOf(change)
  change.moveTo('empty')
  change.note('info', 'the group is empty')
  change.store()
}

function beginSync(change: GroupChange): void {
  change.protocolName = selectProtocol(change)
  change.subscribedTopics = subscribedTopicsOf(change)
  change.moveTo('completingRebalance')
  change.note('info', 'the group has its members', {
    members: change.members.size,
    protocol: change.protocolName,
    leader: change.leaderId,
  })
  for (const member of change.members.values()) {
    change.answerJoin(member.awaitingJoin, joinedResponse(change, member))
    change.setMember({ ...member, awaitingJoin: null, isNew: false })
    change.keepAlive(member)
    change.pendingSyncs.add(member.memberId)
  }
  // Whoever never asks for its assignment keeps partitions that nobody reads.
  change.setTimer('sync', change.rebalanceTimeoutMs)
}

/** The members have to rejoin before they got an assignment. */
function failSyncs(change: GroupChange): void {
  for (const member of change.members.values()) {
    if (member.awaitingSync !== null) change.keepAlive(member)
    change.answerSync(member.awaitingSync, { errorCode: 'REBALANCE_IN_PROGRESS', assignment: NO_BYTES })
    change.setMember({ ...member, awaitingSync: null, assignment: NO_BYTES })
  }
}

/** Makes sure that the leader is one who is there. False if there are members and none of them is. */
function electJoinedLeader(change: GroupChange): boolean {
  if (change.members.size === 0) return true
  const leader = change.leaderId === null ? undefined : change.members.get(change.leaderId)
  if (leader !== undefined && leader.awaitingJoin !== null) return true
  const joined = [...change.members.values()].find(member => member.awaitingJoin !== null)
  if (joined === undefined) return false
  change.leaderId = joined.memberId
  return true
}

function idOf(member: ClassicMember): string {
  return member.memberId
}
