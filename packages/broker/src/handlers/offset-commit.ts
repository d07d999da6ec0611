import type { CommitTopic } from '@logwerk/coordinator'
import type { OffsetCommitRequest, OffsetCommitResponseInput, OffsetCommitTopic } from '@logwerk/protocol'
import { ZERO_UUID } from '@logwerk/runtime'
import type { BrokerState } from '../broker-state.ts'
import type { RequestContext } from '../router.ts'

/** First version that goes by topic id. */
const TOPIC_ID_VERSION = 10

/** Stores how far a group has come; what is answered is durable. */
export function handleOffsetCommit(broker: BrokerState) {
  return (request: OffsetCommitRequest, { version }: RequestContext): Promise<OffsetCommitResponseInput> => {
    const { groupId, memberId, generationIdOrMemberEpoch: generationId, groupInstanceId, retentionTimeMs } = request
    const event = { groupId, memberId, generationId, groupInstanceId, retentionTimeMs, apiVersion: version }
    const topicOf = (topic: OffsetCommitTopic) => (version >= TOPIC_ID_VERSION ? byId(broker, topic) : byName(broker, topic))
    return broker.groups.commit(groupId, () => ({ ...event, topics: request.topics.map(topicOf) }))
  }
}

function byId(broker: BrokerState, { topicId, partitions }: OffsetCommitTopic): CommitTopic {
  const topic = broker.topics.getById(topicId)
  return { name: topic?.name ?? '', topicId, partitionCount: topic?.partitionCount ?? 0, ifUnknown: unknownIf(topic), partitions }
}

/** An id that nothing has is one thing, a partition that a known topic lacks another. */
function unknownIf(topic: unknown) {
  return topic === undefined ? 'UNKNOWN_TOPIC_ID' : 'UNKNOWN_TOPIC_OR_PARTITION'
}

function byName(broker: BrokerState, { name, partitions }: OffsetCommitTopic): CommitTopic {
  const topic = broker.topics.get(name)
  return {
    name,
    topicId: topic?.id ?? ZERO_UUID,
    partitionCount: topic?.partitionCount ?? 0,
    ifUnknown: 'UNKNOWN_TOPIC_OR_PARTITION',
    partitions,
  }
}
