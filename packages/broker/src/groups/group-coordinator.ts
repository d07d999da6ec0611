import {
  type ClassicGroup,
  type DeleteGroupCode,
  describeGroup,
  dropOffsets,
  type FetchedTopic,
  type FetchTopic,
  failedCommit,
  fetchAllOffsets,
  fetchOffsets,
  type GroupFilter,
  type GroupRules,
  type LeaveGroupEvent,
  listGroups,
  type OffsetCommitEvent,
  type OffsetDeleteAnswer,
  type OffsetDeleteTopicEvent,
  type Outcome,
  onDeleteGroup,
  onExpiry,
  onHeartbeat,
  onJoinGroup,
  onLeaveGroup,
  onLoad,
  onOffsetCommit,
  onOffsetDelete,
  onSyncGroup,
  onTimer,
  onUnload,
  refusal,
  type Step,
  type Ticket,
} from '@logwerk/coordinator'
import type {
  DescribedGroupInput,
  HeartbeatRequest,
  HeartbeatResponseInput,
  JoinGroupRequest,
  JoinGroupResponseInput,
  LeaveGroupResponseInput,
  ListedGroupInput,
  OffsetCommitResponseInput,
  SyncGroupRequest,
  SyncGroupResponseInput,
} from '@logwerk/protocol'
import { dashedUuid, type Timer, type Uuid, type World, ZERO_UUID } from '@logwerk/runtime'
import type { CoordinatorCode } from './coordinator-code.ts'
import { GroupRunner, type GroupRunnerOptions, type Job } from './group-runner.ts'
import type { FiredTimer } from './group-timers.ts'
import type { OffsetsTopic } from './offsets-topic.ts'

/** What is known about the sender of a JoinGroup request. */
export interface JoiningClient {
  readonly apiVersion: number
  readonly clientId: string | null
  readonly clientHost: string
}

/** A commit or a deletion as far as it needs no broker to read it; the topics are looked up when its turn has come. */
export type Lookup<T> = () => T

export interface GroupCoordinatorOptions {
  readonly rules: GroupRules
  /** `offsets.retention.check.interval.ms` */
  readonly retentionCheckIntervalMs: number
  /** The topic of a name at present; all zero if there is none. */
  readonly topicIdOf: (topic: string) => Uuid
}

/** The answer to whoever comes when the coordinator is closed. */
const CLOSED = 'COORDINATOR_NOT_AVAILABLE'

/**
 * Every group of this broker: brings requests and timers to the pure steps of `@logwerk/coordinator` and sees to what they come to, the
 * log first.
 */
export class GroupCoordinator {
  readonly #world: World
  readonly #topic: OffsetsTopic
  readonly #options: GroupCoordinatorOptions
  readonly #runners = new Map<string, GroupRunner>()
  readonly #runnerOptions: GroupRunnerOptions
  readonly #joins = new Map<Ticket, (response: JoinGroupResponseInput) => void>()
  readonly #syncs = new Map<Ticket, (response: SyncGroupResponseInput) => void>()
  #lastTicket: Ticket = 0
  #retentionTimer: Timer | null = null
  #closed = false

  constructor(world: World, topic: OffsetsTopic, options: GroupCoordinatorOptions) {
    this.#world = world
    this.#topic = topic
    this.#options = options
    this.#runnerOptions = {
      world,
      append: (groupId, records) => topic.append(groupId, records),
      jobOfTimer: (_, fired) => this.#jobOfTimer(fired),
      onRest: runner => {
        if (runner.group === null) this.#runners.delete(runner.groupId)
      },
    }
  }

  /**
   * Takes over the groups that are stored. Offsets of topics that are gone are deleted in the background: a broker that died while it
   * deleted a topic may have left some.
   *
   * @throws KafkaError `CORRUPT_LOG`
   */
  async open(): Promise<void> {
    const { rules, topicIdOf } = this.#options
    for (const group of await this.#topic.load()) {
      const runner = this.#runner(group.groupId, group)
      runner.submit(this.#job((loaded, nowMs) => (loaded === null ? nothing(null) : onLoad(loaded, nowMs, rules))))
      runner.submit(this.#job(loaded => dropOffsets(loaded, (topic, { topicId }) => topicId !== ZERO_UUID && topicIdOf(topic) !== topicId)))
    }
    this.#scheduleRetention()
  }

  /** Resolves when groups can be stored. @throws KafkaError if their topic cannot be created. */
  ready(): Promise<void> {
    return this.#topic.ensure()
  }

  /** Sends everybody who waits to look for another coordinator, and stops. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#retentionTimer?.cancel()
    const { rules } = this.#options
    await Promise.all(
      [...this.#runners.values()].map(
        runner =>
          new Promise<void>(resolve => {
            runner.submit({
              run: (group, nowMs) => (group === null ? nothing(null) : onUnload(group, nowMs, rules)),
              accepted: outcome => {
                this.#answer(outcome)
                resolve()
              },
              refused: () => resolve(),
            })
          }),
      ),
    )
  }

  join(request: JoinGroupRequest, client: JoiningClient): Promise<JoinGroupResponseInput> {
    const failed = (code: CoordinatorCode) => refusal(code, request.memberId)
    if (this.#closed) return Promise.resolve(failed(CLOSED))
    const uuid = dashedUuid(this.#world.random.uuid())
    const { apiVersion, clientId, clientHost } = client
    return new Promise(resolve => {
      const ticket = this.#ticket(this.#joins, resolve)
      this.#runner(request.groupId).submit({
        run: (group, nowMs) =>
          onJoinGroup(group, { ticket, request, apiVersion, clientId: clientId ?? '', clientHost, uuid }, nowMs, this.#options.rules),
        accepted: outcome => this.#answer(outcome),
        refused: code => this.#redeem(this.#joins, ticket, failed(code)),
      })
    })
  }

  sync(request: SyncGroupRequest): Promise<SyncGroupResponseInput> {
    const failed = (errorCode: CoordinatorCode) => ({ errorCode, assignment: NO_BYTES })
    if (this.#closed) return Promise.resolve(failed(CLOSED))
    return new Promise(resolve => {
      const ticket = this.#ticket(this.#syncs, resolve)
      this.#runner(request.groupId).submit({
        run: (group, nowMs) => onSyncGroup(group, { ticket, request }, nowMs, this.#options.rules),
        accepted: outcome => this.#answer(outcome),
        refused: code => this.#redeem(this.#syncs, ticket, failed(code)),
      })
    })
  }

  heartbeat(request: HeartbeatRequest): Promise<HeartbeatResponseInput> {
    return this.#ask(
      request.groupId,
      group => onHeartbeat(group, request),
      errorCode => ({ errorCode }),
    )
  }

  leave(event: LeaveGroupEvent): Promise<LeaveGroupResponseInput> {
    return this.#ask<LeaveGroupResponseInput>(
      event.groupId,
      (group, nowMs) => onLeaveGroup(group, event, nowMs, this.#options.rules),
      errorCode => ({ errorCode }),
    )
  }

  commit(groupId: string, event: Lookup<OffsetCommitEvent>): Promise<OffsetCommitResponseInput> {
    return this.#ask<OffsetCommitResponseInput>(
      groupId,
      (group, nowMs) => onOffsetCommit(group, event(), nowMs, this.#options.rules),
      code => failedCommit(event(), code === 'UNKNOWN_SERVER_ERROR' ? 'INVALID_COMMIT_OFFSET_SIZE' : code),
    )
  }

  /**
   * Committed offsets.
   *
   * @param topics    Null for all that there are.
   * @param isStable  True to see what has come before, even if it is still being written (KIP-447).
   */
  async fetch(groupId: string, topics: Lookup<readonly FetchTopic[]> | null, isStable: boolean): Promise<FetchAnswer> {
    const read = (group: ClassicGroup | null): FetchAnswer => ({
      errorCode: 'NONE',
      topics: topics === null ? fetchAllOffsets(group, this.#options.topicIdOf) : fetchOffsets(group, topics()),
    })
    if (!isStable && !this.#closed) return read(this.#runners.get(groupId)?.group ?? null)
    return this.#ask<FetchAnswer>(
      groupId,
      group => ({ ...nothing(group), response: read(group) }),
      errorCode => ({ errorCode, topics: [] }),
    )
  }

  deleteOffsets(groupId: string, topics: Lookup<readonly OffsetDeleteTopicEvent[]>) {
    return this.#ask<OffsetDeleteAnswer | { readonly errorCode: CoordinatorCode; readonly topics: readonly [] }>(
      groupId,
      group => onOffsetDelete(group, groupId, topics()),
      errorCode => ({ errorCode, topics: [] }),
    )
  }

  delete(groupId: string): Promise<DeleteGroupCode | CoordinatorCode> {
    return this.#ask<DeleteGroupCode | CoordinatorCode>(groupId, onDeleteGroup, code => code)
  }

  describe(groupId: string, apiVersion: number): DescribedGroupInput {
    return describeGroup(this.#runners.get(groupId)?.group ?? null, groupId, apiVersion)
  }

  list(filter: GroupFilter): ListedGroupInput[] {
    return listGroups(this.#groups(), filter)
  }

  /** A topic was deleted: so are its offsets, before this resolves. What the log refuses to delete now is not shown, and is deleted later. */
  async topicDeleted(topic: string, topicId: Uuid): Promise<void> {
    const isOfTopic = (name: string, committed: { readonly topicId: Uuid }) =>
      name === topic && (committed.topicId === topicId || committed.topicId === ZERO_UUID)
    await Promise.all(
      [...this.#runners.keys()].map(groupId =>
        this.#ask<unknown>(
          groupId,
          group => ({ ...dropOffsets(group, isOfTopic), response: null }),
          () => null,
        ),
      ),
    )
  }

  *#groups(): Generator<ClassicGroup> {
    for (const { group } of this.#runners.values()) if (group !== null) yield group
  }

  #ask<R>(groupId: string, run: (group: ClassicGroup | null, nowMs: number) => Step<R>, failed: (code: CoordinatorCode) => R): Promise<R> {
    if (this.#closed) return Promise.resolve(failed(CLOSED))
    return new Promise(resolve => {
      let response: R
      this.#runner(groupId).submit({
        run: (group, nowMs) => {
          const step = run(group, nowMs)
          response = step.response
          return step
        },
        accepted: outcome => {
          this.#answer(outcome)
          resolve(response)
        },
        refused: code => resolve(failed(code)),
      })
    })
  }

  #runner(groupId: string, group: ClassicGroup | null = null): GroupRunner {
    let runner = this.#runners.get(groupId)
    if (runner === undefined) {
      runner = new GroupRunner(groupId, group, this.#runnerOptions)
      this.#runners.set(groupId, runner)
    }
    return runner
  }

  /** A step that nobody asked for; one that the log refuses is left for the next occasion. */
  #job(run: Job['run']): Job {
    return { run, accepted: outcome => this.#answer(outcome), refused: () => {} }
  }

  #jobOfTimer(fired: FiredTimer): Job {
    return { ...this.#job((group, nowMs) => onTimer(group, fired.name, nowMs, this.#options.rules)), fired }
  }

  #answer({ joins, syncs }: Outcome): void {
    for (const { ticket, response } of joins) this.#redeem(this.#joins, ticket, response)
    for (const { ticket, response } of syncs) this.#redeem(this.#syncs, ticket, response)
  }

  #ticket<R>(waiting: Map<Ticket, (response: R) => void>, resolve: (response: R) => void): Ticket {
    const ticket = ++this.#lastTicket
    waiting.set(ticket, resolve)
    return ticket
  }

  #redeem<R>(waiting: Map<Ticket, (response: R) => void>, ticket: Ticket, response: R): void {
    waiting.get(ticket)?.(response)
    waiting.delete(ticket)
  }

  #scheduleRetention(): void {
    this.#retentionTimer = this.#world.clock.setTimer(
      this.#options.retentionCheckIntervalMs,
      () => {
        for (const runner of [...this.#runners.values()]) {
          runner.submit(this.#job((group, nowMs) => onExpiry(group, nowMs, this.#options.rules)))
        }
        this.#scheduleRetention()
      },
      { background: true },
    )
  }
}

export interface FetchAnswer {
  readonly errorCode: 'NONE' | CoordinatorCode
  readonly topics: readonly FetchedTopic[]
}

function nothing(group: ClassicGroup | null): Outcome {
  return { group, records: [], timers: [], joins: [], syncs: [], log: [] }
}

const NO_BYTES = new Uint8Array(0)
