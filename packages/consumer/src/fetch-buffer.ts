import { batchesOf, type CompressionCodecs, type RecordBatchView } from '@logwerk/protocol'
import { KafkaError, messageOf } from '@logwerk/runtime'
import { type AbortedTransaction, AbortedTransactions } from './aborted-transactions.ts'
import { type FetchedRecord, fetchedRecords, type RecordFormat } from './fetched-record.ts'
import type { PartitionState } from './subscription-state.ts'
import { formatPartition } from './topic-partition.ts'

/** What one answer brought for one partition, handed out batch by batch. */
class FetchedChunk<K, V> {
  readonly state: PartitionState
  readonly byteCount: number
  readonly #fetchRound: number
  readonly #batches: Iterator<RecordBatchView>
  readonly #aborted: AbortedTransactions | null
  #records: FetchedRecord<K, V>[] = []
  #at = 0
  /** Where the reader stands when all records of the batch have been handed out. */
  #nextOffset = -1
  #nextEpoch = -1

  constructor(state: PartitionState, bytes: Uint8Array, aborted: readonly AbortedTransaction[] | null) {
    this.state = state
    this.byteCount = bytes.length
    this.#fetchRound = state.fetchRound
    this.#batches = batchesOf(bytes)
    this.#aborted = aborted === null ? null : new AbortedTransactions(aborted)
  }

  /** True if these records are not wanted any more: the position was moved by something else, or they are fetched again. */
  get isVoid(): boolean {
    return this.#fetchRound !== this.state.fetchRound
  }

  /**
   * Up to `limit` records from the position on; fewer at the end of a batch, none at the end of the chunk.
   *
   * @throws KafkaError `CORRUPT_MESSAGE` that names the place; the position stays in front of it.
   */
  take(limit: number, options: FetchBufferOptions<K, V>): FetchedRecord<K, V>[] {
    while (this.#at >= this.#records.length) if (!this.#nextBatch(options)) return []
    const taken = this.#at === 0 && this.#records.length <= limit ? this.#records : this.#records.slice(this.#at, this.#at + limit)
    this.#at += taken.length
    this.#moveBehind(taken.at(-1)!)
    return taken
  }

  /** The next record; undefined at the end of the chunk. @throws as {@link take} */
  takeOne(options: FetchBufferOptions<K, V>): FetchedRecord<K, V> | undefined {
    while (this.#at >= this.#records.length) if (!this.#nextBatch(options)) return undefined
    const record = this.#records[this.#at++]!
    this.#moveBehind(record)
    return record
  }

  /** The decoded records still to be handed out first; decodes a batch if need be. @throws as {@link take} */
  upcoming(limit: number, options: FetchBufferOptions<K, V>): readonly FetchedRecord<K, V>[] {
    while (this.#at >= this.#records.length) if (!this.#nextBatch(options)) return []
    return this.#records.slice(this.#at, this.#at + limit)
  }

  #moveBehind(last: FetchedRecord<K, V>): void {
    const position = this.state.position!
    // Behind the last record of a batch may come records that compaction took.
    position.offset = this.#at >= this.#records.length ? this.#nextOffset : last.offset + 1
    position.offsetEpoch = this.#nextEpoch
  }

  #nextBatch({ format, codecs, checkCrcs }: FetchBufferOptions<K, V>): boolean {
    const { state } = this
    const position = state.position!.offset
    try {
      const next = this.#batches.next()
      if (next.done === true) return false
      const batch = next.value
      if (checkCrcs && !batch.isCrcValid())
        throw new KafkaError('CORRUPT_MESSAGE', `the CRC of the batch at offset ${batch.baseOffset} is wrong`)
      const epoch = batch.partitionLeaderEpoch
      this.#at = 0
      this.#records = []
      this.#nextOffset = batch.nextOffset
      this.#nextEpoch = epoch
      // Markers are for the reader, not for the user.
      const hidden = this.#aborted?.hides(batch) === true || batch.isControl
      if (!hidden && batch.nextOffset > position) {
        const records = batch.recordsAs(batch.payload(codecs), fetchedRecords(state, batch, format))
        // A fetch gives whole batches, so the first may begin before the position.
        this.#records = batch.baseOffset < position ? records.filter(({ offset }) => offset >= position) : records
      }
      if (this.#records.length === 0 && batch.nextOffset > position) {
        state.position!.offset = batch.nextOffset
        state.position!.offsetEpoch = epoch
        // Nothing of it reaches the user, so nobody will say that it is done.
        if (state.finishedOffset === position) {
          state.finishedOffset = batch.nextOffset
          state.finishedEpoch = epoch
        }
      }
      return true
    } catch (error) {
      throw new KafkaError(
        error instanceof KafkaError ? error.code : 'CORRUPT_MESSAGE',
        `${formatPartition(state)}, offset ${position}: the records cannot be read: ${messageOf(error)}; seek past them to go on`,
        // The same bytes would come again.
        { at: { topic: state.topic, partition: state.partition, offset: position }, cause: error, retriable: false },
      )
    }
  }
}

export interface FetchBufferOptions<K, V> {
  readonly format: RecordFormat<K, V>
  readonly codecs: CompressionCodecs
  readonly checkCrcs: boolean
  /** A chunk has been handed out to its end: there is room for more. */
  readonly onRoom: () => void
}

/** Fetched records that wait to be asked for, partition by partition in turn. */
export class FetchBuffer<K, V> {
  readonly #options: FetchBufferOptions<K, V>
  /** Made once, not for each record. */
  readonly #oneOf: (chunk: FetchedChunk<K, V>) => FetchedRecord<K, V> | null
  #chunks: FetchedChunk<K, V>[] = []
  #bytes = 0
  #takenFrom: PartitionState | null = null

  constructor(options: FetchBufferOptions<K, V>) {
    this.#options = options
    this.#oneOf = chunk => chunk.takeOne(options) ?? null
  }

  /** The partition whose records were taken last; null before the first. */
  get takenFrom(): PartitionState | null {
    return this.#takenFrom
  }

  get byteCount(): number {
    return this.#bytes
  }

  add(state: PartitionState, bytes: Uint8Array, aborted: readonly AbortedTransaction[] | null): void {
    const chunk = new FetchedChunk<K, V>(state, bytes, aborted)
    this.#chunks.push(chunk)
    this.#bytes += chunk.byteCount
    state.bufferedBytes += chunk.byteCount
  }

  /**
   * Up to `limit` records of one partition, in order; empty if there are none now. Moves the partition's position behind them.
   *
   * @throws KafkaError `CORRUPT_MESSAGE`; what the batch behind it holds can be had after a seek.
   */
  take(limit: number): { readonly state: PartitionState; readonly records: readonly FetchedRecord<K, V>[] } | null {
    return this.#fromFirst(chunk => {
      const records = chunk.take(limit, this.#options)
      return records.length === 0 ? null : { state: chunk.state, records }
    })
  }

  /** The next record; null if there is none now. @throws as {@link take} */
  takeOne(): FetchedRecord<K, V> | null {
    return this.#fromFirst(this.#oneOf)
  }

  /** The records that `take` would give next, left where they are. @throws as {@link take} */
  peek(limit: number): readonly FetchedRecord<K, V>[] {
    return (
      this.#fromFirst(chunk => {
        const records = chunk.upcoming(limit, this.#options)
        return records.length === 0 ? null : records
      }) ?? []
    )
  }

  /** What `take` finds in the first chunk that may be read and has anything; chunks that are empty or void go. */
  #fromFirst<T>(take: (chunk: FetchedChunk<K, V>) => T | null): T | null {
    for (let index = 0; index < this.#chunks.length; ) {
      const chunk = this.#chunks[index]!
      if (chunk.isVoid) {
        this.#drop(index)
        continue
      }
      if (chunk.state.paused || chunk.state.leaving) {
        index++
        continue
      }
      let taken: T | null
      try {
        taken = take(chunk)
      } catch (error) {
        this.#drop(index)
        // What was fetched behind it is of no use before somebody seeks; until then the same place is fetched again.
        chunk.state.refetch()
        throw error
      }
      if (taken !== null) {
        this.#takenFrom = chunk.state
        return taken
      }
      this.#drop(index)
      this.#options.onRoom()
    }
    return null
  }

  /** Lets go of the records of paused partitions, which would keep those of the others from being fetched. */
  releasePaused(): void {
    for (const { state } of this.#chunks) if (state.paused) state.refetch()
    this.prune()
  }

  /** Lets go of what is void. */
  prune(): void {
    for (let index = this.#chunks.length - 1; index >= 0; index--) if (this.#chunks[index]!.isVoid) this.#drop(index)
  }

  #drop(index: number): void {
    const chunk = this.#chunks[index]!
    this.#chunks.splice(index, 1)
    this.#bytes -= chunk.byteCount
    chunk.state.bufferedBytes -= chunk.byteCount
  }
}
