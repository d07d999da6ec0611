import type { OffsetFetchPartitionResponseInput } from '@logwerk/protocol'
import { type Uuid, ZERO_UUID } from '@logwerk/runtime'
import type { ClassicGroup } from './classic-group.ts'
import type { CommittedOffset } from './committed-offsets.ts'

/** Partitions whose committed offsets are asked for. */
export interface FetchTopic {
  readonly name: string
  /** The topic of this name at present; all zero if there is none. */
  readonly topicId: Uuid
  /** True for an id that no topic has: nothing can be looked up then. */
  readonly isUnknownId: boolean
  readonly partitionIndexes: readonly number[]
}

export interface FetchedTopic {
  readonly name: string
  readonly topicId: Uuid
  readonly partitions: readonly OffsetFetchPartitionResponseInput[]
}

/** Reads committed offsets; a partition without one answers offset -1 and no error. A group that does not exist has none. */
export function fetchOffsets(group: ClassicGroup | null, topics: readonly FetchTopic[]): FetchedTopic[] {
  return topics.map(({ name, topicId, isUnknownId, partitionIndexes }) => {
    const partitions = group?.offsets.get(name)
    return {
      name,
      topicId,
      partitions: partitionIndexes.map(index => {
        if (isUnknownId) return fetched(index, undefined, 'UNKNOWN_TOPIC_ID')
        const committed = partitions?.get(index)
        return fetched(index, committed !== undefined && belongsTo(committed, topicId) ? committed : undefined)
      }),
    }
  })
}

/**
 * All that the group has committed.
 *
 * @param topicIdOf  The topic of a name at present; all zero if there is none.
 */
export function fetchAllOffsets(group: ClassicGroup | null, topicIdOf: (topic: string) => Uuid): FetchedTopic[] {
  const topics: FetchedTopic[] = []
  for (const [name, offsets] of group?.offsets ?? []) {
    const topicId = topicIdOf(name)
    const partitions: OffsetFetchPartitionResponseInput[] = []
    for (const [index, committed] of offsets) if (belongsTo(committed, topicId)) partitions.push(fetched(index, committed))
    if (partitions.length > 0) topics.push({ name, topicId, partitions })
  }
  return topics
}

/** A topic that is gone, and one that was created anew in its place, have none of the offsets of the one before. */
function belongsTo({ topicId }: CommittedOffset, currentId: Uuid): boolean {
  return topicId === currentId || topicId === ZERO_UUID
}

function fetched(
  partitionIndex: number,
  committed: CommittedOffset | undefined,
  errorCode: OffsetFetchPartitionResponseInput['errorCode'] = 'NONE',
): OffsetFetchPartitionResponseInput {
  return {
    partitionIndex,
    committedOffset: committed?.offset ?? -1,
    committedLeaderEpoch: committed?.leaderEpoch ?? -1,
    metadata: committed?.metadata ?? '',
    errorCode,
  }
}
