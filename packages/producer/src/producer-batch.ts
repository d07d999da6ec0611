import { type CompressionCodec, RecordBatchBuilder, stampBatch, UNSTAMPED } from '@logwerk/protocol'
import type { Headers } from '@logwerk/runtime'
import type { PartitionQueue } from './partition-queue.ts'
import { type ProducerStamp, UNIDENTIFIED } from './producer-identity.ts'
import type { DeliveryCallback } from './record.ts'
import { type OnThrown, tell } from './tell.ts'

/** A batch on its way: filling, waiting, in flight, or waiting to be sent again. */
export class ProducerBatch {
  readonly queue: PartitionQueue
  readonly builder: RecordBatchBuilder
  /** Monotonic time at which its first record came. */
  readonly createdMs: number
  attempts = 0
  /** Not sent again before this monotonic time. */
  notBeforeMs = 0
  /** -1 until the batch is drained for the first time. */
  baseSequence = -1
  /** How many batches of its partition were numbered before it under the same stamp; those before a split for its parts. */
  ordinal = 0
  /** What its sequence counts under; null until it has one. */
  stamp: ProducerStamp | null = null
  /** Bytes of `bufferMemory` that it holds. */
  heldBytes = 0
  /** True if a broker may have stored it without our knowing. */
  outcomeUnknown = false
  /** True if the bytes may be read by a connection even when the batch is over. */
  bytesLent = false
  /** Why it has to be sent again. */
  lastError: Error | null = null
  #callbacks: (DeliveryCallback | null)[] | null = null
  #timestamps: number[] | null = null
  #bytes: Buffer | null = null
  #onDone: (() => void)[] | null = null
  #done = false

  constructor(queue: PartitionQueue, buffer: Buffer, createdMs: number) {
    this.queue = queue
    this.builder = new RecordBatchBuilder(buffer)
    this.createdMs = createdMs
  }

  get recordCount(): number {
    return this.builder.recordCount
  }

  get sizeBytes(): number {
    return this.#bytes === null ? this.builder.sizeBytes : this.#bytes.length
  }

  get isDone(): boolean {
    return this.#done
  }

  /** Notes who wants to know of the record added last. */
  addCallback(callback: DeliveryCallback, timestamp: number): void {
    this.#callbacks ??= []
    this.#timestamps ??= []
    const index = this.builder.recordCount - 1
    // Records without a callback leave holes, so that a batch of them costs nothing.
    this.#callbacks[index] = callback
    this.#timestamps[index] = timestamp
  }

  /** The bytes to send, with the numbers that the batch has now. Compressed at most once. */
  seal(codec: CompressionCodec | undefined, level: number | undefined): Buffer {
    const stamp = this.stamp === null || this.stamp === UNIDENTIFIED ? UNSTAMPED : { ...this.stamp, baseSequence: this.baseSequence }
    if (this.#bytes === null) this.#bytes = this.builder.finish(stamp, codec, level)
    else if (stamp !== UNSTAMPED) stampBatch(this.#bytes, stamp)
    return this.#bytes
  }

  /** The bytes as they were sent last. */
  get sealedBytes(): Buffer | null {
    return this.#bytes
  }

  onDone(listener: () => void): void {
    if (this.#done) listener()
    else {
      this.#onDone ??= []
      this.#onDone.push(listener)
    }
  }

  /** Tells everybody where the records are. `baseOffset` -1: unknown. `logAppendTime` -1: the records' own times hold. */
  succeed(baseOffset: number, logAppendTime: number, onThrown: OnThrown): void {
    if (this.#done) return
    this.#done = true
    const { topic, partition } = this.queue
    const callbacks = this.#callbacks
    const timestamps = this.#timestamps
    if (callbacks !== null && timestamps !== null) {
      for (let index = 0; index < callbacks.length; index++) {
        const callback = callbacks[index]
        if (callback === undefined || callback === null) continue
        const offset = baseOffset < 0 ? -1 : baseOffset + index
        const timestamp = logAppendTime >= 0 ? logAppendTime : timestamps[index]!
        tell(callback, null, { topic, partition, offset, timestamp }, onThrown)
      }
    }
    this.#end()
  }

  /**
   * Tells everybody that the records were not delivered; returns how many had no callback to hear it.
   *
   * @param errorOf  The error of the record at a place in the batch, where it differs from that of the batch.
   */
  fail(error: Error, onThrown: OnThrown, errorOf?: (index: number) => Error): number {
    if (this.#done) return 0
    this.#done = true
    let unheardCount = this.recordCount
    const callbacks = this.#callbacks ?? []
    for (let index = 0; index < callbacks.length; index++) {
      const callback = callbacks[index]
      if (callback === undefined || callback === null) continue
      unheardCount--
      tell(callback, errorOf?.(index) ?? error, null, onThrown)
    }
    this.#end()
    return unheardCount
  }

  /** Moves callbacks and timestamps of the records [from, to) to another batch that took over these records. */
  handOver(to: ProducerBatch, from: number, until: number): void {
    if (this.#callbacks === null || this.#timestamps === null) return
    to.#callbacks = this.#callbacks.slice(from, until)
    to.#timestamps = this.#timestamps.slice(from, until)
  }

  /** Ends the batch without telling the records' owners: others carry them now. */
  replaced(by: readonly ProducerBatch[]): void {
    const listeners = this.#onDone ?? []
    this.#onDone = null
    this.#callbacks = null
    this.#done = true
    let open = by.length
    for (const batch of by) {
      batch.onDone(() => {
        open--
        if (open === 0) for (const listener of listeners) listener()
      })
    }
  }

  /** Adds a record out of another batch. */
  adopt(timestamp: number, key: Uint8Array | null, value: Uint8Array | null, headers: Headers): void {
    this.builder.append(timestamp, key, value, headers)
  }

  #end(): void {
    this.#callbacks = null
    this.#timestamps = null
    const listeners = this.#onDone
    this.#onDone = null
    for (const listener of listeners ?? []) listener()
  }
}
