import { sequenceAfter } from '@logwerk/protocol'
import type { ProducerBatch } from './producer-batch.ts'
import { type ProducerStamp, UNIDENTIFIED } from './producer-identity.ts'

/**
 * One partition's batches: those that fill or wait, those in flight, and those to be sent again. It also numbers the records, which
 * without idempotence only keeps the order of what is sent again. The rules are those of the Java producer's `RecordAccumulator` and
 * `TransactionManager`, in a form that is simpler to check: while a batch has to be sent again nothing new leaves, and the batches to
 * repeat leave one at a time in the order of their sequences.
 */
export class PartitionQueue {
  readonly topic: string
  readonly partition: number
  /** Oldest first; only the last one takes more records. */
  readonly waiting: ProducerBatch[] = []
  readonly inFlight = new Set<ProducerBatch>()
  /** In the order of their sequences. */
  readonly retries: ProducerBatch[] = []
  /** About the size of the largest batches that left lately: the next one may need as much room. */
  usualSizeBytes = 0
  readonly #maxInFlight: number
  #stamp: ProducerStamp | null = null
  /** Sequence of the next record that is numbered. */
  #nextSequence = 0
  /** Batches numbered under the stamp so far. */
  #numberedCount = 0
  #isKnown = false

  /** @param maxInFlight  Batches that may be on their way at once: brokers remember the last five, to recognise those sent twice. */
  constructor(topic: string, partition: number, maxInFlight: number) {
    this.topic = topic
    this.partition = partition
    this.#maxInFlight = maxInFlight
  }

  get isIdle(): boolean {
    return this.waiting.length === 0 && this.retries.length === 0 && this.inFlight.size === 0
  }

  /**
   * The batch that leaves next, as far as this partition goes; null if nothing may leave now.
   *
   * @param current  What new batches are numbered under; null if that has to be asked for first.
   */
  next(current: ProducerStamp | null): ProducerBatch | null {
    const { retries, waiting, inFlight } = this
    if (retries.length > 0) {
      if (inFlight.size > 0) return null
      // What may have been stored is sent again under its old numbers, or it might be stored twice.
      if (this.#stamp === current || retries.some(batch => batch.outcomeUnknown)) return retries[0]!
      if (current === null) return null
      this.#begin(current)
      return retries[0]!
    }
    if (waiting.length === 0 || current === null) return null
    if (this.#stamp !== current) {
      if (inFlight.size > 0) return null
      this.#begin(current)
    }
    // A broker takes any sequence for the first of a producer that it does not know, so were the first batch refused, the second one
    // would be stored in front of it.
    return this.#countFromOldest() < (this.#isKnown ? this.#maxInFlight : 1) ? waiting[0]! : null
  }

  /**
   * Batches numbered from the oldest one in flight on, those behind it that are acknowledged already included: were they not counted, a
   * batch whose answer was lost could fall out of the five that the broker remembers, and would be taken for one that is missing.
   */
  #countFromOldest(): number {
    let oldest = this.#numberedCount
    for (const { ordinal } of this.inFlight) oldest = Math.min(oldest, ordinal)
    return this.#numberedCount - oldest
  }

  /** Takes out the batch that `next` gave, as one in flight, and numbers it the first time that it leaves. */
  take(batch: ProducerBatch): void {
    if (this.retries[0] === batch) this.retries.shift()
    else {
      this.waiting.shift()
      const { sizeBytes } = batch.builder
      this.usualSizeBytes = Math.max(sizeBytes, this.usualSizeBytes - (this.usualSizeBytes - sizeBytes) / USUAL_SHARE)
    }
    if (batch.baseSequence < 0) this.#number(batch)
    this.inFlight.add(batch)
  }

  /** True if no batch was numbered after this one. */
  isNumberedLast(batch: ProducerBatch): boolean {
    return batch.stamp === this.#stamp && sequenceAfter(batch.baseSequence, batch.recordCount) === this.#nextSequence
  }

  /** The batch that was numbered last is for sure in no log: its numbers are free again. */
  unnumber(batch: ProducerBatch): void {
    this.#nextSequence = batch.baseSequence
    this.#numberedCount = batch.ordinal
    batch.baseSequence = -1
    batch.stamp = null
  }

  /** The broker has stored this batch. */
  stored(batch: ProducerBatch): void {
    if (batch.stamp === this.#stamp) this.#isKnown = true
  }

  /** Puts a batch, or the parts that it was split into, where their sequences belong. */
  putBack(...batches: ProducerBatch[]): void {
    for (const batch of batches) {
      this.inFlight.delete(batch)
      const at = this.retries.findIndex(other => isBefore(batch.baseSequence, other.baseSequence))
      this.retries.splice(at < 0 ? this.retries.length : at, 0, batch)
    }
  }

  /** True if a batch with an earlier sequence is still under way: its absence explains why this one did not fit. */
  hasEarlier(batch: ProducerBatch): boolean {
    for (const other of this.inFlight) if (other !== batch && isBefore(other.baseSequence, batch.baseSequence)) return true
    return this.retries.some(other => other !== batch && isBefore(other.baseSequence, batch.baseSequence))
  }

  /** The broker says that `batch` is not in its log; then nothing that comes behind it can be. */
  notStoredFrom(batch: ProducerBatch): void {
    batch.outcomeUnknown = false
    for (const other of this.retries) if (isBefore(batch.baseSequence, other.baseSequence)) other.outcomeUnknown = false
  }

  /** A new epoch, or the first: what has to be sent again is numbered anew. Nothing is in flight. */
  #begin(stamp: ProducerStamp): void {
    this.#stamp = stamp
    this.#nextSequence = 0
    this.#numberedCount = 0
    this.#isKnown = stamp === UNIDENTIFIED
    for (const batch of this.retries) this.#number(batch)
  }

  #number(batch: ProducerBatch): void {
    batch.stamp = this.#stamp
    batch.baseSequence = this.#nextSequence
    batch.ordinal = this.#numberedCount++
    this.#nextSequence = sequenceAfter(this.#nextSequence, batch.recordCount)
  }
}

/** How many small batches it takes to forget the size of a large one, about. */
const USUAL_SHARE = 8
const SEQUENCES = 0x8000_0000

/** Sequences wrap, and those of one partition under way are close together: the shorter way round tells which is first. */
function isBefore(a: number, b: number): boolean {
  const distance = (b - a + SEQUENCES) % SEQUENCES
  return distance !== 0 && distance < SEQUENCES / 2
}
