import { KafkaError } from '@logwerk/runtime'
import type { AdminCall } from './admin-call.ts'
import { type GroupOffset, listGroupOffsets } from './group-offsets.ts'
import { describeGroups, type GroupMember } from './groups.ts'
import { lookUpOffsets } from './records.ts'
import { partitionKey, type TopicPartition } from './routing.ts'

/** How far a group is behind in a partition. */
export interface PartitionLag extends TopicPartition {
  /** Of the next record that the group reads; null if it has not committed any. */
  readonly committedOffset: number | null
  /** Of the next record to be written; null if the topic is gone. */
  readonly logEndOffset: number | null
  /** Records between the two; null where one of them is not known. */
  readonly lag: number | null
  /** Who has the partition now; null if nobody has. */
  readonly member: GroupMember | null
}

export async function groupLag(call: AdminCall, groupId: string): Promise<PartitionLag[]> {
  const committed = await listGroupOffsets(call, groupId, null)
  const members = await membersOf(call, groupId, committed.length > 0)
  const partitions = partitionsOf(committed, members)
  const queries = partitions.map(({ topic, partition }) => ({ topic, partition, at: 'latest' as const }))
  const ends = await lookUpOffsets(call, queries)
  return partitions.map((partition, index) => {
    const end = ends.get(queries[index]!)!
    // Offsets stay a while after their topic was deleted.
    if (end instanceof KafkaError && end.code !== 'UNKNOWN_TOPIC_OR_PARTITION') throw end
    return lagOf(partition, end instanceof KafkaError ? null : end.offset)
  })
}

/** Exported for its test: everything committed or assigned, by topic and number. */
export function partitionsOf(
  committed: readonly GroupOffset[],
  members: readonly GroupMember[],
): Omit<PartitionLag, 'logEndOffset' | 'lag'>[] {
  const partitions = new Map<string, Omit<PartitionLag, 'logEndOffset' | 'lag'>>()
  for (const { topic, partition, offset } of committed) {
    partitions.set(partitionKey(topic, partition), { topic, partition, committedOffset: offset, member: null })
  }
  for (const member of members) {
    for (const { topic, partition } of member.assignment ?? []) {
      const key = partitionKey(topic, partition)
      partitions.set(key, { topic, partition, committedOffset: partitions.get(key)?.committedOffset ?? null, member })
    }
  }
  return [...partitions.values()].sort((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1))
}

function lagOf(
  { topic, partition, committedOffset, member }: Omit<PartitionLag, 'logEndOffset' | 'lag'>,
  logEndOffset: number | null,
): PartitionLag {
  // After records were lost the committed offset can lie beyond the end.
  const lag = committedOffset === null || logEndOffset === null ? null : Math.max(logEndOffset - committedOffset, 0)
  return { topic, partition, committedOffset, logEndOffset, lag, member }
}

/** Groups of another type than classic have offsets, but no members that DescribeGroups would tell. */
async function membersOf(call: AdminCall, groupId: string, hasOffsets: boolean): Promise<readonly GroupMember[]> {
  try {
    const [group] = await describeGroups(call, [groupId])
    return group?.members ?? []
  } catch (error) {
    if (hasOffsets && error instanceof KafkaError && error.code === 'GROUP_ID_NOT_FOUND') return []
    throw error
  }
}
