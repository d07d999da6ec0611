import { closedError, type KafkaClient, type TopicMetadata } from '@logwerk/client'
import { createCodecs } from '@logwerk/compression'
import {
  announceNewBatch,
  choosePartition,
  createStickyPartitioner,
  murmur2,
  type Partitioner,
  type StickyPartitioner,
  toPartition,
} from '@logwerk/partitioner'
import type { ValueWriter } from '@logwerk/protocol'
import {
  BoundedQueue,
  brokerError,
  headersOf,
  KafkaError,
  messageOf,
  NO_HEADERS,
  TimeoutError,
  type Timer,
  type World,
  withTimeout,
} from '@logwerk/runtime'
import { isThenable, type SerdeContext, type Serializer, serializeIntoWith, serializeWith, writesInPlace } from '@logwerk/serde'
import { bytesOrText } from './bytes-or-text.ts'
import { KeyBuffer } from './key-buffer.ts'
import type { PartitionQueue } from './partition-queue.ts'
import type { Producer, ProducerOptions, SendOptions } from './producer-api.ts'
import type { ProducerConfig } from './producer-config.ts'
import { ProducerIdentity } from './producer-identity.ts'
import type { DeliveryCallback, ProducerRecord, RecordMetadata } from './record.ts'
import { RecordAccumulator } from './record-accumulator.ts'
import { Sender } from './sender.ts'
import { catchLater, tell } from './tell.ts'
import { type PendingRecord, TopicState } from './topic-state.ts'

interface Parts<K, V> {
  readonly key: Serializer<K>
  readonly value: Serializer<V>
  readonly partitioner: Partitioner<K, V> | null
  readonly onDeliveryError: NonNullable<ProducerOptions<K, V>['onDeliveryError']> | null
}

interface Waiter {
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** What `createProducer` makes: the parts put together, and the user's calls. */
export class LogwerkProducer<K, V> implements Producer<K, V> {
  readonly #client: KafkaClient
  readonly #world: World
  readonly #config: ProducerConfig
  readonly #parts: Parts<K, V>
  readonly #accumulator: RecordAccumulator
  readonly #sender: Sender
  readonly #sticky: StickyPartitioner
  readonly #topics = new Map<string, TopicState<K, V>>()
  /** Most records go where the one before went. */
  #lastTopic: TopicState<K, V> | null = null
  readonly #keyBuffer = new KeyBuffer()
  readonly #valueWriter: ValueWriter<V, SerdeContext> | null
  /** Refilled for each record: partitioners may not keep it. */
  readonly #partitionInput: Mutable<Parameters<typeof choosePartition<K, V>>[1]>
  readonly #load = { queueLength: (topic: string, partition: number) => this.#accumulator.queueLength(topic, partition) }
  /** The sticky partitioner chose the partition of the record under way, so its bytes count for the turn. */
  #isSticky = false
  /** Records that wait in a backlog or in a serializer. */
  #pendingCount = 0
  /** Records of `send` that wait for room, in order. */
  readonly #blocked = new BoundedQueue<PendingRecord<K, V>>(Number.MAX_SAFE_INTEGER)
  #blockedTimer: Timer | null = null
  #blockedCount = 0
  #unblockedCount = 0
  #idleTimer: Timer | null = null
  #readyWaiters: Waiter[] = []
  #changeWaiters: (() => void)[] = []
  /** Why nothing can be sent at all. */
  #codecError: Error | null = null
  #closing: Promise<void> | null = null
  #closed = false

  constructor(client: KafkaClient, config: ProducerConfig, parts: Parts<K, V>) {
    this.#client = client
    this.#world = client.world
    this.#config = config
    this.#parts = parts
    this.#accumulator = new RecordAccumulator(config, this.#world.clock)
    this.#sticky = createStickyPartitioner({
      batchSizeBytes: config.batchSize,
      adaptive: config.partitionerAdaptivePartitioningEnable,
      random: this.#world.random,
    })
    const { value } = parts
    // A partitioner of the user's may want to see the value's bytes, so they have to exist before the batch is known.
    this.#valueWriter =
      writesInPlace(value) && parts.partitioner === null
        ? { serializeInto: (object, writer, context) => serializeIntoWith(value, object, writer, context) }
        : null
    this.#partitionInput = {
      topic: '',
      key: null,
      keyBytes: null,
      value: null,
      valueBytes: null,
      headers: NO_HEADERS,
      partitionCount: 0,
      availablePartitions: [],
    }
    const codecs = createCodecs(this.#world)
    this.#sender = new Sender(client, this.#accumulator, {
      config,
      codecs,
      identity: config.enableIdempotence ? new ProducerIdentity(client) : null,
      onUnheard: (error, recordCount, topic, partition) => this.#unheard(error, { topic, partition, recordCount }),
      onThrown: this.#onCallbackThrown,
      onRelease: () => this.#released(),
      onDrained: queue => this.#sticky.onAppended(queue.topic, queue.partition, 0, true),
    })
    // Codecs that need no set-up are there at once, so that nothing waits in the common case.
    if (config.compressionType === 'zstd') codecs.ready().then(() => this.#start())
    else this.#start()
  }

  enqueue(record: ProducerRecord<K, V>, callback?: DeliveryCallback): boolean {
    this.#ensureOpen()
    checkRecord(record)
    if (this.#isFull()) return false
    this.#accept(record, callback ?? null, null)
    return true
  }

  send(record: ProducerRecord<K, V>, options?: SendOptions): Promise<RecordMetadata> {
    return new Promise((resolve, reject) => {
      let callback: DeliveryCallback = (error, metadata) => (error === null ? resolve(metadata!) : reject(error))
      const signal = options?.signal
      if (signal === undefined) return this.#take(record, callback)
      if (signal.aborted) return reject(signal.reason)
      const onAbort = () => reject(signal.reason)
      callback = (error, metadata) => {
        signal.removeEventListener('abort', onAbort)
        return error === null ? resolve(metadata!) : reject(error)
      }
      signal.addEventListener('abort', onAbort, { once: true })
      try {
        this.#take(record, callback)
      } catch (error) {
        callback(asError(error), null)
      }
    })
  }

  sendBatch(records: Iterable<ProducerRecord<K, V>>, options?: SendOptions): Promise<RecordMetadata[]> {
    // One promise for all: with one for each, they would be most of the work.
    return new Promise((resolve, reject) => {
      const signal = options?.signal
      if (signal?.aborted) return reject(signal.reason)
      const onAbort = () => reject(signal?.reason)
      const places: RecordMetadata[] = []
      let takenCount = 0
      // One too many until all are taken.
      let openCount = 1
      const end = (error: unknown) => {
        signal?.removeEventListener('abort', onAbort)
        reject(error)
      }
      const stored = () => {
        openCount--
        if (openCount > 0) return
        signal?.removeEventListener('abort', onAbort)
        resolve(places)
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      try {
        for (const record of records) {
          const index = takenCount++
          openCount++
          try {
            this.#take(record, (error, metadata) => {
              if (error !== null) return end(error)
              places[index] = metadata!
              stored()
            })
          } catch (error) {
            end(error)
          }
        }
        stored()
      } catch (error) {
        // The iterable's own: what it gave before goes on.
        end(error)
      }
    })
  }

  ready(options?: SendOptions): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#ensureOpen()
      if (!this.#isFull()) return resolve()
      const signal = options?.signal
      if (signal?.aborted) return reject(signal.reason)
      const onAbort = () => {
        this.#readyWaiters = this.#readyWaiters.filter(other => other !== waiter)
        reject(signal?.reason)
      }
      const waiter: Waiter = {
        resolve: () => {
          signal?.removeEventListener('abort', onAbort)
          resolve()
        },
        reject: error => {
          signal?.removeEventListener('abort', onAbort)
          reject(error)
        },
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#readyWaiters.push(waiter)
      this.#sender.wake()
    })
  }

  async flush(options?: SendOptions): Promise<void> {
    if (this.#closed) return
    const signal = options?.signal
    signal?.throwIfAborted()
    this.#sender.beginFlush()
    try {
      await this.#untilSettled(signal)
    } finally {
      this.#sender.endFlush()
    }
  }

  async partitionsFor(topic: string, options?: SendOptions): Promise<number> {
    this.#ensureOpen()
    this.#stateOf(topic).used = true
    return (await this.#client.topic(topic, this.#config.maxBlockMs, options?.signal)).partitions.length
  }

  close(options?: { readonly timeoutMs?: number | undefined }): Promise<void> {
    // A miscalculated limit must not be taken for 0, which gives up what has not been delivered.
    const timeoutMs = options?.timeoutMs
    if (timeoutMs !== undefined && !(timeoutMs >= 0)) {
      return Promise.reject(new TypeError(`close: timeoutMs is a number of milliseconds, 0 or more, not ${timeoutMs}`))
    }
    this.#closing ??= this.#close(timeoutMs)
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(timeoutMs = Number.POSITIVE_INFINITY): Promise<void> {
    try {
      await withTimeout(this.#world.clock, this.flush(), timeoutMs, closedError)
    } catch {
      // Time is up: what is left fails below.
    }
    this.#closed = true
    const error = closedError()
    for (const waiter of this.#readyWaiters) waiter.reject(error)
    this.#readyWaiters = []
    this.#sender.close()
    for (const state of this.#topics.values()) {
      const { serializing } = state
      state.serializing = null
      if (serializing !== null) this.#undelivered(serializing.callback, error, state.name, serializing.partition)
      this.#failBacklog(state, error)
    }
    for (let blocked = this.#blocked.shift(); blocked !== undefined; blocked = this.#blocked.shift()) {
      this.#undelivered(blocked.callback, error, blocked.record.topic, -1)
    }
    this.#blockedTimer?.cancel()
    this.#idleTimer?.cancel()
    this.#client.close()
    this.#changed()
  }

  #start(): void {
    if (this.#closed) return
    try {
      this.#sender.start()
    } catch (error) {
      // Only a codec that cannot run here: nothing will ever be sent.
      this.#codecError = asError(error)
      this.#sender.failAll(this.#codecError)
      for (const state of this.#topics.values()) this.#failBacklog(state, this.#codecError)
    }
  }

  // ------------------------------------------------------------------------------------------------ a record's way in

  #isFull(): boolean {
    return this.#accumulator.isFull || this.#blocked.size > 0 || this.#pendingCount >= this.#config.maxPendingRecords
  }

  /** Accepts a record, or has it wait for room. @throws TypeError, KafkaError `CLOSED`: `callback` hears nothing then. */
  #take(record: ProducerRecord<K, V>, callback: DeliveryCallback): void {
    this.#ensureOpen()
    checkRecord(record)
    if (this.#isFull()) this.#block({ record, callback, deadlineMs: this.#deadline() })
    else this.#accept(record, callback, null)
  }

  /** @param deadlineMs  Null: `maxBlockMs` from now. */
  #accept(record: ProducerRecord<K, V>, callback: DeliveryCallback | null, deadlineMs: number | null): void {
    const { topic } = record
    const last = this.#lastTopic
    const state = last !== null && last.name === topic ? last : this.#stateOf(topic)
    state.used = true
    if (!state.working && this.#metadataOf(state) !== undefined && !this.#mayHaveGrown(state, record.partition)) {
      const later = this.#append(state, record, callback)
      if (later !== null) {
        this.#nowWaits(state)
        state.serializing = { callback, partition: record.partition ?? -1 }
        this.#workOff(state, later)
      }
      return
    }
    this.#nowWaits(state)
    state.backlog.push({ record, callback, deadlineMs: deadlineMs ?? this.#deadline() })
    if (!state.working) this.#workOff(state, null)
  }

  #stateOf(topic: string): TopicState<K, V> {
    let state = this.#topics.get(topic)
    if (state === undefined) {
      state = new TopicState(topic, this.#accumulator.queuesOf(topic), this.#config.maxPendingRecords)
      this.#topics.set(topic, state)
      this.#client.addInterest([topic])
      if (this.#idleTimer === null) this.#watchIdleTopics()
    }
    this.#lastTopic = state
    return state
  }

  /** The topic, if it is known and has partitions. */
  #metadataOf(state: TopicState<K, V>): TopicMetadata | undefined {
    const { metadata } = this.#client
    if (state.metadataVersion !== metadata.version) {
      const topic = metadata.topic(state.name)
      state.metadata = topic !== undefined && topic.partitions.length > 0 ? topic : undefined
      state.metadataVersion = metadata.version
    }
    return state.metadata
  }

  #nowWaits(state: TopicState<K, V>): void {
    state.waitedCount++
    this.#pendingCount++
  }

  #waitsNoLonger(state: TopicState<K, V>): void {
    state.settledCount++
    this.#pendingCount--
    this.#changed()
  }

  /**
   * Records of a topic that cannot pass at once are taken one after the other, in the order in which they came. Never rejects.
   *
   * @param first  A record that is in its serializer already.
   */
  async #workOff(state: TopicState<K, V>, first: Promise<void> | null): Promise<void> {
    state.working = true
    if (first !== null) {
      await first
      this.#waitsNoLonger(state)
    }
    for (let next = state.backlog.peek(); next !== undefined; next = state.backlog.peek()) {
      if (this.#metadataOf(state) === undefined) await this.#findTopic(state, next)
      else if (this.#mayHaveGrown(state, next.record.partition)) await this.#findPartition(state, next)
      else if (this.#accumulator.isFull) await this.#findRoom(state, next)
      else {
        state.backlog.shift()
        const { record, callback } = next
        const later = this.#append(state, record, callback)
        if (later !== null) state.serializing = { callback, partition: record.partition ?? -1 }
        await later
        this.#waitsNoLonger(state)
      }
    }
    state.working = false
    if (!this.#closed) this.#released()
  }

  async #findTopic(state: TopicState<K, V>, next: PendingRecord<K, V>): Promise<void> {
    try {
      await this.#client.topic(state.name, Math.max(next.deadlineMs - this.#world.clock.monotonicMs(), 0))
    } catch (error) {
      // A reason that does not pass is that of all who wait. Time runs out for each at its own moment, as long as there is some for a try.
      const soonMs = this.#world.clock.monotonicMs() + this.#config.retryBackoffMs
      const untilMs = error instanceof TimeoutError ? Math.max(next.deadlineMs, soonMs) : Number.POSITIVE_INFINITY
      this.#failBacklog(state, asError(error), untilMs)
      if (state.backlog.size > 0 || this.#closed || state.queues.some(queue => queue?.isIdle === false)) return
      this.#forget(state)
    }
  }

  /** Nobody asks for the topic any more: the next record finds out anew. Its queues stay, for they know the sequences. */
  #forget(state: TopicState<K, V>): void {
    this.#topics.delete(state.name)
    if (this.#lastTopic === state) this.#lastTopic = null
    this.#sticky.forget(state.name)
    this.#client.removeInterest(state.name)
  }

  /** A metadata request may create a topic, and one that was deleted long after its last record must not come back by itself. */
  #watchIdleTopics(): void {
    this.#idleTimer = this.#world.clock.setTimer(
      this.#config.metadataMaxIdleMs,
      () => {
        this.#idleTimer = null
        for (const state of this.#topics.values()) {
          if (!state.used && state.isIdle) this.#forget(state)
          state.used = false
        }
        if (this.#topics.size > 0) this.#watchIdleTopics()
      },
      { background: true },
    )
  }

  /** True for a partition that there was not when the metadata was asked for: it may have been added since. */
  #mayHaveGrown(state: TopicState<K, V>, partition: number | undefined): boolean {
    return (
      partition !== undefined &&
      partition >= state.metadata!.partitions.length &&
      this.#world.clock.monotonicMs() >= state.grownCheckedMs + this.#config.retryBackoffMs
    )
  }

  async #findPartition(state: TopicState<K, V>, next: PendingRecord<K, V>): Promise<void> {
    const { clock } = this.#world
    const restMs = Math.max(next.deadlineMs - clock.monotonicMs(), 0)
    await withTimeout(clock, this.#client.refresh(), restMs, closedError).catch(() => {
      // What is known then decides.
    })
    state.grownCheckedMs = clock.monotonicMs()
  }

  async #findRoom(state: TopicState<K, V>, next: PendingRecord<K, V>): Promise<void> {
    this.#sender.wake()
    const restMs = Math.max(next.deadlineMs - this.#world.clock.monotonicMs(), 0)
    try {
      await withTimeout(this.#world.clock, this.#nextChange(undefined), restMs, () => this.#noRoom(state.name))
    } catch (error) {
      this.#failBacklog(state, asError(error), Math.max(next.deadlineMs, this.#world.clock.monotonicMs()))
    }
  }

  /**
   * Puts a record into its batch. A promise comes back only if a serializer gave one, and does not reject. Failures go to the callback.
   */
  #append(state: TopicState<K, V>, record: ProducerRecord<K, V>, callback: DeliveryCallback | null): Promise<void> | null {
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
      this.#undelivered(callback, asError(error), record.topic, record.partition ?? -1)
      return null
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
      if (!this.#closed) await this.#appendWithKey(state, record, callback, keyBytes)
    } catch (error) {
      this.#failedLater(state, record, callback, error)
    }
  }

  /** After a close it has been told already. */
  #failedLater(state: TopicState<K, V>, record: ProducerRecord<K, V>, callback: DeliveryCallback | null, error: unknown): void {
    state.serializing = null
    if (!this.#closed) this.#undelivered(callback, asError(error), record.topic, record.partition ?? -1)
  }

  #serializeKey(key: K, context: SerdeContext): Uint8Array | null | Promise<Uint8Array | null> {
    const { key: serializer } = this.#parts
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
    if (value !== null && this.#valueWriter !== null && !isPlainBytes(this.#parts.value, value)) {
      state.serializing = null
      const queue = this.#queueOf(state, record, keyBytes, null)
      const timestamp = record.timestamp ?? this.#world.clock.nowMs()
      const before = this.#accumulator.usedBytes
      const batch = this.#accumulator.appendInto(queue, timestamp, keyBytes, value, this.#valueWriter, context, context.headers)
      if (callback !== null) batch.addCallback(callback, timestamp)
      this.#appended(queue, before)
      return null
    }
    const valueBytes = value === null ? null : serializeWith(this.#parts.value, value, context)
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
      if (!this.#closed) this.#appendBytes(state, record, callback, keyBytes, valueBytes)
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
    const timestamp = record.timestamp ?? this.#world.clock.nowMs()
    const before = this.#accumulator.usedBytes
    const batch = this.#accumulator.append(queue, timestamp, keyBytes, valueBytes, state.valueContext.headers)
    if (callback !== null) batch.addCallback(callback, timestamp)
    this.#appended(queue, before)
  }

  #appended(queue: PartitionQueue, usedBytesBefore: number): void {
    if (this.#isSticky) {
      const byteCount = this.#accumulator.usedBytes - usedBytesBefore
      this.#sticky.onAppended(queue.topic, queue.partition, byteCount, this.#accumulator.isLastBatchFull(queue))
    }
    this.#sender.wake()
  }

  /** Explicit partition, else the user's partitioner, else the key's hash, else the sticky partition. */
  #queueOf(
    state: TopicState<K, V>,
    record: ProducerRecord<K, V>,
    keyBytes: Uint8Array | null,
    valueBytes: Uint8Array | null,
  ): PartitionQueue {
    if (this.#closed) throw closedError()
    if (this.#codecError !== null) throw this.#codecError
    this.#isSticky = false
    const topic = this.#metadataOf(state)
    if (topic === undefined) throw brokerError('UNKNOWN_TOPIC_OR_PARTITION', { topic: state.name })
    const partitionCount = topic.partitions.length
    const { partition } = record
    if (partition !== undefined) {
      if (!Number.isInteger(partition) || partition < 0 || partition >= partitionCount)
        throw this.#outOfRange(state.name, partition, partitionCount)
      return this.#queueAt(state, partition)
    }
    const { partitioner } = this.#parts
    const chosen = partitioner === null ? null : this.#choose(partitioner, state, topic, record, keyBytes, valueBytes)
    if (chosen !== null) return chosen
    if (keyBytes !== null && !this.#config.partitionerIgnoreKeys)
      return this.#queueAt(state, toPartition(murmur2(keyBytes), partitionCount))
    this.#isSticky = true
    return this.#queueAt(state, this.#sticky.current(state.name, partitionCount, topic.availablePartitions, this.#load))
  }

  #queueAt(state: TopicState<K, V>, partition: number): PartitionQueue {
    return state.queues[partition] ?? this.#accumulator.queueOf(state.name, partition)
  }

  /** The user's partitioner decides; null if it has no opinion. */
  #choose(
    partitioner: Partitioner<K, V>,
    state: TopicState<K, V>,
    topic: TopicMetadata,
    record: ProducerRecord<K, V>,
    keyBytes: Uint8Array | null,
    valueBytes: Uint8Array | null,
  ): PartitionQueue | null {
    const { name } = state
    const input = this.#partitionInput
    input.topic = name
    input.key = record.key ?? null
    input.keyBytes = keyBytes
    input.value = record.value
    input.valueBytes = valueBytes
    input.headers = state.valueContext.headers
    input.partitionCount = topic.partitions.length
    input.availablePartitions = topic.availablePartitions
    const first = choosePartition(partitioner, input)
    if (first === null) return null
    const queue = this.#queueAt(state, first)
    if (typeof partitioner === 'function' || partitioner.onNewBatch === undefined || !this.#accumulator.wouldOpenBatch(queue)) return queue
    announceNewBatch(partitioner, name, first)
    const again = choosePartition(partitioner, input)
    return again === null ? null : this.#queueAt(state, again)
  }

  #outOfRange(topic: string, partition: number, partitionCount: number): KafkaError {
    return new KafkaError(
      'UNKNOWN_TOPIC_OR_PARTITION',
      `topic ${topic} has ${partitionCount === 1 ? 'only partition 0' : `the partitions 0 to ${partitionCount - 1}`}, not ${partition}`,
      { at: { topic, partition }, retriable: false },
    )
  }

  // ------------------------------------------------------------------------------------------------ waiting and failing

  #deadline(): number {
    return this.#world.clock.monotonicMs() + this.#config.maxBlockMs
  }

  #block(pending: PendingRecord<K, V>): void {
    this.#blocked.push(pending)
    this.#blockedCount++
    this.#sender.wake()
    if (this.#blockedTimer === null) this.#watchBlocked()
  }

  #unblock(): PendingRecord<K, V> | undefined {
    const pending = this.#blocked.shift()
    if (pending !== undefined) this.#unblockedCount++
    return pending
  }

  /** The first in the queue has waited longest, so it is the one to time out. */
  #watchBlocked(): void {
    this.#blockedTimer = null
    const { clock } = this.#world
    for (let first = this.#blocked.peek(); first !== undefined; first = this.#blocked.peek()) {
      const restMs = first.deadlineMs - clock.monotonicMs()
      if (restMs > 0) {
        this.#blockedTimer = clock.setTimer(restMs, () => this.#watchBlocked())
        return
      }
      this.#unblock()
      this.#undelivered(first.callback, this.#noRoom(first.record.topic), first.record.topic, -1)
    }
  }

  #noRoom(topic: string): TimeoutError {
    const { bufferMemory, maxBlockMs, maxPendingRecords } = this.#config
    const why =
      this.#pendingCount >= maxPendingRecords
        ? `${maxPendingRecords} records (maxPendingRecords) waited all of maxBlockMs (${maxBlockMs}) for a topic or in a serializer; check that their topics exist`
        : `the buffer (bufferMemory, ${bufferMemory} bytes) stayed full for maxBlockMs (${maxBlockMs}); the broker is slower than the sending`
    return new TimeoutError(`topic ${topic}: no room for the record: ${why}`, { code: 'BUFFER_EXHAUSTED', at: { topic } })
  }

  /** There is room again: first for the records of `send` that wait, then for new ones. */
  #released(): void {
    this.#changed()
    while (this.#blocked.size > 0 && !this.#accumulator.isFull && this.#pendingCount < this.#config.maxPendingRecords) {
      const { record, callback, deadlineMs } = this.#unblock()!
      this.#accept(record, callback, deadlineMs)
    }
    if (this.#blocked.size === 0) {
      this.#blockedTimer?.cancel()
      this.#blockedTimer = null
    }
    if (this.#readyWaiters.length === 0 || this.#isFull()) return
    const waiters = this.#readyWaiters
    this.#readyWaiters = []
    for (const waiter of waiters) waiter.resolve()
  }

  /** Resolves when every record taken so far has met its fate. */
  async #untilSettled(signal: AbortSignal | undefined): Promise<void> {
    const open = new Set(this.#accumulator.incomplete)
    const addOpen = (topic?: string) => {
      for (const batch of this.#accumulator.incomplete) if (topic === undefined || batch.queue.topic === topic) open.add(batch)
    }
    // Records that wait for room, for their topic or in a serializer turn into batches first. Each queue keeps its order, so it is known
    // when those of now have passed, and nothing that comes later, or goes elsewhere, is waited for.
    const unblocked = this.#blockedCount
    if (this.#unblockedCount < unblocked) {
      while (this.#unblockedCount < unblocked && !this.#closed) await this.#nextChange(signal)
      addOpen()
    }
    await Promise.all(
      [...this.#topics.values()].map(async state => {
        const settled = state.waitedCount
        if (state.settledCount === settled) return
        while (state.settledCount < settled && !this.#closed) await this.#nextChange(signal)
        addOpen(state.name)
      }),
    )
    for (const batch of open) if (batch.isDone) open.delete(batch)
    if (open.size === 0) return
    await new Promise<void>((resolve, reject) => {
      let left = open.size
      const onAbort = () => reject(signal?.reason)
      signal?.addEventListener('abort', onAbort, { once: true })
      for (const batch of open) {
        batch.onDone(() => {
          left--
          if (left > 0) return
          signal?.removeEventListener('abort', onAbort)
          resolve()
        })
      }
    })
  }

  /** Resolves when something changed for those who wait. */
  #nextChange(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const onAbort = () => reject(signal?.reason)
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#changeWaiters.push(() => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      })
    })
  }

  #changed(): void {
    if (this.#changeWaiters.length === 0) return
    const waiters = this.#changeWaiters
    this.#changeWaiters = []
    for (const waiter of waiters) waiter()
  }

  /** Fails what waits for its topic, or of it what had to go on before `untilMs`. */
  #failBacklog(state: TopicState<K, V>, error: Error, untilMs = Number.POSITIVE_INFINITY): void {
    for (let next = state.backlog.peek(); next !== undefined && next.deadlineMs <= untilMs; next = state.backlog.peek()) {
      state.backlog.shift()
      this.#undelivered(next.callback, error, state.name, next.record.partition ?? -1)
      this.#waitsNoLonger(state)
    }
  }

  #undelivered(callback: DeliveryCallback | null, error: Error, topic: string, partition: number): void {
    this.#changed()
    if (callback === null) return this.#unheard(error, { topic, partition, recordCount: 1 })
    tell(callback, error, null, this.#onCallbackThrown)
  }

  #unheard(error: Error, lost: { readonly topic: string; readonly partition: number; readonly recordCount: number }): void {
    const { onDeliveryError } = this.#parts
    if (onDeliveryError === null) return this.#world.log.error('records were not delivered', { ...lost, error: messageOf(error) })
    const onThrown = (thrown: unknown) => this.#thrown('onDeliveryError', thrown)
    try {
      catchLater(onDeliveryError(error, lost), onThrown)
    } catch (thrown) {
      onThrown(thrown)
    }
  }

  readonly #onCallbackThrown = (error: unknown) => this.#thrown('a delivery callback', error)

  /** What a listener of the user's throws must not keep the others from hearing. */
  #thrown(who: string, error: unknown): void {
    this.#world.log.error(`${who} threw`, { error: messageOf(error) })
  }

  #ensureOpen(): void {
    if (this.#closed || this.#closing !== null) throw new KafkaError('CLOSED', 'the producer was closed')
  }
}

type Mutable<T> = { -readonly [P in keyof T]: T[P] }

/** Bytes that are what is sent: there is nothing to write in place. */
function isPlainBytes<T>(serializer: Serializer<T>, value: T): boolean {
  return value instanceof Uint8Array && (serializer as unknown) === bytesOrText
}

function checkRecord(record: ProducerRecord<unknown, unknown>): void {
  if (typeof record?.topic !== 'string' || record.topic === '') throw new TypeError('a record needs a topic: { topic, key, value }')
  if (record.value === undefined) {
    throw new TypeError(`topic ${record.topic}: the value of a record is undefined; null makes a tombstone`)
  }
  if (record.timestamp !== undefined && !(Number.isSafeInteger(record.timestamp) && record.timestamp >= 0)) {
    throw new TypeError(`topic ${record.topic}: a timestamp is a whole number of milliseconds since 1970, not ${record.timestamp}`)
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
