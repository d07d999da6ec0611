import { type BrokerConnection, closedError, type KafkaClient } from '@logwerk/client'
import { type CompressionCodec, type ProduceRequestInput, produce } from '@logwerk/protocol'
import { type Timer, type World, ZERO_UUID } from '@logwerk/runtime'
import { asError } from './as-error.ts'
import { BatchOutcomes, type OutcomeOptions } from './batch-outcomes.ts'
import type { PartitionQueue } from './partition-queue.ts'
import type { ProducerBatch } from './producer-batch.ts'
import { type ProducerStamp, UNIDENTIFIED } from './producer-identity.ts'
import type { RecordAccumulator } from './record-accumulator.ts'

export interface SenderOptions extends OutcomeOptions {
  /** A partition's last waiting batch left. */
  readonly onDrained: (queue: PartitionQueue) => void
}

interface NodeState {
  inFlight: number
  connecting: boolean
  /** Why the last attempt to connect failed. */
  connectError: unknown
  /** Where the next request starts among the partitions, so that none starves when not all fit. */
  turn: number
}

/** What goes into a request for one topic. */
interface TopicBatches {
  readonly name: string
  readonly topicId: string
  readonly partitionData: { index: number; records: Buffer }[]
}

/** First version of Produce that goes by topic id. */
const TOPIC_ID_VERSION = 13
const ACKS: Readonly<Record<string, number>> = { all: -1, '-1': -1, '1': 1, '0': 0 }

/**
 * Moves batches to the brokers that lead their partitions: when a batch is full, has waited for `lingerMs`, or nothing else is on its
 * way to that broker. Several requests travel at once; what fails for a reason that passes is sent again, in order.
 */
export class Sender {
  readonly #client: KafkaClient
  readonly #world: World
  readonly #accumulator: RecordAccumulator
  readonly #options: SenderOptions
  readonly #outcomes: BatchOutcomes
  readonly #acks: number
  #codec: CompressionCodec | undefined
  #level: number | undefined
  readonly #nodes = new Map<number, NodeState>()
  readonly #watched = new WeakSet<BrokerConnection>()
  /** Filled and emptied by each run. */
  readonly #byNode = new Map<number, PartitionQueue[]>()
  #started = false
  #scheduled = false
  #timer: Timer | null = null
  #timerAtMs = Number.POSITIVE_INFINITY
  /** No batch runs out of time before. */
  #expiryAtMs = Number.POSITIVE_INFINITY
  #flushes = 0
  #failure: Error | null = null
  #closed = false

  constructor(client: KafkaClient, accumulator: RecordAccumulator, options: SenderOptions) {
    this.#client = client
    this.#world = client.world
    this.#accumulator = accumulator
    this.#options = options
    this.#outcomes = new BatchOutcomes(client, accumulator, options, nodeId => this.#nodes.get(nodeId)?.connectError)
    this.#acks = ACKS[options.config.acks]!
    client.onMetadata(() => this.wake())
  }

  /** Why nothing can be sent at all: the codec cannot run here, or this was closed. Null if it can. */
  get failure(): Error | null {
    return this.#failure
  }

  get isClosed(): boolean {
    return this.#closed
  }

  /** Begins to send; the codec has to be ready. If it cannot run here, everything fails. */
  start(): void {
    if (this.#closed) return
    const { config, codecs } = this.#options
    const { compressionType } = config
    try {
      this.#codec = compressionType === 'none' ? undefined : codecs.get(compressionType)
    } catch (error) {
      this.#failure = asError(error)
      return this.#outcomes.failAll(this.#failure)
    }
    this.#level = {
      none: undefined,
      snappy: undefined,
      gzip: config.compressionGzipLevel,
      lz4: config.compressionLz4Level,
      zstd: config.compressionZstdLevel,
    }[compressionType]
    this.#started = true
    this.wake()
  }

  /** There may be something to send: looked into at the end of this turn, so that all of the turn's records travel together. */
  wake(): void {
    if (this.#scheduled || this.#closed) return
    this.#scheduled = true
    this.#world.clock.soon(this.#runSoon)
  }

  readonly #runSoon = () => {
    this.#scheduled = false
    this.#run()
  }

  /** Sends what may be sent, now. */
  #run(): void {
    if (this.#closed || !this.#started || this.#accumulator.active.size === 0) return
    const nowMs = this.#world.clock.monotonicMs()
    this.#expire(nowMs)
    const current = this.#currentStamp()
    const byNode = this.#byNode
    for (const queue of this.#accumulator.active) {
      if (queue.next(current) === null) continue
      const leader = this.#client.metadata.topic(queue.topic)?.partitions[queue.partition]?.leader ?? -1
      if (leader < 0) {
        this.#client.refreshSoon()
        continue
      }
      const queues = byNode.get(leader)
      if (queues === undefined) byNode.set(leader, [queue])
      else queues.push(queue)
    }
    for (const [nodeId, queues] of byNode) this.#sendTo(nodeId, queues, current, nowMs)
    byNode.clear()
  }

  /** While a flush is under way no batch lingers. */
  beginFlush(): void {
    this.#flushes++
    this.wake()
  }

  endFlush(): void {
    this.#flushes--
  }

  /** Fails what has not been delivered. Idempotent. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#timer?.cancel()
    this.#failure = closedError()
    this.#outcomes.failAll(this.#failure)
  }

  /** What new batches are numbered under; null while that has to be asked for. */
  #currentStamp(): ProducerStamp | null {
    const { identity } = this.#options
    if (identity === null) return UNIDENTIFIED
    if (identity.fatal !== null) this.#outcomes.failAll(identity.fatal)
    else if (identity.current === null) identity.ask(() => this.wake())
    return identity.current
  }

  #sendTo(nodeId: number, queues: readonly PartitionQueue[], current: ProducerStamp | null, nowMs: number): void {
    const node = this.#nodeOf(nodeId)
    const connection = this.#client.peek(nodeId)
    if (connection === null) return this.#connect(nodeId, node)
    while (node.inFlight < this.#options.config.maxInFlightRequestsPerConnection && !connection.isCongested) {
      const batches = this.#drain(node, queues, current, nowMs)
      if (batches.length === 0) return
      this.#send(node, nodeId, connection, batches)
    }
  }

  /** The batches of the next request to a node: at most one per partition. */
  #drain(node: NodeState, queues: readonly PartitionQueue[], current: ProducerStamp | null, nowMs: number): ProducerBatch[] {
    const batches: ProducerBatch[] = []
    let sizeBytes = 0
    const from = node.turn % queues.length
    for (let index = 0; index < queues.length; index++) {
      const place = (from + index) % queues.length
      const queue = queues[place]!
      const batch = queue.next(current)
      if (batch === null || !this.#mayLeave(queue, batch, node, nowMs)) continue
      if (batches.length > 0 && sizeBytes + batch.sizeBytes > this.#options.config.maxRequestSize) {
        node.turn = place
        break
      }
      queue.take(batch)
      if (queue.waiting.length === 0) this.#options.onDrained(queue)
      sizeBytes += batch.sizeBytes
      batches.push(batch)
    }
    return batches
  }

  #mayLeave(queue: PartitionQueue, batch: ProducerBatch, node: NodeState, nowMs: number): boolean {
    if (batch.notBeforeMs > nowMs) {
      this.#wakeAt(batch.notBeforeMs)
      return false
    }
    if (
      queue.retries.length > 0 ||
      this.#flushes > 0 ||
      node.inFlight === 0 ||
      this.#accumulator.isFull ||
      this.#accumulator.isBatchFull(queue)
    )
      return true
    const lingerEndMs = batch.createdMs + this.#options.config.lingerMs
    if (lingerEndMs <= nowMs) return true
    this.#wakeAt(lingerEndMs)
    return false
  }

  #send(node: NodeState, nodeId: number, connection: BrokerConnection, drained: readonly ProducerBatch[]): void {
    const topics = new Map<string, TopicBatches>()
    const batches: ProducerBatch[] = []
    let idsKnown = true
    for (const batch of drained) {
      const { queue } = batch
      const records = this.#seal(batch)
      if (records === null) continue
      batch.attempts++
      batches.push(batch)
      let topic = topics.get(queue.topic)
      if (topic === undefined) {
        const topicId = this.#client.metadata.topic(queue.topic)?.id ?? ZERO_UUID
        idsKnown &&= topicId !== ZERO_UUID
        topic = { name: queue.topic, topicId, partitionData: [] }
        topics.set(queue.topic, topic)
      }
      topic.partitionData.push({ index: queue.partition, records })
    }
    if (batches.length === 0) return
    const topicData = [...topics.values()]
    const request = { acks: this.#acks, timeoutMs: this.#options.config.requestTimeoutMs, topicData }
    const version = idsKnown ? {} : { maxVersion: TOPIC_ID_VERSION - 1 }
    if (this.#acks === 0) return this.#sendWithoutAnswer(connection, request, version, batches)
    node.inFlight++
    connection.send(produce, request, version).then(
      response => {
        node.inFlight--
        this.#outcomes.answered(batches, response, topicData, nodeId)
        this.wake()
      },
      error => {
        node.inFlight--
        this.#outcomes.lost(batches, error)
        this.wake()
      },
    )
  }

  /** The bytes to send; null if they cannot be made, and the records have failed with it. */
  #seal(batch: ProducerBatch): Buffer | null {
    try {
      return batch.seal(this.#codec, this.#level)
    } catch (error) {
      this.#outcomes.giveUp(batch, asError(error))
      return null
    }
  }

  #sendWithoutAnswer(
    connection: BrokerConnection,
    request: ProduceRequestInput,
    version: { readonly maxVersion?: number },
    batches: readonly ProducerBatch[],
  ): void {
    if (!this.#watched.has(connection)) {
      this.#watched.add(connection)
      connection.onDrain(() => this.wake())
      // The only way in which a broker can say that something went wrong.
      connection.onClose(() => this.#client.refreshSoon())
    }
    try {
      connection.sendWithoutAnswer(produce, request, version)
    } catch (error) {
      return this.#outcomes.lost(batches, error)
    }
    for (const batch of batches) {
      // Nobody tells when the bytes have left.
      batch.bytesLent = true
      this.#outcomes.succeed(batch, -1, -1)
    }
  }

  /** Gives up what has run out of time, also in flight. */
  #expire(nowMs: number): void {
    const { deliveryTimeoutMs } = this.#options.config
    if (this.#expiryAtMs > nowMs && this.#expiryAtMs < Number.POSITIVE_INFINITY) return this.#wakeAt(this.#expiryAtMs)
    let earliestMs = Number.POSITIVE_INFINITY
    for (const queue of this.#accumulator.active) {
      const { inFlight, retries, waiting } = queue
      for (const batch of [...inFlight, ...retries, ...waiting]) {
        if (batch.createdMs + deliveryTimeoutMs > nowMs) {
          earliestMs = Math.min(earliestMs, batch.createdMs)
          continue
        }
        this.#outcomes.outOfTime(batch)
      }
    }
    this.#expiryAtMs = earliestMs + deliveryTimeoutMs
    if (earliestMs < Number.POSITIVE_INFINITY) this.#wakeAt(this.#expiryAtMs)
  }

  #connect(nodeId: number, node: NodeState): void {
    if (node.connecting) return
    node.connecting = true
    const ended = (error: unknown) => {
      node.connecting = false
      node.connectError = error
    }
    this.#client.connect(nodeId).then(
      () => {
        ended(null)
        this.wake()
      },
      error => {
        ended(error)
        if (this.#closed) return
        this.#client.refreshSoon()
        // The metadata may show another way, and wakes this too.
        this.#wakeAt(this.#world.clock.monotonicMs() + this.#client.retryWaitMs(0))
      },
    )
  }

  #nodeOf(nodeId: number): NodeState {
    let node = this.#nodes.get(nodeId)
    if (node === undefined) {
      node = { inFlight: 0, connecting: false, connectError: null, turn: 0 }
      this.#nodes.set(nodeId, node)
    }
    return node
  }

  #wakeAt(atMs: number): void {
    if (this.#timer !== null && this.#timerAtMs <= atMs) return
    this.#timer?.cancel()
    this.#timerAtMs = atMs
    this.#timer = this.#world.clock.setTimer(Math.max(atMs - this.#world.clock.monotonicMs(), 0), () => {
      this.#timer = null
      this.#timerAtMs = Number.POSITIVE_INFINITY
      this.#run()
    })
  }
}
