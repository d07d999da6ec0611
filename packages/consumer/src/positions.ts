import { asKafkaError, isPassing, type KafkaClient } from '@logwerk/client'
import { listOffsetsTimestamps, offsetForLeaderEpoch } from '@logwerk/protocol'
import { brokerError, groupBy, KafkaError, messageOf, TimeoutError } from '@logwerk/runtime'
import type { ConsumerConfig, ResetPolicy } from './consumer-config.ts'
import { EarliestTimer } from './earliest-timer.ts'
import { LeaderWatch } from './leader-watch.ts'
import type { CommittedOffsets } from './offset-committer.ts'
import { type OffsetAnswers, type OffsetLookup, unknownPartition } from './offset-lookup.ts'
import type { PartitionState, SubscriptionState } from './subscription-state.ts'
import { formatPartition } from './topic-partition.ts'

export interface PositionsOptions {
  readonly config: ConsumerConfig
  readonly resetPolicy: ResetPolicy
  readonly lookup: OffsetLookup
  /** Null without a group. */
  readonly committed: CommittedOffsets | null
  /** Somebody waits for records or a position now. Whoever does not may still seek. */
  readonly isAskedFor: () => boolean
  readonly onError: (error: KafkaError) => void
  /** A partition can be fetched now that could not before. */
  readonly onReady: () => void
}

/** A partition whose place could not be found out yet. */
interface Trouble {
  /** When it was first tried, or the user was last told. */
  sinceMs: number
  failures: number
  /** Nobody is asked about it before this monotonic time. */
  notBeforeMs: number
}

/** The partitions with which something went wrong. */
type Failures = ReadonlyMap<PartitionState, KafkaError>

const NO_FAILURES: Failures = new Map()

/**
 * Finds out where each partition is read from: the committed offset, else what the reset policy says; and checks, when the leader has
 * changed, that the log still holds what was read (KIP-320). Each broker is asked by itself about all of its partitions, so that one that
 * does not answer keeps the partitions of no other from being read.
 */
export class Positions {
  readonly #client: KafkaClient
  readonly #subscription: SubscriptionState
  readonly #options: PositionsOptions
  /** Partitions of which somebody is being asked. */
  readonly #busy = new Set<PartitionState>()
  readonly #troubles = new WeakMap<PartitionState, Trouble>()
  readonly #leaders: LeaderWatch
  readonly #retryTimer: EarliestTimer

  constructor(client: KafkaClient, subscription: SubscriptionState, options: PositionsOptions) {
    this.#client = client
    this.#subscription = subscription
    this.#options = options
    this.#leaders = new LeaderWatch(client)
    this.#retryTimer = new EarliestTimer(client.world.clock, () => this.settle())
  }

  /** Has every partition that is wanted get a position that is known to be good. Errors are told; what may pass is tried on. */
  settle(): void {
    if (this.#client.isClosed) return
    const { committed, resetPolicy } = this.#options
    const fresh: PartitionState[] = []
    const lost: PartitionState[] = []
    const unsure: PartitionState[] = []
    for (const state of this.#subscription.all) {
      if (state.leaving || this.#busy.has(state)) continue
      if (state.position === null) (committed === null || state.needsReset ? lost : fresh).push(state)
      else if (this.#isUnsure(state)) unsure.push(state)
    }
    if (committed !== null) this.#work(fresh, states => this.#startFromCommitted(committed, states))
    if (resetPolicy.kind === 'none') this.#refuseReset(lost)
    else for (const [leader, ofLeader] of this.#byLeader(lost)) this.#work(ofLeader, states => this.#reset(leader, states, resetPolicy))
    for (const [leader, ofLeader] of groupBy(unsure, state => this.#leaderOf(state)))
      this.#work(ofLeader, states => this.#validate(leader, states))
  }

  close(): void {
    this.#retryTimer.cancel()
  }

  // ------------------------------------------------------------------------------------------------ what may go wrong

  /** Runs `action` for those of the partitions that need not wait. */
  #work(all: readonly PartitionState[], action: (states: readonly PartitionState[]) => Promise<Failures>): void {
    const nowMs = this.#nowMs()
    const states = all.filter(state => {
      const { notBeforeMs } = this.#troubleOf(state)
      if (notBeforeMs > nowMs) this.#retryTimer.at(notBeforeMs)
      return notBeforeMs <= nowMs
    })
    if (states.length === 0) return
    for (const state of states) this.#busy.add(state)
    void action(states)
      .catch((error: unknown): Failures => {
        const failure = asKafkaError(error)
        return new Map(states.map(state => [state, failure]))
      })
      .then(failures => {
        for (const state of states) this.#busy.delete(state)
        if (this.#client.isClosed) return
        for (const state of states) {
          const failure = failures.get(state)
          if (failure === undefined) this.#troubles.delete(state)
          else if (this.#subscription.has(state)) this.#failed(state, failure)
        }
        if (failures.size < states.length) this.#options.onReady()
      })
  }

  #failed(state: PartitionState, failure: KafkaError): void {
    const trouble = this.#troubleOf(state)
    trouble.notBeforeMs = this.#nowMs() + this.#client.retryWaitMs(trouble.failures++)
    // It is tried again when somebody asks for records.
    if (!isPassing(failure)) return this.#options.onError(failure)
    if (trouble.failures === 1) this.#warn(state, failure)
    this.#client.refreshSoon()
    this.#retryTimer.at(trouble.notBeforeMs)
    this.#tellIfOverdue(state, failure)
  }

  /** An outage is sat out; but who has the address, a topic or a partition wrong waits for records in vain. */
  #tellIfOverdue(state: PartitionState, failure: KafkaError): void {
    const trouble = this.#troubleOf(state)
    const { defaultApiTimeoutMs } = this.#options.config
    if (this.#nowMs() - trouble.sinceMs < defaultApiTimeoutMs) return
    trouble.sinceMs = this.#nowMs()
    this.#warn(state, failure)
    const { metadata, lastRefreshError } = this.#client
    if (metadata.nodes.size === 0) {
      const cause = lastRefreshError ?? failure
      const message = `${formatPartition(state)}: where to read from is not known after ${defaultApiTimeoutMs} ms: ${messageOf(cause)}`
      return this.#options.onError(new TimeoutError(message, { cause }))
    }
    if (state.position !== null) return
    const { topic, partition } = state
    const code = metadata.errorOf(topic)
    const count = metadata.topic(topic)?.partitions.length
    if (code === 'UNKNOWN_TOPIC_OR_PARTITION') this.#options.onError(brokerError(code, { topic }))
    else if (count !== undefined && partition >= count) this.#options.onError(unknownPartition(state, count))
  }

  #warn(state: PartitionState, failure: KafkaError): void {
    const { log } = this.#client.world
    log.warn(`where to read from is not known, and asked again: ${failure.message}`, { partition: formatPartition(state) })
  }

  #troubleOf(state: PartitionState): Trouble {
    let trouble = this.#troubles.get(state)
    if (trouble === undefined) {
      trouble = { sinceMs: this.#nowMs(), failures: 0, notBeforeMs: 0 }
      this.#troubles.set(state, trouble)
    }
    return trouble
  }

  #nowMs(): number {
    return this.#client.world.clock.monotonicMs()
  }

  // ------------------------------------------------------------------------------------------------------- leaders

  #leaderOf({ topic, partition }: PartitionState): number {
    return this.#client.metadata.topic(topic)?.partitions[partition]?.leader ?? -1
  }

  /** By the leader that has to be asked. Partitions without one wait for other metadata. */
  #byLeader(states: readonly PartitionState[]): Map<number, PartitionState[]> {
    const byLeader = groupBy(states, state => this.#leaderOf(state))
    const leaderless = byLeader.get(-1)
    byLeader.delete(-1)
    if (leaderless === undefined) this.#leaders.end()
    else this.#awaitLeaders(leaderless)
    return byLeader
  }

  #awaitLeaders(states: readonly PartitionState[]): void {
    const { lastRefreshError, metadata } = this.#client
    if (this.#leaders.ask()) {
      // What does not pass is told at once, and again to whoever asks on.
      if (lastRefreshError instanceof KafkaError && !isPassing(lastRefreshError)) this.#options.onError(lastRefreshError)
      for (const topic of new Set(states.map(state => state.topic))) {
        const code = metadata.errorOf(topic)
        if (code !== undefined && !brokerError(code).retriable) this.#options.onError(brokerError(code, { topic }))
      }
    }
    this.#retryTimer.at(this.#leaders.nextMs)
    for (const state of states)
      this.#tellIfOverdue(state, brokerError('LEADER_NOT_AVAILABLE', { topic: state.topic, partition: state.partition }))
  }

  // ------------------------------------------------------------------------------------------------------ beginning

  async #startFromCommitted(committed: CommittedOffsets, states: readonly PartitionState[]): Promise<Failures> {
    const jumps = states.map(state => state.jumps)
    const offsets = await committed.fetch(states)
    for (const [index, state] of states.entries()) {
      // Somebody may have sought meanwhile, or taken the partition away.
      if (state.jumps !== jumps[index] || !this.#subscription.has(state)) continue
      const found = offsets.get(formatPartition(state))
      if (found === undefined) {
        state.needsReset = true
        continue
      }
      state.jumpTo(found.offset, found.leaderEpoch ?? -1)
      state.committedOffset = found.offset
    }
    return NO_FAILURES
  }

  #refuseReset(states: readonly PartitionState[]): void {
    if (states.length === 0 || !this.#options.isAskedFor()) return
    const names = states.map(formatPartition).join(', ')
    this.#options.onError(
      new KafkaError(
        'NO_OFFSET',
        `${names}: no committed offset, or one outside the log, and autoOffsetReset is 'none'; seek to where reading should go on`,
        { at: { topic: states[0]!.topic, partition: states[0]!.partition } },
      ),
    )
  }

  async #reset(leader: number, states: readonly PartitionState[], policy: ResetPolicy): Promise<Failures> {
    const { lookup } = this.#options
    const { world } = this.#client
    const { EARLIEST, LATEST } = listOffsetsTimestamps
    // A timestamp below 0 would be one of those that mean something else.
    const timestamp =
      policy.kind === 'duration' ? Math.max(world.clock.nowMs() - policy.ageMs, 0) : policy.kind === 'earliest' ? EARLIEST : LATEST
    const at = (time: number) => (state: PartitionState) => ({ topic: state.topic, partition: state.partition, timestamp: time })
    const jumps = states.map(state => state.jumps)
    const { found, failures } = await lookup.ask(leader, states.map(at(timestamp)))
    // Nothing so young: begin behind everything.
    const old = states.filter(state => !found.has(formatPartition(state)) && !failures.has(formatPartition(state)))
    const ends: OffsetAnswers = old.length === 0 ? { found, failures } : await lookup.ask(leader, old.map(at(LATEST)))
    const failed = new Map<PartitionState, KafkaError>()
    for (const [index, state] of states.entries()) {
      if (state.jumps !== jumps[index] || !this.#subscription.has(state)) continue
      const key = formatPartition(state)
      const offset = (found.get(key) ?? ends.found.get(key))?.offset
      if (offset === undefined) {
        failed.set(state, failures.get(key) ?? ends.failures.get(key) ?? brokerError('LEADER_NOT_AVAILABLE', { broker: leader }))
        continue
      }
      state.jumpTo(offset)
      world.log.info(`reading begins by the reset policy`, { partition: key, offset, policy: policy.kind })
    }
    return failed
  }

  // ----------------------------------------------------------------------------------------------------- cut logs

  /** True if the leader has changed since the position was last known to be in the log. */
  #isUnsure(state: PartitionState): boolean {
    const known = this.#client.metadata.topic(state.topic)?.partitions[state.partition]
    return known !== undefined && known.leader >= 0 && !state.isGoodUnder(known.leaderEpoch)
  }

  /** After a leader change the log may be shorter than what was read of it. Older brokers cannot be asked, and are trusted. */
  async #validate(leader: number, states: readonly PartitionState[]): Promise<Failures> {
    const asked = states.map(state => ({
      state,
      topic: state.topic,
      jumps: state.jumps,
      epoch: this.#client.metadata.topic(state.topic)?.partitions[state.partition]?.leaderEpoch ?? -1,
      position: { ...state.position! },
    }))
    const connection = await this.#client.connect(leader, 'coordinator')
    if (!connection.offers(offsetForLeaderEpoch, offsetForLeaderEpoch.versions[0])) {
      for (const { state, epoch } of asked) state.validatedEpoch = epoch
      return NO_FAILURES
    }
    const answer = await connection.send(offsetForLeaderEpoch, {
      replicaId: -1,
      topics: [...groupBy(asked, ({ topic }) => topic)].map(([topic, ofTopic]) => ({
        topic,
        partitions: ofTopic.map(({ state, epoch, position }) => ({
          partition: state.partition,
          currentLeaderEpoch: epoch,
          leaderEpoch: position.offsetEpoch,
        })),
      })),
    })
    const answers = new Map(
      answer.topics.flatMap(({ topic, partitions }) =>
        partitions.map(partition => [formatPartition({ topic, partition: partition.partition }), partition] as const),
      ),
    )
    const failures = new Map<PartitionState, KafkaError>()
    for (const { state, jumps, epoch, position } of asked) {
      if (state.jumps !== jumps || !this.#subscription.has(state)) continue
      const { topic, partition } = state
      const { errorCode, endOffset } = answers.get(formatPartition(state)) ?? { errorCode: 'LEADER_NOT_AVAILABLE', endOffset: -1 }
      if (errorCode !== 'NONE') failures.set(state, brokerError(errorCode, { topic, partition, broker: leader }))
      else if (endOffset < position.offset) this.#truncated(state, position.offset, endOffset)
      else {
        state.validatedEpoch = epoch
        // What was fetched from behind the cut, and not handed out yet, is not in the log any more.
        if (endOffset < state.fetchOffset) state.refetch()
      }
    }
    return failures
  }

  #truncated(state: PartitionState, offset: number, endOffset: number): void {
    const { topic, partition } = state
    if (this.#options.resetPolicy.kind === 'none') {
      state.requestReset()
      return this.#options.onError(
        new KafkaError(
          'LOG_TRUNCATED',
          `${formatPartition(state)}: the log was cut${endOffset < 0 ? '' : ` at offset ${endOffset}`}, and records up to ${offset} had been read; seek to where reading should go on`,
          { at: { topic, partition, offset } },
        ),
      )
    }
    const { log } = this.#client.world
    log.warn('the log was cut below what had been read; reading goes on from there', {
      partition: formatPartition(state),
      offset,
      endOffset,
    })
    if (endOffset >= 0) state.jumpTo(endOffset)
    else state.requestReset()
  }
}
