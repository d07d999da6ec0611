import type { MetadataResponse, MetadataTopic } from '@logwerk/protocol'
import { type BrokerErrorCode, brokerError, type Endpoint, type Uuid, ZERO_UUID } from '@logwerk/runtime'

export interface PartitionMetadata {
  readonly partition: number
  /** Node id of the leader; -1 while there is none. */
  readonly leader: number
  /** -1 if the broker does not tell. */
  readonly leaderEpoch: number
}

export interface TopicMetadata {
  readonly name: string
  readonly id: Uuid
  readonly isInternal: boolean
  /** In order: the index is the partition's number. */
  readonly partitions: readonly PartitionMetadata[]
  /** Partitions that have a leader. */
  readonly availablePartitions: readonly number[]
}

/** What the brokers last told about themselves and the topics that this client is interested in. */
export class Metadata {
  readonly #nodes = new Map<number, Endpoint>()
  readonly #topics = new Map<string, TopicMetadata>()
  readonly #nameOfId = new Map<Uuid, string>()
  readonly #errors = new Map<string, BrokerErrorCode>()
  clusterId: string | null = null
  controllerId = -1
  /** Counts the changes, so that whoever keeps something of what is here can tell whether it still holds. */
  version = 0

  get nodes(): ReadonlyMap<number, Endpoint> {
    return this.#nodes
  }

  topic(name: string): TopicMetadata | undefined {
    return this.#topics.get(name)
  }

  topicOfId(id: Uuid): TopicMetadata | undefined {
    const name = this.#nameOfId.get(id)
    return name === undefined ? undefined : this.#topics.get(name)
  }

  /** Why the broker did not describe a topic; undefined if it did, or was not asked. */
  errorOf(topic: string): BrokerErrorCode | undefined {
    return this.#errors.get(topic)
  }

  get topicNames(): string[] {
    return [...this.#topics.keys()]
  }

  /** Takes in an answer. With `complete` topics that it does not name are forgotten. */
  update(response: MetadataResponse, complete: boolean): void {
    this.clusterId = response.clusterId
    this.controllerId = response.controllerId
    this.#nodes.clear()
    for (const { nodeId, host, port } of response.brokers) this.#nodes.set(nodeId, { host, port })
    if (complete) {
      const named = new Set(response.topics.map(topic => topic.name))
      for (const name of [...this.#topics.keys()]) if (!named.has(name)) this.forget(name)
    }
    for (const topic of response.topics) this.#updateTopic(topic)
    this.version++
  }

  /** Notes a new leader that a broker named in an error (KIP-951); false if it is not newer than what is known. */
  updateLeader(topic: string, partition: number, leader: number, leaderEpoch: number): boolean {
    const known = this.#topics.get(topic)
    const current = known?.partitions[partition]
    if (known === undefined || current === undefined || leaderEpoch <= current.leaderEpoch || !this.#nodes.has(leader)) return false
    const partitions = known.partitions.with(partition, { partition, leader, leaderEpoch })
    this.#topics.set(topic, { ...known, partitions, availablePartitions: availableOf(partitions) })
    this.version++
    return true
  }

  /** Forgets all brokers: the next question goes to the bootstrap addresses. */
  forgetNodes(): void {
    this.#nodes.clear()
    this.version++
  }

  addNode(id: number, endpoint: Endpoint): void {
    this.#nodes.set(id, endpoint)
  }

  forget(topic: string): void {
    const known = this.#topics.get(topic)
    if (known !== undefined) this.#nameOfId.delete(known.id)
    this.#topics.delete(topic)
    this.#errors.delete(topic)
    this.version++
  }

  #updateTopic(topic: MetadataTopic): void {
    if (topic.name === null) return
    if (topic.errorCode !== 'NONE') {
      this.#errors.set(topic.name, topic.errorCode)
      // An error that passes leaves what is known standing; a topic that is gone is forgotten.
      if (topic.errorCode === 'UNKNOWN_TOPIC_OR_PARTITION') {
        this.forget(topic.name)
        this.#errors.set(topic.name, topic.errorCode)
      }
      return
    }
    const count = topic.partitions.length
    const numbers = new Set(topic.partitions.map(({ partitionIndex }) => partitionIndex))
    if (numbers.size !== count || topic.partitions.some(({ partitionIndex }) => partitionIndex < 0 || partitionIndex >= count)) {
      // Lists of partitions are used as if they had no holes.
      this.#errors.set(topic.name, 'UNKNOWN_SERVER_ERROR')
      return
    }
    this.#errors.delete(topic.name)
    const before = this.#topics.get(topic.name)
    const recreated = before !== undefined && before.id !== topic.topicId && topic.topicId !== ZERO_UUID
    const partitions: PartitionMetadata[] = []
    for (const { partitionIndex, leaderId, leaderEpoch } of topic.partitions) {
      const known = recreated ? undefined : before?.partitions[partitionIndex]
      // An answer of a broker that lags must not undo what a faster one told (KIP-320).
      partitions[partitionIndex] =
        known !== undefined && leaderEpoch >= 0 && leaderEpoch < known.leaderEpoch
          ? known
          : { partition: partitionIndex, leader: leaderId, leaderEpoch }
    }
    if (before !== undefined) this.#nameOfId.delete(before.id)
    if (topic.topicId !== ZERO_UUID) this.#nameOfId.set(topic.topicId, topic.name)
    this.#topics.set(topic.name, {
      name: topic.name,
      id: topic.topicId,
      isInternal: topic.isInternal,
      partitions,
      availablePartitions: availableOf(partitions),
    })
  }
}

function availableOf(partitions: readonly PartitionMetadata[]): number[] {
  return partitions.filter(({ leader }) => leader >= 0).map(({ partition }) => partition)
}

/** The error for a topic that the metadata cannot describe. */
export function unknownTopic(topic: string, code: BrokerErrorCode | undefined) {
  return brokerError(code ?? 'UNKNOWN_TOPIC_OR_PARTITION', { topic })
}
