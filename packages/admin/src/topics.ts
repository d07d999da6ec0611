import {
  type CreatableTopicResult,
  createPartitions as createPartitionsApi,
  createTopics as createTopicsApi,
  deleteTopics as deleteTopicsApi,
  type MetadataTopic,
} from '@logwerk/protocol'
import { brokerError, formatPlace, KafkaError, type Uuid, ZERO_UUID } from '@logwerk/runtime'
import type { AdminCall, Settle } from './admin-call.ts'
import { checkCount, checkList, checkText } from './check.ts'
import { askEach, askMetadata } from './routing.ts'

/** A topic by its name, or by its id (a name that is deleted and created again gets another id). */
export type TopicRef = string | { readonly id: Uuid }

/** A line of `listTopics`. */
export interface TopicListing {
  readonly name: string
  readonly id: Uuid
  /** Kafka's own, such as `__consumer_offsets`. */
  readonly isInternal: boolean
  readonly partitionCount: number
}

/** Who holds a partition; nodes by their id. */
export interface PartitionDescription {
  readonly partition: number
  /** -1 while there is none. */
  readonly leader: number
  /** -1 if the broker does not tell. */
  readonly leaderEpoch: number
  /** The preferred leader first. */
  readonly replicas: readonly number[]
  /** Replicas that have everything that is committed. */
  readonly isr: readonly number[]
  readonly offlineReplicas: readonly number[]
}

/** What `describeTopics` tells about a topic. */
export interface TopicDescription {
  readonly name: string
  readonly id: Uuid
  readonly isInternal: boolean
  /** In order: the index is the partition's number. */
  readonly partitions: readonly PartitionDescription[]
}

/** A topic to create. */
export interface NewTopic {
  readonly name: string
  /** Default: the broker's `num.partitions`. */
  readonly partitions?: number | undefined
  /** Default: the broker's `default.replication.factor`. */
  readonly replicationFactor?: number | undefined
  /** Kafka's dotted names, e.g. `{ 'cleanup.policy': 'compact' }`. */
  readonly configs?: Readonly<Record<string, string | number | boolean>> | undefined
  /** Instead of the two counts: the nodes of each partition's replicas, the preferred leader first. */
  readonly assignments?: readonly (readonly number[])[] | undefined
}

/** A topic that was created, or would be. */
export interface CreatedTopic {
  readonly name: string
  /** Null with `validateOnly`, and from brokers older than Kafka 2.8. */
  readonly id: Uuid | null
  /** -1, like `replicationFactor`, where the caller may create the topic but not look at it. */
  readonly partitionCount: number
  readonly replicationFactor: number
}

/** How many partitions a topic is to have. */
export interface NewPartitions {
  readonly name: string
  /** In all, not in addition. */
  readonly partitions: number
  /** The nodes of each new partition's replicas. Default: the broker chooses. */
  readonly assignments?: readonly (readonly number[])[] | undefined
}

export async function listTopics(call: AdminCall, includeInternal: boolean): Promise<TopicListing[]> {
  const { topics } = await call.ask(() => askMetadata(call, null))
  return topics
    .flatMap(({ name, topicId, isInternal, partitions, errorCode }) => {
      const isShown = name !== null && errorCode !== 'UNKNOWN_TOPIC_OR_PARTITION' && (includeInternal || !isInternal)
      return isShown ? [{ name, id: topicId, isInternal, partitionCount: partitions.length }] : []
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

export async function describeTopics(call: AdminCall, topics: readonly TopicRef[]): Promise<TopicDescription[]> {
  checkRefs(call.name, topics)
  return await call.each(topics, { nameOf: nameOfRef, changes: false }, async (refs, settle) => {
    // A broker that is given both looks at the ids alone.
    const [ids, names] = [refs.filter(ref => typeof ref !== 'string'), refs.filter(ref => typeof ref === 'string')]
    const requests = [names, ids].filter(some => some.length > 0).map(some => [null, some] as const)
    await askEach(requests, settle, async (_, some: readonly TopicRef[]) => {
      const asked = some.map(ref => (typeof ref === 'string' ? { name: ref } : { name: null, topicId: ref.id }))
      const answers = new Map<string | null, MetadataTopic>()
      for (const topic of (await askMetadata(call, asked)).topics) {
        answers.set(some === ids ? topic.topicId : topic.name, topic)
      }
      for (const ref of some) {
        const answer = answers.get(typeof ref === 'string' ? ref : ref.id)
        if (answer === undefined) continue
        if (answer.errorCode === 'NONE') settle(ref, describe(answer))
        else settle(ref, refusal(ref, answer.errorCode))
      }
    })
  })
}

export async function createTopics(call: AdminCall, topics: readonly NewTopic[], validateOnly: boolean): Promise<CreatedTopic[]> {
  checkList(call.name, 'topics: { name, partitions? }', topics)
  for (const { name, partitions, replicationFactor } of topics) {
    checkText(call.name, 'the name of a topic', name)
    if (partitions !== undefined) checkCount(call.name, `topic ${name}: partitions`, partitions)
    if (replicationFactor !== undefined) checkCount(call.name, `topic ${name}: replicationFactor`, replicationFactor)
  }
  const kind = { nameOf: ({ name }: NewTopic) => formatPlace({ topic: name }), changes: !validateOnly }
  return await call.each(topics, kind, async (pending, settle: Settle<NewTopic, CreatedTopic>, attempt) => {
    if (attempt > 0) await call.client.refresh()
    const response = await call.client.sendToController(createTopicsApi, {
      topics: pending.map(creatable),
      timeoutMs: call.brokerTimeoutMs,
      validateOnly,
    })
    const answers = new Map(response.topics.map(answer => [answer.name, answer]))
    for (const topic of pending) {
      const answer = answers.get(topic.name)
      if (answer === undefined) continue
      if (answer.errorCode === 'NONE') settle(topic, created(answer, validateOnly))
      else settle(topic, brokerError(answer.errorCode, { topic: topic.name }, answer.errorMessage))
    }
  })
}

export async function deleteTopics(call: AdminCall, topics: readonly TopicRef[]): Promise<void> {
  checkRefs(call.name, topics)
  await call.each(topics, { nameOf: nameOfRef, changes: true }, async (pending, settle: Settle<TopicRef, undefined>, attempt) => {
    if (attempt > 0) await call.client.refresh()
    const { responses } = await call.client.sendToController(deleteTopicsApi, {
      topics: pending.map(ref => (typeof ref === 'string' ? { name: ref, topicId: ZERO_UUID } : { name: null, topicId: ref.id })),
      timeoutMs: call.brokerTimeoutMs,
    })
    // An answer has both where the topic is known, and otherwise what it was asked with.
    const byName = new Map(responses.map(answer => [answer.name, answer]))
    const byId = new Map(responses.map(answer => [answer.topicId, answer]))
    for (const ref of pending) {
      const answer = typeof ref === 'string' ? byName.get(ref) : byId.get(ref.id)
      if (answer === undefined) continue
      settle(ref, answer.errorCode === 'NONE' ? undefined : refusal(ref, answer.errorCode, answer.errorMessage))
    }
  })
}

export async function createPartitions(call: AdminCall, topics: readonly NewPartitions[], validateOnly: boolean): Promise<void> {
  checkList(call.name, 'topics: { name, partitions }', topics)
  for (const { name, partitions } of topics) {
    checkText(call.name, 'the name of a topic', name)
    checkCount(call.name, `topic ${name}: partitions`, partitions)
  }
  const kind = { nameOf: ({ name }: NewPartitions) => formatPlace({ topic: name }), changes: !validateOnly }
  await call.each(topics, kind, async (pending, settle: Settle<NewPartitions, undefined>, attempt) => {
    if (attempt > 0) await call.client.refresh()
    const response = await call.client.sendToController(createPartitionsApi, {
      topics: pending.map(({ name, partitions, assignments }) => ({
        name,
        count: partitions,
        assignments: assignments?.map(nodeIds => ({ brokerIds: [...nodeIds] })) ?? null,
      })),
      timeoutMs: call.brokerTimeoutMs,
      validateOnly,
    })
    const answers = new Map(response.results.map(answer => [answer.name, answer]))
    for (const topic of pending) {
      const answer = answers.get(topic.name)
      if (answer === undefined) continue
      const { errorCode, errorMessage } = answer
      settle(topic, errorCode === 'NONE' ? undefined : brokerError(errorCode, { topic: topic.name }, errorMessage))
    }
  })
}

function creatable({ name, partitions, replicationFactor, configs, assignments }: NewTopic) {
  const isAssigned = assignments !== undefined && assignments.length > 0
  return {
    name,
    numPartitions: partitions ?? -1,
    replicationFactor: replicationFactor ?? -1,
    assignments: isAssigned ? assignments.map((nodeIds, partitionIndex) => ({ partitionIndex, brokerIds: [...nodeIds] })) : [],
    configs: Object.entries(configs ?? {}).map(([key, value]) => ({ name: key, value: String(value) })),
  }
}

function created({ name, topicId, numPartitions, replicationFactor }: CreatableTopicResult, validateOnly: boolean): CreatedTopic {
  // Kafka names an id even for a topic that it did not create.
  const id = validateOnly || topicId === ZERO_UUID ? null : topicId
  return { name, id, partitionCount: numPartitions, replicationFactor }
}

function describe({ name, topicId, isInternal, partitions }: MetadataTopic): TopicDescription {
  return {
    name: name ?? '',
    id: topicId,
    isInternal,
    partitions: partitions
      .map(({ partitionIndex, leaderId, leaderEpoch, replicaNodes, isrNodes, offlineReplicas }) => ({
        partition: partitionIndex,
        leader: leaderId,
        leaderEpoch,
        replicas: replicaNodes,
        isr: isrNodes,
        offlineReplicas,
      }))
      .sort((a, b) => a.partition - b.partition),
  }
}

function checkRefs(call: string, topics: readonly TopicRef[]): void {
  checkList(call, 'topics: a name or { id } each', topics)
  for (const ref of topics) {
    if (typeof ref !== 'string') checkText(call, 'a topic that is not given by its name has an id, which', ref?.id)
  }
}

function nameOfRef(ref: TopicRef): string {
  return typeof ref === 'string' ? formatPlace({ topic: ref }) : `topic with id ${ref.id}`
}

function refusal(ref: TopicRef, code: Parameters<typeof brokerError>[0], detail?: string | null): KafkaError {
  if (typeof ref === 'string') return brokerError(code, { topic: ref }, detail)
  const error = brokerError(code, {}, detail)
  return new KafkaError(code, `${nameOfRef(ref)}: ${error.message}`)
}
