import type { BrokerErrorCode } from '@logwerk/runtime'
import type { ClassicGroup } from './classic-group.ts'
import { dropOffsets } from './drop-offsets.ts'
import { CONSUMER_PROTOCOL_TYPE, isSubscribedTo } from './group-protocols.ts'
import { groupTombstoneOf } from './group-records.ts'
import { answered, type Step, sessionTimer } from './step.ts'

/** Why a group is not deleted, or `NONE`. */
export type DeleteGroupCode = Extract<BrokerErrorCode, 'NONE' | 'GROUP_ID_NOT_FOUND' | 'NON_EMPTY_GROUP' | 'COORDINATOR_NOT_AVAILABLE'>

/** Deletes a group without members, its offsets first. Source: Kafka's `GroupCoordinatorShard.deleteGroups`. */
export function onDeleteGroup(group: ClassicGroup | null): Step<DeleteGroupCode> {
  if (group === null) return answered(group, 'GROUP_ID_NOT_FOUND')
  if (group.state === 'dead') return answered(group, 'COORDINATOR_NOT_AVAILABLE')
  if (group.state !== 'empty') return answered(group, 'NON_EMPTY_GROUP')
  const { records } = dropOffsets(group, () => true)
  return {
    ...answered<DeleteGroupCode>(null, 'NONE'),
    records: [...records, groupTombstoneOf(group.groupId)],
    // Ids that were given out are as unknown as the group from now on.
    timers: [...group.pendingMembers].map(memberId => ({ timer: sessionTimer(memberId), delayMs: null })),
    log: [{ level: 'info', message: 'a group is deleted', fields: { group: group.groupId, offsets: records.length } }],
  }
}

/** Partitions whose offsets are to be deleted. */
export interface OffsetDeleteTopicEvent {
  readonly name: string
  /** 0 for a topic that does not exist. */
  readonly partitionCount: number
  readonly partitionIndexes: readonly number[]
}

type OffsetDeleteCode = 'NONE' | 'UNKNOWN_TOPIC_OR_PARTITION' | 'GROUP_SUBSCRIBED_TO_TOPIC'
type OffsetDeleteGroupCode = 'NONE' | 'INVALID_GROUP_ID' | 'GROUP_ID_NOT_FOUND' | 'NON_EMPTY_GROUP'

export interface OffsetDeleteAnswer {
  readonly errorCode: OffsetDeleteGroupCode
  readonly topics: readonly {
    readonly name: string
    readonly partitions: readonly { readonly partitionIndex: number; readonly errorCode: OffsetDeleteCode }[]
  }[]
}

/** Deletes single offsets, of topics that the group does not read (KIP-496). Source: Kafka's `OffsetMetadataManager.deleteOffsets`. */
export function onOffsetDelete(
  group: ClassicGroup | null,
  groupId: string,
  topics: readonly OffsetDeleteTopicEvent[],
): Step<OffsetDeleteAnswer> {
  if (groupId === '') return answered(group, { errorCode: 'INVALID_GROUP_ID', topics: [] })
  if (group === null || group.state === 'dead') return answered(group, { errorCode: 'GROUP_ID_NOT_FOUND', topics: [] })
  // What members of other protocol types use cannot be known.
  if (group.state !== 'empty' && group.protocolType !== CONSUMER_PROTOCOL_TYPE)
    return answered(group, { errorCode: 'NON_EMPTY_GROUP', topics: [] })
  const dropped = new Map<string, Set<number>>()
  const answers = topics.map(({ name, partitionCount, partitionIndexes }) => ({
    name,
    partitions: partitionIndexes.map(partitionIndex => {
      if (partitionIndex < 0 || partitionIndex >= partitionCount)
        return { partitionIndex, errorCode: 'UNKNOWN_TOPIC_OR_PARTITION' as const }
      if (isSubscribedTo(group, name)) return { partitionIndex, errorCode: 'GROUP_SUBSCRIBED_TO_TOPIC' as const }
      dropped.set(name, (dropped.get(name) ?? new Set()).add(partitionIndex))
      return { partitionIndex, errorCode: 'NONE' as const }
    }),
  }))
  const outcome = dropOffsets(group, (topic, _, partition) => dropped.get(topic)?.has(partition) === true)
  return { ...outcome, response: { errorCode: 'NONE', topics: answers } }
}
