import type { SyncGroupRequest, SyncGroupResponseInput } from '@logwerk/protocol'
import { type ClassicGroup, memberRefusal, NO_BYTES, newClassicGroup, type Ticket } from './classic-group.ts'
import { GroupChange } from './group-change.ts'
import type { GroupRules, Outcome } from './step.ts'

/** A SyncGroup request and the ticket to answer it by. */
export interface SyncGroupEvent {
  readonly ticket: Ticket
  readonly request: SyncGroupRequest
}

/**
 * A member asks for its assignment, and waits for it if the leader has not sent it yet; the leader brings everybody's. The group is
 * stored before anybody learns of it.
 *
 * Source: Kafka's `GroupMetadataManager.classicGroupSync`; codes measured on 4.4.0.
 */
export function onSyncGroup(group: ClassicGroup | null, { ticket, request }: SyncGroupEvent, nowMs: number, rules: GroupRules): Outcome {
  const change = new GroupChange(group ?? newClassicGroup(request.groupId, nowMs), nowMs, rules)
  const complaint = complaintAbout(change, request)
  if (complaint !== null) {
    change.answerSync(ticket, { errorCode: complaint, assignment: NO_BYTES })
    return change.outcome()
  }
  const member = change.members.get(request.memberId)!
  change.pendingSyncs.delete(request.memberId)
  if (change.pendingSyncs.size === 0) change.cancelTimer('sync')
  if (change.state === 'stable') {
    change.answerSync(ticket, assigned(change, member.assignment))
    return change.outcome()
  }
  // As with JoinGroup: a request repeated without its answer takes the place of the first.
  change.answerSync(member.awaitingSync, { errorCode: 'REBALANCE_IN_PROGRESS', assignment: NO_BYTES })
  change.setMember({ ...member, awaitingSync: ticket })
  if (change.leaderId === request.memberId) assign(change, request)
  return change.outcome()
}

function assign(change: GroupChange, { assignments }: SyncGroupRequest): void {
  const byMember = new Map(assignments.map(({ memberId, assignment }) => [memberId, assignment]))
  change.moveTo('stable')
  const without: string[] = []
  for (const member of change.members.values()) {
    const given = byMember.get(member.memberId)
    if (given === undefined || given.length === 0) without.push(member.memberId)
    // Copied: what is decoded is a view, and would pin the whole request.
    const assignment = given === undefined ? NO_BYTES : new Uint8Array(given)
    change.setMember({ ...member, assignment, awaitingSync: null })
    if (member.awaitingSync !== null) {
      change.answerSync(member.awaitingSync, assigned(change, assignment))
      // A session that ended while the member waited was let pass.
      change.keepAlive(member)
    }
  }
  if (without.length > 0) change.note('warn', 'the leader left members without an assignment', { members: without })
  change.note('info', 'the group is stable', { members: change.members.size, leader: change.leaderId })
  change.store()
}

function assigned({ protocolType, protocolName }: GroupChange, assignment: Uint8Array): SyncGroupResponseInput {
  return { errorCode: 'NONE', protocolType, protocolName, assignment }
}

function complaintAbout(change: GroupChange, request: SyncGroupRequest): SyncGroupResponseInput['errorCode'] | null {
  if (request.groupId === '') return 'INVALID_GROUP_ID'
  if (change.state === 'dead') return 'COORDINATOR_NOT_AVAILABLE'
  if (change.state === 'empty') return 'UNKNOWN_MEMBER_ID'
  const refusal = memberRefusal(change, request.memberId, request.groupInstanceId)
  if (refusal !== null) return refusal
  if (request.generationId !== change.generationId) return 'ILLEGAL_GENERATION'
  if (differs(request.protocolType, change.protocolType) || differs(request.protocolName, change.protocolName)) {
    return 'INCONSISTENT_GROUP_PROTOCOL'
  }
  return change.state === 'preparingRebalance' ? 'REBALANCE_IN_PROGRESS' : null
}

/** Clients before version 5 do not say (KIP-559). */
function differs(said: string | null, actual: string | null): boolean {
  return said !== null && actual !== null && said !== actual
}
