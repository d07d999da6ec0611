import { groupBy } from '@logwerk/runtime'
import type { TopicPartition } from './topic-partition.ts'

/** Partitions of the same topic together, in the order in which they come. */
export function groupByTopic<T extends TopicPartition>(partitions: Iterable<T>): [string, T[]][] {
  return [...groupBy(partitions, ({ topic }) => topic)]
}

/** The same as the group protocol writes it: every topic with the numbers of its partitions. */
export function numbersByTopic(partitions: Iterable<TopicPartition>): { readonly topic: string; readonly partitions: number[] }[] {
  return groupByTopic(partitions).map(([topic, ofTopic]) => ({ topic, partitions: ofTopic.map(({ partition }) => partition) }))
}
