import { isPassing, type KafkaClient } from '@logwerk/client'
import { isolationLevels, listOffsets, listOffsetsTimestamps, offsetForLeaderEpoch } from '@logwerk/protocol'
import { brokerError, KafkaError, messageOf, TimeoutError, type Timer } from '@logwerk/runtime'
import type { ConsumerConfig, ResetPolicy } from './consumer-config.ts'
import { groupByTopic } from './group-by-topic.ts'
import type { CommittedOffsets } from './offset-committer.ts'
import type { PartitionState, SubscriptionState } from './subscription-state.ts'
import { formatPartition, type TopicPartition } from './topic-partition.ts'

/** An offset found by time. */
export interface OffsetAndTimestamp {
  readonly offset: number
  /** -1 for an end of the log. */
  readonly timestamp: number
  /** -1 if the broker does not tell. */
  readonly leaderEpoch: number
}

export interface PositionsOptions {
  readonly config: ConsumerConfig
  readonly resetPolicy: ResetPolicy
  /** Null without a group. */
  readonly committed: CommittedOffsets | null
  readonly onError: (error: KafkaError) => void
  /** A partition can be fetched now that could not before. */
  readonly onReady: () => void
}

/**
 * Finds out where each partition is read from: the committed offset, else what the reset policy says; and checks, when the leader has
 * changed, that the log still holds what was read (KIP-320).
 */
export class Positions {
  readonly #client: KafkaClient
  readonly #subscription: SubscriptionState
  readonly #options: PositionsOptions
  #running = false
  #again = false
  #failures = 0
  #retryTimer: Timer | null = null

  constructor(client: KafkaClient, subscription: SubscriptionState, options: PositionsOptions) {
    this.#client = client
    this.#subscription = subscription
    this.#options = options
  }

  /** Works until every partition that is wanted has a position that is known to be good, or an error was told. */
  async settle(): Promise<void> {
    if (this.#running) {
      this.#again = true
      return
    }
    this.#running = true
    try {
      do {
        this.#again = false
        await this.#settleOnce()
      } while (this.#again && !this.#client.isClosed)
    } finally {
      this.#running = false
    }
  }

  async #settleOnce(): Promise<void> {
    try {
      const lost = [...this.#subscription.all].filter(state => state.position === null && !state.leaving)
      await this.#startFromCommitted(lost.filter(state => !state.needsReset))
      await this.#reset(lost.filter(state => state.position === null && this.#subscription.has(state)))
      await this.#validate()
      this.#failures = 0
      this.#options.onReady()
    } catch (error) {
      if (this.#client.isClosed) return
      if (isPassing(error)) {
        this.#settleLater(error)
        const worth = this.#worthTelling(error)
        if (worth !== null) this.#options.onError(worth)
        return
      }
      this.#options.onError(
        error instanceof KafkaError ? error : new KafkaError('UNKNOWN_SERVER_ERROR', messageOf(error), { cause: error }),
      )
    }
  }

  /** An outage is sat out; but who has the address or a topic wrong waits for records in vain. */
  #worthTelling(error: unknown): KafkaError | null {
    if (!(error instanceof TimeoutError)) return null
    if (this.#client.metadata.nodes.size === 0) {
      const { lastRefreshError } = this.#client
      return lastRefreshError === null
        ? error
        : new TimeoutError(`${error.message}: ${messageOf(lastRefreshError)}`, { cause: lastRefreshError })
    }
    for (const { topic, position } of this.#subscription.all) {
      const code = position === null ? this.#client.metadata.errorOf(topic) : undefined
      if (code === 'UNKNOWN_TOPIC_OR_PARTITION') return brokerError(code, { topic })
    }
    return null
  }

  #settleLater(error: unknown): void {
    this.#client.world.log.warn(`where to read from is not known, and asked again: ${messageOf(error)}`)
    this.#client.refreshSoon()
    if (this.#retryTimer !== null) return
    this.#retryTimer = this.#client.world.clock.setTimer(this.#client.retryWaitMs(this.#failures), () => {
      this.#retryTimer = null
      void this.settle()
    })
    this.#failures++
  }

  close(): void {
    this.#retryTimer?.cancel()
  }

  async #startFromCommitted(states: readonly PartitionState[]): Promise<void> {
    const { committed } = this.#options
    if (committed === null || states.length === 0) return
    const jumps = states.map(state => state.jumps)
    const offsets = await committed.fetch(states)
    for (const [index, state] of states.entries()) {
      const found = offsets.get(formatPartition(state))
      // Somebody may have sought meanwhile, or taken the partition away.
      if (found === undefined || state.jumps !== jumps[index] || !this.#subscription.has(state)) continue
      state.jumpTo(found.offset, found.leaderEpoch ?? -1)
      state.committedOffset = found.offset
    }
  }

  async #reset(states: readonly PartitionState[]): Promise<void> {
    if (states.length === 0) return
    const { resetPolicy: policy } = this.#options
    if (policy.kind === 'none') {
      for (const state of states) state.needsReset = true
      const names = states.map(formatPartition).join(', ')
      throw new KafkaError(
        'NO_OFFSET',
        `${names}: no committed offset, or one outside the log, and autoOffsetReset is 'none'; seek to where reading should go on`,
        { at: { topic: states[0]!.topic, partition: states[0]!.partition } },
      )
    }
    const timestamp =
      policy.kind === 'duration'
        ? this.#client.world.clock.nowMs() - policy.ageMs
        : policy.kind === 'earliest'
          ? listOffsetsTimestamps.EARLIEST
          : listOffsetsTimestamps.LATEST
    const jumps = states.map(state => state.jumps)
    const found = await this.find(states.map(({ topic, partition }) => ({ topic, partition, timestamp })))
    // Nothing so young: begin behind everything.
    const ends =
      policy.kind === 'duration'
        ? await this.find(states.map(({ topic, partition }) => ({ topic, partition, timestamp: listOffsetsTimestamps.LATEST })))
        : found
    for (const [index, state] of states.entries()) {
      const offset = found.get(formatPartition(state)) ?? ends.get(formatPartition(state))
      if (offset === undefined || state.jumps !== jumps[index] || !this.#subscription.has(state)) continue
      state.jumpTo(offset.offset)
      this.#client.world.log.info(`reading begins by the reset policy`, {
        partition: formatPartition(state),
        offset: offset.offset,
        policy: policy.kind,
      })
    }
  }

  /**
   * Offsets by time, asked of each partition's leader; partitions without such a record are left out.
   *
   * @throws KafkaError; TimeoutError after `timeoutMs`, `defaultApiTimeoutMs` if left out; `signal.reason`
   */
  async find(
    wanted: readonly (TopicPartition & { readonly timestamp: number })[],
    options: { readonly signal?: AbortSignal | undefined; readonly timeoutMs?: number | undefined } = {},
  ): Promise<Map<string, OffsetAndTimestamp>> {
    const { config } = this.#options
    const { timeoutMs = config.defaultApiTimeoutMs, signal } = options
    const result = new Map<string, OffsetAndTimestamp>()
    let open = [...wanted]
    await this.#client.retrying('looking up offsets', { timeoutMs, signal }, async () => {
      const byLeader = await this.#byLeader(open, timeoutMs, signal)
      const failures: KafkaError[] = []
      await Promise.all(
        [...byLeader].map(async ([leader, partitions]) => {
          const connection = await this.#client.connect(leader, 'coordinator')
          const answer = await connection.send(listOffsets, {
            replicaId: -1,
            isolationLevel: config.isolationLevel === 'read_committed' ? isolationLevels.READ_COMMITTED : isolationLevels.READ_UNCOMMITTED,
            timeoutMs: config.requestTimeoutMs,
            topics: groupByTopic(partitions).map(([name, ofTopic]) => ({
              name,
              partitions: ofTopic.map(({ partition, timestamp }) => ({ partitionIndex: partition, timestamp })),
            })),
          })
          for (const { name: topic, partitions: answers } of answer.topics) {
            for (const { partitionIndex: partition, errorCode, offset, timestamp, leaderEpoch } of answers) {
              if (errorCode !== 'NONE') failures.push(brokerError(errorCode, { topic, partition, broker: leader }))
              else {
                if (offset >= 0) result.set(formatPartition({ topic, partition }), { offset, timestamp, leaderEpoch })
                open = open.filter(other => other.topic !== topic || other.partition !== partition)
              }
            }
          }
        }),
      )
      if (failures.length === 0) return
      await this.#client.refresh().catch(() => {})
      throw failures.find(failure => !failure.retriable) ?? failures[0]!
    })
    return result
  }

  /** After a leader change the log may be shorter than what was read of it. Older brokers cannot be asked, and are trusted. */
  async #validate(): Promise<void> {
    const { metadata } = this.#client
    for (const state of this.#subscription.all) {
      const known = metadata.topic(state.topic)?.partitions[state.partition]
      if (known === undefined || state.position === null || state.validatedEpoch === known.leaderEpoch) continue
      const { offset, offsetEpoch } = state.position
      if (offsetEpoch < 0 || known.leaderEpoch < 0 || known.leader < 0) {
        state.validatedEpoch = known.leaderEpoch
        continue
      }
      const { jumps } = state
      const connection = await this.#client.connect(known.leader, 'coordinator')
      if (!connection.offers(offsetForLeaderEpoch, offsetForLeaderEpoch.versions[0])) {
        state.validatedEpoch = known.leaderEpoch
        continue
      }
      const answer = await connection.send(offsetForLeaderEpoch, {
        replicaId: -1,
        topics: [
          {
            topic: state.topic,
            partitions: [{ partition: state.partition, currentLeaderEpoch: known.leaderEpoch, leaderEpoch: offsetEpoch }],
          },
        ],
      })
      const found = answer.topics[0]?.partitions[0]
      if (found === undefined || state.jumps !== jumps || !this.#subscription.has(state)) continue
      if (found.errorCode !== 'NONE') {
        const error = brokerError(found.errorCode, { topic: state.topic, partition: state.partition })
        if (!error.retriable) throw error
        this.#client.refreshSoon()
        continue
      }
      if (found.endOffset >= 0 && found.endOffset >= offset) {
        state.validatedEpoch = known.leaderEpoch
        continue
      }
      this.#truncated(state, offset, found.endOffset)
    }
  }

  #truncated(state: PartitionState, offset: number, endOffset: number): void {
    const place = { topic: state.topic, partition: state.partition, offset }
    if (this.#options.resetPolicy.kind === 'none') {
      state.requestReset()
      throw new KafkaError(
        'LOG_TRUNCATED',
        `${formatPartition(state)}: the log was cut${endOffset < 0 ? '' : ` at offset ${endOffset}`}, and records up to ${offset} had been read; seek to where reading should go on`,
        { at: place },
      )
    }
    this.#client.world.log.warn('the log was cut below what had been read; reading goes on from there', {
      partition: formatPartition(state),
      offset,
      endOffset,
    })
    if (endOffset >= 0) state.jumpTo(endOffset)
    else state.requestReset()
    this.#again = true
  }

  async #byLeader<T extends TopicPartition>(
    partitions: readonly T[],
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<Map<number, T[]>> {
    const byLeader = new Map<number, T[]>()
    for (const partition of partitions) {
      const topic = await this.#client.topic(partition.topic, timeoutMs, signal)
      const leader = topic.partitions[partition.partition]?.leader
      if (leader === undefined) {
        throw new KafkaError(
          'UNKNOWN_TOPIC_OR_PARTITION',
          `topic ${partition.topic} has the partitions 0 to ${topic.partitions.length - 1}, not ${partition.partition}`,
          {
            at: { topic: partition.topic, partition: partition.partition },
            retriable: false,
          },
        )
      }
      if (leader < 0) throw brokerError('LEADER_NOT_AVAILABLE', { topic: partition.topic, partition: partition.partition })
      const ofLeader = byLeader.get(leader)
      if (ofLeader === undefined) byLeader.set(leader, [partition])
      else ofLeader.push(partition)
    }
    return byLeader
  }
}
