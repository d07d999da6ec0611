import { RECORDS_AT, type ValueWriter } from '@logwerk/protocol'
import { type Clock, type Headers, type MutableHeaders, RecordTooLargeError } from '@logwerk/runtime'
import { BufferPool } from './buffer-pool.ts'
import { PartitionQueue } from './partition-queue.ts'
import { ProducerBatch } from './producer-batch.ts'

export interface AccumulatorOptions {
  readonly batchSize: number
  readonly maxBatchFillBytes: number
  readonly maxRequestSize: number
  readonly bufferMemory: number
  readonly maxInFlightRequestsPerConnection: number
}

/** Room that the request around a single batch takes; the limit is for the request. */
const REQUEST_OVERHEAD_BYTES = 512

/**
 * Collects records into batches, one open batch per partition, within a bounded memory. Records are written into the buffer that will
 * be sent.
 */
export class RecordAccumulator {
  readonly #options: AccumulatorOptions
  readonly #clock: Clock
  readonly #pool: BufferPool
  readonly #batchLimitBytes: number
  readonly #fillBytes: number
  readonly #queues = new Map<string, (PartitionQueue | undefined)[]>()
  #usedBytes = 0
  /** Partitions with anything under way. */
  readonly active = new Set<PartitionQueue>()
  /** Batches whose fate is not known yet. */
  readonly incomplete = new Set<ProducerBatch>()

  constructor(options: AccumulatorOptions, clock: Clock) {
    this.#options = options
    this.#clock = clock
    this.#pool = new BufferPool(options.bufferMemory)
    this.#batchLimitBytes = Math.min(Math.max(options.maxRequestSize - REQUEST_OVERHEAD_BYTES, RECORDS_AT), options.bufferMemory)
    this.#fillBytes = Math.min(Math.max(options.maxBatchFillBytes, options.batchSize), this.#batchLimitBytes)
  }

  get usedBytes(): number {
    return this.#usedBytes
  }

  /** True when the memory is used up: records have to wait. */
  get isFull(): boolean {
    return this.#usedBytes >= this.#options.bufferMemory
  }

  /** The queues of a topic, by partition; {@link queueOf} fills the list. */
  queuesOf(topic: string): (PartitionQueue | undefined)[] {
    let queues = this.#queues.get(topic)
    if (queues === undefined) {
      queues = []
      this.#queues.set(topic, queues)
    }
    return queues
  }

  queueOf(topic: string, partition: number): PartitionQueue {
    const queues = this.queuesOf(topic)
    let queue = queues[partition]
    if (queue === undefined) {
      queue = new PartitionQueue(topic, partition, this.#options.maxInFlightRequestsPerConnection)
      queues[partition] = queue
    }
    return queue
  }

  /** Batches that wait in a partition; -1 before its first record. */
  queueLength(topic: string, partition: number): number {
    const queue = this.#queues.get(topic)?.[partition]
    return queue === undefined ? -1 : queue.waiting.length + queue.retries.length
  }

  /** True if the next record to the partition begins a batch. */
  wouldOpenBatch(queue: PartitionQueue): boolean {
    return this.#openBatch(queue) === null
  }

  /**
   * Adds a record whose value is bytes. Returns its batch.
   *
   * @throws RecordTooLargeError; nothing was added then.
   */
  append(queue: PartitionQueue, timestamp: number, key: Uint8Array | null, value: Uint8Array | null, headers: Headers): ProducerBatch {
    let batch = this.#openBatch(queue) ?? this.#newBatch(queue)
    try {
      batch.builder.append(timestamp, key, value, headers)
      if (batch.builder.sizeBytes > this.#batchLimitBytes) {
        batch = this.#afterOverflow(batch)
        batch.builder.append(timestamp, key, value, headers)
        this.#checkAlone(batch)
      }
    } catch (error) {
      this.#dropIfEmpty(batch)
      throw error
    }
    return this.#added(batch)
  }

  /** Adds a record whose value is written in place. Returns its batch. @throws RecordTooLargeError, or what the serializer threw. */
  appendInto<V, C>(
    queue: PartitionQueue,
    timestamp: number,
    key: Uint8Array | null,
    value: V,
    by: ValueWriter<V, C>,
    context: C,
    headers: MutableHeaders,
  ): ProducerBatch {
    let batch = this.#openBatch(queue) ?? this.#newBatch(queue)
    const headerCount = headers.length
    try {
      batch.builder.appendInto(timestamp, key, value, by, context, headers)
      if (batch.builder.sizeBytes > this.#batchLimitBytes) {
        batch = this.#afterOverflow(batch)
        // The serializer is asked once more, and would add its headers once more.
        headers.length = headerCount
        batch.builder.appendInto(timestamp, key, value, by, context, headers)
        this.#checkAlone(batch)
      }
    } catch (error) {
      this.#dropIfEmpty(batch)
      throw error
    }
    return this.#added(batch)
  }

  /** True if the partition's oldest batch need not wait for more records. */
  isBatchFull({ waiting }: PartitionQueue): boolean {
    return waiting.length > 1 || (waiting.length === 1 && this.#isFilled(waiting[0]!))
  }

  /** True if the partition's youngest batch has its `batchSize`, or there is none. */
  isLastBatchFull({ waiting }: PartitionQueue): boolean {
    return waiting.length === 0 || this.#isFilled(waiting[waiting.length - 1]!)
  }

  /** A batch's fate is known: its memory is free again. */
  release(batch: ProducerBatch): void {
    this.#usedBytes -= batch.heldBytes
    batch.heldBytes = 0
    this.incomplete.delete(batch)
    if (batch.queue.isIdle) this.active.delete(batch.queue)
    // Compressed or not, the records lie in the builder's buffer.
    if (!batch.bytesLent) this.#pool.give(batch.builder.writer.buffer)
  }

  /** Makes batches of half the records each out of one that the broker finds too large. The records keep their sequences. */
  split(batch: ProducerBatch, records: Iterable<SplitRecord>): ProducerBatch[] {
    const half = Math.ceil(batch.recordCount / 2)
    const parts: ProducerBatch[] = []
    let part: ProducerBatch | null = null
    let index = 0
    for (const { timestamp, key, value, headers } of records) {
      if (part === null || part.recordCount === half) {
        part = new ProducerBatch(batch.queue, this.#pool.take(Math.ceil(batch.builder.sizeBytes / 2)), batch.createdMs)
        part.baseSequence = (batch.baseSequence + index) % 0x8000_0000
        part.stamp = batch.stamp
        part.ordinal = batch.ordinal
        // The attempt that told that it is too large was none of theirs.
        part.attempts = batch.attempts - 1
        part.lastError = batch.lastError
        batch.handOver(part, index, index + half)
        parts.push(part)
      }
      part.adopt(timestamp, key, value, headers)
      index++
    }
    for (const one of parts) {
      this.incomplete.add(one)
      one.heldBytes = one.sizeBytes
      this.#usedBytes += one.heldBytes
    }
    batch.replaced(parts)
    return parts
  }

  #openBatch(queue: PartitionQueue): ProducerBatch | null {
    const { waiting } = queue
    if (waiting.length === 0) return null
    const last = waiting[waiting.length - 1]!
    return this.#takesMore(last) ? last : null
  }

  #isFilled(batch: ProducerBatch): boolean {
    return batch.builder.sizeBytes >= this.#options.batchSize || !this.#takesMore(batch)
  }

  /** As long as one more record of the size of those in it will fit: one too many would have the buffer grow for it alone. */
  #takesMore({ builder: { sizeBytes, recordCount } }: ProducerBatch): boolean {
    return sizeBytes + sizeBytes / recordCount <= this.#fillBytes
  }

  #newBatch(queue: PartitionQueue): ProducerBatch {
    // Not `batchSize` for each: with many partitions and few records that would be most of the memory, and bufferMemory would not tell.
    const roomBytes = Math.min(queue.usualSizeBytes, this.#fillBytes)
    const batch = new ProducerBatch(queue, this.#pool.take(roomBytes), this.#clock.monotonicMs())
    queue.waiting.push(batch)
    return batch
  }

  /** The record did not fit behind the others: it is taken out, and begins a batch of its own. */
  #afterOverflow(batch: ProducerBatch): ProducerBatch {
    if (batch.recordCount === 1) this.#checkAlone(batch)
    batch.builder.removeLast()
    return this.#newBatch(batch.queue)
  }

  #checkAlone(batch: ProducerBatch): void {
    const { sizeBytes } = batch.builder
    if (sizeBytes <= this.#batchLimitBytes) return
    batch.builder.removeLast()
    const { maxRequestSize, bufferMemory } = this.#options
    const { topic, partition } = batch.queue
    const [limitBytes, option] =
      bufferMemory === this.#batchLimitBytes ? [bufferMemory, 'bufferMemory'] : [maxRequestSize, 'maxRequestSize']
    throw new RecordTooLargeError(
      `${topic}-${partition}: the record takes ${sizeBytes} bytes, and ${option} is ${limitBytes}; raise it (and the topic's max.message.bytes), or send less`,
      sizeBytes,
      limitBytes,
      { at: { topic, partition } },
    )
  }

  #dropIfEmpty(batch: ProducerBatch): void {
    if (batch.recordCount > 0) return
    const { waiting } = batch.queue
    if (waiting.at(-1) === batch) waiting.pop()
  }

  #added(batch: ProducerBatch): ProducerBatch {
    const { sizeBytes } = batch.builder
    this.#usedBytes += sizeBytes - batch.heldBytes
    if (batch.heldBytes === 0) {
      this.active.add(batch.queue)
      this.incomplete.add(batch)
    }
    batch.heldBytes = sizeBytes
    return batch
  }
}

export interface SplitRecord {
  readonly timestamp: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: Headers
}
