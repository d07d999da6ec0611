import type { Uuid } from '@logwerk/runtime'

/** A committed offset of one partition. */
export interface CommittedOffset {
  /** Of the next record to read. */
  readonly offset: number
  /** Epoch of the last record read; -1 if the member did not say. */
  readonly leaderEpoch: number
  readonly metadata: string
  readonly commitTimestampMs: number
  /** Set by requests that brought their own retention time (up to version 4); else {@link NO_EXPIRY}, and the broker's retention holds. */
  readonly expireTimestampMs: number
  /** Of the topic at the time of the commit; all zero if it was written by a Kafka that did not store it. */
  readonly topicId: Uuid
}

/** The offsets of a group by topic and partition. Never changed in place. */
export type CommittedOffsets = ReadonlyMap<string, ReadonlyMap<number, CommittedOffset>>

/** The expire timestamp of an offset without a retention time of its own. */
export const NO_EXPIRY = -1

export const NO_OFFSETS: CommittedOffsets = new Map()

/** An offset that a step sets (or, with null, takes away). */
export interface OffsetChange {
  readonly topic: string
  readonly partition: number
  readonly committed: CommittedOffset | null
}

/** The offsets after these changes. */
export function withChanges(offsets: CommittedOffsets, changes: readonly OffsetChange[]): CommittedOffsets {
  if (changes.length === 0) return offsets
  const topics = new Map(offsets)
  const copied = new Map<string, Map<number, CommittedOffset>>()
  for (const { topic, partition, committed } of changes) {
    let partitions = copied.get(topic)
    if (partitions === undefined) {
      partitions = new Map(offsets.get(topic))
      copied.set(topic, partitions)
      topics.set(topic, partitions)
    }
    if (committed === null) partitions.delete(partition)
    else partitions.set(partition, committed)
  }
  for (const [topic, partitions] of copied) if (partitions.size === 0) topics.delete(topic)
  return topics
}
