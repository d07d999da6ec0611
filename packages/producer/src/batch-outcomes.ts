import { asKafkaError, type KafkaClient } from '@logwerk/client'
import { type CompressionCodecs, type ProducePartitionResponse, type ProduceResponse, RecordBatchView } from '@logwerk/protocol'
import {
  assert,
  type BrokerErrorCode,
  brokerError,
  type Clock,
  formatPlace,
  KafkaError,
  messageOf,
  RecordTooLargeError,
  refreshesMetadata,
  TimeoutError,
} from '@logwerk/runtime'
import type { DeliveryReports } from './delivery-reports.ts'
import type { ProducerBatch } from './producer-batch.ts'
import type { ProducerConfig } from './producer-config.ts'
import type { ProducerIdentity } from './producer-identity.ts'
import type { RecordAccumulator } from './record-accumulator.ts'

export interface OutcomeOptions {
  readonly config: ProducerConfig
  readonly codecs: CompressionCodecs
  /** Null without idempotence. */
  readonly identity: ProducerIdentity | null
  readonly reports: DeliveryReports
  /** Memory became free. */
  readonly onRelease: () => void
}

/** Failed attempts of a batch that nobody is told of: leaders move, and within a second all is well. */
const QUIET_ATTEMPTS = 4
/** Between two warnings that batches are sent again. */
const TELL_INTERVAL_MS = 10_000

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
 * What becomes of batches: they are stored, or put back to be sent again, or their records fail. Decides it from what the brokers answer,
 * or from their silence, and tells those who wait.
 */
export class BatchOutcomes {
  readonly #client: KafkaClient
  readonly #clock: Clock
  readonly #accumulator: RecordAccumulator
  readonly #options: OutcomeOptions
  readonly #connectErrorOf: (nodeId: number) => unknown
  /** Until then nothing more is said of batches that are sent again. */
  #tellAgainMs = Number.NEGATIVE_INFINITY

  /** @param connectErrorOf  Why the last attempt to connect to a node failed; null or undefined if it did not. */
  constructor(client: KafkaClient, accumulator: RecordAccumulator, options: OutcomeOptions, connectErrorOf: (nodeId: number) => unknown) {
    this.#client = client
    this.#clock = client.world.clock
    this.#accumulator = accumulator
    this.#options = options
    this.#connectErrorOf = connectErrorOf
  }

  /** A broker answered a request with these batches. @param topics  Those of the request, for answers that go by id. */
  answered(
    batches: readonly ProducerBatch[],
    response: ProduceResponse,
    topics: readonly { readonly name: string; readonly topicId: string }[],
    nodeId: number,
  ): void {
    const answers = new Map<string, ProducePartitionResponse>()
    const names = new Map(topics.map(sent => [sent.topicId, sent.name]))
    for (const { name, topicId, partitionResponses } of response.responses) {
      const topic = name !== '' ? name : names.get(topicId)
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
        this.lost([batch], new KafkaError('NETWORK_EXCEPTION', `${topic}-${partition}: broker ${nodeId} left it out of its answer`, { at }))
      } else if (answer.errorCode === 'NONE') this.succeed(batch, answer.baseOffset, answer.logAppendTimeMs)
      else this.#refused(batch, answer, nodeId)
    }
  }

  /** No answer came, or will come. */
  lost(batches: readonly ProducerBatch[], error: unknown): void {
    this.#client.refreshSoon()
    const kafkaError = asKafkaError(error)
    for (const batch of batches) {
      if (batch.isDone) continue
      // A request in a version that the broker lacks was never written, and cannot have been stored.
      if (kafkaError.code !== 'UNSUPPORTED_VERSION') batch.outcomeUnknown = true
      batch.bytesLent = true
      if (kafkaError.retriable) this.#retryOrGiveUp(batch, kafkaError, true)
      else this.giveUp(batch, kafkaError)
    }
  }

  /** `baseOffset` -1: unknown. `logAppendTime` -1: the records' own times hold. */
  succeed(batch: ProducerBatch, baseOffset: number, logAppendTime: number): void {
    batch.queue.stored(batch)
    this.#remove(batch)
    batch.succeed(baseOffset, logAppendTime, this.#options.reports.onCallbackThrown)
    this.#options.onRelease()
  }

  /** A batch was not delivered within `deliveryTimeoutMs`. */
  outOfTime(batch: ProducerBatch): void {
    if (batch.queue.inFlight.has(batch)) {
      batch.outcomeUnknown = true
      batch.bytesLent = true
    }
    this.giveUp(batch, this.#deliveryTimeout(batch))
  }

  /** The end of a batch that was not delivered, as far as is known. */
  giveUp(batch: ProducerBatch, error: Error, errorOf?: (index: number) => Error): void {
    const { queue, stamp } = batch
    // What follows is numbered as if it were there, and is refused if it is not: only a new epoch closes that gap.
    if (stamp !== null) {
      if (!batch.outcomeUnknown && queue.isNumberedLast(batch)) queue.unnumber(batch)
      else this.#options.identity?.bump(stamp)
    }
    this.#fail(batch, error, errorOf)
  }

  /** Fails everything that is under way. */
  failAll(error: Error): void {
    for (const batch of [...this.#accumulator.incomplete]) {
      batch.bytesLent = true
      this.#fail(batch, error)
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
        return this.succeed(batch, -1, -1)
      case 'MESSAGE_TOO_LARGE':
        if (batch.recordCount > 1) return this.#split(batch)
        return this.giveUp(batch, tooLarge(batch, nodeId, detail))
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
        else this.giveUp(batch, error, recordErrors.length === 0 ? undefined : errorByRecord(answer, error))
      }
    }
  }

  #outOfOrder(batch: ProducerBatch, error: KafkaError): void {
    const { queue, stamp } = batch
    const { identity } = this.#options
    if (identity === null || stamp === null) return this.giveUp(batch, error)
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

  #retryOrGiveUp(batch: ProducerBatch, error: KafkaError, waits: boolean): void {
    const { config } = this.#options
    const nowMs = this.#clock.monotonicMs()
    batch.lastError = error
    if (batch.attempts > config.retries) return this.giveUp(batch, error)
    if (batch.createdMs + config.deliveryTimeoutMs <= nowMs) return this.giveUp(batch, this.#deliveryTimeout(batch))
    if (batch.attempts >= QUIET_ATTEMPTS) this.#tellRetry(batch, error, nowMs)
    batch.notBeforeMs = waits ? nowMs + this.#client.retryWaitMs(batch.attempts - 1) : nowMs
    batch.queue.putBack(batch)
  }

  /** Whoever waits for minutes should know for what (Java's Sender warns of every retry). */
  #tellRetry({ queue, attempts }: ProducerBatch, error: KafkaError, nowMs: number): void {
    if (nowMs < this.#tellAgainMs) return
    this.#tellAgainMs = nowMs + TELL_INTERVAL_MS
    const { topic, partition } = queue
    this.#client.world.log.warn('records are not taken yet; they are sent again until deliveryTimeoutMs is over', {
      topic,
      partition,
      attempts,
      error: error.message,
    })
  }

  /** It is sent again in halves. */
  #split(batch: ProducerBatch): void {
    const { sealedBytes } = batch
    assert(sealedBytes !== null, 'a batch was refused that was never sent')
    const view = new RecordBatchView(sealedBytes)
    const parts = this.#accumulator.split(batch, view.records(view.payload(this.#options.codecs)))
    batch.queue.putBack(...parts)
    batch.queue.inFlight.delete(batch)
    this.#accumulator.release(batch)
    // Counted from their own first record the halves may be smaller.
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

  #deliveryTimeout(batch: ProducerBatch): TimeoutError {
    const { topic, partition } = batch.queue
    const reason =
      this.#leaderless(topic, partition) ??
      this.#connectErrorOf(this.#client.metadata.topic(topic)!.partitions[partition]!.leader) ??
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
