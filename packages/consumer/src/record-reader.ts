import type { Asking } from './asking.ts'
import type { ConsumerBatch, ConsumerRecord } from './consumer-record.ts'
import type { FetchBuffer } from './fetch-buffer.ts'
import type { FetchedRecord } from './fetched-record.ts'
import type { Hand } from './hand.ts'
import type { PendingErrors } from './pending-errors.ts'
import type { PartitionState } from './subscription-state.ts'

export interface RecordReaderOptions<K, V> {
  readonly asking: Asking
  readonly buffer: FetchBuffer<K, V>
  readonly hand: Hand
  readonly errors: PendingErrors
  readonly maxPollRecords: number
  /** Some deserializer takes its time: records are decoded before they are handed out. */
  readonly decodesLater: boolean
}

/** The three ways to ask for records: `poll`, record by record, batch by batch. */
export class RecordReader<K, V> {
  readonly #options: RecordReaderOptions<K, V>

  constructor(options: RecordReaderOptions<K, V>) {
    this.#options = options
  }

  async poll(timeoutMs: number, signal: AbortSignal | undefined): Promise<ConsumerRecord<K, V>[]> {
    const { asking, hand, maxPollRecords, decodesLater } = this.#options
    const polled = await asking.ask(signal, timeoutMs, () => {
      const records: FetchedRecord<K, V>[] = []
      const states = new Set<PartitionState>()
      while (records.length < maxPollRecords) {
        const taken = this.#takeOrKeep(records.length > 0, maxPollRecords - records.length)
        if (taken === null) break
        for (const record of taken.records) records.push(record)
        states.add(taken.state)
      }
      // Only now: behind the records may have come some that are not for the user, and the positions are behind them.
      hand.holdPolled(states)
      return records.length === 0 ? null : records
    })
    if (polled === null) return []
    if (decodesLater) for (const record of polled) await record.decodeLater()
    return polled
  }

  records(signal: AbortSignal | undefined): AsyncIterableIterator<ConsumerRecord<K, V>> {
    const { asking, buffer, hand, decodesLater } = this.#options
    const takeOne = () => {
      const record = buffer.takeOne()
      if (record !== null) hand.hold(buffer.takenFrom!)
      return record
    }
    const next = async (isOver: () => boolean): Promise<IteratorResult<ConsumerRecord<K, V>>> => {
      const record = await asking.ask(signal, Number.POSITIVE_INFINITY, takeOne, isOver)
      if (record === null) return { done: true, value: undefined }
      if (decodesLater) await record.decodeLater()
      return { done: false, value: record }
    }
    return this.#iterator<ConsumerRecord<K, V>>(isOver => {
      // The common case: there is a record, and nothing else to do. No waiting, one promise.
      if (decodesLater || !asking.passAtOnce(signal)) return next(isOver)
      const record = takeOne()
      if (record === null) return next(isOver)
      return Promise.resolve({ done: false, value: record })
    })
  }

  batches(signal: AbortSignal | undefined): AsyncIterableIterator<ConsumerBatch<K, V>> {
    const { asking, buffer, hand, maxPollRecords, decodesLater } = this.#options
    const take = () => {
      const taken = buffer.take(maxPollRecords)
      if (taken === null) return null
      const { state, records } = taken
      hand.hold(state)
      return { topic: state.topic, partition: state.partition, records, highWatermark: state.visibleEnd }
    }
    return this.#iterator<ConsumerBatch<K, V>>(async isOver => {
      const batch = await asking.ask(signal, Number.POSITIVE_INFINITY, take, isOver)
      if (batch === null) return { done: true, value: undefined }
      if (decodesLater) for (const record of batch.records) await record.decodeLater()
      return { done: false, value: batch }
    })
  }

  #iterator<T>(next: (isOver: () => boolean) => Promise<IteratorResult<T>>): AsyncIterableIterator<T> {
    const { asking, hand } = this.#options
    let ended = false
    const isOver = () => ended
    let last: Promise<unknown> | null = null
    const iterator: AsyncIterableIterator<T> = {
      next: () => {
        if (ended) return Promise.resolve({ done: true, value: undefined })
        try {
          const result = next(isOver)
          last = result
          return result
        } catch (error) {
          return Promise.reject(error)
        }
      },
      return: async () => {
        ended = true
        hand.drop()
        // Were it still asked for a record, the next one would be taken, given to nobody, and committed as processed.
        asking.wake()
        if (!asking.isHeldUp) await last?.catch(() => {})
        last = null
        return { done: true, value: undefined }
      },
      [Symbol.asyncIterator]: () => iterator,
    }
    return iterator
  }

  /** Records that were taken already are worth more than the error behind them, which comes again. */
  #takeOrKeep(haveSome: boolean, limit: number) {
    const { buffer, errors } = this.#options
    try {
      return buffer.take(limit)
    } catch (error) {
      if (!haveSome) throw error
      errors.tell(error)
      return null
    }
  }
}
