import type { ValueWriter } from '@logwerk/protocol'
import { type Clock, headersOf } from '@logwerk/runtime'
import { isThenable, type SerdeContext, type Serializer, serializeIntoWith, serializeWith, writesInPlace } from '@logwerk/serde'
import { asError } from './as-error.ts'
import { bytesOrText } from './bytes-or-text.ts'
import type { DeliveryReports } from './delivery-reports.ts'
import { KeyBuffer } from './key-buffer.ts'
import type { PartitionChooser } from './partition-chooser.ts'
import type { PartitionQueue } from './partition-queue.ts'
import type { ProducerBatch } from './producer-batch.ts'
import type { DeliveryCallback, ProducerRecord } from './record.ts'
import type { RecordAccumulator } from './record-accumulator.ts'
import type { Sender } from './sender.ts'
import type { TopicState } from './topic-state.ts'

export interface Serializers<K, V> {
  readonly key: Serializer<K>
  readonly value: Serializer<V>
}

/** Puts records into their batches: asks the serializers for bytes, and where they go. Values are written in place where that is possible. */
export class RecordWriter<K, V> {
  readonly #serializers: Serializers<K, V>
  readonly #partitions: PartitionChooser<K, V>
  readonly #accumulator: RecordAccumulator
  readonly #sender: Sender
  readonly #reports: DeliveryReports
  readonly #clock: Clock
  readonly #keyBuffer = new KeyBuffer()
  readonly #valueWriter: ValueWriter<V, SerdeContext> | null
  #isWriting = false

  constructor(
    serializers: Serializers<K, V>,
    partitions: PartitionChooser<K, V>,
    accumulator: RecordAccumulator,
    sender: Sender,
    reports: DeliveryReports,
    clock: Clock,
  ) {
    this.#serializers = serializers
    this.#partitions = partitions
    this.#accumulator = accumulator
    this.#sender = sender
    this.#reports = reports
    this.#clock = clock
    const { value } = serializers
    // A partitioner of the user's may want to see the value's bytes, so they have to exist before the batch is known.
    this.#valueWriter =
      writesInPlace(value) && !partitions.needsValueBytes
        ? { serializeInto: (object, writer, context) => serializeIntoWith(value, object, writer, context) }
        : null
  }

  /** True while serializers and partitioner are asked: what they send themselves must not come between the parts of the record under way. */
  get isWriting(): boolean {
    return this.#isWriting
  }

  /**
   * Puts a record into its batch. A promise comes back only if a serializer gave one, and does not reject. Failures go to the callback.
   */
  append(state: TopicState<K, V>, record: ProducerRecord<K, V>, callback: DeliveryCallback | null): Promise<void> | null {
    this.#isWriting = true
    try {
      const { keyContext, valueContext } = state
      const { headers } = record
      if (headers !== undefined || valueContext.headers.length > 0) {
        keyContext.headers = headersOf(headers)
        valueContext.headers = keyContext.headers
      }
      const key = record.key ?? null
      const keyBytes = key === null ? null : this.#serializeKey(key, keyContext)
      if (isThenable(keyBytes)) return this.#appendLater(state, record, callback, keyBytes as Promise<Uint8Array | null>)
      return this.#appendWithKey(state, record, callback, keyBytes as Uint8Array | null)
    } catch (error) {
      this.#isWriting = false
      this.#reports.undelivered(callback, asError(error), record.topic, record.partition ?? -1)
      return null
    } finally {
      this.#isWriting = false
    }
  }

  async #appendLater(
    state: TopicState<K, V>,
    record: ProducerRecord<K, V>,
    callback: DeliveryCallback | null,
    key: Promise<Uint8Array | null>,
  ): Promise<void> {
    try {
      const keyBytes = await key
      if (!this.#sender.isClosed) await this.#writing(() => this.#appendWithKey(state, record, callback, keyBytes))
    } catch (error) {
      this.#failedLater(state, record, callback, error)
    }
  }

  /** After a close it has been told already. */
  #failedLater(state: TopicState<K, V>, record: ProducerRecord<K, V>, callback: DeliveryCallback | null, error: unknown): void {
    state.serializing = null
    if (!this.#sender.isClosed) this.#reports.undelivered(callback, asError(error), record.topic, record.partition ?? -1)
  }

  #serializeKey(key: K, context: SerdeContext): Uint8Array | null | Promise<Uint8Array | null> {
    const { key: serializer } = this.#serializers
    if (!writesInPlace(serializer) || isPlainBytes(serializer, key)) return serializeWith(serializer, key, context)
    const { writer } = this.#keyBuffer
    writer.position = 0
    serializeIntoWith(serializer, key, writer, context)
    return this.#keyBuffer.bytes()
  }

  #appendWithKey(
    state: TopicState<K, V>,
    record: ProducerRecord<K, V>,
    callback: DeliveryCallback | null,
    keyBytes: Uint8Array | null,
  ): Promise<void> | null {
    const context = state.valueContext
    const { value } = record
    if (value !== null && this.#valueWriter !== null && !isPlainBytes(this.#serializers.value, value)) {
      state.serializing = null
      const queue = this.#queueOf(state, record, keyBytes, null)
      const timestamp = record.timestamp ?? this.#clock.nowMs()
      const before = this.#accumulator.usedBytes
      const batch = this.#accumulator.appendInto(queue, timestamp, keyBytes, value, this.#valueWriter, context, context.headers)
      this.#appended(queue, batch, callback, timestamp, before)
      return null
    }
    const valueBytes = value === null ? null : serializeWith(this.#serializers.value, value, context)
    if (isThenable(valueBytes)) {
      // The key's bytes lie in a buffer that the next record would use; while this one is pending there is no next one of this topic,
      // but there is of others.
      const ownKey = keyBytes === null ? null : Buffer.from(keyBytes)
      return this.#valueLater(state, record, callback, ownKey, valueBytes as Promise<Uint8Array | null>)
    }
    this.#appendBytes(state, record, callback, keyBytes, valueBytes as Uint8Array | null)
    return null
  }

  async #valueLater(
    state: TopicState<K, V>,
    record: ProducerRecord<K, V>,
    callback: DeliveryCallback | null,
    keyBytes: Uint8Array | null,
    value: Promise<Uint8Array | null>,
  ): Promise<void> {
    try {
      const valueBytes = await value
      if (!this.#sender.isClosed) this.#writing(() => this.#appendBytes(state, record, callback, keyBytes, valueBytes))
    } catch (error) {
      this.#failedLater(state, record, callback, error)
    }
  }

  #appendBytes(
    state: TopicState<K, V>,
    record: ProducerRecord<K, V>,
    callback: DeliveryCallback | null,
    keyBytes: Uint8Array | null,
    valueBytes: Uint8Array | null,
  ): void {
    state.serializing = null
    const queue = this.#queueOf(state, record, keyBytes, valueBytes)
    const timestamp = record.timestamp ?? this.#clock.nowMs()
    const before = this.#accumulator.usedBytes
    const batch = this.#accumulator.append(queue, timestamp, keyBytes, valueBytes, state.valueContext.headers)
    this.#appended(queue, batch, callback, timestamp, before)
  }

  #appended(
    queue: PartitionQueue,
    batch: ProducerBatch,
    callback: DeliveryCallback | null,
    timestamp: number,
    usedBytesBefore: number,
  ): void {
    if (callback !== null) batch.addCallback(callback, timestamp)
    this.#partitions.onAppended(queue, this.#accumulator.usedBytes - usedBytesBefore)
    this.#sender.wake()
  }

  #writing<T>(write: () => T): T {
    this.#isWriting = true
    try {
      return write()
    } finally {
      this.#isWriting = false
    }
  }

  #queueOf(
    state: TopicState<K, V>,
    record: ProducerRecord<K, V>,
    keyBytes: Uint8Array | null,
    valueBytes: Uint8Array | null,
  ): PartitionQueue {
    const { failure } = this.#sender
    if (failure !== null) throw failure
    return this.#partitions.queueOf(state, record, keyBytes, valueBytes)
  }
}

/** Bytes that are what is sent: there is nothing to write in place. */
function isPlainBytes<T>(serializer: Serializer<T>, value: T): boolean {
  return value instanceof Uint8Array && (serializer as unknown) === bytesOrText
}
