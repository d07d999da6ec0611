import { type OffsetFetchPartitionResponse, offsetCommit, offsetDelete, offsetFetch } from '@logwerk/protocol'
import { brokerError, KafkaError } from '@logwerk/runtime'
import type { AdminCall, Settle } from './admin-call.ts'
import { checkCount, checkPartitions, checkText } from './check.ts'
import { byTopic, nameOfPartition, partitionKey, type TopicPartition } from './routing.ts'

/** A group's offset in a partition. */
export interface GroupOffset extends TopicPartition {
  /** Of the next record to read; null if none is committed. */
  readonly offset: number | null
  /** Epoch of the last record read; -1 if unknown. */
  readonly leaderEpoch: number
  /** What the committer noted with it; empty for nothing. */
  readonly metadata: string
}

/** An offset to set. */
export interface NewGroupOffset extends TopicPartition {
  /** Of the next record to read. */
  readonly offset: number
  /** Default: unknown. */
  readonly leaderEpoch?: number | undefined
  /** A note of at most `offset.metadata.max.bytes` (4096). Default: empty. */
  readonly metadata?: string | undefined
}

/** Later versions speak of topics by their id, and know nothing of offsets whose topic is gone. */
const LAST_BY_NAME = 9
/** From this version on OffsetFetch asks for a list of groups (KIP-709). */
const OFFSET_FETCH_GROUPS_SINCE = 8

/** @param partitions  Null for all that the group has committed, by topic and number. */
export async function listGroupOffsets(
  call: AdminCall,
  groupId: string,
  partitions: readonly TopicPartition[] | null,
): Promise<GroupOffset[]> {
  checkText(call.name, 'the id of a group', groupId)
  if (partitions === null) {
    const offsets = await call.ask(() => fetchOffsets(call, groupId, null))
    const failed = offsets.find(({ errorCode }) => errorCode !== 'NONE')
    if (failed !== undefined) throw refusal(groupId, failed, failed.errorCode)
    return offsets.map(offsetOf).sort((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1))
  }
  checkPartitions(call.name, partitions)
  return await call.each(partitions, { nameOf: nameOfPartition, changes: false }, async (pending, settle) => {
    const answers = byPartition(await fetchOffsets(call, groupId, pending))
    for (const item of pending) {
      const answer = answers.get(partitionKey(item.topic, item.partition))
      if (answer !== undefined) settle(item, answer.errorCode === 'NONE' ? offsetOf(answer) : refusal(groupId, item, answer.errorCode))
    }
  })
}

export async function alterGroupOffsets(call: AdminCall, groupId: string, offsets: readonly NewGroupOffset[]): Promise<void> {
  checkText(call.name, 'the id of a group', groupId)
  checkPartitions(call.name, offsets)
  for (const offset of offsets) checkCount(call.name, `${nameOfPartition(offset)}: offset`, offset.offset, 0)
  const kind = { nameOf: nameOfPartition, changes: true }
  await call.each(offsets, kind, async (pending, settle: Settle<NewGroupOffset, undefined>) => {
    await call.coordinators.at(groupId, async nodeId => {
      const request = {
        groupId,
        // Not as a member: allowed while the group has none.
        generationIdOrMemberEpoch: -1,
        memberId: '',
        topics: byTopic(pending, ({ partition, offset, leaderEpoch, metadata }) => ({
          partitionIndex: partition,
          committedOffset: offset,
          committedLeaderEpoch: leaderEpoch ?? -1,
          committedMetadata: metadata ?? '',
        })),
      }
      const { topics } = await call.client.send(nodeId, offsetCommit, request, { maxVersion: LAST_BY_NAME })
      const answers = byPartition(
        topics.flatMap(({ name, partitions }) => partitions.map(answer => ({ ...answer, topic: name, partition: answer.partitionIndex }))),
      )
      settleCodes(groupId, pending, answers, settle)
    })
  })
}

export async function deleteGroupOffsets(call: AdminCall, groupId: string, partitions: readonly TopicPartition[]): Promise<void> {
  checkText(call.name, 'the id of a group', groupId)
  checkPartitions(call.name, partitions)
  const kind = { nameOf: nameOfPartition, changes: true }
  await call.each(partitions, kind, async (pending, settle: Settle<TopicPartition, undefined>) => {
    await call.coordinators.at(groupId, async nodeId => {
      const { errorCode, topics } = await call.client.send(nodeId, offsetDelete, {
        groupId,
        topics: byTopic(pending, ({ partition }) => ({ partitionIndex: partition })),
      })
      if (errorCode !== 'NONE') throw brokerError(errorCode, { groupId })
      const answers = byPartition(
        topics.flatMap(({ name, partitions: some }) => some.map(answer => ({ ...answer, topic: name, partition: answer.partitionIndex }))),
      )
      settleCodes(groupId, pending, answers, settle)
    })
  })
}

type FetchedOffset = OffsetFetchPartitionResponse & TopicPartition

async function fetchOffsets(call: AdminCall, groupId: string, partitions: readonly TopicPartition[] | null): Promise<FetchedOffset[]> {
  return await call.coordinators.at(groupId, async nodeId => {
    const connection = await call.client.connect(nodeId)
    const topics =
      partitions === null
        ? null
        : byTopic(partitions, ({ partition }) => partition).map(({ name, partitions: partitionIndexes }) => ({ name, partitionIndexes }))
    const asList = connection.versionOf(offsetFetch, LAST_BY_NAME) >= OFFSET_FETCH_GROUPS_SINCE
    const answer = await connection.send(offsetFetch, asList ? { groups: [{ groupId, topics }] } : { groupId, topics }, {
      maxVersion: LAST_BY_NAME,
    })
    const group = asList ? answer.groups[0] : answer
    if (group === undefined)
      throw new KafkaError('UNKNOWN_SERVER_ERROR', `group ${groupId}: the broker's answer leaves it out`, { at: { groupId } })
    if (group.errorCode !== 'NONE') throw brokerError(group.errorCode, { groupId })
    return group.topics.flatMap(({ name, partitions: some }) =>
      some.map(offset => ({ ...offset, topic: name, partition: offset.partitionIndex })),
    )
  })
}

function settleCodes<I extends TopicPartition>(
  groupId: string,
  pending: readonly I[],
  answers: ReadonlyMap<string, { readonly errorCode: Parameters<typeof brokerError>[0] }>,
  settle: Settle<I, undefined>,
): void {
  for (const item of pending) {
    const answer = answers.get(partitionKey(item.topic, item.partition))
    if (answer === undefined) continue
    const { errorCode } = answer
    // The coordinator has moved: that is about the group, and the next attempt has to look for it.
    if (ABOUT_COORDINATOR.has(errorCode)) throw brokerError(errorCode, { groupId })
    settle(item, errorCode === 'NONE' ? undefined : refusal(groupId, item, errorCode))
  }
}

const ABOUT_COORDINATOR: ReadonlySet<string> = new Set(['NOT_COORDINATOR', 'COORDINATOR_NOT_AVAILABLE', 'COORDINATOR_LOAD_IN_PROGRESS'])

function refusal(groupId: string, { topic, partition }: TopicPartition, code: Parameters<typeof brokerError>[0]): KafkaError {
  // To a commit from outside, the members are who is not known.
  const detail = code === 'UNKNOWN_MEMBER_ID' ? 'the group has members; stop them, and set offsets while it is empty' : null
  return brokerError(code, { topic, partition, groupId }, detail)
}

function offsetOf({ topic, partition, committedOffset, committedLeaderEpoch, metadata }: FetchedOffset): GroupOffset {
  return {
    topic,
    partition,
    offset: committedOffset < 0 ? null : committedOffset,
    leaderEpoch: committedLeaderEpoch,
    metadata: metadata ?? '',
  }
}

function byPartition<A extends TopicPartition>(answers: readonly A[]): Map<string, A> {
  return new Map(answers.map(answer => [partitionKey(answer.topic, answer.partition), answer]))
}
