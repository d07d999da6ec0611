import type { FetchTopic } from '@logwerk/coordinator'
import type { OffsetFetchGroup, OffsetFetchGroupResponseInput, OffsetFetchRequest, OffsetFetchResponseInput } from '@logwerk/protocol'
import { ZERO_UUID } from '@logwerk/runtime'
import type { BrokerState } from '../broker-state.ts'
import type { RequestContext } from '../router.ts'

/** First version that asks about several groups (KIP-709). */
const GROUPS_VERSION = 8
/** First version that goes by topic id. */
const TOPIC_ID_VERSION = 10

/** Reads committed offsets, of one group up to version 7, of several from 8 on. */
export function handleOffsetFetch(broker: BrokerState) {
  return async (request: OffsetFetchRequest, { version }: RequestContext): Promise<OffsetFetchResponseInput> => {
    const { requireStable } = request
    if (version >= GROUPS_VERSION) {
      return { groups: await Promise.all(request.groups.map(group => fetchOfGroup(broker, group, version, requireStable))) }
    }
    const { groupId } = request
    const topics = request.topics?.map(topic => ({ ...topic, topicId: ZERO_UUID })) ?? null
    const answer = await fetchOfGroup(broker, { groupId, memberId: null, memberEpoch: -1, topics }, version, requireStable)
    return {
      errorCode: answer.errorCode ?? 'NONE',
      topics: answer.topics.map(({ name = '', partitions }) => ({ name, partitions })),
    }
  }
}

async function fetchOfGroup(
  broker: BrokerState,
  { groupId, topics }: OffsetFetchGroup,
  version: number,
  isStable: boolean,
): Promise<OffsetFetchGroupResponseInput> {
  const lookup = topics === null ? null : () => topics.map(topic => fetchTopic(broker, topic, version))
  const answer = await broker.groups.fetch(groupId, lookup, isStable)
  // What has no id cannot be named from version 10 on.
  const nameable =
    topics === null && version >= TOPIC_ID_VERSION ? answer.topics.filter(topic => topic.topicId !== ZERO_UUID) : answer.topics
  return { groupId, errorCode: answer.errorCode, topics: nameable }
}

function fetchTopic(
  broker: BrokerState,
  { name, topicId, partitionIndexes }: NonNullable<OffsetFetchGroup['topics']>[number],
  version: number,
): FetchTopic {
  if (version < TOPIC_ID_VERSION) return { name, topicId: broker.topics.get(name)?.id ?? ZERO_UUID, isUnknownId: false, partitionIndexes }
  const topic = broker.topics.getById(topicId)
  return { name: topic?.name ?? '', topicId, isUnknownId: topic === undefined, partitionIndexes }
}
