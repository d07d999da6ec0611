import { createCodecs } from '@logwerk/compression'
import {
  type AnyApi,
  apiOfKey,
  apiVersions,
  decodeRequestHeader,
  encodeResponseHeader,
  FrameReader,
  frameOf,
  type InitProducerIdResponseInput,
  initProducerId,
  MessageReader,
  MessageWriter,
  type MetadataRequest,
  type MetadataResponseInput,
  metadata,
  type ProducePartitionResponseInput,
  type ProduceRequest,
  type ProduceResponseInput,
  produce,
  RecordBatchView,
} from '@logwerk/protocol'
import { type Connection, type Endpoint, type KafkaError, sleep, type Uuid, uuidOf } from '@logwerk/runtime'
import { createSimulation, type Simulation } from '@logwerk/runtime/simulated'
import { createProducer } from './create-producer.ts'
import type { Producer, ProducerOptions } from './producer-api.ts'

type ProduceCode = ProducePartitionResponseInput['errorCode']

/** What becomes of one Produce request, or of its part for one partition. */
export interface Fault {
  /** Answered instead of success. */
  readonly code?: ProduceCode
  /** Stored all the same. */
  readonly stored?: boolean
  /** Instead of an answer the broker hangs up, or never answers. Without `stored` nothing was written. */
  readonly answer?: 'hang up' | 'silence' | 'left out'
  readonly delayMs?: number
  /** With INVALID_RECORD: the records that are to blame, by their place in the batch (KIP-467). */
  readonly blamed?: Readonly<Record<number, string | null>>
  /** With NOT_LEADER_OR_FOLLOWER: who leads (KIP-951). */
  readonly leader?: number
}

/** One batch, as a broker got it. */
export interface Received {
  readonly nodeId: number
  readonly atMs: number
  readonly version: number
  readonly acks: number
  /** Number of the request, from 0. */
  readonly request: number
  readonly topic: string
  readonly partition: number
  readonly values: (string | null)[]
  readonly view: RecordBatchView
}

export interface StoredRecord {
  readonly key: string | null
  readonly value: string | null
  readonly timestamp: number
  readonly headers: [string, string | null][]
}

interface ProducerEntry {
  epoch: number
  readonly batches: { first: number; last: number; baseOffset: number }[]
}

/** A partition's log with what Kafka knows of its idempotent producers: the last five batches of each. */
class PartitionLog {
  leader = 1
  epoch = 0
  readonly records: StoredRecord[] = []
  readonly producers = new Map<number, ProducerEntry>()

  append(view: RecordBatchView, records: readonly StoredRecord[]): { code: ProduceCode; baseOffset: number } {
    const { producerId, producerEpoch, baseSequence: first, lastSequence: last } = view
    const baseOffset = this.records.length
    if (producerId >= 0) {
      const entry = this.producers.get(producerId)
      if (entry !== undefined && producerEpoch < entry.epoch) return { code: 'INVALID_PRODUCER_EPOCH', baseOffset: -1 }
      const known = entry?.epoch === producerEpoch ? entry : undefined
      const duplicate = known?.batches.find(batch => batch.first === first && batch.last === last)
      if (duplicate !== undefined) return { code: 'NONE', baseOffset: duplicate.baseOffset }
      const expected = known === undefined ? (entry === undefined ? first : 0) : ((known.batches.at(-1)?.last ?? -1) + 1) % 0x8000_0000
      if (first !== expected) return { code: 'OUT_OF_ORDER_SEQUENCE_NUMBER', baseOffset: -1 }
      const next = known ?? { epoch: producerEpoch, batches: [] }
      next.batches.push({ first, last, baseOffset })
      if (next.batches.length > 5) next.batches.shift()
      this.producers.set(producerId, next)
    }
    this.records.push(...records)
    return { code: 'NONE', baseOffset }
  }
}

const codecs = createCodecs()

/** A few brokers that store what a producer sends, and misbehave as a test tells them to. */
export class LogCluster {
  readonly simulation: Simulation
  readonly received: Received[] = []
  readonly initCount = { value: 0 }
  /** Names that each Metadata request asked for. */
  readonly askedFor: string[][] = []
  /** Asked for each batch. */
  fault: (batch: Received) => Fault | undefined = () => undefined
  /** Asked for each InitProducerId; the code to refuse it with. */
  initFault: () => InitProducerIdResponseInput['errorCode'] = () => 'NONE'
  maxBatchBytes = Number.POSITIVE_INFINITY
  /** Epoch that new ids begin with. */
  firstEpoch = 0
  maxProduceVersion: number = produce.versions[1]
  logAppendTime = -1
  /** Metadata names topics by their id too. */
  tellsTopicIds = true
  /** Topics that Metadata does not tell of yet. */
  readonly hidden = new Set<string>()
  /** Topics that Metadata refuses. */
  readonly refused = new Map<string, 'TOPIC_AUTHORIZATION_FAILED' | 'INVALID_TOPIC_EXCEPTION'>()
  readonly #topics = new Map<string, { id: Uuid; partitions: PartitionLog[] }>()
  readonly #listeners = new Map<number, () => Promise<void>>()
  #requestCount = 0
  #lastProducerId = 999
  #topicCount = 0

  constructor(seed = 1) {
    this.simulation = createSimulation({ seed })
  }

  static async start(topics: Record<string, number> = { t: 1 }, options: { seed?: number; brokers?: number } = {}): Promise<LogCluster> {
    await codecs.ready()
    const cluster = new LogCluster(options.seed)
    for (const [name, partitionCount] of Object.entries(topics)) cluster.create(name, partitionCount)
    for (let nodeId = 1; nodeId <= (options.brokers ?? 1); nodeId++) await cluster.listen(nodeId)
    return cluster
  }

  producer<K = Uint8Array | string, V = Uint8Array | string>(options: Partial<ProducerOptions<K, V>> = {}): Producer<K, V> {
    const bootstrapServers = [...this.#listeners.keys()].map(nodeId => `b${nodeId}:9092`)
    return createProducer<K, V>({ world: this.simulation.world, bootstrapServers, ...options })
  }

  create(name: string, partitionCount: number): void {
    const id = uuidOf(Buffer.alloc(16, ++this.#topicCount))
    this.#topics.set(name, { id, partitions: Array.from({ length: partitionCount }, () => new PartitionLog()) })
  }

  /** Adds partitions, up to this number. */
  grow(name: string, partitionCount: number): void {
    const { partitions } = this.#topics.get(name)!
    while (partitions.length < partitionCount) partitions.push(new PartitionLog())
  }

  delete(name: string): void {
    this.#topics.delete(name)
  }

  partition(topic: string, partition = 0): PartitionLog {
    return this.#topics.get(topic)!.partitions[partition]!
  }

  /** Values in the log, in order. */
  values(topic = 't', partition = 0): (string | null)[] {
    return this.partition(topic, partition).records.map(({ value }) => value)
  }

  async listen(nodeId: number): Promise<void> {
    const listener = await this.simulation.runUntil(
      this.simulation.machine(`b${nodeId}`).world.network.listen(addressOf(nodeId), connection => this.#serve(nodeId, connection)),
    )
    this.#listeners.set(nodeId, () => listener.close())
  }

  /** Refuses new connections, and cuts the open ones. */
  async stop(nodeId: number): Promise<void> {
    await this.simulation.runUntil(this.#listeners.get(nodeId)!())
    this.simulation.network.cut(({ server }) => server === `b${nodeId}`)
  }

  #serve(nodeId: number, connection: Connection): void {
    let before: Promise<void> = Promise.resolve()
    const frames = new FrameReader(frame => {
      const reader = new MessageReader(frame)
      const { apiKey, apiVersion, correlationId } = decodeRequestHeader(reader, apiOfKey)
      const api = apiOfKey(apiKey)!
      const request: unknown = api.request.codec(apiVersion).decode(reader)
      before = before.then(async () => {
        const answer = await this.#answer(nodeId, api, request, apiVersion)
        if (answer === 'hang up') return connection.destroy()
        if (answer === 'silence') return
        const writer = new MessageWriter()
        encodeResponseHeader(writer, api, apiVersion, correlationId)
        api.response.codec(apiVersion).encode(writer, answer)
        connection.write(frameOf(writer.chunks()))
      })
    }, 1 << 26)
    connection.onData(
      () => frames.supplyBuffer(),
      byteCount => frames.onBytes(byteCount),
    )
    connection.onClose(() => {})
  }

  #answer(nodeId: number, api: AnyApi, request: unknown, version: number): unknown {
    switch (api) {
      case apiVersions:
        return { errorCode: 'NONE', apiKeys: [...OFFERED].map(one => this.#offer(one)) }
      case metadata:
        return this.#metadata(request as MetadataRequest)
      case initProducerId:
        return this.#initProducerId()
      default:
        return this.#produce(nodeId, request as ProduceRequest, version)
    }
  }

  #offer({ key, versions: [minVersion, maxVersion] }: AnyApi) {
    return { apiKey: key, minVersion, maxVersion: key === produce.key ? this.maxProduceVersion : maxVersion }
  }

  #metadata(request: MetadataRequest): MetadataResponseInput {
    this.askedFor.push((request.topics ?? []).map(({ name }) => name ?? ''))
    return {
      brokers: [...this.#listeners.keys()].map(nodeId => ({ nodeId, ...addressOf(nodeId) })),
      topics: (request.topics ?? []).map(({ name }) => {
        const topic = this.hidden.has(name ?? '') ? undefined : this.#topics.get(name ?? '')
        const refusal = this.refused.get(name ?? '')
        return {
          name,
          errorCode: refusal ?? (topic === undefined ? 'UNKNOWN_TOPIC_OR_PARTITION' : 'NONE'),
          ...(topic === undefined || !this.tellsTopicIds ? {} : { topicId: topic.id }),
          partitions: (topic?.partitions ?? []).map(({ leader, epoch }, partitionIndex) => ({
            errorCode: leader < 0 ? 'LEADER_NOT_AVAILABLE' : 'NONE',
            partitionIndex,
            leaderId: leader,
            leaderEpoch: epoch,
            replicaNodes: [],
            isrNodes: [],
          })),
        }
      }),
    }
  }

  #initProducerId(): InitProducerIdResponseInput {
    this.initCount.value++
    const errorCode = this.initFault()
    return errorCode === 'NONE'
      ? { errorCode, producerId: ++this.#lastProducerId, producerEpoch: this.firstEpoch }
      : { errorCode, producerEpoch: -1 }
  }

  async #produce(nodeId: number, { acks, topicData }: ProduceRequest, version: number): Promise<ProduceResponseInput | string> {
    const request = this.#requestCount++
    let end: string | undefined
    const responses: { name: string; topicId: Uuid; partitionResponses: ProducePartitionResponseInput[] }[] = []
    const nodeEndpoints: { nodeId: number; host: string; port: number; rack: null }[] = []
    for (const { name, topicId, partitionData } of topicData) {
      const [topic = '', found] = [...this.#topics].find(([known, { id }]) => (version >= 13 ? id === topicId : known === name)) ?? []
      const partitionResponses: ProducePartitionResponseInput[] = []
      for (const { index, records } of partitionData) {
        const log = found?.partitions[index]
        if (log === undefined) {
          partitionResponses.push({ index, errorCode: version >= 13 ? 'UNKNOWN_TOPIC_ID' : 'UNKNOWN_TOPIC_OR_PARTITION', baseOffset: -1 })
          continue
        }
        const view = new RecordBatchView(Buffer.from(records!))
        const stored = recordsOf(view)
        const values = stored.map(({ value }) => value)
        const batch = { nodeId, atMs: this.simulation.clock.monotonicMs(), version, acks, request, topic, partition: index, values, view }
        this.received.push(batch)
        const fault = this.fault(batch) ?? {}
        if (fault.delayMs !== undefined) await sleep(this.simulation.clock, fault.delayMs)
        if (fault.answer === 'hang up' || fault.answer === 'silence') end = fault.answer
        const faulty = fault.code !== undefined || fault.answer !== undefined
        const refusal = !view.isCrcValid()
          ? 'CORRUPT_MESSAGE'
          : view.sizeBytes > this.maxBatchBytes
            ? 'MESSAGE_TOO_LARGE'
            : log.leader !== nodeId
              ? 'NOT_LEADER_OR_FOLLOWER'
              : null
        const result =
          refusal !== null
            ? { code: refusal as ProduceCode, baseOffset: -1 }
            : faulty && fault.stored !== true
              ? { code: 'NONE' as const, baseOffset: -1 }
              : log.append(view, stored)
        if (fault.answer === 'left out') continue
        const errorCode = fault.code ?? result.code
        partitionResponses.push({
          index,
          errorCode,
          baseOffset: errorCode === 'NONE' ? result.baseOffset : -1,
          logAppendTimeMs: this.logAppendTime,
          ...(fault.blamed === undefined
            ? {}
            : {
                errorMessage: 'One or more records have been rejected',
                recordErrors: Object.entries(fault.blamed).map(([at, batchIndexErrorMessage]) => ({
                  batchIndex: Number(at),
                  batchIndexErrorMessage,
                })),
              }),
          ...(fault.leader === undefined ? {} : { currentLeader: { leaderId: fault.leader, leaderEpoch: log.epoch } }),
        })
        if (fault.leader !== undefined) nodeEndpoints.push({ nodeId: fault.leader, ...addressOf(fault.leader), rack: null })
      }
      responses.push({ name: version >= 13 ? '' : name, topicId, partitionResponses })
    }
    if (end !== undefined) return end
    return acks === 0 ? 'silence' : { responses, nodeEndpoints }
  }
}

const OFFERED: readonly AnyApi[] = [apiVersions, metadata, initProducerId, produce]

function addressOf(nodeId: number): Endpoint {
  return { host: `b${nodeId}`, port: 9092 }
}

function recordsOf(view: RecordBatchView): StoredRecord[] {
  return view.records(view.payload(codecs)).map(({ key, value, timestamp, headers }) => ({
    key: key === null ? null : String(key),
    value: value === null ? null : String(value),
    timestamp,
    headers: headers.map(header => [header.key, header.value === null ? null : String(header.value)]),
  }))
}

/** The error of a promise that has to fail. */
export function failure(promise: Promise<unknown>): Promise<KafkaError> {
  return promise.then(
    () => {
      throw new Error('it did not fail')
    },
    error => error,
  )
}
