import type { Assignor, TopicPartitions } from '@logwerk/assignor'
import { asKafkaError, isPassing, type KafkaClient } from '@logwerk/client'
import {
  consumerProtocolAssignment,
  consumerProtocolSubscription,
  decodeVersioned,
  encodeVersioned,
  type JoinGroupResponse,
  joinGroup,
  leaveGroup,
  syncGroup,
} from '@logwerk/protocol'
import { brokerError, KafkaError, messageOf, sleep, TimeoutError, type World } from '@logwerk/runtime'
import type { ConsumerConfig } from './consumer-config.ts'
import { numbersByTopic } from './group-by-topic.ts'
import type { GroupCoordinator } from './group-coordinator.ts'
import { GroupLeader } from './group-leader.ts'
import { type Forget, Heartbeats } from './heartbeats.ts'
import { type MemberIdentity, NO_MEMBER } from './offset-committer.ts'
import type { PollGate } from './poll-gate.ts'
import { formatPartition, type TopicPartition } from './topic-partition.ts'
import { unlessAborted } from './unless-aborted.ts'

export interface MembershipOptions {
  readonly config: ConsumerConfig
  readonly assignors: readonly Assignor[]
  readonly gate: PollGate
  /** What is held now. */
  readonly owned: () => readonly TopicPartition[]
  /** Partitions go: commit, tell the user, let go. Not called while the user holds a record. */
  readonly onRevoked: (partitions: readonly TopicPartition[]) => Promise<void>
  /** Partitions went without asking: somebody else may have them already. */
  readonly onLost: (partitions: readonly TopicPartition[]) => Promise<void>
  readonly onAssigned: (partitions: readonly TopicPartition[]) => Promise<void>
  /** The group cannot be reached, and could not be from the beginning, or a topic may not be read; it is tried on. */
  readonly onTrouble: (error: KafkaError) => void
  /** Membership has ended for a reason that does not pass. */
  readonly onFatal: (error: KafkaError) => void
  /** Monotonic time at which records were last asked for, to within a heartbeat. */
  readonly lastPollMs: () => number
}

const PROTOCOL_TYPE = 'consumer'
const SUBSCRIPTION_VERSION = 3
/** The coordinator answers a join by the end of the rebalance timeout; the answer gets this long to arrive. */
const JOIN_GRACE_MS = 5000

/**
 * Membership of a classic group: join, synchronise, live by heartbeats, and join again when the coordinator says so (KIP-429 for the
 * cooperative way). Runs by itself from `start` to `stop`; the partitions' coming and going is told through the options.
 * Source: Kafka's `AbstractCoordinator` and `ConsumerCoordinator`.
 */
export class GroupMembership {
  readonly #client: KafkaClient
  readonly #world: World
  readonly #coordinator: GroupCoordinator
  readonly #options: MembershipOptions
  readonly #eager: boolean
  readonly #heartbeats: Heartbeats
  readonly #leader: GroupLeader
  #topics: readonly string[] = []
  #member: MemberIdentity
  #assignor: Assignor | null = null
  /** What was given last, for sticky assignors; survives an eager revocation. */
  #lastAssignment: readonly TopicPartitions[] | null = null
  #lastGeneration = -1
  #abort: AbortController | null = null
  #running: Promise<void> | null = null
  #rejoinNeeded = false
  #wakeLoop: (() => void) | null = null
  #joining = false
  /** The group was left because no records were asked for. */
  #stale = false
  /** When the first attempt of a row of failed ones began; null after a success. */
  #failingSinceMs: number | null = null

  constructor(client: KafkaClient, coordinator: GroupCoordinator, options: MembershipOptions) {
    this.#client = client
    this.#world = client.world
    this.#coordinator = coordinator
    this.#options = options
    // The group uses the best protocol that all of a member's assignors know.
    this.#eager = !options.assignors.every(assignor => assignor.supportedProtocols.includes('cooperative'))
    this.#member = { ...NO_MEMBER, groupInstanceId: options.config.groupInstanceId }
    this.#leader = new GroupLeader(client, coordinator.groupId)
    const { config, gate, lastPollMs } = options
    this.#heartbeats = new Heartbeats(client, coordinator, {
      config,
      gate,
      lastPollMs,
      member: () => this.#member,
      isJoining: () => this.#joining,
      onRebalance: () => this.requestRejoin(),
      onForgotten: what => {
        this.#forget(what)
        this.requestRejoin()
      },
      onPollOverdue: () => this.#pollOverdue(),
      onEnd: error => this.#end(error),
    })
  }

  /** Under which name offsets are committed. */
  get identity(): MemberIdentity {
    return this.#member
  }

  /** Begins, or goes on with other topics. */
  start(topics: readonly string[]): void {
    this.#topics = [...topics].sort()
    this.#client.setInterest(this.#topics)
    if (this.#running !== null && this.#abort?.signal.aborted === false) return this.requestRejoin()
    // A membership that has failed may still be ending.
    const before = this.#running
    this.#abort = new AbortController()
    this.#rejoinNeeded = true
    const running = this.#run(this.#abort.signal, before).finally(() => {
      if (this.#running !== running) return
      this.#running = null
      this.#leader.resign()
    })
    this.#running = running
  }

  /** Joins again at the next opportunity, e.g. for a new topic or more partitions. */
  requestRejoin(): void {
    this.#rejoinNeeded = true
    this.#wakeLoop?.()
  }

  /**
   * The metadata has changed: who subscribed to what is no topic, or not for them, is told; and the leader looks whether there are other
   * partitions to give out.
   */
  onMetadata(): void {
    if (this.#running === null) return
    const { metadata } = this.#client
    for (const topic of this.#topics) {
      const code = metadata.errorOf(topic)
      const error = code === undefined ? null : brokerError(code, { topic })
      if (error?.retriable === false) this.#options.onTrouble(error)
    }
    if (!this.#rejoinNeeded && this.#leader.isOutdated) this.requestRejoin()
  }

  /** Records are asked for again, perhaps after so long that the group was left. */
  onPoll(): void {
    if (!this.#stale) return
    this.#stale = false
    this.requestRejoin()
  }

  /** Begins to end: no more rebalances. */
  halt(): void {
    this.#abort?.abort(new KafkaError('CLOSED', 'the membership ends'))
    this.#leader.resign()
    this.#wakeLoop?.()
  }

  /**
   * Gives the partitions up, leaves the group, and ends. A static member stays a member, so that it may come back. To be called inside the
   * gate. Heartbeats go on until the user has let go.
   */
  async stop(): Promise<void> {
    this.halt()
    await this.#running
    const owned = this.#options.owned()
    if (owned.length > 0) await (this.#member.generationId < 0 ? this.#options.onLost(owned) : this.#options.onRevoked(owned))
    const member = this.#member
    this.#forget('member')
    await this.#leave(member, 'the consumer is closing')
    this.#stale = false
    this.#lastAssignment = null
    this.#lastGeneration = -1
  }

  // ------------------------------------------------------------------------------------------------------- the loop

  async #run(signal: AbortSignal, before: Promise<void> | null): Promise<void> {
    if (before !== null) await before
    for (let attempt = 0; !signal.aborted; ) {
      try {
        if (this.#stale || !this.#rejoinNeeded) {
          await this.#untilWoken()
          continue
        }
        await this.#rejoin(signal)
        attempt = 0
        this.#failingSinceMs = null
      } catch (error) {
        if (signal.aborted || this.#client.isClosed) return
        if (!isPassing(error)) {
          const member = this.#member
          this.#forget('member')
          await this.#giveUpAll()
          await this.#leave(member, 'the consumer has failed')
          this.#options.onFatal(asKafkaError(error))
          return
        }
        this.#rejoinNeeded = true
        this.#noteTrouble(error)
        this.#world.log.debug(`joining the group is tried again: ${messageOf(error)}`, { groupId: this.#coordinator.groupId })
        await sleep(this.#world.clock, this.#client.retryWaitMs(attempt), signal).catch(() => {})
        attempt++
      }
    }
  }

  /** An outage is sat out, and logged. But who never reached a broker may have the wrong address, and waits for records in vain. */
  #noteTrouble(error: unknown): void {
    const nowMs = this.#world.clock.monotonicMs()
    this.#failingSinceMs ??= nowMs
    const { defaultApiTimeoutMs } = this.#options.config
    if (nowMs - this.#failingSinceMs < defaultApiTimeoutMs) return
    this.#failingSinceMs = nowMs
    const { groupId } = this.#coordinator
    const trouble = new TimeoutError(`group ${groupId} could not be joined for ${defaultApiTimeoutMs} ms: ${messageOf(error)}`, {
      cause: error,
    })
    if (this.#client.metadata.nodes.size === 0) this.#options.onTrouble(trouble)
    else this.#world.log.warn(`${trouble.message}; it is tried on`, { groupId })
  }

  #untilWoken(): Promise<void> {
    return new Promise(resolve => {
      this.#wakeLoop = () => {
        this.#wakeLoop = null
        resolve()
      }
    })
  }

  async #rejoin(signal: AbortSignal): Promise<void> {
    await this.#prepare(signal)
    if (signal.aborted) return
    // Whoever asked for it until now gets it.
    this.#rejoinNeeded = false
    const joined = await this.#join(signal)
    if (joined === null || signal.aborted) return
    const assignment = await this.#synchronise(joined, signal)
    if (assignment === null || signal.aborted) return
    await this.#apply(assignment, signal)
  }

  /** Before a join: what may not be kept through it is given up. */
  async #prepare(signal: AbortSignal): Promise<void> {
    const owned = this.#options.owned()
    if (owned.length === 0) return
    if (this.#member.generationId < 0) return await this.#loseAll()
    const topics = new Set(this.#topics)
    const going = this.#eager ? owned : owned.filter(({ topic }) => !topics.has(topic))
    if (going.length === 0) return
    await this.#options.gate.atBoundary(async () => {
      if (signal.aborted) return
      // While the user was busy the membership may have ended, and with it the right to commit.
      if (this.#member.generationId < 0) await this.#options.onLost(this.#options.owned())
      else await this.#options.onRevoked(going)
    })
  }

  async #join(signal: AbortSignal): Promise<JoinGroupResponse | null> {
    const { config } = this.#options
    const { groupId } = this.#coordinator
    for (;;) {
      const protocols = this.#options.assignors.map(assignor => ({ name: assignor.name, metadata: this.#subscriptionFor(assignor) }))
      const { memberId } = this.#member
      this.#joining = true
      const joining = this.#coordinator.send(
        joinGroup,
        {
          groupId,
          sessionTimeoutMs: config.sessionTimeoutMs,
          rebalanceTimeoutMs: config.maxPollIntervalMs,
          memberId,
          groupInstanceId: config.groupInstanceId,
          protocolType: PROTOCOL_TYPE,
          protocols,
        },
        { purpose: 'membership', timeoutMs: Math.max(config.maxPollIntervalMs + JOIN_GRACE_MS, config.requestTimeoutMs) },
      )
      // The answer comes when all members have joined; whoever stops does not wait for it, and leaves under the id that it has. A member
      // without one gets it at once, and needs it to leave: the group would wait for it until its session ends.
      const answer = await (memberId === '' && config.groupInstanceId === null ? joining : unlessAborted(joining, signal)).finally(() => {
        this.#joining = false
      })
      switch (answer.errorCode) {
        case 'NONE':
          this.#member = { generationId: answer.generationId, memberId: answer.memberId, groupInstanceId: config.groupInstanceId }
          this.#heartbeats.begin(signal)
          return answer
        case 'MEMBER_ID_REQUIRED':
          this.#member = { ...this.#member, memberId: answer.memberId }
          if (signal.aborted) return null
          continue
        case 'UNKNOWN_MEMBER_ID':
        case 'ILLEGAL_GENERATION':
          throw this.#outdated(answer.errorCode)
        // The rebalance ended before all members were there, and another one has begun.
        case 'REBALANCE_IN_PROGRESS':
          throw passing(this.#coordinator.errorOf(answer.errorCode))
        case 'INCONSISTENT_GROUP_PROTOCOL': {
          const names = this.#options.assignors.map(assignor => assignor.name).join(', ')
          throw new KafkaError(
            answer.errorCode,
            `group ${groupId}: its members use none of these assignors: ${names}; set partitionAssignmentStrategy to one of theirs`,
            {
              at: { groupId },
            },
          )
        }
        default:
          throw this.#coordinator.errorOf(answer.errorCode)
      }
    }
  }

  async #synchronise(joined: JoinGroupResponse, signal: AbortSignal): Promise<TopicPartition[] | null> {
    const assignor = this.#options.assignors.find(({ name }) => name === joined.protocolName)
    if (assignor === undefined) {
      throw new KafkaError(
        'INCONSISTENT_GROUP_PROTOCOL',
        `group ${this.#coordinator.groupId} chose the assignor "${joined.protocolName}", which this consumer does not have`,
      )
    }
    this.#assignor = assignor
    const isLeader = joined.leader === joined.memberId
    if (!isLeader) this.#leader.resign()
    const assignments = isLeader ? await this.#leader.assign(assignor, joined, signal) : []
    const { generationId, memberId, groupInstanceId } = this.#member
    // It comes when the leader has assigned; whoever stops does not wait for that.
    const synchronising = this.#coordinator.send(
      syncGroup,
      {
        groupId: this.#coordinator.groupId,
        generationId,
        memberId,
        groupInstanceId,
        protocolType: PROTOCOL_TYPE,
        protocolName: assignor.name,
        assignments,
      },
      { purpose: 'membership' },
    )
    const answer = await unlessAborted(synchronising, signal)
    switch (answer.errorCode) {
      case 'NONE': {
        if (answer.assignment.length === 0) return []
        const { value } = decodeVersioned(consumerProtocolAssignment, answer.assignment, { newer: 'asNewest' })
        const given = value.assignedPartitions.flatMap(({ topic, partitions }) => partitions.map(partition => ({ topic, partition })))
        // The leader may be anybody's program.
        return [...new Map(given.map(partition => [formatPartition(partition), partition])).values()]
      }
      case 'REBALANCE_IN_PROGRESS':
        this.#rejoinNeeded = true
        return null
      case 'UNKNOWN_MEMBER_ID':
      case 'ILLEGAL_GENERATION':
        throw this.#outdated(answer.errorCode)
      default:
        throw this.#coordinator.errorOf(answer.errorCode)
    }
  }

  async #apply(assignment: readonly TopicPartition[], signal: AbortSignal): Promise<void> {
    const { generationId } = this.#member
    this.#lastAssignment = numbersByTopic(assignment)
    this.#lastGeneration = generationId
    await this.#options.gate.atBoundary(async () => {
      // While the user was busy the generation may have passed.
      if (signal.aborted || this.#member.generationId !== generationId) return
      const owned = this.#options.owned()
      const given = new Set(assignment.map(formatPartition))
      const held = new Set(owned.map(formatPartition))
      const revoked = owned.filter(partition => !given.has(formatPartition(partition)))
      if (revoked.length > 0) await this.#options.onRevoked(revoked)
      await this.#options.onAssigned(assignment.filter(partition => !held.has(formatPartition(partition))))
      this.#assignor?.onAssignment?.(this.#lastAssignment!, generationId)
      // Cooperatively: what was given up can go to its new owner only in the next round.
      if (!this.#eager && revoked.length > 0) this.requestRejoin()
    })
  }

  #subscriptionFor(assignor: Assignor): Buffer {
    const owned = this.#options.owned()
    const userData =
      assignor.subscriptionUserData?.({ topics: this.#topics, assignment: this.#lastAssignment, generationId: this.#lastGeneration }) ??
      null
    return encodeVersioned(consumerProtocolSubscription, SUBSCRIPTION_VERSION, {
      topics: [...this.#topics],
      userData,
      ownedPartitions: numbersByTopic(owned),
      generationId: this.#lastGeneration,
      rackId: this.#options.config.clientRack === '' ? null : this.#options.config.clientRack,
    })
  }

  // -------------------------------------------------------------------------------------------------------- the end

  async #pollOverdue(): Promise<void> {
    const { maxPollIntervalMs } = this.#options.config
    this.#world.log.warn(
      `no records were asked for during maxPollIntervalMs (${maxPollIntervalMs}), so this consumer leaves its group; process records faster, ask for fewer (maxPollRecords), or raise the interval`,
      { groupId: this.#coordinator.groupId },
    )
    this.#stale = true
    const member = this.#member
    this.#forget('member')
    // Told before any more records are handed out: what is buffered is somebody else's. If a listener was slow, records are waited for still.
    void this.#loseAll().then(() => {
      if (this.#options.gate.isInside) this.onPoll()
    })
    await this.#leave(member, 'the poll loop was too slow')
  }

  async #end(error: KafkaError): Promise<void> {
    this.#abort?.abort(error)
    this.#wakeLoop?.()
    this.#heartbeats.stop()
    await this.#giveUpAll()
    this.#options.onFatal(error)
  }

  async #leave({ memberId, groupInstanceId }: MemberIdentity, reason: string): Promise<void> {
    if (memberId === '' || groupInstanceId !== null) return
    try {
      const { groupId } = this.#coordinator
      const several = (await this.#coordinator.versionOf(leaveGroup)) >= 3
      await this.#coordinator.send(leaveGroup, several ? { groupId, members: [{ memberId, reason }] } : { groupId, memberId })
    } catch (error) {
      // The session's end does it, only later.
      this.#world.log.debug(`the group could not be left: ${messageOf(error)}`, { groupId: this.#coordinator.groupId })
    }
  }

  /** Forgets what the coordinator no longer knows; the member joins anew. */
  #outdated(code: 'UNKNOWN_MEMBER_ID' | 'ILLEGAL_GENERATION'): KafkaError {
    this.#forget(code === 'UNKNOWN_MEMBER_ID' ? 'member' : 'generation')
    return passing(this.#coordinator.errorOf(code))
  }

  #forget(what: Forget): void {
    this.#heartbeats.stop()
    const { memberId, groupInstanceId } = this.#member
    this.#member = { generationId: -1, memberId: what === 'member' ? '' : memberId, groupInstanceId }
  }

  async #loseAll(): Promise<void> {
    await this.#options.gate.atBoundary(async () => {
      const owned = this.#options.owned()
      if (owned.length > 0) await this.#options.onLost(owned)
    })
  }

  /** The membership ends for good: partitions are taken from the user without waiting, because they may be asking for nothing any more. */
  async #giveUpAll(): Promise<void> {
    const owned = this.#options.owned()
    if (owned.length > 0) await this.#options.onLost(owned)
  }
}

/** Joining anew may well succeed. */
function passing(error: KafkaError): KafkaError {
  return new KafkaError(error.code, error.message, { at: error.at, cause: error, retriable: true })
}
