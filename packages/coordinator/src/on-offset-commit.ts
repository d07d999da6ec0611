import type { OffsetCommitPartition, OffsetCommitPartitionResponseInput, OffsetCommitResponseInput } from '@logwerk/protocol'
import type { Uuid } from '@logwerk/runtime'
import { type ClassicGroup, memberRefusal, newClassicGroup } from './classic-group.ts'
import { type CommittedOffset, NO_EXPIRY, type OffsetChange, withChanges } from './committed-offsets.ts'
import { offsetRecordOf } from './group-records.ts'
import { answered, type GroupRules, offsetsStep, type Step, sessionTimer, type TimerChange } from './step.ts'

/** What a request says of one topic, and what the broker knows of it. */
export interface CommitTopic {
  readonly name: string
  readonly topicId: Uuid
  /** 0 for a topic that does not exist. */
  readonly partitionCount: number
  /** The answer for partitions of a topic that does not exist: requests by id and by name have one each. */
  readonly ifUnknown: 'UNKNOWN_TOPIC_ID' | 'UNKNOWN_TOPIC_OR_PARTITION'
  readonly partitions: readonly OffsetCommitPartition[]
}

/** An OffsetCommit request. */
export interface OffsetCommitEvent {
  readonly groupId: string
  readonly memberId: string
  /** -1 together with an empty member id: a consumer that manages its partitions itself. */
  readonly generationId: number
  readonly groupInstanceId: string | null
  /** Milliseconds; -1 for the broker's retention. */
  readonly retentionTimeMs: number
  readonly apiVersion: number
  readonly topics: readonly CommitTopic[]
}

type CommitCode = OffsetCommitPartitionResponseInput['errorCode']

/** From here on clients know GROUP_ID_NOT_FOUND. */
const GROUP_ID_NOT_FOUND_VERSION = 9
/** What the API has as "the broker's default". */
const DEFAULT_RETENTION_MS = -1

/**
 * Stores how far a group has come. The partitions are answered one by one; a group or member that may not commit is told so on each.
 *
 * Source: Kafka's `OffsetMetadataManager.commitOffset` and `ClassicGroup.validateOffsetCommit`; codes measured on 4.4.0.
 */
export function onOffsetCommit(
  group: ClassicGroup | null,
  event: OffsetCommitEvent,
  nowMs: number,
  rules: GroupRules,
): Step<OffsetCommitResponseInput> {
  if (!event.topics.some(topic => topic.partitions.some(partition => exists(topic, partition.partitionIndex)))) {
    return answered(
      group,
      responseOf(event, topic => topic.ifUnknown),
    )
  }
  const refusal = commitRefusal(group, event)
  if (refusal !== null)
    return answered(
      group,
      responseOf(event, (topic, { partitionIndex }) => (exists(topic, partitionIndex) ? refusal : topic.ifUnknown)),
    )

  const changes: OffsetChange[] = []
  const response = responseOf(event, (topic, partition) => {
    if (!exists(topic, partition.partitionIndex)) return topic.ifUnknown
    if ((partition.committedMetadata?.length ?? 0) > rules.offsetMetadataMaxBytes) return 'OFFSET_METADATA_TOO_LARGE'
    changes.push({ topic: topic.name, partition: partition.partitionIndex, committed: committedOf(event, topic, partition, nowMs) })
    return 'NONE'
  })
  const timers = aliveBy(group, event.memberId)
  if (changes.length === 0) return answered(group, response, timers)
  const base = group ?? newClassicGroup(event.groupId, nowMs)
  return offsetsStep(
    { ...base, offsets: withChanges(base.offsets, changes) },
    changes.map(change => offsetRecordOf(event.groupId, change)),
    response,
    timers,
    group === null ? [{ level: 'info', message: 'a group begins with offsets and no members', fields: { group: event.groupId } }] : [],
  )
}

function commitRefusal(group: ClassicGroup | null, event: OffsetCommitEvent): CommitCode | null {
  const { memberId, generationId, groupInstanceId, apiVersion } = event
  if (group === null) {
    if (generationId < 0) return null
    return apiVersion >= GROUP_ID_NOT_FOUND_VERSION ? 'GROUP_ID_NOT_FOUND' : 'ILLEGAL_GENERATION'
  }
  if (group.state === 'dead') return 'COORDINATOR_NOT_AVAILABLE'
  if (generationId < 0 && group.state === 'empty') return null
  // Offsets of a group with members belong to them.
  if (generationId < 0 && memberId === '' && groupInstanceId === null) return 'UNKNOWN_MEMBER_ID'
  const refusal = memberRefusal(group, memberId, groupInstanceId)
  if (refusal !== null) return refusal
  if (generationId !== group.generationId) return 'ILLEGAL_GENERATION'
  // Members of the old generation may still commit while they rejoin; those of the new one have nothing to commit yet.
  return group.state === 'completingRebalance' ? 'REBALANCE_IN_PROGRESS' : null
}

/** A commit keeps the session of its member alive. */
function aliveBy(group: ClassicGroup | null, memberId: string): readonly TimerChange[] {
  const member = group?.members.get(memberId)
  return member === undefined ? [] : [{ timer: sessionTimer(memberId), delayMs: member.sessionTimeoutMs }]
}

function committedOf(
  { retentionTimeMs }: OffsetCommitEvent,
  { topicId }: CommitTopic,
  { committedOffset, committedLeaderEpoch, committedMetadata }: OffsetCommitPartition,
  nowMs: number,
): CommittedOffset {
  return {
    offset: committedOffset,
    leaderEpoch: committedLeaderEpoch,
    metadata: committedMetadata ?? '',
    commitTimestampMs: nowMs,
    expireTimestampMs: retentionTimeMs === DEFAULT_RETENTION_MS ? NO_EXPIRY : Math.min(nowMs + retentionTimeMs, Number.MAX_SAFE_INTEGER),
    topicId,
  }
}

function exists({ partitionCount }: CommitTopic, partitionIndex: number): boolean {
  return partitionIndex >= 0 && partitionIndex < partitionCount
}

function responseOf(
  { topics }: OffsetCommitEvent,
  codeOf: (topic: CommitTopic, partition: OffsetCommitPartition) => CommitCode,
): OffsetCommitResponseInput {
  return {
    topics: topics.map(topic => ({
      name: topic.name,
      topicId: topic.topicId,
      partitions: topic.partitions.map(partition => ({ partitionIndex: partition.partitionIndex, errorCode: codeOf(topic, partition) })),
    })),
  }
}

/** The answer when a commit could not be taken to the log at all. */
export function failedCommit(event: OffsetCommitEvent, code: CommitCode): OffsetCommitResponseInput {
  return responseOf(event, (topic, { partitionIndex }) => (exists(topic, partitionIndex) ? code : topic.ifUnknown))
}
