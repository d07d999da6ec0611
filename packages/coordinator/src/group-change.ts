import type { JoinGroupResponseInput, SyncGroupResponseInput } from '@logwerk/protocol'
import type { LogFields, LogLevel } from '@logwerk/runtime'
import {
  type ClassicGroup,
  type ClassicMember,
  type GroupState,
  type InitialRebalance,
  NO_BYTES,
  rebalanceTimeoutMsOf,
  type Ticket,
} from './classic-group.ts'
import { type GroupRecord, groupRecordOf } from './group-records.ts'
import { refusal } from './join-response.ts'
import {
  type GroupRules,
  type JoinAnswer,
  type LogLine,
  type Outcome,
  type Step,
  type SyncAnswer,
  sessionTimer,
  type TimerName,
} from './step.ts'

/**
 * A step in the making: a copy of a group that is changed until it fits, and what is to happen once the change holds. It knows what always
 * goes together, such as a member that leaves and the answers it waited for; the rules are in the steps.
 */
export class GroupChange {
  readonly groupId: string
  readonly nowMs: number
  readonly rules: GroupRules
  readonly members: Map<string, ClassicMember>
  readonly pendingMembers: Set<string>
  readonly pendingSyncs: Set<string>
  generationId: number
  protocolType: string | null
  protocolName: string | null
  leaderId: string | null
  initialRebalance: InitialRebalance | null
  subscribedTopics: ReadonlySet<string> | null
  #state: GroupState
  #stateSinceMs: number
  readonly #offsets: ClassicGroup['offsets']
  readonly #records: GroupRecord[] = []
  readonly #timers = new Map<TimerName, number | null>()
  readonly #joins: JoinAnswer[] = []
  readonly #syncs: SyncAnswer[] = []
  readonly #log: LogLine[] = []

  constructor(group: ClassicGroup, nowMs: number, rules: GroupRules) {
    this.groupId = group.groupId
    this.nowMs = nowMs
    this.rules = rules
    this.members = new Map(group.members)
    this.pendingMembers = new Set(group.pendingMembers)
    this.pendingSyncs = new Set(group.pendingSyncs)
    this.generationId = group.generationId
    this.protocolType = group.protocolType
    this.protocolName = group.protocolName
    this.leaderId = group.leaderId
    this.initialRebalance = group.initialRebalance
    this.subscribedTopics = group.subscribedTopics
    this.#state = group.state
    this.#stateSinceMs = group.stateSinceMs
    this.#offsets = group.offsets
  }

  get state(): GroupState {
    return this.#state
  }

  moveTo(state: GroupState): void {
    this.#state = state
    this.#stateSinceMs = this.nowMs
  }

  /** True if nobody is missing: every member waits in JoinGroup, and nobody was sent away to come back with an id. */
  get allJoined(): boolean {
    return this.pendingMembers.size === 0 && this.joinedCount === this.members.size
  }

  get joinedCount(): number {
    let count = 0
    for (const member of this.members.values()) if (member.awaitingJoin !== null) count++
    return count
  }

  get rebalanceTimeoutMs(): number {
    return rebalanceTimeoutMsOf(this)
  }

  setMember(member: ClassicMember): void {
    this.members.set(member.memberId, member)
  }

  /** Takes a member, or an id that waits for its owner, out of the group. Its requests are told that nobody knows it any more. */
  removeMember(memberId: string): void {
    const member = this.members.get(memberId)
    if (member !== undefined) {
      this.answerJoin(member.awaitingJoin, refusal('UNKNOWN_MEMBER_ID', ''))
      this.answerSync(member.awaitingSync, { errorCode: 'UNKNOWN_MEMBER_ID', assignment: NO_BYTES })
    }
    this.members.delete(memberId)
    this.pendingMembers.delete(memberId)
    this.pendingSyncs.delete(memberId)
    this.cancelTimer(sessionTimer(memberId))
    if (this.leaderId === memberId) this.leaderId = this.members.keys().next().value ?? null
  }

  /** The session of a member begins anew. */
  keepAlive(member: ClassicMember, timeoutMs = member.sessionTimeoutMs): void {
    this.setTimer(sessionTimer(member.memberId), timeoutMs)
  }

  setTimer(timer: TimerName, delayMs: number): void {
    this.#timers.set(timer, delayMs)
  }

  cancelTimer(timer: TimerName): void {
    this.#timers.set(timer, null)
  }

  /** Does nothing for a ticket of null: nobody waits. */
  answerJoin(ticket: Ticket | null, response: JoinGroupResponseInput): void {
    if (ticket !== null) this.#joins.push({ ticket, response })
  }

  answerSync(ticket: Ticket | null, response: SyncGroupResponseInput): void {
    if (ticket !== null) this.#syncs.push({ ticket, response })
  }

  /** Has the group stored as it is now. */
  store(): void {
    this.#records.push(groupRecordOf(this.#group()))
  }

  note(level: LogLevel, message: string, fields: LogFields = {}): void {
    this.#log.push({ level, message, fields: { group: this.groupId, generation: this.generationId, ...fields } })
  }

  outcome(): Outcome {
    return {
      group: this.#cameToBe ? this.#group() : null,
      records: this.#records,
      timers: [...this.#timers].map(([timer, delayMs]) => ({ timer, delayMs })),
      joins: this.#joins,
      syncs: this.#syncs,
      log: this.#log,
    }
  }

  answered<Response>(response: Response): Step<Response> {
    return { ...this.outcome(), response }
  }

  /** A group that nobody entered and that holds nothing is none: whoever asked for an id and never came back leaves no trace. */
  get #cameToBe(): boolean {
    return this.#state !== 'empty' || this.generationId > 0 || this.pendingMembers.size > 0 || this.#offsets.size > 0
  }

  #group(): ClassicGroup {
    return {
      groupId: this.groupId,
      state: this.#state,
      stateSinceMs: this.#stateSinceMs,
      generationId: this.generationId,
      protocolType: this.protocolType,
      protocolName: this.protocolName,
      leaderId: this.leaderId,
      members: this.members,
      pendingMembers: this.pendingMembers,
      pendingSyncs: this.pendingSyncs,
      initialRebalance: this.initialRebalance,
      subscribedTopics: this.subscribedTopics,
      offsets: this.#offsets,
    }
  }
}
