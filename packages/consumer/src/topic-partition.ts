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
