import {
  type AnyApi,
  apiOfKey,
  apiVersions,
  decodeRequestHeader,
  encodeResponseHeader,
  FrameReader,
  fetchApi,
  findCoordinator,
  frameOf,
  listOffsets,
  listOffsetsTimestamps,
  MessageReader,
  MessageWriter,
  metadata,
  offsetCommit,
  offsetFetch,
  offsetForLeaderEpoch,
  RecordBatchView,
  type RequestOf,
  type ResponseInputOf,
} from '@logwerk/protocol'
import { type Connection, sleep } from '@logwerk/runtime'
import { createSimulation } from '@logwerk/runtime/simulated'
import type { Consumer, ConsumerOptions } from './consumer-api.ts'
import { createConsumer } from './create-consumer.ts'

/** Never answer. */
export const SILENCE = Symbol('silence')

const NONE = 'NONE' as const
const NOT_LEADER = 'NOT_LEADER_OR_FOLLOWER' as const

interface ScriptedPartition {
  /** -1 for none. */
  leader: number
  epoch: number
  batches: Buffer[]
  /** End of the log for an epoch that is not the newest. */
  readonly epochEnds: Map<number, number>
}

type Answer<Res> = Res | typeof SILENCE
type Handler = (request: never, nodeId: number) => unknown

/**
 * Brokers that a test can have in any state that a real cluster may be in: leaders that are gone, logs that were cut, answers that nobody
 * expects. They serve what a consumer without a group's membership asks; the coordinator is broker 1.
 */
export class ScriptedCluster {
  readonly simulation = createSimulation({ seed: 1 })
  /** Partitions by topic. */
  readonly topics = new Map<string, ScriptedPartition[]>()
  /** Committed offsets by `topic-partition`. */
  readonly commits = new Map<string, { offset: number; leaderEpoch: number }>()
  /** Every request, with the moment. */
  readonly asked: { readonly api: AnyApi; readonly request: unknown; readonly nodeId: number; readonly atMs: number }[] = []
  readonly #nodeIds: number[] = []
  readonly #handlers = new Map<number, Handler>()

  static async start(...nodeIds: number[]): Promise<ScriptedCluster> {
    const cluster = new ScriptedCluster()
    for (const nodeId of nodeIds) await cluster.#listen(nodeId)
    return cluster
  }

  constructor() {
    this.on(apiVersions, () => ({
      errorCode: NONE,
      apiKeys: [...this.#handlers.keys()].map(apiKey => {
        const [minVersion, maxVersion] = apiOfKey(apiKey)!.versions
        return { apiKey, minVersion, maxVersion }
      }),
    }))
    this.on(metadata, request => ({
      brokers: this.#nodeIds.map(nodeId => ({ nodeId, host: `b${nodeId}`, port: 9092 })),
      topics: (request.topics ?? []).map(({ name }) => {
        const partitions = this.topics.get(name ?? '')
        return {
          name,
          errorCode: partitions === undefined ? ('UNKNOWN_TOPIC_OR_PARTITION' as const) : NONE,
          partitions: (partitions ?? []).map(({ leader, epoch }, partitionIndex) => ({
            errorCode: leader < 0 ? ('LEADER_NOT_AVAILABLE' as const) : NONE,
            partitionIndex,
            leaderId: leader,
            leaderEpoch: epoch,
            replicaNodes: [],
            isrNodes: [],
          })),
        }
      }),
    }))
    this.on(findCoordinator, ({ coordinatorKeys }) => {
      const coordinator = { errorCode: NONE, errorMessage: '', nodeId: 1, host: 'b1', port: 9092 }
      return { coordinators: coordinatorKeys.map(key => ({ key, ...coordinator })) }
    })
    this.on(listOffsets, ({ topics }) => ({
      topics: topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partitionIndex, timestamp }) => {
          const { batches, epoch } = this.topics.get(name)![partitionIndex]!
          const offset = timestamp === listOffsetsTimestamps.LATEST ? endOf(batches) : 0
          return { partitionIndex, errorCode: NONE, offset, timestamp: -1, leaderEpoch: epoch }
        }),
      })),
    }))
    this.on(offsetForLeaderEpoch, ({ topics }) => ({
      topics: topics.map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map(({ partition, leaderEpoch }) => {
          const { batches, epochEnds } = this.topics.get(topic)![partition]!
          return { partition, errorCode: NONE, leaderEpoch, endOffset: epochEnds.get(leaderEpoch) ?? endOf(batches) }
        }),
      })),
    }))
    this.on(offsetCommit, ({ topics }) => ({
      topics: topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partitionIndex, committedOffset, committedLeaderEpoch }) => {
          this.commits.set(`${name}-${partitionIndex}`, { offset: committedOffset, leaderEpoch: committedLeaderEpoch })
          return { partitionIndex, errorCode: NONE }
        }),
      })),
    }))
    this.on(offsetFetch, ({ groups }) => ({
      groups: groups.map(({ groupId, topics }) => ({
        groupId,
        topics: (topics ?? []).map(({ name, partitionIndexes }) => ({
          name,
          partitions: partitionIndexes.map(partitionIndex => {
            const { offset, leaderEpoch } = this.commits.get(`${name}-${partitionIndex}`) ?? { offset: -1, leaderEpoch: -1 }
            return { partitionIndex, committedOffset: offset, committedLeaderEpoch: leaderEpoch, metadata: '', errorCode: NONE }
          }),
        })),
      })),
    }))
    this.on(fetchApi, (request, nodeId) => this.fetch(request, nodeId))
  }

  /** A topic whose partitions have these leaders, and nothing in them. */
  topic(name: string, ...leaders: number[]): ScriptedPartition[] {
    const partitions = leaders.map(leader => ({ leader, epoch: 0, batches: [], epochEnds: new Map<number, number>() }))
    this.topics.set(name, partitions)
    return partitions
  }

  /** Answers an API from now on, at every broker. */
  on<A extends AnyApi>(
    api: A,
    handler: (request: RequestOf<A>, nodeId: number) => Answer<ResponseInputOf<A>> | Promise<Answer<ResponseInputOf<A>>>,
  ): void {
    this.#handlers.set(api.key, handler as Handler)
  }

  /** What a broker answers to Fetch: all batches from the offset on, after `maxWaitMs` if there is none. No sessions. */
  async fetch(request: RequestOf<typeof fetchApi>, nodeId: number): Promise<ResponseInputOf<typeof fetchApi>> {
    let found = false
    const responses = request.topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(({ partition: partitionIndex, fetchOffset }) => {
        const { leader, epoch, batches } = this.topics.get(topic)?.[partitionIndex] ?? GONE
        const end = endOf(batches)
        const wanted = batches.filter(batch => new RecordBatchView(batch).nextOffset > fetchOffset)
        const errorCode =
          leader !== nodeId
            ? this.topics.has(topic)
              ? NOT_LEADER
              : ('UNKNOWN_TOPIC_OR_PARTITION' as const)
            : fetchOffset > end
              ? ('OFFSET_OUT_OF_RANGE' as const)
              : NONE
        found ||= wanted.length > 0 || errorCode !== NONE
        const records = errorCode === NONE ? Buffer.concat(wanted) : Buffer.alloc(0)
        return {
          partitionIndex,
          errorCode,
          highWatermark: end,
          lastStableOffset: end,
          abortedTransactions: [],
          records,
          ...(errorCode === NOT_LEADER ? { currentLeader: { leaderId: leader, leaderEpoch: epoch } } : {}),
        }
      }),
    }))
    if (!found) await sleep(this.simulation.clock, request.maxWaitMs)
    return { errorCode: NONE, responses }
  }

  consumer(options: Partial<ConsumerOptions<Uint8Array, Uint8Array>> = {}): Consumer<Uint8Array, Uint8Array> {
    return createConsumer({
      bootstrapServers: this.#nodeIds.map(nodeId => `b${nodeId}:9092`),
      world: this.simulation.machine('reader').world,
      autoOffsetReset: 'earliest',
      ...options,
    })
  }

  run<T>(promise: Promise<T>): Promise<T> {
    return this.simulation.runUntil(promise)
  }

  /** Polls for this long; `partition:offset` of what came. */
  async poll(consumer: Consumer<Uint8Array, Uint8Array>, durationMs: number): Promise<string[]> {
    const { clock } = this.simulation
    const endMs = clock.monotonicMs() + durationMs
    const seen: string[] = []
    while (clock.monotonicMs() < endMs)
      for (const { partition, offset } of await this.run(consumer.poll({ timeoutMs: endMs - clock.monotonicMs() })))
        seen.push(`${partition}:${offset}`)
    return seen
  }

  /** The requests of an API. */
  requests<A extends AnyApi>(api: A): { readonly request: RequestOf<A>; readonly nodeId: number; readonly atMs: number }[] {
    return this.asked.filter(asked => asked.api === api).map(asked => ({ ...asked, request: asked.request as RequestOf<A> }))
  }

  async #listen(nodeId: number): Promise<void> {
    this.#nodeIds.push(nodeId)
    const host = `b${nodeId}`
    const { network } = this.simulation.machine(host).world
    await this.run(network.listen({ host, port: 9092 }, connection => this.#serve(connection, nodeId)))
  }

  #serve(connection: Connection, nodeId: number): void {
    let before: Promise<void> = Promise.resolve()
    const frames = new FrameReader(frame => {
      before = before.then(() => this.#answer(connection, frame, nodeId))
    }, 1 << 20)
    connection.onData(
      () => frames.supplyBuffer(),
      byteCount => frames.onBytes(byteCount),
    )
    connection.onClose(() => {})
  }

  async #answer(connection: Connection, frame: Buffer, nodeId: number): Promise<void> {
    const reader = new MessageReader(frame)
    const { apiKey, apiVersion, correlationId } = decodeRequestHeader(reader, apiOfKey)
    const api = apiOfKey(apiKey)!
    const request = api.request.codec(apiVersion).decode(reader)
    this.asked.push({ api, request, nodeId, atMs: this.simulation.clock.monotonicMs() })
    const answer = await this.#handlers.get(apiKey)!(request as never, nodeId)
    if (answer === SILENCE) return
    const writer = new MessageWriter()
    encodeResponseHeader(writer, api, apiVersion, correlationId)
    api.response.codec(apiVersion).encode(writer, answer)
    connection.write(frameOf(writer.chunks()))
  }
}

/** Of a topic that does not exist. */
const GONE: ScriptedPartition = { leader: -1, epoch: -1, batches: [], epochEnds: new Map() }

function endOf(batches: readonly Buffer[]): number {
  const last = batches.at(-1)
  return last === undefined ? 0 : new RecordBatchView(last).nextOffset
}
