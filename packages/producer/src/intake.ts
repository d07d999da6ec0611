import { closedError, type KafkaClient, type TopicMetadata } from '@logwerk/client'
import { type Clock, TimeoutError, withTimeout } from '@logwerk/runtime'
import { asError } from './as-error.ts'
import type { DeliveryReports } from './delivery-reports.ts'
import type { ProducerConfig } from './producer-config.ts'
import type { DeliveryCallback, ProducerRecord } from './record.ts'
import type { RecordWriter } from './record-writer.ts'
import type { Room } from './room.ts'
import type { PendingRecord, TopicState } from './topic-state.ts'
import type { Topics } from './topics.ts'

/** Takes records for which there is room: writes them at once, or has them wait in their topic's backlog until they can be. */
export class Intake<K, V> {
  readonly #client: KafkaClient
  readonly #clock: Clock
  readonly #config: ProducerConfig
  readonly #topics: Topics<K, V>
  readonly #room: Room<K, V>
  readonly #writer: RecordWriter<K, V>
  readonly #reports: DeliveryReports

  constructor(
    client: KafkaClient,
    config: ProducerConfig,
    topics: Topics<K, V>,
    room: Room<K, V>,
    writer: RecordWriter<K, V>,
    reports: DeliveryReports,
  ) {
    this.#client = client
    this.#clock = client.world.clock
    this.#config = config
    this.#topics = topics
    this.#room = room
    this.#writer = writer
    this.#reports = reports
  }

  /** @param deadlineMs  Null: `maxBlockMs` from now. */
  accept(record: ProducerRecord<K, V>, callback: DeliveryCallback | null, deadlineMs: number | null): void {
    const state = this.#topics.use(record.topic)
    const topic = state.known
    const mayPass = !state.working && state.backlog.size === 0 && !this.#writer.isWriting
    if (mayPass && topic !== undefined && !this.#mayHaveGrown(state, topic, record.partition)) {
      const later = this.#writer.append(state, record, callback)
      if (later !== null) {
        this.#nowWaits(state)
        state.serializing = { callback, partition: record.partition ?? -1 }
        this.#workOff(state, later)
      }
      return
    }
    this.#nowWaits(state)
    state.backlog.push({ record, callback, deadlineMs: deadlineMs ?? this.#room.deadlineMs() })
    if (state.working) return
    if (!this.#writer.isWriting) return void this.#workOff(state, null)
    // A serializer or the partitioner sends: the record that it is asked about comes first.
    queueMicrotask(() => {
      if (!state.working && state.backlog.size > 0) void this.#workOff(state, null)
    })
  }

  /** Fails what waits in a backlog. */
  failWaiting(error: Error): void {
    for (const state of this.#topics) this.#failBacklog(state, error)
  }

  /** Fails what waits in a backlog or in a serializer. */
  failAll(error: Error): void {
    for (const state of this.#topics) {
      const { serializing } = state
      state.serializing = null
      if (serializing !== null) this.#reports.undelivered(serializing.callback, error, state.name, serializing.partition)
      this.#failBacklog(state, error)
    }
  }

  #nowWaits(state: TopicState<K, V>): void {
    state.waitedCount++
    this.#room.nowWaits()
  }

  #waitsNoLonger(state: TopicState<K, V>): void {
    state.settledCount++
    this.#room.waitsNoLonger()
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
      const topic = state.known
      if (topic === undefined) await this.#findTopic(state, next)
      else if (this.#mayHaveGrown(state, topic, next.record.partition)) await this.#findPartition(state, next)
      else if (this.#room.isMemoryFull) await this.#findMemory(state, next)
      else {
        state.backlog.shift()
        const { record, callback } = next
        const later = this.#writer.append(state, record, callback)
        if (later !== null) state.serializing = { callback, partition: record.partition ?? -1 }
        await later
        this.#waitsNoLonger(state)
      }
    }
    state.working = false
    if (!this.#client.isClosed) this.#room.released()
  }

  async #findTopic(state: TopicState<K, V>, next: PendingRecord<K, V>): Promise<void> {
    try {
      await this.#client.topic(state.name, Math.max(next.deadlineMs - this.#clock.monotonicMs(), 0))
    } catch (error) {
      // A reason that does not pass is that of all who wait. Time runs out for each at its own moment, as long as there is some for a try.
      const soonMs = this.#clock.monotonicMs() + this.#config.retryBackoffMs
      const untilMs = error instanceof TimeoutError ? Math.max(next.deadlineMs, soonMs) : Number.POSITIVE_INFINITY
      this.#failBacklog(state, asError(error), untilMs)
      if (state.backlog.size > 0 || this.#client.isClosed || state.queues.some(queue => queue?.isIdle === false)) return
      this.#topics.forget(state)
    }
  }

  /** True for a partition that there was not when the metadata was asked for: it may have been added since. */
  #mayHaveGrown(state: TopicState<K, V>, topic: TopicMetadata, partition: number | undefined): boolean {
    return (
      partition !== undefined &&
      partition >= topic.partitions.length &&
      // Not 0, or one that there is not would be asked for again and again.
      this.#clock.monotonicMs() >= state.grownCheckedMs + Math.max(this.#config.retryBackoffMs, 1)
    )
  }

  async #findPartition(state: TopicState<K, V>, next: PendingRecord<K, V>): Promise<void> {
    const restMs = Math.max(next.deadlineMs - this.#clock.monotonicMs(), 0)
    await withTimeout(this.#clock, this.#client.refresh(), restMs, closedError).catch(() => {
      // What is known then decides.
    })
    state.grownCheckedMs = this.#clock.monotonicMs()
  }

  async #findMemory(state: TopicState<K, V>, next: PendingRecord<K, V>): Promise<void> {
    try {
      await this.#room.memory(state.name, next.deadlineMs)
    } catch (error) {
      this.#failBacklog(state, asError(error), Math.max(next.deadlineMs, this.#clock.monotonicMs()))
    }
  }

  /** Fails what waits for its topic, or of it what had to go on before `untilMs`. */
  #failBacklog(state: TopicState<K, V>, error: Error, untilMs = Number.POSITIVE_INFINITY): void {
    for (let next = state.backlog.peek(); next !== undefined && next.deadlineMs <= untilMs; next = state.backlog.peek()) {
      state.backlog.shift()
      this.#reports.undelivered(next.callback, error, state.name, next.record.partition ?? -1)
      this.#waitsNoLonger(state)
    }
  }
}
