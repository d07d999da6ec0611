import { BoundedQueue, type Clock, TimeoutError, type Timer, withTimeout } from '@logwerk/runtime'
import type { DeliveryReports } from './delivery-reports.ts'
import type { ProducerConfig } from './producer-config.ts'
import type { RecordAccumulator } from './record-accumulator.ts'
import type { Sender } from './sender.ts'
import type { PendingRecord } from './topic-state.ts'
import { Waiters } from './waiters.ts'

/** Whether there is room for a record, and who waits for it: records of `send`, and those who ask for more of them. */
export class Room<K, V> {
  readonly #config: ProducerConfig
  readonly #clock: Clock
  readonly #accumulator: RecordAccumulator
  readonly #sender: Sender
  readonly #reports: DeliveryReports
  readonly #accept: (pending: PendingRecord<K, V>) => void
  /** Records that wait in a backlog or in a serializer. */
  #pendingCount = 0
  /** Records of `send` that wait for room, in order. */
  readonly #blocked = new BoundedQueue<PendingRecord<K, V>>(Number.MAX_SAFE_INTEGER)
  #blockedTimer: Timer | null = null
  #blockedCount = 0
  #unblockedCount = 0
  readonly #ready = new Waiters()
  /** Woken when memory was freed, or a record waits no longer. */
  readonly changes = new Waiters()

  /** @param accept  Takes a record for which there is room now. */
  constructor(
    config: ProducerConfig,
    clock: Clock,
    accumulator: RecordAccumulator,
    sender: Sender,
    reports: DeliveryReports,
    accept: (pending: PendingRecord<K, V>) => void,
  ) {
    this.#config = config
    this.#clock = clock
    this.#accumulator = accumulator
    this.#sender = sender
    this.#reports = reports
    this.#accept = accept
  }

  get isFull(): boolean {
    return this.#accumulator.isFull || this.#blocked.size > 0 || this.#pendingCount >= this.#config.maxPendingRecords
  }

  get isMemoryFull(): boolean {
    return this.#accumulator.isFull
  }

  /** Records that ever waited for room, and those of them that wait no longer. */
  get blockedCount(): number {
    return this.#blockedCount
  }

  get unblockedCount(): number {
    return this.#unblockedCount
  }

  /** Monotonic time at which a record that comes now has waited for long enough. */
  deadlineMs(): number {
    return this.#clock.monotonicMs() + this.#config.maxBlockMs
  }

  /** A record begins to wait in a backlog or in a serializer. */
  nowWaits(): void {
    this.#pendingCount++
  }

  waitsNoLonger(): void {
    this.#pendingCount--
    this.changes.wake()
  }

  /** Has a record wait for room. */
  block(pending: PendingRecord<K, V>): void {
    this.#blocked.push(pending)
    this.#blockedCount++
    this.#sender.wake()
    if (this.#blockedTimer === null) this.#watchBlocked()
  }

  /** Resolves when there is room for new records. @throws `signal.reason`; what `failReady` is given */
  ready(signal: AbortSignal | undefined): Promise<void> {
    const ready = this.#ready.wait(signal)
    this.#sender.wake()
    return ready
  }

  /** Resolves when memory may be free for a record to that topic. @throws TimeoutError `BUFFER_EXHAUSTED` at `deadlineMs` */
  memory(topic: string, deadlineMs: number): Promise<void> {
    this.#sender.wake()
    const restMs = Math.max(deadlineMs - this.#clock.monotonicMs(), 0)
    return withTimeout(this.#clock, this.changes.wait(undefined), restMs, () => this.#noRoom(topic))
  }

  /** There may be room again: first for the records that wait, then for new ones. */
  released(): void {
    this.changes.wake()
    while (this.#blocked.size > 0 && !this.#accumulator.isFull && this.#pendingCount < this.#config.maxPendingRecords) {
      this.#accept(this.#unblock()!)
    }
    if (this.#blocked.size === 0) {
      this.#blockedTimer?.cancel()
      this.#blockedTimer = null
    }
    if (!this.#ready.isEmpty && !this.isFull) this.#ready.wake()
  }

  failReady(error: Error): void {
    this.#ready.fail(error)
  }

  failBlocked(error: Error): void {
    for (let blocked = this.#blocked.shift(); blocked !== undefined; blocked = this.#blocked.shift()) this.#fail(blocked, error)
    this.#blockedTimer?.cancel()
  }

  #unblock(): PendingRecord<K, V> | undefined {
    const pending = this.#blocked.shift()
    if (pending !== undefined) this.#unblockedCount++
    return pending
  }

  /** The first in the queue has waited longest, so it is the one to time out. */
  #watchBlocked(): void {
    this.#blockedTimer = null
    for (let first = this.#blocked.peek(); first !== undefined; first = this.#blocked.peek()) {
      const restMs = first.deadlineMs - this.#clock.monotonicMs()
      if (restMs > 0) {
        this.#blockedTimer = this.#clock.setTimer(restMs, () => this.#watchBlocked())
        return
      }
      this.#unblock()
      this.#fail(first, this.#noRoom(first.record.topic))
    }
  }

  /** Why a record failed that found no room in time. */
  #noRoom(topic: string): TimeoutError {
    const { bufferMemory, maxBlockMs, maxPendingRecords } = this.#config
    const why =
      this.#pendingCount >= maxPendingRecords
        ? `${maxPendingRecords} records (maxPendingRecords) waited all of maxBlockMs (${maxBlockMs}) for a topic or in a serializer; check that their topics exist`
        : `the buffer (bufferMemory, ${bufferMemory} bytes) stayed full for maxBlockMs (${maxBlockMs}); the broker is slower than the sending`
    return new TimeoutError(`topic ${topic}: no room for the record: ${why}`, { code: 'BUFFER_EXHAUSTED', at: { topic } })
  }

  #fail({ record, callback }: PendingRecord<K, V>, error: Error): void {
    this.changes.wake()
    this.#reports.undelivered(callback, error, record.topic, -1)
  }
}
