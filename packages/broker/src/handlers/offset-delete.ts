import type { OffsetDeleteRequest, OffsetDeleteResponseInput } from '@logwerk/protocol'
import type { BrokerState } from '../broker-state.ts'

/** Deletes committed offsets of topics that the group does not read. */
export function handleOffsetDelete(broker: BrokerState) {
  return ({ groupId, topics }: OffsetDeleteRequest): Promise<OffsetDeleteResponseInput> =>
    broker.groups.deleteOffsets(groupId, () =>
      topics.map(({ name, partitions }) => ({
        name,
        partitionCount: broker.topics.get(name)?.partitionCount ?? 0,
        partitionIndexes: partitions.map(({ partitionIndex }) => partitionIndex),
      })),
    )
}
