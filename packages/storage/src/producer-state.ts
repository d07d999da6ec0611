import { crc32c, type RecordBatchView, sequenceAfter } from '@logwerk/protocol'
import { ByteReader, ByteWriter, brokerError, type ErrorPlace, KafkaError } from '@logwerk/runtime'

/** What the log remembers of one batch, to recognise it when it comes again. */
export interface BatchMemory {
  readonly firstSequence: number
  readonly lastSequence: number
  readonly lastOffset: number
  readonly offsetDelta: number
  readonly timestamp: number
}

/** What a batch says of its producer. */
export interface ProducerIdentity {
  readonly producerId: number
  readonly producerEpoch: number
  readonly firstSequence: number
  readonly lastSequence: number
}

/** A batch as producer state sees it. */
export interface ProducerBatch extends ProducerIdentity {
  readonly lastOffset: number
  readonly offsetDelta: number
  readonly timestamp: number
}

interface ProducerEntry {
  readonly producerId: number
  epoch: number
  /** Oldest first, at most {@link BATCHES_TO_RETAIN}. */
  batches: BatchMemory[]
  /** Of its records, as Kafka's snapshot wants it. */
  lastTimestamp: number
  /** When it last wrote, on the clock that never jumps; after a restart the time of the start. */
  lastWriteMs: number
  coordinatorEpoch: number
  /** -1: no open transaction. */
  currentTransactionFirstOffset: number
}

/** Batches remembered per producer: as many as an idempotent producer has in flight (Kafka's `ProducerStateEntry`). */
const BATCHES_TO_RETAIN = 5
const SNAPSHOT_VERSION = 1
const SNAPSHOT_HEADER_BYTES = 10
const SNAPSHOT_ENTRY_BYTES = 46

/**
 * The idempotent producers of one partition: which sequence each writes next, and its last five batches, so that a batch sent twice is
 * stored once (KIP-98). Source: Kafka's `ProducerStateManager` and `ProducerAppendInfo`; the codes were measured on 4.4.0.
 */
export class ProducerState {
  /** Least recently written first: a Map keeps the order of insertion, and an entry is inserted anew at each write. */
  #producers = new Map<number, ProducerEntry>()
  readonly #maxProducers: number

  constructor(maxProducers: number) {
    this.#maxProducers = maxProducers
  }

  get producerCount(): number {
    return this.#producers.size
  }

  /**
   * Decides about a batch before it is written.
   *
   * @returns Where the batch already lies if it was sent before; null if it may be appended.
   * @throws  KafkaError `INVALID_PRODUCER_EPOCH` for an older epoch, `OUT_OF_ORDER_SEQUENCE_NUMBER` for a gap, a duplicate older than
   *          the five batches remembered, or a new epoch that does not begin at 0. A producer that the partition does not know may
   *          begin anywhere.
   */
  check(batch: ProducerIdentity, at: ErrorPlace): BatchMemory | null {
    const entry = this.#producers.get(batch.producerId)
    if (entry === undefined) return null
    if (batch.producerEpoch < entry.epoch) {
      throw brokerError(
        'INVALID_PRODUCER_EPOCH',
        at,
        `producer ${batch.producerId} wrote with epoch ${batch.producerEpoch}, the current one is ${entry.epoch}`,
      )
    }
    if (batch.producerEpoch > entry.epoch) {
      if (batch.firstSequence === 0) return null
      throw this.#outOfOrder(batch, 0, at)
    }
    for (const known of entry.batches) {
      if (known.firstSequence === batch.firstSequence && known.lastSequence === batch.lastSequence) return known
    }
    const last = entry.batches.at(-1)
    // After a control marker, or with only an epoch known, any sequence begins the history anew.
    if (last === undefined) return null
    const expected = sequenceAfter(last.lastSequence, 1)
    if (batch.firstSequence !== expected) throw this.#outOfOrder(batch, expected, at)
    return null
  }

  /**
   * Notes a batch that was written.
   *
   * @param nowMs  Monotonic time: what {@link expireBefore} goes by.
   */
  update(batch: ProducerBatch, nowMs: number): void {
    const known = this.#producers.get(batch.producerId)
    const entry: ProducerEntry =
      known !== undefined && known.epoch === batch.producerEpoch
        ? known
        : {
            producerId: batch.producerId,
            epoch: batch.producerEpoch,
            batches: [],
            lastTimestamp: -1,
            lastWriteMs: nowMs,
            coordinatorEpoch: known?.coordinatorEpoch ?? -1,
            currentTransactionFirstOffset: known?.currentTransactionFirstOffset ?? -1,
          }
    const { firstSequence, lastSequence, lastOffset, offsetDelta, timestamp } = batch
    entry.batches.push({ firstSequence, lastSequence, lastOffset, offsetDelta, timestamp })
    if (entry.batches.length > BATCHES_TO_RETAIN) entry.batches.shift()
    entry.lastTimestamp = timestamp
    entry.lastWriteMs = nowMs
    this.#producers.delete(batch.producerId)
    this.#producers.set(batch.producerId, entry)
    this.#bound()
  }

  /**
   * Adds what a snapshot leaves out: of each producer it holds the last batch only, and after a restart a producer may send the four
   * before it again, not knowing that they were stored.
   *
   * @param batches  Batches in front of the snapshot, in the order of the log.
   */
  addHistory(batches: readonly ProducerBatch[]): void {
    // Newest first, so that each producer's list is full when its five are found.
    for (const { producerId, producerEpoch, ...memory } of batches.toReversed()) {
      const entry = this.#producers.get(producerId)
      const oldest = entry?.batches[0]
      if (entry === undefined || oldest === undefined || entry.epoch !== producerEpoch) continue
      if (memory.lastOffset < oldest.lastOffset && entry.batches.length < BATCHES_TO_RETAIN) entry.batches.unshift(memory)
    }
  }

  /**
   * Forgets producers that last wrote before `timeMs`. Not by their records' timestamps, as Kafka does: a producer that sends old records
   * would be forgotten between two batches, and what it sends again be stored twice.
   */
  expireBefore(timeMs: number): void {
    for (const [producerId, entry] of this.#producers) {
      // In the order of their last write.
      if (entry.lastWriteMs >= timeMs) return
      if (entry.currentTransactionFirstOffset < 0) this.#producers.delete(producerId)
    }
  }

  clear(): void {
    this.#producers.clear()
  }

  /** The snapshot file, version 1: of each producer only the last batch, as in Kafka. */
  encodeSnapshot(): Buffer {
    const writer = new ByteWriter(Buffer.allocUnsafeSlow(SNAPSHOT_HEADER_BYTES + this.#producers.size * SNAPSHOT_ENTRY_BYTES))
    writer.writeInt16(SNAPSHOT_VERSION)
    writer.writeInt32(0)
    writer.writeInt32(this.#producers.size)
    for (const entry of this.#producers.values()) {
      const last = entry.batches.at(-1)
      writer.writeInt64(entry.producerId)
      writer.writeInt16(entry.epoch)
      writer.writeInt32(last?.lastSequence ?? -1)
      writer.writeInt64(last?.lastOffset ?? -1)
      writer.writeInt32(last?.offsetDelta ?? 0)
      writer.writeInt64(entry.lastTimestamp)
      writer.writeInt32(entry.coordinatorEpoch)
      writer.writeInt64(entry.currentTransactionFirstOffset)
    }
    writer.patchInt32(2, crc32c(writer.buffer, 6, writer.position) | 0)
    return writer.bytes()
  }

  /** Replaces the state by a snapshot's, as of `nowMs`. @throws KafkaError `CORRUPT_LOG` if it is not a whole one. */
  loadSnapshot(bytes: Uint8Array, path: string, nowMs: number): void {
    const corrupt = (why: string) => new KafkaError('CORRUPT_LOG', `${path} is not a producer snapshot: ${why}`, { at: { path } })
    const reader = new ByteReader(bytes)
    if (bytes.length < SNAPSHOT_HEADER_BYTES) throw corrupt('it is cut short')
    const version = reader.readInt16()
    if (version !== SNAPSHOT_VERSION) throw corrupt(`version ${version}`)
    const crc = reader.readUint32()
    if (crc32c(bytes, 6) !== crc) throw corrupt('the CRC does not fit the content')
    const count = reader.readInt32()
    if (reader.remaining !== count * SNAPSHOT_ENTRY_BYTES) throw corrupt(`${count} entries do not fit`)
    this.#producers.clear()
    for (let index = 0; index < count; index++) {
      const producerId = reader.readInt64()
      const epoch = reader.readInt16()
      const lastSequence = reader.readInt32()
      const lastOffset = reader.readInt64()
      const offsetDelta = reader.readInt32()
      const timestamp = reader.readInt64()
      const coordinatorEpoch = reader.readInt32()
      const currentTransactionFirstOffset = reader.readInt64()
      const batches: BatchMemory[] = []
      if (lastSequence >= 0) {
        const firstSequence = lastSequence >= offsetDelta ? lastSequence - offsetDelta : lastSequence - offsetDelta + 0x8000_0000
        batches.push({ firstSequence, lastSequence, lastOffset, offsetDelta, timestamp })
      }
      this.#producers.set(producerId, {
        producerId,
        epoch,
        batches,
        lastTimestamp: timestamp,
        lastWriteMs: nowMs,
        coordinatorEpoch,
        currentTransactionFirstOffset,
      })
    }
    this.#bound()
  }

  #bound(): void {
    while (this.#producers.size > this.#maxProducers) this.#producers.delete(this.#producers.keys().next().value!)
  }

  #outOfOrder(batch: { producerId: number; firstSequence: number }, expected: number, at: ErrorPlace): KafkaError {
    return brokerError(
      'OUT_OF_ORDER_SEQUENCE_NUMBER',
      at,
      `producer ${batch.producerId} sent sequence ${batch.firstSequence} where ${expected} comes next`,
    )
  }
}

/** Null for a batch whose producer is not idempotent. */
export function producerIdentityOf(view: RecordBatchView): ProducerIdentity | null {
  if (!view.hasProducerId || view.baseSequence < 0) return null
  return {
    producerId: view.producerId,
    producerEpoch: view.producerEpoch,
    firstSequence: view.baseSequence,
    lastSequence: view.lastSequence,
  }
}
