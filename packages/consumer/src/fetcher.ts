import { asKafkaError, type BrokerConnection, type KafkaClient } from '@logwerk/client'
import { batchesOf, type FetchPartitionResponse, type FetchResponse, fetchApi, isolationLevels } from '@logwerk/protocol'
import { brokerError, KafkaError, refreshesMetadata, type World, ZERO_UUID } from '@logwerk/runtime'
import type { ConsumerConfig } from './consumer-config.ts'
import { EarliestTimer } from './earliest-timer.ts'
import type { FetchBuffer } from './fetch-buffer.ts'
import { FetchSession, type FetchWish } from './fetch-session.ts'
import { LeaderWatch } from './leader-watch.ts'
import type { PartitionState, SubscriptionState } from './subscription-state.ts'
import { formatPartition } from './topic-partition.ts'

/** Version of Fetch that goes by topic id. */
const TOPIC_ID_VERSION = 13

/** A request for everything, in a session of its own, is the answer to these. */
const SESSION_ERRORS: ReadonlySet<string> = new Set(['FETCH_SESSION_ID_NOT_FOUND', 'INVALID_FETCH_SESSION_EPOCH'])

export interface FetcherOptions {
  readonly config: ConsumerConfig
  /** There are records, or an error to tell. */
  readonly onArrival: () => void
  readonly onError: (error: KafkaError) => void
  /** A partition has lost its place, or its leader has changed: positions have to be looked after. */
  readonly onPositionsNeeded: () => void
}

interface NodeFetch {
  readonly session: FetchSession
  busy: boolean
}

/**
 * Keeps one Fetch request under way to every broker that leads a partition which is wanted, so that records are there before they are
 * asked for, up to a bounded amount.
 */
export class Fetcher<K, V> {
  readonly #client: KafkaClient
  readonly #world: World
  readonly #subscription: SubscriptionState
  readonly #buffer: FetchBuffer<K, V>
  readonly #options: FetcherOptions
  readonly #nodes = new Map<number, NodeFetch>()
  readonly #leaders: LeaderWatch
  readonly #timer: EarliestTimer
  #scheduled = false
  #closed = false

  constructor(client: KafkaClient, subscription: SubscriptionState, buffer: FetchBuffer<K, V>, options: FetcherOptions) {
    this.#client = client
    this.#world = client.world
    this.#subscription = subscription
    this.#buffer = buffer
    this.#options = options
    this.#leaders = new LeaderWatch(client)
    this.#timer = new EarliestTimer(client.world.clock, () => this.wake())
  }

  /** Looks at the end of this turn whether there is something to fetch. */
  wake(): void {
    if (this.#scheduled || this.#closed) return
    this.#scheduled = true
    this.#world.clock.soon(() => {
      this.#scheduled = false
      this.#run()
    })
  }

  close(): void {
    this.#closed = true
    this.#timer.cancel()
  }

  #run(): void {
    if (this.#closed) return
    this.#buffer.prune()
    const { maxBufferedBytes } = this.#options.config
    if (this.#buffer.byteCount >= maxBufferedBytes) this.#buffer.releasePaused()
    if (this.#buffer.byteCount >= maxBufferedBytes) return
    const wishes = this.#wishesByNode()
    for (const [nodeId, states] of wishes) {
      const node = this.#nodeOf(nodeId)
      if (node.busy) continue
      node.busy = true
      this.#fetch(nodeId, node, states)
        .catch(error => this.#options.onError(asKafkaError(error)))
        .finally(() => {
          node.busy = false
          this.wake()
        })
    }
  }

  #wishesByNode(): Map<number, PartitionState[]> {
    const nowMs = this.#world.clock.monotonicMs()
    const { maxPartitionFetchBytes } = this.#options.config
    const byNode = new Map<number, PartitionState[]>()
    let positionsNeeded = false
    let leaderless = false
    for (const state of this.#subscription.all) {
      if (state.paused || state.leaving) continue
      if (state.position === null) {
        positionsNeeded = true
        continue
      }
      // One answer ahead of what is being handed out is enough to keep both sides busy.
      if (state.bufferedBytes > maxPartitionFetchBytes) continue
      if (state.notBeforeMs > nowMs) {
        this.#timer.at(state.notBeforeMs)
        continue
      }
      const topic = this.#client.metadata.topic(state.topic)
      const partition = topic?.partitions[state.partition]
      if (topic === undefined || partition === undefined || partition.leader < 0) {
        leaderless = true
        continue
      }
      if (!state.isOf(topic.id)) {
        this.#world.log.warn('the topic was deleted and created anew; reading begins by the reset policy', {
          partition: formatPartition(state),
        })
        state.startOver()
        positionsNeeded = true
        continue
      }
      if (!state.isGoodUnder(partition.leaderEpoch)) {
        positionsNeeded = true
        continue
      }
      const states = byNode.get(partition.leader)
      if (states === undefined) byNode.set(partition.leader, [state])
      else states.push(state)
    }
    if (positionsNeeded) this.#options.onPositionsNeeded()
    if (leaderless) {
      this.#leaders.ask()
      this.#timer.at(this.#leaders.nextMs)
    } else this.#leaders.end()
    return byNode
  }

  async #fetch(nodeId: number, node: NodeFetch, states: readonly PartitionState[]): Promise<void> {
    const { config } = this.#options
    let connection: BrokerConnection
    let speaksIds: boolean
    try {
      connection = await this.#client.connect(nodeId)
      speaksIds = connection.versionOf(fetchApi) >= TOPIC_ID_VERSION
    } catch (error) {
      if (this.#closed) return
      this.#backOff(states)
      this.#client.refreshSoon()
      if (error instanceof KafkaError && error.retriable) return
      throw error
    }
    // While the connection was opened partitions may have gone, or been moved.
    const wanted = states.filter(state => this.#subscription.has(state) && state.position !== null && !state.paused && !state.leaving)
    if (wanted.length === 0) return
    const { metadata } = this.#client
    const wishes: FetchWish[] = wanted.map(state => ({
      topic: state.topic,
      topicId: metadata.topic(state.topic)?.id ?? ZERO_UUID,
      partition: state.partition,
      fetchOffset: state.fetchOffset,
      currentLeaderEpoch: metadata.topic(state.topic)?.partitions[state.partition]?.leaderEpoch ?? -1,
      partitionMaxBytes: config.maxPartitionFetchBytes,
    }))
    const usesIds = speaksIds && wishes.every(({ topicId }) => topicId !== ZERO_UUID)
    const rounds = new Map(wanted.map(state => [state, state.fetchRound]))
    let response: FetchResponse
    try {
      response = await connection.send(
        fetchApi,
        {
          maxWaitMs: config.fetchMaxWaitMs,
          minBytes: config.fetchMinBytes,
          maxBytes: config.fetchMaxBytes,
          isolationLevel: config.isolationLevel === 'read_committed' ? isolationLevels.READ_COMMITTED : isolationLevels.READ_UNCOMMITTED,
          // Whoever names its rack may be sent to a follower (KIP-392), with no records; here the leader is read.
          rackId: '',
          ...node.session.request(wishes, usesIds),
        },
        { timeoutMs: config.requestTimeoutMs + config.fetchMaxWaitMs, ...(usesIds ? {} : { maxVersion: TOPIC_ID_VERSION - 1 }) },
      )
    } catch (error) {
      node.session.lost()
      if (this.#closed) return
      this.#backOff(wanted)
      this.#client.refreshSoon()
      if (error instanceof KafkaError && error.retriable) return
      throw error
    }
    if (this.#closed) return
    if (!node.session.answered(response)) {
      if (SESSION_ERRORS.has(response.errorCode)) return
      this.#backOff(wanted)
      this.#client.refreshSoon()
      const error = brokerError(response.errorCode, { broker: nodeId })
      if (error.retriable) return
      throw error
    }
    let arrived = false
    for (const topic of response.responses) {
      const name = usesIds ? metadata.topicOfId(topic.topicId)?.name : topic.topic
      if (name === undefined) continue
      for (const answer of topic.partitions) {
        const state = this.#subscription.get({ topic: name, partition: answer.partitionIndex })
        // Answers to questions that nobody asks any more: the partition went, or its position was moved.
        if (state === undefined || rounds.get(state) !== state.fetchRound) continue
        arrived = this.#take(state, answer) || arrived
      }
    }
    if (arrived) this.#options.onArrival()
  }

  #take(state: PartitionState, answer: FetchPartitionResponse): boolean {
    if (answer.errorCode !== 'NONE') {
      this.#refused(state, answer)
      return false
    }
    const isCommitted = this.#options.config.isolationLevel === 'read_committed'
    state.failures = 0
    state.visibleEnd = isCommitted && answer.lastStableOffset >= 0 ? answer.lastStableOffset : answer.highWatermark
    const { records } = answer
    if (records === null || records.length === 0) return false
    let end = state.fetchOffset
    try {
      for (const batch of batchesOf(records)) end = batch.nextOffset
    } catch {
      // A header that makes no sense: found again, and told, when the records before it have been handed out.
      end = state.fetchOffset
    }
    this.#buffer.add(state, records, isCommitted ? (answer.abortedTransactions ?? []) : null)
    if (end > state.fetchOffset) state.fetchOffset = end
    return true
  }

  #refused(state: PartitionState, { errorCode, currentLeader }: FetchPartitionResponse): void {
    const { topic, partition } = state
    if (errorCode === 'OFFSET_OUT_OF_RANGE') {
      // Records that were fetched before are still handed out; only then is there nothing at the position.
      if (state.bufferedBytes > 0) {
        this.#backOff([state])
        return
      }
      state.requestReset()
      this.#options.onPositionsNeeded()
      return
    }
    this.#backOff([state])
    if (refreshesMetadata(errorCode) || errorCode === 'UNKNOWN_TOPIC_ID') {
      if (!this.#client.metadata.updateLeader(topic, partition, currentLeader.leaderId, currentLeader.leaderEpoch))
        this.#client.refreshSoon()
      return
    }
    const error = brokerError(errorCode, { topic, partition, offset: state.fetchOffset })
    if (!error.retriable) this.#options.onError(error)
    else this.#world.log.warn(`fetching failed and is tried again: ${error.message}`, { partition: formatPartition(state) })
  }

  #backOff(states: readonly PartitionState[]): void {
    const nowMs = this.#world.clock.monotonicMs()
    for (const state of states) {
      state.notBeforeMs = nowMs + this.#client.retryWaitMs(state.failures)
      state.failures++
      this.#timer.at(state.notBeforeMs)
    }
  }

  #nodeOf(nodeId: number): NodeFetch {
    let node = this.#nodes.get(nodeId)
    if (node === undefined) {
      node = { session: new FetchSession(), busy: false }
      this.#nodes.set(nodeId, node)
    }
    return node
  }
}
