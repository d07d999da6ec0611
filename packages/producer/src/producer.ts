import { closedError, type KafkaClient } from '@logwerk/client'
import { createCodecs } from '@logwerk/compression'
import type { Partitioner } from '@logwerk/partitioner'
import { KafkaError, withTimeout } from '@logwerk/runtime'
import { AbortListeners } from './abort-listeners.ts'
import { asError } from './as-error.ts'
import { DeliveryReports, type OnDeliveryError } from './delivery-reports.ts'
import { Intake } from './intake.ts'
import { PartitionChooser } from './partition-chooser.ts'
import type { Producer, SendOptions } from './producer-api.ts'
import type { ProducerConfig } from './producer-config.ts'
import { ProducerIdentity } from './producer-identity.ts'
import type { DeliveryCallback, ProducerRecord, RecordMetadata } from './record.ts'
import { RecordAccumulator } from './record-accumulator.ts'
import { RecordWriter, type Serializers } from './record-writer.ts'
import { Room } from './room.ts'
import { Sender } from './sender.ts'
import { Topics } from './topics.ts'

export interface ProducerParts<K, V> extends Serializers<K, V> {
  readonly partitioner: Partitioner<K, V> | null
  readonly onDeliveryError: OnDeliveryError | null
}

/** What `createProducer` makes: the parts put together, and the user's calls. */
export class LogwerkProducer<K, V> implements Producer<K, V> {
  readonly #client: KafkaClient
  readonly #config: ProducerConfig
  readonly #accumulator: RecordAccumulator
  readonly #sender: Sender
  readonly #topics: Topics<K, V>
  readonly #room: Room<K, V>
  readonly #intake: Intake<K, V>
  /** Of records, of which there may be very many under one signal. */
  readonly #aborts = new AbortListeners()
  #closing: Promise<void> | null = null
  #closed = false

  constructor(client: KafkaClient, config: ProducerConfig, parts: ProducerParts<K, V>) {
    this.#client = client
    this.#config = config
    const { clock, log, random } = client.world
    const reports = new DeliveryReports(parts.onDeliveryError, log)
    const codecs = createCodecs(client.world)
    const accumulator = new RecordAccumulator(config, clock)
    const partitions = new PartitionChooser(config, random, accumulator, parts.partitioner)
    const sender = new Sender(client, accumulator, {
      config,
      codecs,
      identity: config.enableIdempotence ? new ProducerIdentity(client) : null,
      reports,
      onRelease: () => this.#room.released(),
      onDrained: queue => partitions.onDrained(queue),
    })
    const writer = new RecordWriter(parts, partitions, accumulator, sender, reports, clock)
    this.#accumulator = accumulator
    this.#sender = sender
    this.#topics = new Topics(client, config, accumulator, topic => partitions.forget(topic))
    this.#room = new Room(config, clock, accumulator, sender, reports, ({ record, callback, deadlineMs }) =>
      this.#intake.accept(record, callback, deadlineMs),
    )
    this.#intake = new Intake(client, config, this.#topics, this.#room, writer, reports)
    // Codecs that need no set-up are there at once, so that nothing waits in the common case.
    const start = () => this.#start()
    if (config.compressionType === 'zstd') codecs.ready().then(start, start)
    else start()
  }

  enqueue(record: ProducerRecord<K, V>, callback?: DeliveryCallback): boolean {
    this.#ensureOpen()
    checkRecord(record)
    if (this.#room.isFull) return false
    this.#intake.accept(record, callback ?? null, null)
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
        this.#aborts.remove(signal, onAbort)
        return error === null ? resolve(metadata!) : reject(error)
      }
      this.#aborts.add(signal, onAbort)
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

  async ready(options?: SendOptions): Promise<void> {
    this.#ensureOpen()
    if (this.#room.isFull) await this.#room.ready(options?.signal)
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
    this.#topics.use(topic)
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
      await withTimeout(this.#client.world.clock, this.flush(), timeoutMs, closedError)
    } catch {
      // Time is up: what is left fails below.
    }
    this.#closed = true
    const error = closedError()
    this.#room.failReady(error)
    this.#sender.close()
    this.#intake.failAll(error)
    this.#room.failBlocked(error)
    this.#topics.close()
    this.#client.close()
    this.#room.changes.wake()
  }

  #start(): void {
    this.#sender.start()
    const { failure } = this.#sender
    if (failure !== null) this.#intake.failWaiting(failure)
  }

  /** Accepts a record, or has it wait for room. @throws TypeError, KafkaError `CLOSED`: `callback` hears nothing then. */
  #take(record: ProducerRecord<K, V>, callback: DeliveryCallback): void {
    this.#ensureOpen()
    checkRecord(record)
    if (this.#room.isFull) this.#room.block({ record, callback, deadlineMs: this.#room.deadlineMs() })
    else this.#intake.accept(record, callback, null)
  }

  /** Resolves when every record taken so far has met its fate. */
  async #untilSettled(signal: AbortSignal | undefined): Promise<void> {
    const open = new Set(this.#accumulator.incomplete)
    const addOpen = (topic?: string) => {
      for (const batch of this.#accumulator.incomplete) if (topic === undefined || batch.queue.topic === topic) open.add(batch)
    }
    // Records that wait for room, for their topic or in a serializer turn into batches first. Each queue keeps its order, so it is known
    // when those of now have passed, and nothing that comes later, or goes elsewhere, is waited for.
    const room = this.#room
    const unblocked = room.blockedCount
    if (room.unblockedCount < unblocked) {
      while (room.unblockedCount < unblocked && !this.#closed) await room.changes.wait(signal)
      addOpen()
    }
    await Promise.all(
      [...this.#topics].map(async state => {
        const settled = state.waitedCount
        if (state.settledCount === settled) return
        while (state.settledCount < settled && !this.#closed) await room.changes.wait(signal)
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

  #ensureOpen(): void {
    if (this.#closed || this.#closing !== null) throw new KafkaError('CLOSED', 'the producer was closed')
  }
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
