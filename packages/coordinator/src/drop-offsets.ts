import type { ClassicGroup } from './classic-group.ts'
import { type CommittedOffset, NO_EXPIRY, type OffsetChange, withChanges } from './committed-offsets.ts'
import { isSubscribedTo } from './group-protocols.ts'
import { groupTombstoneOf, offsetRecordOf } from './group-records.ts'
import { answered, type GroupRules, type Outcome, offsetsStep } from './step.ts'

/** Deletes the offsets that `isDropped` names, whatever the group is doing: their topic is gone. */
export function dropOffsets(
  group: ClassicGroup | null,
  isDropped: (topic: string, committed: CommittedOffset, partition: number) => boolean,
): Outcome {
  if (group === null) return answered(group, null)
  const changes: OffsetChange[] = []
  for (const [topic, partitions] of group.offsets) {
    for (const [partition, committed] of partitions) {
      if (isDropped(topic, committed, partition)) changes.push({ topic, partition, committed: null })
    }
  }
  if (changes.length === 0) return answered(group, null)
  return offsetsStep(
    { ...group, offsets: withChanges(group.offsets, changes) },
    changes.map(change => offsetRecordOf(group.groupId, change)),
    null,
  )
}

/**
 * Deletes offsets whose time has passed, and then a group that has neither members nor offsets. The retention of a group's offsets begins
 * when it becomes empty (KIP-211); a group without a protocol type never had members, and counts from each commit; so does a stable
 * consumer group, for topics that it does not read any more.
 *
 * Source: Kafka's `OffsetMetadataManager.cleanupExpiredOffsets`, `ClassicGroup.offsetExpirationCondition`.
 */
export function onExpiry(group: ClassicGroup | null, nowMs: number, rules: GroupRules): Outcome {
  if (group === null || group.state === 'dead') return answered(group, null)
  const mayExpire = group.protocolType === null || group.state === 'empty' || (group.state === 'stable' && group.subscribedTopics !== null)
  const outcome = dropOffsets(group, (topic, committed) => {
    if (!mayExpire || isSubscribedTo(group, topic)) return false
    if (committed.expireTimestampMs !== NO_EXPIRY) return nowMs >= committed.expireTimestampMs
    const fromMs =
      group.protocolType !== null && group.state === 'empty' && group.stateSinceMs >= 0 ? group.stateSinceMs : committed.commitTimestampMs
    return nowMs - fromMs >= rules.offsetsRetentionMs
  })
  const isOver = group.state === 'empty' && group.pendingMembers.size === 0 && outcome.group?.offsets.size === 0
  return isOver ? { ...outcome, group: null, records: [...outcome.records, groupTombstoneOf(group.groupId)] } : outcome
}
