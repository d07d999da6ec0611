import { markerOf, type RecordBatchView } from '@logwerk/protocol'

/** As a Fetch response names one: the producer's records from `firstOffset` to its next abort marker are void. */
export interface AbortedTransaction {
  readonly producerId: number
  readonly firstOffset: number
}

/**
 * Hides what aborted transactions wrote from a reader with isolation level `read_committed`. Batches pass in the order of their offsets.
 * Source: Kafka's `CompletedFetch`.
 */
export class AbortedTransactions {
  /** Ahead of the reader, by first offset: brokers promise no order. */
  readonly #ahead: AbortedTransaction[]
  readonly #aborted = new Set<number>()

  constructor(transactions: readonly AbortedTransaction[]) {
    this.#ahead = [...transactions].sort((a, b) => a.firstOffset - b.firstOffset)
  }

  /** True if the batch's records must not be shown. */
  hides(batch: RecordBatchView): boolean {
    while (this.#ahead.length > 0 && this.#ahead[0]!.firstOffset <= batch.lastOffset) this.#aborted.add(this.#ahead.shift()!.producerId)
    if (!batch.hasProducerId) return false
    if (batch.isControl) {
      if (markerOf(batch)?.marker === 'ABORT') this.#aborted.delete(batch.producerId)
      return true
    }
    return batch.isTransactional && this.#aborted.has(batch.producerId)
  }
}
