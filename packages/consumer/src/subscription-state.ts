import { assert, KafkaError, type Uuid, ZERO_UUID } from '@logwerk/runtime'
import { formatPartition, type TopicPartition, type TopicPartitionOffset } from './topic-partition.ts'

/** An offset to read from, and the epoch of the record before it. */
export interface Position {
  offset: number
  /** -1 if not known. */
  offsetEpoch: number
}

/** What the consumer knows of one assigned partition. */
export class PartitionState implements TopicPartition {
  readonly topic: string
  readonly partition: number
  /** Id of the topic that the position lies in; null until something is fetched from there. */
  topicId: Uuid | null = null
  /** The next record to hand out; null until it is known where to begin. */
  position: Position | null = null
  /** The next offset to ask the broker for; runs ahead of the position. */
  fetchOffset = -1
  /** Behind the last record whose processing is over: what is committed in the background. */
  finishedOffset = -1
  finishedEpoch = -1
  /** What was committed last, so that nothing is committed twice. */
  committedOffset = -1
  /** Counts every change of the position that is not reading on. */
  jumps = 0
  /** Counts what makes everything that was fetched before void: a jump, or a decision to fetch from the position again. */
  fetchRound = 0
  paused = false
  /** The owner is being told that the partition goes: nothing of it is handed out. */
  leaving = false
  /** Set when the broker says that the position lies outside the log, or there is none. */
  needsReset = false
  /** The leader epoch under which the position was last found to be in the log; -1 for never. */
  validatedEpoch = -1
  /** Behind the last record that this consumer may see: the high watermark, or the last stable offset; -1 if not known. */
  visibleEnd = -1
  /** Not fetched before this monotonic time, after an error. */
  notBeforeMs = 0
  failures = 0
  /** Bytes fetched and not yet handed out. */
  bufferedBytes = 0

  constructor({ topic, partition }: TopicPartition) {
    this.topic = topic
    this.partition = partition
  }

  /** Begins to read at `offset`: by a committed offset, a reset or the user's wish. */
  jumpTo(offset: number, offsetEpoch = -1): void {
    this.position = { offset, offsetEpoch }
    this.fetchOffset = offset
    this.finishedOffset = offset
    this.finishedEpoch = offsetEpoch
    this.topicId = null
    this.needsReset = false
    this.validatedEpoch = -1
    // From here on what is finished counts again, even if more had been committed.
    this.committedOffset = -1
    this.jumps++
    this.fetchRound++
  }

  /** The position is void: a new one has to be found by the reset policy. */
  requestReset(): void {
    this.position = null
    this.fetchOffset = -1
    this.needsReset = true
    this.jumps++
    this.fetchRound++
  }

  /** False if the topic was deleted since, and another one has its name now: nothing that is known of the partition is true of that one. */
  isOf(topicId: Uuid): boolean {
    if (topicId === ZERO_UUID || this.topicId === topicId) return true
    if (this.topicId !== null) return false
    this.topicId = topicId
    return true
  }

  /** The topic is another one, of which nothing was read or processed. */
  startOver(): void {
    this.requestReset()
    this.topicId = null
    this.finishedOffset = -1
    this.finishedEpoch = -1
    this.committedOffset = -1
    this.visibleEnd = -1
  }

  /**
   * True if the position is known to be in the log of this leader epoch (-1 if the broker does not tell). A position whose own epoch is not
   * known cannot be checked, and is taken to be; but what a former leader gave and nobody has seen yet is fetched again.
   */
  isGoodUnder(leaderEpoch: number): boolean {
    if (this.validatedEpoch === leaderEpoch) return true
    if (leaderEpoch >= 0 && this.position !== null && this.position.offsetEpoch >= 0) return false
    if (this.validatedEpoch >= 0) this.refetch()
    this.validatedEpoch = leaderEpoch
    return true
  }

  /** Lets go of what was fetched and not handed out: it is fetched again, from the position on. */
  refetch(): void {
    if (this.position !== null) this.fetchOffset = this.position.offset
    this.fetchRound++
  }
}

/** The partitions that this consumer reads, whoever gave them to it. */
export class SubscriptionState {
  readonly #partitions = new Map<string, PartitionState>()

  get all(): Iterable<PartitionState> {
    return this.#partitions.values()
  }

  get size(): number {
    return this.#partitions.size
  }

  get(partition: TopicPartition): PartitionState | undefined {
    return this.#partitions.get(formatPartition(partition))
  }

  /** @throws KafkaError `ILLEGAL_STATE` if the partition is not read */
  assigned(partition: TopicPartition): PartitionState {
    const state = this.get(partition)
    if (state === undefined)
      throw new KafkaError('ILLEGAL_STATE', `${formatPartition(partition)} is not assigned to this consumer`, { at: { ...partition } })
    return state
  }

  has(state: PartitionState): boolean {
    return this.#partitions.get(formatPartition(state)) === state
  }

  add(partitions: Iterable<TopicPartition>): PartitionState[] {
    const added: PartitionState[] = []
    for (const partition of partitions) {
      assert(!this.#partitions.has(formatPartition(partition)), 'a partition is assigned once', { ...partition })
      const state = new PartitionState(partition)
      this.#partitions.set(formatPartition(partition), state)
      added.push(state)
    }
    return added
  }

  remove(partitions: Iterable<TopicPartition>): void {
    for (const partition of partitions) {
      const state = this.get(partition)
      if (state !== undefined) {
        state.jumps++
        state.fetchRound++
      }
      this.#partitions.delete(formatPartition(partition))
    }
  }

  clear(): void {
    this.remove([...this.#partitions.values()])
  }

  /** Where each partition stands: behind what has been handed out. Those that have no position yet are left out. */
  positions(): TopicPartitionOffset[] {
    return [...this.#partitions.values()].flatMap(({ topic, partition, position }) =>
      position === null ? [] : [{ topic, partition, offset: position.offset, leaderEpoch: position.offsetEpoch }],
    )
  }

  /** Plain descriptions, for the user. */
  list(): TopicPartition[] {
    return [...this.#partitions.values()].map(({ topic, partition }) => ({ topic, partition }))
  }
}
