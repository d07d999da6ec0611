/** One partition of one topic. */
export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** A partition and an offset in it, e.g. to commit: the offset of the next record to read. */
export interface TopicPartitionOffset extends TopicPartition {
  readonly offset: number
  /** A note that is kept with a committed offset. */
  readonly metadata?: string | undefined
  /** Epoch of the record before `offset`, so that a cut log is noticed; -1 or left out if not known. */
  readonly leaderEpoch?: number | undefined
}

/** `topic-partition`, Kafka's way to write one down; a key for maps. */
export function formatPartition({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`
}

const MAX_PARTITION = 0x7fff_ffff

/** @throws TypeError for what is no list of partitions */
export function checkPartitions(partitions: readonly TopicPartition[]): void {
  if (!Array.isArray(partitions)) throw new TypeError('a list of partitions is expected, such as [{ topic, partition }]')
  for (const { topic, partition } of partitions) {
    if (typeof topic !== 'string' || topic === '' || !Number.isInteger(partition) || partition < 0 || partition > MAX_PARTITION)
      throw new TypeError(`a partition has a topic and a number from 0 on, not ${JSON.stringify({ topic, partition })}`)
  }
}

/** @throws TypeError for what is no offset */
export function checkOffset(partition: TopicPartition, offset: number): void {
  if (!Number.isSafeInteger(offset) || offset < 0)
    throw new TypeError(`${formatPartition(partition)}: an offset is a whole number from 0 on, not ${offset}`)
}
