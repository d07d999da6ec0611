import { type MetadataResponse, metadata } from '@logwerk/protocol'
import { brokerError, formatPlace, groupBy, KafkaError } from '@logwerk/runtime'
import type { AdminCall, Settle } from './admin-call.ts'

/** One partition of a topic. */
export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** Lookups of coordinators at a time: all of them share one connection, on which only so many requests may wait. */
const LOOKUP_COUNT = 100

/** "orders-3". */
export function nameOfPartition({ topic, partition }: TopicPartition): string {
  return formatPlace({ topic, partition })
}

/** Something by topic and partition, as a key. */
export function partitionKey(topic: string, partition: number): string {
  return `${partition} ${topic}`
}

/** The form that most requests about partitions have: topics, each with its partitions. */
export function byTopic<I extends TopicPartition, P>(
  items: readonly I[],
  partitionOf: (item: I) => P,
): { readonly name: string; readonly partitions: P[] }[] {
  return [...groupBy(items, ({ topic }) => topic)].map(([name, partitions]) => ({ name, partitions: partitions.map(partitionOf) }))
}

/** Asks about topics, null for all, never creating one; what comes is also kept for finding nodes. @throws KafkaError */
export async function askMetadata(
  call: AdminCall,
  topics: readonly ({ readonly name: string } | { readonly name: null; readonly topicId: string })[] | null,
): Promise<MetadataResponse> {
  const response = await call.client.sendToAny(metadata, { topics: topics === null ? null : [...topics], allowAutoTopicCreation: false })
  if (response.errorCode !== 'NONE') throw brokerError(response.errorCode)
  call.client.metadata.update(response, false)
  return response
}

/** Runs `ask` for all groups at once; where it throws a KafkaError, the items of that group have failed by it. */
export async function askEach<K, I, R>(
  groups: Iterable<readonly [K, readonly I[]]>,
  settle: Settle<I, R>,
  ask: (key: K, items: readonly I[]) => Promise<void>,
): Promise<void> {
  await Promise.all(
    [...groups].map(async ([key, items]) => {
      try {
        await ask(key, items)
      } catch (error) {
        if (!(error instanceof KafkaError)) throw error
        for (const item of items) settle(item, error)
      }
    }),
  )
}

/**
 * Finds the leaders of partitions, and runs `ask` once for each; more often where a partition comes more than once, because no request
 * may name it twice.
 */
export async function askLeaders<I extends TopicPartition, R>(
  call: AdminCall,
  items: readonly I[],
  settle: Settle<I, R>,
  ask: (nodeId: number, items: readonly I[]) => Promise<void>,
): Promise<void> {
  const response = await askMetadata(
    call,
    [...new Set(items.map(({ topic }) => topic))].map(name => ({ name })),
  )
  const nodeIds = new Set(response.brokers.map(({ nodeId }) => nodeId))
  const leaders = new Map<string, number>()
  const topicErrors = new Map<string, KafkaError>()
  for (const { name, errorCode, partitions } of response.topics) {
    if (name === null) continue
    if (errorCode !== 'NONE') topicErrors.set(name, brokerError(errorCode, { topic: name }))
    for (const { partitionIndex, leaderId } of partitions) leaders.set(partitionKey(name, partitionIndex), leaderId)
  }
  const requests = new Map<string, [nodeId: number, items: I[]]>()
  const turns = new Map<string, number>()
  for (const item of items) {
    const { topic, partition } = item
    const key = partitionKey(topic, partition)
    const leader = leaders.get(key)
    const topicError = topicErrors.get(topic)
    if (topicError !== undefined) settle(item, topicError)
    else if (leader === undefined) settle(item, brokerError('UNKNOWN_TOPIC_OR_PARTITION', { topic, partition }))
    else if (!nodeIds.has(leader)) settle(item, brokerError('LEADER_NOT_AVAILABLE', { topic, partition }))
    else {
      const turn = turns.get(key) ?? 0
      turns.set(key, turn + 1)
      const request = requests.get(`${leader} ${turn}`)
      if (request === undefined) requests.set(`${leader} ${turn}`, [leader, [item]])
      else request[1].push(item)
    }
  }
  await askEach(requests.values(), settle, ask)
}

/** Finds the coordinators of groups, and runs `ask` once for each of them; errors about coordinators are taken note of. */
export async function askCoordinators<R>(
  call: AdminCall,
  groupIds: readonly string[],
  settle: Settle<string, R>,
  ask: (nodeId: number, groupIds: readonly string[], settle: Settle<string, R>) => Promise<void>,
): Promise<void> {
  const { coordinators } = call
  const nodes = new Map<string, number>()
  for (let first = 0; first < groupIds.length; first += LOOKUP_COUNT) {
    const some = new Map(groupIds.slice(first, first + LOOKUP_COUNT).map(groupId => [groupId, [groupId]]))
    await askEach(some, settle, async groupId => void nodes.set(groupId, await coordinators.find(groupId)))
  }
  const heeding: Settle<string, R> = (groupId, outcome) => {
    if (outcome instanceof KafkaError) coordinators.heed(groupId, outcome)
    settle(groupId, outcome)
  }
  const found = groupIds.filter(groupId => nodes.has(groupId))
  await askEach(
    groupBy(found, groupId => nodes.get(groupId)!),
    heeding,
    (nodeId, ids) => ask(nodeId, ids, heeding),
  )
}

/** Makes sure that a node is known, where the caller and not the metadata named it. @throws KafkaError `BROKER_NOT_AVAILABLE` */
export async function ensureNode(call: AdminCall, nodeId: number): Promise<void> {
  const { client } = call
  if (!client.metadata.nodes.has(nodeId)) await client.refresh()
  if (!client.metadata.nodes.has(nodeId)) {
    const known = [...client.metadata.nodes.keys()].sort((a, b) => a - b)
    throw new KafkaError('BROKER_NOT_AVAILABLE', `broker ${nodeId}: the cluster has no such broker, only ${known.join(', ')}`, {
      at: { broker: nodeId },
    })
  }
}
