import type { DeliveryCallback, Producer } from '@logwerk/producer'
import type { LineRecord } from './record-of-line.ts'

/** Counts what becomes of the records that were sent. */
export class Delivery {
  readonly #producer: Producer<Uint8Array | string, Uint8Array | string>
  readonly #onFailure: (error: Error) => void
  readonly #onFate: DeliveryCallback
  readonly partitions = new Map<number, number>()
  sentBytes = 0
  deliveredCount = 0
  failedCount = 0
  firstError: Error | null = null

  /** @param onFailure  Hears of every record that was not delivered. */
  constructor(producer: Producer<Uint8Array | string, Uint8Array | string>, onFailure: (error: Error) => void) {
    this.#producer = producer
    this.#onFailure = onFailure
    this.#onFate = (error, metadata) => {
      if (error === null && metadata !== null) {
        this.deliveredCount++
        this.partitions.set(metadata.partition, (this.partitions.get(metadata.partition) ?? 0) + 1)
      } else if (error !== null) {
        this.failedCount++
        this.firstError ??= error
        this.#onFailure(error)
      }
    }
  }

  /** Takes the record; waits while the producer's buffer is full. @throws `signal.reason` while it waits */
  async send(record: LineRecord, signal: AbortSignal): Promise<void> {
    this.sentBytes += sizeOf(record.key) + sizeOf(record.value)
    while (!this.#producer.enqueue(record, this.#onFate)) await this.#producer.ready({ signal })
  }
}

function sizeOf(part: Uint8Array | string | null | undefined): number {
  return part === null || part === undefined ? 0 : typeof part === 'string' ? Buffer.byteLength(part) : part.length
}
