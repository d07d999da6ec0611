import type { MetadataRequest, MetadataRequestTopic, MetadataResponseInput, MetadataTopicInput } from '@logwerk/protocol'
import { ZERO_UUID } from '@logwerk/runtime'
import type { BrokerState } from '../broker-state.ts'
import type { TopicImage } from '../cluster-metadata/metadata-image.ts'
import type { RequestContext } from '../router.ts'
import { topicNameComplaint } from '../topic-name.ts'
import { INTERNAL_TOPICS } from '../topics.ts'

/**
 * Names the broker, and the topics asked for. A topic that does not exist is created if the broker and the request allow it; the
 * answer is then still UNKNOWN_TOPIC_OR_PARTITION, and the topic is there when the client asks again (as KRaft does; measured).
 */
export function handleMetadata(broker: BrokerState) {
  return (request: MetadataRequest, context: RequestContext): MetadataResponseInput => {
    const { version } = context
    if (request.topics !== null && !canBeAsked(request.topics, version)) return refusal(request.topics)
    // Version 0 had no null: there the empty list means all topics.
    const all = request.topics === null || (version === 0 && request.topics.length === 0)
    const topics = all
      ? [...broker.topics.all].map(topic => describe(broker, topic))
      : distinct(request.topics!).map(({ name, topicId }) =>
          topicId !== ZERO_UUID ? byId(broker, topicId) : byName(broker, name ?? '', version < 4 || request.allowAutoTopicCreation),
        )
    return {
      brokers: [{ nodeId: broker.nodeId, ...context.advertised }],
      clusterId: broker.clusterId,
      controllerId: broker.nodeId,
      topics,
    }
  }
}

/** Versions 10 and 11 know ids in answers only. */
function canBeAsked(topics: readonly MetadataRequestTopic[], version: number): boolean {
  return version >= 12 || topics.every(({ name, topicId }) => name !== null && topicId === ZERO_UUID)
}

/** As Kafka refuses a whole request: the topics, and nothing about the cluster (measured on 4.4.0). */
function refusal(topics: readonly MetadataRequestTopic[]): MetadataResponseInput {
  return {
    brokers: [],
    topics: topics.map(({ name, topicId }) => ({ errorCode: 'INVALID_REQUEST', name: name ?? '', topicId, partitions: [] })),
  }
}

/** Each topic once, however often it is named. */
function distinct(topics: readonly MetadataRequestTopic[]): MetadataRequestTopic[] {
  return [...new Map(topics.map(topic => [topic.topicId === ZERO_UUID ? `name ${topic.name}` : topic.topicId, topic])).values()]
}

function byName(broker: BrokerState, name: string, mayCreate: boolean): MetadataTopicInput {
  const topic = broker.topics.get(name)
  if (topic !== undefined) return describe(broker, topic)
  if (topicNameComplaint(name) !== null) return { errorCode: 'INVALID_TOPIC_EXCEPTION', name, partitions: [] }
  if (mayCreate) broker.autoCreate(name)
  return { errorCode: 'UNKNOWN_TOPIC_OR_PARTITION', name, isInternal: INTERNAL_TOPICS.has(name), partitions: [] }
}

function byId(broker: BrokerState, topicId: string): MetadataTopicInput {
  const topic = broker.topics.getById(topicId)
  return topic === undefined ? { errorCode: 'UNKNOWN_TOPIC_ID', name: null, topicId, partitions: [] } : describe(broker, topic)
}

function describe(broker: BrokerState, topic: TopicImage): MetadataTopicInput {
  const replicas = [broker.nodeId]
  return {
    errorCode: 'NONE',
    name: topic.name,
    topicId: topic.id,
    isInternal: INTERNAL_TOPICS.has(topic.name),
    partitions: broker.topics.partitionsOf(topic.name).map(partition => ({
      errorCode: 'NONE',
      partitionIndex: partition.index,
      leaderId: broker.nodeId,
      leaderEpoch: partition.log.leaderEpoch,
      replicaNodes: replicas,
      isrNodes: replicas,
    })),
  }
}
