import { type BrokerConnection, closedError, type KafkaClient } from '@logwerk/client'
import {
  type CompressionCodec,
  type CompressionCodecs,
  type ProducePartitionResponse,
  type ProduceRequestInput,
  type ProduceResponse,
  produce,
  RecordBatchView,
} from '@logwerk/protocol'
import {
  type BrokerErrorCode,
  brokerError,
  formatPlace,
  KafkaError,
  messageOf,
  RecordTooLargeError,
  refreshesMetadata,
  TimeoutError,
  type Timer,
  type World,
  ZERO_UUID,
} from '@logwerk/runtime'
import { asError } from './as-error.ts'
import type { DeliveryReports } from './delivery-reports.ts'
import type { PartitionQueue } from './partition-queue.ts'
import type { ProducerBatch } from './producer-batch.ts'
import type { ProducerConfig } from './producer-config.ts'
import { type ProducerIdentity, type ProducerStamp, UNIDENTIFIED } from './producer-identity.ts'
import type { RecordAccumulator } from './record-accumulator.ts'

export interface SenderOptions {
  readonly config: ProducerConfig
  /** Asked for the configured codec by `start`. */
  readonly codecs: CompressionCodecs
  /** Null without idempotence. */
  readonly identity: ProducerIdentity | null
  readonly reports: DeliveryReports
  /** Memory became free. */
  readonly onRelease: () => void
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
/** Failed attempts of a batch that nobody is told of: leaders move, and within a second all is well. */
const QUIET_ATTEMPTS = 4
/** Between two warnings that batches are sent again. */
const TELL_INTERVAL_MS = 10_000
const ACKS: Readonly<Record<string, number>> = { all: -1, '-1': -1, '1': 1, '0': 0 }

/** Refusals that say for sure that the batch is not in the log. Others may come when it was written and the leader then changed, say. */
const NOT_STORED: ReadonlySet<BrokerErrorCode> = new Set<BrokerErrorCode>([
  'CLUSTER_AUTHORIZATION_FAILED',
  'CORRUPT_MESSAGE',
  'INVALID_RECORD',
  'INVALID_REQUIRED_ACKS',
  'INVALID_TIMESTAMP',
  'INVALID_TOPIC_EXCEPTION',
  'MESSAGE_TOO_LARGE',
  'NOT_ENOUGH_REPLICAS',
  'POLICY_VIOLATION',
  'RECORD_LIST_TOO_LARGE',
  'TOPIC_AUTHORIZATION_FAILED',
  'UNSUPPORTED_COMPRESSION_TYPE',
  'UNSUPPORTED_FOR_MESSAGE_FORMAT',
])

/**
 * Moves batches to the brokers that lead their partitions: when a batch is full, has waited for `lingerMs`, or nothing else is on its
 * way to that broker. Several requests travel at once; what fails for a reason that passes is sent again, in order.
 */
export class Sender {
  readonly #client: KafkaClient
  readonly #world: World
  readonly #accumulator: RecordAccumulator
  readonly #options: SenderOptions
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
  /** Until then nothing more is said of batches that are sent again. */
  #tellAgainMs = Number.NEGATIVE_INFINITY
  #failure: Error | null = null
  #closed = false

  constructor(client: KafkaClient, accumulator: RecordAccumulator, options: SenderOptions) {
    this.#client = client
    this.#world = client.world
    this.#accumulator = accumulator
    this.#options = options
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
      return this.#failAll(this.#failure)
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
    this.run()
  }

  /** Sends what may be sent, now. */
  run(): void {
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
    this.#failAll(this.#failure)
  }

  /** Fails everything that is under way. */
  #failAll(error: Error): void {
    for (const batch of [...this.#accumulator.incomplete]) {
      batch.bytesLent = true
      this.#fail(batch, error)
    }
  }

  /** What new batches are numbered under; null while that has to be asked for. */
  #currentStamp(): ProducerStamp | null {
    const { identity } = this.#options
    if (identity === null) return UNIDENTIFIED
    if (identity.fatal !== null) this.#failAll(identity.fatal)
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
        this.#answered(batches, response, topicData, nodeId)
        this.wake()
      },
      error => {
        node.inFlight--
        this.#lost(batches, error)
        this.wake()
      },
    )
  }

  /** The bytes to send; null if they cannot be made, and the records have failed with it. */
  #seal(batch: ProducerBatch): Buffer | null {
    try {
      return batch.seal(this.#codec, this.#level)
    } catch (error) {
      this.#giveUp(batch, asError(error))
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
      return this.#lost(batches, error)
    }
    for (const batch of batches) {
      // Nobody tells when the bytes have left.
      batch.bytesLent = true
      this.#succeed(batch, -1, -1)
    }
  }

  #answered(batches: readonly ProducerBatch[], response: ProduceResponse, topics: readonly TopicBatches[], nodeId: number): void {
    const answers = new Map<string, ProducePartitionResponse>()
    for (const { name, topicId, partitionResponses } of response.responses) {
      const topic = name !== '' ? name : topics.find(sent => sent.topicId === topicId)?.name
      for (const answer of partitionResponses) answers.set(`${topic}/${answer.index}`, answer)
    }
    for (const { nodeId: id, host, port } of response.nodeEndpoints) this.#client.metadata.addNode(id, { host, port })
    for (const batch of batches) {
      // It ran out of time meanwhile.
      if (batch.isDone) continue
      const { topic, partition } = batch.queue
      const answer = answers.get(`${topic}/${partition}`)
      if (answer === undefined) {
        const at = { topic, partition, broker: nodeId }
        this.#lost(
          [batch],
          new KafkaError('NETWORK_EXCEPTION', `${topic}-${partition}: broker ${nodeId} left it out of its answer`, { at }),
        )
      } else if (answer.errorCode === 'NONE') this.#succeed(batch, answer.baseOffset, answer.logAppendTimeMs)
      else this.#refused(batch, answer, nodeId)
    }
  }

  #refused(batch: ProducerBatch, answer: ProducePartitionResponse, nodeId: number): void {
    const { topic, partition } = batch.queue
    const { errorCode, errorMessage, currentLeader, recordErrors } = answer
    const detail = errorMessage ?? recordErrors[0]?.batchIndexErrorMessage ?? null
    const error = brokerError(errorCode, { topic, partition, broker: nodeId }, detail)
    if (!NOT_STORED.has(errorCode)) batch.outcomeUnknown = true
    switch (errorCode) {
      // Stored the first time that it came, whose answer was lost.
      case 'DUPLICATE_SEQUENCE_NUMBER':
        return this.#succeed(batch, -1, -1)
      case 'MESSAGE_TOO_LARGE':
        if (batch.recordCount > 1) return this.#split(batch)
        return this.#giveUp(batch, tooLarge(batch, nodeId, detail))
      case 'OUT_OF_ORDER_SEQUENCE_NUMBER':
      case 'UNKNOWN_PRODUCER_ID':
      case 'INVALID_PRODUCER_EPOCH':
      case 'PRODUCER_FENCED':
        return this.#outOfOrder(batch, error)
      default: {
        let waits = true
        if (refreshesMetadata(errorCode)) {
          // A broker that names the new leader spares the search, and the wait (KIP-951).
          const { metadata } = this.#client
          metadata.updateLeader(topic, partition, currentLeader.leaderId, currentLeader.leaderEpoch)
          waits = metadata.topic(topic)?.partitions[partition]?.leader === nodeId
          if (waits) this.#client.refreshSoon()
        }
        if (error.retriable) this.#retryOrGiveUp(batch, error, waits)
        else this.#giveUp(batch, error, recordErrors.length === 0 ? undefined : errorByRecord(answer, error))
      }
    }
  }

  #outOfOrder(batch: ProducerBatch, error: KafkaError): void {
    const { queue, stamp } = batch
    const { identity } = this.#options
    if (identity === null || stamp === null) return this.#giveUp(batch, error)
    // A batch that follows one that was not stored only has to wait for its turn.
    if (queue.hasEarlier(batch)) {
      batch.outcomeUnknown = false
      return this.#retryOrGiveUp(batch, error, false)
    }
    // Otherwise the log lacks what comes before, and the old sequences are of no use any more (KIP-360).
    queue.notStoredFrom(batch)
    if (error.code === 'OUT_OF_ORDER_SEQUENCE_NUMBER' || error.code === 'UNKNOWN_PRODUCER_ID') identity.bump(stamp)
    // Without transactions nobody fences: the broker knows a later epoch of an id that is ours alone, so that id is spoilt.
    else identity.discard(stamp)
    this.#retryOrGiveUp(batch, error, true)
  }

  #lost(batches: readonly ProducerBatch[], error: unknown): void {
    this.#client.refreshSoon()
    const kafkaError = error instanceof KafkaError ? error : new KafkaError('UNKNOWN_SERVER_ERROR', messageOf(error), { cause: error })
    for (const batch of batches) {
      if (batch.isDone) continue
      // A request in a version that the broker lacks was never written, and cannot have been stored.
      if (kafkaError.code !== 'UNSUPPORTED_VERSION') batch.outcomeUnknown = true
      batch.bytesLent = true
      if (kafkaError.retriable) this.#retryOrGiveUp(batch, kafkaError, true)
      else this.#giveUp(batch, kafkaError)
    }
  }

  #retryOrGiveUp(batch: ProducerBatch, error: KafkaError, waits: boolean): void {
    const { config } = this.#options
    const nowMs = this.#world.clock.monotonicMs()
    batch.lastError = error
    if (batch.attempts > config.retries) return this.#giveUp(batch, error)
    if (batch.createdMs + config.deliveryTimeoutMs <= nowMs) return this.#giveUp(batch, this.#deliveryTimeout(batch))
    if (batch.attempts >= QUIET_ATTEMPTS) this.#tellRetry(batch, error, nowMs)
    batch.notBeforeMs = waits ? nowMs + this.#client.retryWaitMs(batch.attempts - 1) : nowMs
    batch.queue.putBack(batch)
  }

  /** Whoever waits for minutes should know for what (Java's Sender warns of every retry). */
  #tellRetry({ queue, attempts }: ProducerBatch, error: KafkaError, nowMs: number): void {
    if (nowMs < this.#tellAgainMs) return
    this.#tellAgainMs = nowMs + TELL_INTERVAL_MS
    const { topic, partition } = queue
    this.#world.log.warn('records are not taken yet; they are sent again until deliveryTimeoutMs is over', {
      topic,
      partition,
      attempts,
      error: error.message,
    })
  }

  /** The end of a batch that was not delivered, as far as is known. */
  #giveUp(batch: ProducerBatch, error: Error, errorOf?: (index: number) => Error): void {
    const { queue, stamp } = batch
    // What follows is numbered as if it were there, and is refused if it is not: only a new epoch closes that gap.
    if (stamp !== null) {
      if (!batch.outcomeUnknown && queue.isNumberedLast(batch)) queue.unnumber(batch)
      else this.#options.identity?.bump(stamp)
    }
    this.#fail(batch, error, errorOf)
  }

  #split(batch: ProducerBatch): void {
    const view = new RecordBatchView(batch.seal(this.#codec, this.#level))
    const parts = this.#accumulator.split(batch, view.records(view.payload(this.#options.codecs)))
    batch.queue.putBack(...parts)
    batch.queue.inFlight.delete(batch)
    this.#accumulator.release(batch)
    this.wake()
  }

  #succeed(batch: ProducerBatch, baseOffset: number, logAppendTime: number): void {
    batch.queue.stored(batch)
    this.#remove(batch)
    batch.succeed(baseOffset, logAppendTime, this.#options.reports.onCallbackThrown)
    this.#options.onRelease()
  }

  #fail(batch: ProducerBatch, error: Error, errorOf?: (index: number) => Error): void {
    if (batch.isDone) return
    this.#remove(batch)
    const { topic, partition } = batch.queue
    const { reports, onRelease } = this.#options
    const recordCount = batch.fail(error, reports.onCallbackThrown, errorOf)
    if (recordCount > 0) reports.unheard(error, { topic, partition, recordCount })
    onRelease()
  }

  #remove(batch: ProducerBatch): void {
    const { queue } = batch
    if (!queue.inFlight.delete(batch)) {
      for (const list of [queue.waiting, queue.retries]) {
        const at = list.indexOf(batch)
        if (at >= 0) list.splice(at, 1)
      }
    }
    this.#accumulator.release(batch)
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
        if (inFlight.has(batch)) {
          batch.outcomeUnknown = true
          batch.bytesLent = true
        }
        this.#giveUp(batch, this.#deliveryTimeout(batch))
      }
    }
    this.#expiryAtMs = earliestMs + deliveryTimeoutMs
    if (earliestMs < Number.POSITIVE_INFINITY) this.#wakeAt(this.#expiryAtMs)
  }

  #deliveryTimeout(batch: ProducerBatch): TimeoutError {
    const { topic, partition } = batch.queue
    const reason =
      this.#leaderless(topic, partition) ??
      this.#nodes.get(this.#client.metadata.topic(topic)!.partitions[partition]!.leader)?.connectError ??
      batch.lastError ??
      this.#options.identity?.lastError ??
      undefined
    const why = reason === undefined ? '' : `: ${messageOf(reason)}`
    return new TimeoutError(
      `${topic}-${partition}: ${batch.recordCount} records were not delivered within deliveryTimeoutMs (${this.#options.config.deliveryTimeoutMs})${why}`,
      { at: { topic, partition }, cause: reason },
    )
  }

  /** Why the batches of a partition have nowhere to go; null if they have. */
  #leaderless(topic: string, partition: number): unknown {
    const { metadata, lastRefreshError } = this.#client
    const known = metadata.topic(topic)
    if (known !== undefined && (known.partitions[partition]?.leader ?? -1) >= 0) return null
    if (lastRefreshError !== null) return lastRefreshError
    if (known === undefined) return brokerError(metadata.errorOf(topic) ?? 'UNKNOWN_TOPIC_OR_PARTITION', { topic })
    return brokerError(known.partitions[partition] === undefined ? 'UNKNOWN_TOPIC_OR_PARTITION' : 'LEADER_NOT_AVAILABLE', {
      topic,
      partition,
    })
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
      this.run()
    })
  }
}

/** What each record of a refused batch hears: what was wrong with it, or that it was others (KIP-467). */
function errorByRecord({ errorCode, errorMessage, recordErrors }: ProducePartitionResponse, { at }: KafkaError): (index: number) => Error {
  const reasons = new Map(recordErrors.map(({ batchIndex, batchIndexErrorMessage }) => [batchIndex, batchIndexErrorMessage]))
  const innocent = brokerError(errorCode, at, `its batch was refused for ${recordErrors.length} other records in it`)
  return index => (reasons.has(index) ? brokerError(errorCode, at, reasons.get(index) ?? errorMessage) : innocent)
}

function tooLarge({ queue: { topic, partition }, sizeBytes }: ProducerBatch, broker: number, detail: string | null): RecordTooLargeError {
  const at = { topic, partition, broker }
  const why = detail ?? "more than the topic's max.message.bytes or the broker's message.max.bytes allows"
  const message = `${formatPlace(at)}: the record takes ${sizeBytes} bytes: ${why}; raise max.message.bytes, or send less (MESSAGE_TOO_LARGE)`
  return new RecordTooLargeError(message, sizeBytes, -1, { at })
}
