import type { JoinGroupRequest, JoinGroupResponseInput } from '@logwerk/protocol'
import {
  type ClassicGroup,
  type ClassicMember,
  memberRefusal,
  NO_BYTES,
  newClassicGroup,
  staticMemberOf,
  type Ticket,
} from './classic-group.ts'
import { GroupChange } from './group-change.ts'
import { hasSameProtocols, selectProtocol, subscribedTopicsOf, supportsProtocols } from './group-protocols.ts'
import { joinedResponse, refusal } from './join-response.ts'
import { completeJoinIfReady, prepareRebalance, rebalanceOrCompleteJoin } from './rebalance.ts'
import { type GroupRules, type Outcome, sessionTimer } from './step.ts'

/** A JoinGroup request, and what the step cannot know by itself. */
export interface JoinGroupEvent {
  readonly ticket: Ticket
  readonly request: JoinGroupRequest
  readonly apiVersion: number
  readonly clientId: string
  readonly clientHost: string
  /** Random, in its dashed form: it ends the id of a member that comes without one. */
  readonly uuid: string
}

/** From here on a member without an id gets one, and enters with its second request (KIP-394). */
const MEMBER_ID_REQUIRED_VERSION = 4
/** From here on a static leader that comes back can be told that the assignment stands (KIP-814). */
const SKIP_ASSIGNMENT_VERSION = 9
/** A new member waits at most this long: it has no id yet to send heartbeats with, and may long be gone. Kafka has no option for it. */
export const NEW_MEMBER_JOIN_TIMEOUT_MS = 300_000

/**
 * A member wants to enter the group, or has to join its next generation. Most answers come only when all members have joined.
 *
 * Source: Kafka's `GroupMetadataManager.classicGroupJoin`; codes measured on 4.4.0.
 */
export function onJoinGroup(group: ClassicGroup | null, event: JoinGroupEvent, nowMs: number, rules: GroupRules): Outcome {
  const { groupId, memberId, sessionTimeoutMs, protocolType, protocols } = event.request
  const change = new GroupChange(group ?? newClassicGroup(groupId, nowMs), nowMs, rules)
  if (groupId === '') refuse(change, event, 'INVALID_GROUP_ID')
  else if (sessionTimeoutMs < rules.minSessionTimeoutMs || sessionTimeoutMs > rules.maxSessionTimeoutMs) {
    refuse(change, event, 'INVALID_SESSION_TIMEOUT')
  } else if (change.state === 'dead') refuse(change, event, 'COORDINATOR_NOT_AVAILABLE')
  else if (group === null && memberId !== '') refuse(change, event, 'UNKNOWN_MEMBER_ID')
  else if (!hasRoomFor(change, event.request)) {
    change.removeMember(memberId)
    refuse(change, event, 'GROUP_MAX_SIZE_REACHED', '')
    completeJoinIfReady(change)
  } else if (!supportsProtocols(change, protocolType, protocols)) refuse(change, event, 'INCONSISTENT_GROUP_PROTOCOL')
  else if (memberId === '') joinWithoutId(change, event)
  else joinWithId(change, event)
  return change.outcome()
}

function joinWithoutId(change: GroupChange, event: JoinGroupEvent): void {
  const { groupInstanceId, sessionTimeoutMs } = event.request
  const memberId = `${groupInstanceId ?? event.clientId}-${event.uuid}`
  if (groupInstanceId !== null) {
    const known = staticMemberOf(change, groupInstanceId)
    if (known === undefined) addMember(change, event, memberId)
    else replaceStaticMember(change, event, known, memberId)
  } else if (event.apiVersion >= MEMBER_ID_REQUIRED_VERSION) {
    // Whoever gives up while it waits, and comes again, would be a second member otherwise.
    change.pendingMembers.add(memberId)
    change.setTimer(sessionTimer(memberId), sessionTimeoutMs)
    refuse(change, event, 'MEMBER_ID_REQUIRED', memberId)
  } else {
    addMember(change, event, memberId)
  }
}

function joinWithId(change: GroupChange, event: JoinGroupEvent): void {
  const { memberId, groupInstanceId, protocols } = event.request
  if (change.pendingMembers.has(memberId) && groupInstanceId === null) return addMember(change, event, memberId)
  const complaint = memberRefusal(change, memberId, groupInstanceId)
  if (complaint !== null) return refuse(change, event, complaint)
  const member = change.members.get(memberId)!
  const reason = `${event.request.reason ?? 'no reason given'} (member ${memberId} joins)`
  switch (change.state) {
    case 'preparingRebalance':
      return updateMember(change, event, member, reason)
    case 'completingRebalance':
      // The same request again: its answer may have been lost.
      if (hasSameProtocols(member, protocols)) return change.answerJoin(event.ticket, joinedResponse(change, member))
      return updateMember(change, event, member, reason)
    case 'stable':
      // A leader may know of something that no metadata shows, such as new partitions.
      if (change.leaderId !== memberId && hasSameProtocols(member, protocols)) {
        return change.answerJoin(event.ticket, joinedResponse(change, member))
      }
      return updateMember(change, event, member, reason)
    default:
      return refuse(change, event, 'UNKNOWN_MEMBER_ID')
  }
}

function addMember(change: GroupChange, event: JoinGroupEvent, memberId: string): void {
  const { groupInstanceId, protocolType } = event.request
  if (change.members.size === 0) change.protocolType = protocolType
  change.leaderId ??= memberId
  change.pendingMembers.delete(memberId)
  const member: ClassicMember = {
    ...wishesOf(event.request),
    memberId,
    groupInstanceId,
    clientId: event.clientId,
    clientHost: event.clientHost,
    assignment: NO_BYTES,
    awaitingJoin: event.ticket,
    awaitingSync: null,
    isNew: true,
  }
  change.setMember(member)
  if (change.initialRebalance !== null) change.initialRebalance = { ...change.initialRebalance, memberAdded: true }
  change.keepAlive(member, NEW_MEMBER_JOIN_TIMEOUT_MS)
  rebalanceOrCompleteJoin(change, `${event.request.reason ?? 'no reason given'} (member ${memberId} is new)`)
}

function updateMember(change: GroupChange, event: JoinGroupEvent, member: ClassicMember, reason: string): void {
  setJoining(change, event, member)
  rebalanceOrCompleteJoin(change, reason)
}

/**
 * A static member comes back under a new id: the process before it is fenced, and the group goes on as it is where it can (KIP-345).
 */
function replaceStaticMember(change: GroupChange, event: JoinGroupEvent, old: ClassicMember, memberId: string): void {
  const formerLeader = change.leaderId
  const hadToSync = change.pendingSyncs.has(old.memberId)
  change.answerJoin(old.awaitingJoin, refusal('FENCED_INSTANCE_ID', old.memberId))
  change.answerSync(old.awaitingSync, { errorCode: 'FENCED_INSTANCE_ID', assignment: NO_BYTES })
  change.setMember({ ...old, awaitingJoin: null, awaitingSync: null })
  change.removeMember(old.memberId)
  setJoining(change, event, { ...old, memberId, awaitingJoin: null, awaitingSync: null, isNew: false })
  if (formerLeader === old.memberId) change.leaderId = memberId
  if (hadToSync) change.pendingSyncs.add(memberId)
  change.keepAlive(change.members.get(memberId)!)
  change.note('info', 'a static member is back under a new id', { instance: old.groupInstanceId, was: old.memberId, is: memberId })
  switch (change.state) {
    case 'stable':
      if (selectProtocol(change) === change.protocolName) keepGeneration(change, event, memberId, formerLeader)
      else prepareRebalance(change, `static member ${memberId} changes the protocol`)
      return
    case 'completingRebalance':
      // The leader may be assigning to the old id at this moment.
      return prepareRebalance(change, `static member ${memberId} is back`)
    default:
      return completeJoinIfReady(change)
  }
}

/**
 * The partitions of this member are still its own, so nobody has to rejoin; only its new id is stored. A member that subscribes to other
 * topics than before has to wait for the next rebalance to get any of them, as in Kafka.
 */
function keepGeneration(change: GroupChange, event: JoinGroupEvent, memberId: string, formerLeader: string | null): void {
  const member = { ...change.members.get(memberId)!, awaitingJoin: null }
  change.setMember(member)
  change.subscribedTopics = subscribedTopicsOf(change)
  const response =
    event.apiVersion >= SKIP_ASSIGNMENT_VERSION
      ? joinedResponse(change, member, change.leaderId === memberId)
      : // A leader that cannot be told to leave the assignment alone must not take itself for the leader.
        { ...joinedResponse(change, member), leader: formerLeader ?? '', members: [] }
  change.answerJoin(event.ticket, response)
  change.store()
}

/** The member waits for the others from now on, with what it asks for this time. */
function setJoining(change: GroupChange, event: JoinGroupEvent, member: ClassicMember): void {
  // It asks again without having got its answer: nobody reads the first one any more, but nothing stays without an answer.
  change.answerJoin(member.awaitingJoin, refusal('REBALANCE_IN_PROGRESS', member.memberId))
  change.setMember({ ...member, ...wishesOf(event.request), awaitingJoin: event.ticket })
}

function wishesOf({ protocols, sessionTimeoutMs, rebalanceTimeoutMs }: JoinGroupRequest) {
  return {
    sessionTimeoutMs,
    // Version 0 has none.
    rebalanceTimeoutMs: rebalanceTimeoutMs < 0 ? sessionTimeoutMs : rebalanceTimeoutMs,
    // Copied: what is decoded is a view, and would pin the whole request.
    protocols: protocols.map(({ name, metadata }) => ({ name, metadata: new Uint8Array(metadata) })),
  }
}

/** Kafka's `acceptJoiningMember`. Whoever waits already is in; in a rebalance the last ones to rejoin are those that do not fit. */
function hasRoomFor(change: GroupChange, { memberId, groupInstanceId }: JoinGroupRequest): boolean {
  const known = groupInstanceId === null ? change.members.get(memberId) : staticMemberOf(change, groupInstanceId)
  switch (change.state) {
    case 'preparingRebalance':
      return (known !== undefined && known.awaitingJoin !== null) || change.joinedCount < change.rules.maxSize
    case 'completingRebalance':
    case 'stable':
      return known !== undefined || change.members.size < change.rules.maxSize
    default:
      return true
  }
}

function refuse(change: GroupChange, event: JoinGroupEvent, code: JoinGroupResponseInput['errorCode'], memberId = event.request.memberId) {
  change.answerJoin(event.ticket, refusal(code, memberId))
}
