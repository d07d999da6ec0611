import type {
  HeartbeatResponseInput,
  JoinGroupProtocol,
  JoinGroupRequest,
  JoinGroupResponseInput,
  LeaveGroupResponseInput,
  LeavingMember,
  OffsetCommitPartition,
  SyncGroupAssignment,
  SyncGroupResponseInput,
} from '@logwerk/protocol'
import { consumerProtocolSubscription, encodeVersioned } from '@logwerk/protocol'
import { type ClassicGroup, NO_BYTES, type Ticket } from './classic-group.ts'
import { onExpiry } from './drop-offsets.ts'
import { GroupLoader } from './group-loader.ts'
import type { GroupRecord } from './group-records.ts'
import { refusal } from './join-response.ts'
import { onDeleteGroup } from './on-delete.ts'
import { onHeartbeat } from './on-heartbeat.ts'
import { onJoinGroup } from './on-join-group.ts'
import { onLeaveGroup } from './on-leave-group.ts'
import { onLoad } from './on-load.ts'
import { type CommitTopic, onOffsetCommit } from './on-offset-commit.ts'
import { onSyncGroup } from './on-sync-group.ts'
import { onTimer } from './on-timer.ts'
import type { GroupRules, Outcome, TimerName } from './step.ts'

export const GROUP = 'billing'
export const ORDERS_ID = 'AAECAwQFBgcICQoLDA0ODw'
/** 2026-01-01 00:00 UTC. */
export const STARTED_MS = 1_767_225_600_000

/** Kafka's defaults. */
export const RULES: GroupRules = {
  initialRebalanceDelayMs: 0,
  minSessionTimeoutMs: 6000,
  maxSessionTimeoutMs: 1_800_000,
  maxSize: 0x7fff_ffff,
  offsetMetadataMaxBytes: 4096,
  offsetsRetentionMs: 7 * 24 * 3_600_000,
}

/** A request that may have to wait for its answer. */
export interface Pending<R> {
  readonly ticket: Ticket
  /** Null while it waits. */
  readonly response: R | null
}

export interface JoinOptions extends Partial<JoinGroupRequest> {
  readonly apiVersion?: number
  readonly clientId?: string
}

export interface SyncOptions {
  readonly groupInstanceId?: string | null
  readonly protocolType?: string | null
  readonly protocolName?: string | null
}

/** Subscribes to `topics` by an assignor. */
export function protocol(name = 'range', topics: readonly string[] = ['orders']): JoinGroupProtocol {
  return { name, metadata: encodeVersioned(consumerProtocolSubscription, 1, { topics }) }
}

/**
 * One group in virtual time, and all that its shell would do: takes over what a step comes to, lets timers run out, keeps the answers and
 * the log. `onOutcome` sees every outcome before it is taken over, and may change it.
 */
export class GroupHarness {
  group: ClassicGroup | null = null
  nowMs = STARTED_MS
  rules: GroupRules
  readonly records: GroupRecord[] = []
  readonly timers = new Map<TimerName, number>()
  readonly joins = new Map<Ticket, JoinGroupResponseInput>()
  readonly syncs = new Map<Ticket, SyncGroupResponseInput>()
  /** Warnings and the rest, by their text. */
  readonly logged: string[] = []
  onOutcome: (outcome: Outcome) => Outcome = outcome => outcome
  /** Runs after each outcome. */
  onTaken: () => void = () => {}
  /** Whether the log takes no records at the moment. */
  logRefuses: () => boolean = () => false
  #lastTicket = 0
  #lastUuid = 0

  constructor(rules: Partial<GroupRules> = {}) {
    this.rules = { ...RULES, ...rules }
  }

  join(options: JoinOptions = {}): Pending<JoinGroupResponseInput> {
    const { apiVersion = 9, clientId = 'app', ...request } = options
    const ticket = ++this.#lastTicket
    const event = {
      ticket,
      apiVersion,
      clientId,
      clientHost: '/127.0.0.1',
      uuid: `uuid-${++this.#lastUuid}`,
      request: {
        groupId: GROUP,
        sessionTimeoutMs: 10_000,
        rebalanceTimeoutMs: 60_000,
        memberId: '',
        groupInstanceId: null,
        protocolType: 'consumer',
        protocols: [protocol()],
        reason: null,
        ...request,
      },
    }
    this.take(onJoinGroup(this.group, event, this.nowMs, this.rules), () => {
      answerOnce(this.joins, ticket, refusal('NOT_COORDINATOR', event.request.memberId))
    })
    return this.#pending(ticket, this.joins)
  }

  /** Joins with an id: asks for one first, as members do since version 4. */
  enter(options: JoinOptions = {}): Pending<JoinGroupResponseInput> & { readonly memberId: string } {
    const memberId = this.join(options).response!.memberId
    return Object.assign(this.join({ ...options, memberId }), { memberId })
  }

  sync(
    memberId: string,
    generationId: number,
    assignments: Readonly<Record<string, string>> = {},
    options: SyncOptions = {},
  ): Pending<SyncGroupResponseInput> {
    const ticket = ++this.#lastTicket
    const request = {
      groupId: GROUP,
      generationId,
      memberId,
      groupInstanceId: null,
      protocolType: null,
      protocolName: null,
      assignments: Object.entries(assignments).map(
        ([member, text]): SyncGroupAssignment => ({ memberId: member, assignment: Buffer.from(text) }),
      ),
      ...options,
    }
    this.take(onSyncGroup(this.group, { ticket, request }, this.nowMs, this.rules), () => {
      answerOnce(this.syncs, ticket, { errorCode: 'NOT_COORDINATOR', assignment: NO_BYTES })
    })
    return this.#pending(ticket, this.syncs)
  }

  heartbeat(memberId: string, generationId: number, groupInstanceId: string | null = null): HeartbeatResponseInput['errorCode'] {
    const step = onHeartbeat(this.group, { groupId: GROUP, memberId, generationId, groupInstanceId })
    this.take(step)
    return step.response.errorCode
  }

  leave(...members: (Partial<LeavingMember> & { memberId: string })[]): LeaveGroupResponseInput {
    const named = members.map(member => ({ groupInstanceId: null, reason: null, ...member }))
    const step = onLeaveGroup(this.group, { groupId: GROUP, members: named }, this.nowMs, this.rules)
    this.take(step)
    return step.response
  }

  /** Commits `offset` for orders-0, and answers its code. */
  commit(memberId: string, generationId: number, offset: number, options: CommitOptions = {}) {
    const { apiVersion = 9, retentionTimeMs = -1, groupInstanceId = null, topic = {}, partition = {} } = options
    const event = {
      groupId: GROUP,
      memberId,
      generationId,
      groupInstanceId,
      retentionTimeMs,
      apiVersion,
      topics: [
        {
          name: 'orders',
          topicId: ORDERS_ID,
          partitionCount: 6,
          ifUnknown: 'UNKNOWN_TOPIC_OR_PARTITION' as const,
          partitions: [{ partitionIndex: 0, committedOffset: offset, committedLeaderEpoch: 0, committedMetadata: null, ...partition }],
          ...topic,
        },
      ],
    }
    const step = onOffsetCommit(this.group, event, this.nowMs, this.rules)
    this.take(step)
    return step.response.topics[0]!.partitions[0]!.errorCode
  }

  expire(): void {
    this.take(onExpiry(this.group, this.nowMs, this.rules))
  }

  delete() {
    const step = onDeleteGroup(this.group)
    this.take(step)
    return step.response
  }

  /** Lets time pass, and timers run out in their order. */
  advance(durationMs: number): void {
    const untilMs = this.nowMs + durationMs
    for (;;) {
      const next = [...this.timers].reduce<[TimerName, number] | null>((a, b) => (a === null || b[1] < a[1] ? b : a), null)
      if (next === null || next[1] > untilMs) break
      this.nowMs = Math.max(this.nowMs, next[1])
      this.timers.delete(next[0])
      this.take(onTimer(this.group, next[0], this.nowMs, this.rules), () => this.timers.set(next[0], this.nowMs + 1000))
    }
    this.nowMs = untilMs
  }

  /** A new coordinator takes over what the log says. Nobody who waited gets an answer: the connections are gone. */
  restart(): void {
    this.group = this.replayed()
    this.timers.clear()
    if (this.group !== null) this.take(onLoad(this.group, this.nowMs, this.rules))
  }

  /** What the log says. */
  replayed(): ClassicGroup | null {
    const loader = new GroupLoader()
    for (const record of this.records) loader.apply(record)
    return loader.groups(this.nowMs)[0] ?? null
  }

  /** Takes over what a step comes to, unless the log refuses its records: then it has not happened, and `refused` tells who asked. */
  take(original: Outcome, refused: () => void = () => {}): void {
    if (original.records.length > 0 && this.logRefuses()) return refused()
    const { group, records, timers, joins, syncs, log } = this.onOutcome(original)
    this.group = group
    this.records.push(...records)
    for (const { timer, delayMs } of timers) {
      if (delayMs === null) this.timers.delete(timer)
      else this.timers.set(timer, this.nowMs + delayMs)
    }
    for (const { ticket, response } of joins) answerOnce(this.joins, ticket, response)
    for (const { ticket, response } of syncs) answerOnce(this.syncs, ticket, response)
    this.logged.push(...log.map(line => line.message))
    this.onTaken()
  }

  #pending<R>(ticket: Ticket, answers: ReadonlyMap<Ticket, R>): Pending<R> {
    return {
      ticket,
      get response() {
        return answers.get(ticket) ?? null
      },
    }
  }
}

export interface CommitOptions {
  readonly apiVersion?: number
  readonly retentionTimeMs?: number
  readonly groupInstanceId?: string | null
  readonly topic?: Partial<CommitTopic>
  readonly partition?: Partial<OffsetCommitPartition>
}

/** A group with members in a stable generation; the first one is the leader. */
export function stableGroup(memberCount: number, rules: Partial<GroupRules> = {}, options: JoinOptions = {}) {
  const harness = new GroupHarness(rules)
  const ids = Array.from({ length: memberCount }, () => harness.enter(options).memberId)
  harness.advance(harness.rules.initialRebalanceDelayMs * 2)
  const generationId = harness.group!.generationId
  for (const memberId of ids) {
    harness.sync(memberId, generationId, memberId === harness.group!.leaderId ? assignmentsOf(ids, generationId) : {})
  }
  return { harness, ids, generationId }
}

/** Something different for each member and generation. */
export function assignmentsOf(ids: readonly string[], generationId: number): Record<string, string> {
  return Object.fromEntries(ids.map(id => [id, `${generationId}/${id}`]))
}

function answerOnce<R>(answers: Map<Ticket, R>, ticket: Ticket, response: R): void {
  if (answers.has(ticket)) throw new Error(`request ${ticket} is answered twice`)
  answers.set(ticket, response)
}
