import {
  answerable,
  type CreatableTopic,
  type CreatableTopicResultInput,
  type CreateTopicsRequest,
  type CreateTopicsResponseInput,
  configSources,
  creatableTopicResult,
} from '@logwerk/protocol'
import { type BrokerErrorCode, groupBy, messageOf, ZERO_UUID } from '@logwerk/runtime'
import type { BrokerState } from '../broker-state.ts'
import { loggedCodeOf } from '../failures.ts'
import { TopicConfigs, topicConfigKeys } from '../topic-config.ts'

/** Creates topics; each is usable when the answer comes. A name given twice is refused once (measured on 4.4.0). */
export function handleCreateTopics(broker: BrokerState) {
  return async (request: CreateTopicsRequest): Promise<CreateTopicsResponseInput> => {
    const results: CreatableTopicResultInput[] = []
    for (const [name, [topic, ...others]] of groupBy(request.topics, ({ name }) => name)) {
      results.push(
        others.length > 0 ? failure(name, 'INVALID_REQUEST', 'Duplicate topic name.') : await create(broker, topic!, request.validateOnly),
      )
    }
    return { topics: results }
  }
}

async function create(broker: BrokerState, topic: CreatableTopic, validateOnly: boolean): Promise<CreatableTopicResultInput> {
  const assigned = topic.assignments.length > 0
  if (assigned && (topic.numPartitions !== -1 || topic.replicationFactor !== -1)) {
    return failure(topic.name, 'INVALID_REQUEST', 'Give either partitions and a replication factor, or an assignment, not both.')
  }
  const assignmentComplaint = assigned ? complaintAboutAssignment(broker, topic) : null
  if (assignmentComplaint !== null) return failure(topic.name, 'INVALID_REPLICA_ASSIGNMENT', assignmentComplaint)
  if (!assigned && topic.replicationFactor !== -1 && topic.replicationFactor !== 1) {
    return failure(
      topic.name,
      'INVALID_REPLICATION_FACTOR',
      topic.replicationFactor <= 0
        ? 'Replication factor must be larger than 0, or -1 to use the default value.'
        : `Unable to replicate the partition ${topic.replicationFactor} time(s): this is an embedded broker, a single node. Use a replication factor of 1 or -1 here, and Apache Kafka where you need copies on several machines.`,
    )
  }
  if (!assigned && topic.numPartitions !== -1 && topic.numPartitions < 1) {
    return failure(topic.name, 'INVALID_PARTITIONS', 'Number of partitions was set to an invalid non-positive value.')
  }
  const nullConfig = topic.configs.find(({ value }) => value === null)
  if (nullConfig !== undefined)
    return failure(topic.name, 'INVALID_CONFIG', `Null value not supported for topic configs: ${nullConfig.name}`)

  const partitionCount = assigned
    ? topic.assignments.length
    : topic.numPartitions === -1
      ? broker.defaultPartitionCount
      : topic.numPartitions
  const own = new Map(topic.configs.map(({ name, value }) => [name, value!]))
  try {
    const topicId = await broker.topics.create({ name: topic.name, partitionCount, configs: own }, validateOnly)
    return {
      name: topic.name,
      topicId: validateOnly ? ZERO_UUID : topicId,
      errorCode: 'NONE',
      errorMessage: null,
      numPartitions: partitionCount,
      replicationFactor: 1,
      configs: describe(own, broker.topics.brokerDefaults),
    }
  } catch (error) {
    return failure(topic.name, loggedCodeOf(broker.world.log, error), messageOf(error))
  }
}

function complaintAboutAssignment(broker: BrokerState, topic: CreatableTopic): string | null {
  const indexes = topic.assignments.map(assignment => assignment.partitionIndex).sort((a, b) => a - b)
  if (indexes.some((partition, place) => partition !== place))
    return 'The partitions of an assignment have to be numbered from 0 without a gap.'
  const other = topic.assignments.flatMap(assignment => assignment.brokerIds).find(id => id !== broker.nodeId)
  if (other !== undefined) return `There is no broker ${other}; this cluster has one, ${broker.nodeId}.`
  return topic.assignments.some(assignment => assignment.brokerIds.length !== 1) ? 'Each partition needs exactly one replica here.' : null
}

function describe(own: ReadonlyMap<string, string>, brokerDefaults: ReadonlyMap<string, string>) {
  const configs = new TopicConfigs(own, brokerDefaults)
  return [...topicConfigKeys.keys()].map(name => ({
    name,
    value: configs.text(name),
    readOnly: false,
    configSource: own.has(name) ? configSources.TOPIC : brokerDefaults.has(name) ? configSources.STATIC_BROKER : configSources.DEFAULT,
    isSensitive: false,
  }))
}

function failure(name: string, code: BrokerErrorCode, errorMessage: string): CreatableTopicResultInput {
  return { name, errorCode: answerable(creatableTopicResult.fields.errorCode, code), errorMessage, configs: [] }
}
