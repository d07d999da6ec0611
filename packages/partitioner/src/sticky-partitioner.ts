import { type Random, randomBelow } from '@logwerk/runtime'

/** What adaptive partitioning asks of the producer's accumulator. */
export interface PartitionLoad {
  /** Batches that wait in the partition's queue; negative before the partition ever had a queue. */
  queueLength(topic: string, partition: number): number
}

export interface StickyPartitionerOptions {
  /** The producer's `batch.size`: how much goes to one partition before the next one's turn. At least 1 is used. */
  readonly batchSizeBytes: number
  /** Prefer partitions with short queues, i.e. fast brokers: `partitioner.adaptive.partitioning.enable`. */
  readonly adaptive: boolean
  readonly random: Random
}

interface Turn {
  /** -1: to be drawn for the next record. */
  partition: number
  producedBytes: number
}

/**
 * Where records without a key go: to one partition until a batch's worth of bytes is produced, then to a random other one. Batches are
 * full that way, and partitions get equal bytes, not equal records. Source: KIP-794, Kafka's `BuiltInPartitioner`.
 */
export class StickyPartitioner {
  readonly #batchSizeBytes: number
  readonly #adaptive: boolean
  readonly #random: Random
  /** One entry for each topic that was written to; {@link forget} removes it. */
  readonly #turns = new Map<string, Turn>()

  constructor(options: StickyPartitionerOptions) {
    this.#batchSizeBytes = Math.max(1, options.batchSizeBytes)
    this.#adaptive = options.adaptive
    this.#random = options.random
  }

  /**
   * The topic's current partition. A new one is drawn if the last one's turn is over, or the topic was made anew with fewer partitions:
   * uniformly over `availablePartitions` (over all if that is empty), or, with `load`, the more probably the shorter its queue.
   *
   * @param availablePartitions  Partitions with a leader; leave out those whose broker does not take data
   *                             (`partitioner.availability.timeout.ms`).
   * @param load                 Asked only when a partition is drawn. As long as one of the partitions has no queue, the draw is uniform.
   */
  current(topic: string, partitionCount: number, availablePartitions: readonly number[], load?: PartitionLoad): number {
    let turn = this.#turns.get(topic)
    if (turn === undefined) {
      turn = { partition: -1, producedBytes: 0 }
      this.#turns.set(topic, turn)
    }
    if (turn.partition === -1 || turn.partition >= partitionCount) {
      turn.partition = this.#draw(topic, partitionCount, availablePartitions, load)
      turn.producedBytes = 0
    }
    return turn.partition
  }

  /**
   * Counts a record that went where {@link current} said, and ends the partition's turn after a batch's worth of bytes if no batch is
   * left half full by it, and after two in any case. Call it too, with 0 bytes, when the sender takes the partition's last batch: a turn
   * that had to wait for that ends then.
   *
   * @param bytes      What the record added to its batch.
   * @param batchFull  True if the partition's last batch is full, or there is none.
   */
  onAppended(topic: string, partition: number, bytes: number, batchFull: boolean): void {
    const turn = this.#turns.get(topic)
    if (turn === undefined || turn.partition !== partition) return
    turn.producedBytes += bytes
    // Moving on while a batch is open would, with a long linger, leave a trail of half-filled batches: one for every partition.
    if (turn.producedBytes >= (batchFull ? 1 : 2) * this.#batchSizeBytes) turn.partition = -1
  }

  /** Drops what is known of a topic that is no longer written to. */
  forget(topic: string): void {
    this.#turns.delete(topic)
  }

  #draw(topic: string, partitionCount: number, available: readonly number[], load: PartitionLoad | undefined): number {
    if (available.length === 0) return randomBelow(this.#random, partitionCount)
    const adapted = this.#adaptive && load !== undefined ? this.#drawByLoad(topic, available, load) : -1
    return adapted === -1 ? available[randomBelow(this.#random, available.length)]! : adapted
  }

  /** A partition's weight is how much shorter its queue is than the longest, plus one. -1 if the queues say nothing. */
  #drawByLoad(topic: string, available: readonly number[], load: PartitionLoad): number {
    let longest = 0
    let sum = 0
    for (let at = 0; at < available.length; at++) {
      const length = load.queueLength(topic, available[at]!)
      if (length < 0) return -1
      if (length > longest) longest = length
      sum += length
    }
    if (sum === longest * available.length) return -1
    let rest = randomBelow(this.#random, (longest + 1) * available.length - sum)
    for (let at = 0; at < available.length; at++) {
      rest -= longest + 1 - load.queueLength(topic, available[at]!)
      if (rest < 0) return available[at]!
    }
    return -1
  }
}

/** The sticky choice for one producer. */
export function createStickyPartitioner(options: StickyPartitionerOptions): StickyPartitioner {
  return new StickyPartitioner(options)
}
