import { type CompressionCodecs, configResourceTypes } from '@logwerk/protocol'
import { brokerError, KafkaError, sleep, type Uuid, type World } from '@logwerk/runtime'
import type { LogConfig, LogDirectory } from '@logwerk/storage'
import type { TopicImage } from './cluster-metadata/metadata-image.ts'
import { CLUSTER_METADATA_TOPIC, type MetadataLog } from './cluster-metadata/metadata-log.ts'
import type { MetadataRecordInput } from './cluster-metadata/metadata-record.ts'
import { logConfigOf, Partition } from './partition.ts'
import { TopicConfigs, topicConfigComplaint, topicConfigConflict, topicConfigKeys } from './topic-config.ts'
import { topicNameComplaint } from './topic-name.ts'

/** `__consumer_offsets` and its like: clients read them and do not write them. */
export const INTERNAL_TOPICS: ReadonlySet<string> = new Set(['__consumer_offsets', '__transaction_state', CLUSTER_METADATA_TOPIC])

export interface NewTopic {
  readonly name: string
  readonly partitionCount: number
  readonly configs: ReadonlyMap<string, string>
}

export interface TopicsOptions {
  readonly nodeId: number
  readonly maxPartitions: number
  readonly logConfig: LogConfig
  /** A batch that is larger when it is decompressed is refused, whatever its topic allows. */
  readonly maxDecompressedBytes: number
  /** Values of the broker for topics that have none of their own, by the topic config's name. */
  readonly brokerDefaults: ReadonlyMap<string, string>
}

/** Partitions that are made or removed before others have their turn: each costs a few syncs, which hold up everybody. */
const PARTITIONS_AT_A_TIME = 8

/** What a topic's partitions need to know of it. */
interface TopicIdentity {
  readonly name: string
  readonly id: Uuid
  readonly configs: TopicConfigs
}

/** The topics of the broker: what the metadata says of them, and their partitions' logs. */
export class Topics {
  readonly #world: World
  readonly #metadata: MetadataLog
  readonly #directory: LogDirectory
  readonly #codecs: CompressionCodecs
  readonly #options: TopicsOptions
  readonly #partitions = new Map<string, readonly Partition[]>()
  /** Changes are made one after the other: each is checked against what the one before left. */
  #changes: Promise<unknown> = Promise.resolve()
  #warned = new Set<string>()
  #closed = false

  constructor(world: World, metadata: MetadataLog, directory: LogDirectory, codecs: CompressionCodecs, options: TopicsOptions) {
    this.#world = world
    this.#metadata = metadata
    this.#directory = directory
    this.#codecs = codecs
    this.#options = options
    for (const { name, id, partitionCount } of metadata.image.topics) {
      const identity = { name, id, configs: this.configsOf(name) }
      this.#partitions.set(
        name,
        Array.from({ length: partitionCount }, (_, index) => this.#openPartition(identity, index)),
      )
    }
  }

  get all(): Iterable<TopicImage> {
    return this.#metadata.image.topics
  }

  get(name: string): TopicImage | undefined {
    return this.#metadata.image.topic(name)
  }

  getById(id: Uuid): TopicImage | undefined {
    return this.#metadata.image.topicOfId(id)
  }

  partition(topic: string, index: number): Partition | undefined {
    return this.#partitions.get(topic)?.[index]
  }

  partitionsOf(topic: string): readonly Partition[] {
    return this.#partitions.get(topic) ?? []
  }

  configsOf(topic: string): TopicConfigs {
    return new TopicConfigs(this.get(topic)?.configs ?? new Map(), this.#options.brokerDefaults)
  }

  get brokerDefaults(): ReadonlyMap<string, string> {
    return this.#options.brokerDefaults
  }

  /**
   * Creates a topic; usable when it resolves. With `validateOnly` nothing is changed.
   *
   * @throws KafkaError `TOPIC_ALREADY_EXISTS`, `INVALID_TOPIC_EXCEPTION`, `INVALID_REQUEST` for the metadata log, `INVALID_PARTITIONS`,
   *         `INVALID_CONFIG`, `KAFKA_STORAGE_ERROR`.
   */
  create(topic: NewTopic, validateOnly = false): Promise<Uuid> {
    return this.#change(async () => {
      this.#checkNew(topic)
      const topicId = this.#world.random.uuid()
      if (validateOnly) return topicId
      const configs = new TopicConfigs(topic.configs, this.#options.brokerDefaults)
      const records: MetadataRecordInput[] = [
        { type: 'TOPIC', value: { name: topic.name, topicId } },
        ...this.#partitionRecords(topicId, 0, topic.partitionCount),
        ...[...topic.configs].map(([name, value]) => configRecordOf(topic.name, name, value)),
      ]
      await this.#addPartitions({ name: topic.name, id: topicId, configs }, 0, topic.partitionCount, records)
      this.#warnOfEffectless(topic.name, topic.configs.keys())
      return topicId
    })
  }

  /**
   * Deletes this topic, and not a later one that has its name when the turn has come.
   *
   * @throws KafkaError `UNKNOWN_TOPIC_OR_PARTITION`, `INVALID_TOPIC_EXCEPTION` for an internal topic, `KAFKA_STORAGE_ERROR`
   */
  delete({ name, id }: Pick<TopicImage, 'name' | 'id'>): Promise<void> {
    return this.#change(async () => {
      if (this.#known(name).id !== id) throw brokerError('UNKNOWN_TOPIC_OR_PARTITION', { topic: name })
      if (INTERNAL_TOPICS.has(name)) {
        throw new KafkaError('INVALID_TOPIC_EXCEPTION', `${name} belongs to the broker: the groups of its clients are stored in it`)
      }
      const partitions = this.partitionsOf(name)
      try {
        await this.#metadata.append([{ type: 'REMOVE_TOPIC', value: { topicId: id } }], () => this.#partitions.delete(name))
      } catch (error) {
        if (this.#metadata.isInDoubt) this.#refuseWrites(partitions, error)
        throw error
      }
      for (const partition of partitions) partition.retire()
      await this.#removeFiles(partitions)
    })
  }

  /**
   * Grows a topic to `count` partitions.
   *
   * @throws KafkaError `UNKNOWN_TOPIC_OR_PARTITION`, `INVALID_PARTITIONS` unless it grows, `INVALID_TOPIC_EXCEPTION` for an internal
   *         topic, `KAFKA_STORAGE_ERROR`.
   */
  createPartitions(name: string, count: number, validateOnly: boolean): Promise<void> {
    return this.#change(async () => {
      const topic = this.#known(name)
      // The number of partitions decides in which of them a group is found again.
      if (INTERNAL_TOPICS.has(name)) {
        throw new KafkaError('INVALID_TOPIC_EXCEPTION', `${name} belongs to the broker and keeps its partitions`)
      }
      if (count <= topic.partitionCount) {
        throw new KafkaError(
          'INVALID_PARTITIONS',
          count === topic.partitionCount
            ? `Topic already has ${count} partition(s).`
            : `The topic ${name} currently has ${topic.partitionCount} partition(s); ${count} would not be an increase.`,
        )
      }
      this.#checkPartitionTotal(count - topic.partitionCount)
      if (validateOnly) return
      const records = this.#partitionRecords(topic.id, topic.partitionCount, count)
      await this.#addPartitions({ name, id: topic.id, configs: this.configsOf(name) }, topic.partitionCount, count, records)
    })
  }

  /**
   * Sets (a string) or takes away (null) configs of a topic.
   *
   * @throws KafkaError `UNKNOWN_TOPIC_OR_PARTITION`, `INVALID_CONFIG`, `KAFKA_STORAGE_ERROR`
   */
  alterConfigs(
    name: string,
    change: (current: ReadonlyMap<string, string>) => ReadonlyMap<string, string | null>,
    validateOnly: boolean,
  ): Promise<void> {
    return this.#change(async () => {
      const topic = this.#known(name)
      // Taking away what is not set, whatever it is, changes nothing (as in Kafka; measured).
      const changes = new Map([...change(topic.configs)].filter(([key, value]) => value !== null || topic.configs.has(key)))
      this.#checkConfigs(changes, new Map([...topic.configs, ...changes]))
      if (validateOnly) return
      await this.#metadata.append([...changes].map(([key, value]) => configRecordOf(name, key, value)))
      const configs = this.configsOf(name)
      for (const partition of this.partitionsOf(name)) partition.configure(configs)
      this.#warnOfEffectless(
        name,
        [...changes].filter(([, value]) => value !== null).map(([key]) => key),
      )
    })
  }

  /**
   * Breaks off what is being created, waits for what is being removed, and refuses further changes: when it resolves, nobody touches the
   * files any more.
   */
  async close(): Promise<void> {
    this.#closed = true
    await this.#changes
  }

  #change<T>(action: () => Promise<T>): Promise<T> {
    const result = this.#changes.then(() => {
      this.#checkOpen()
      return action()
    })
    this.#changes = result.catch(() => {})
    return result
  }

  #checkOpen(): void {
    if (this.#closed) throw new KafkaError('KAFKA_STORAGE_ERROR', 'the broker is closing; ask again when it is back')
  }

  #known(name: string): TopicImage {
    const topic = this.get(name)
    if (topic === undefined) throw brokerError('UNKNOWN_TOPIC_OR_PARTITION', { topic: name })
    return topic
  }

  #checkNew(topic: NewTopic): void {
    const nameComplaint = topicNameComplaint(topic.name)
    if (nameComplaint !== null) throw new KafkaError('INVALID_TOPIC_EXCEPTION', nameComplaint)
    if (this.get(topic.name) !== undefined) throw new KafkaError('TOPIC_ALREADY_EXISTS', `Topic '${topic.name}' already exists.`)
    if (topic.name === CLUSTER_METADATA_TOPIC) {
      throw new KafkaError('INVALID_REQUEST', `Creation of internal topic ${CLUSTER_METADATA_TOPIC} is prohibited.`)
    }
    const { image } = this.#metadata
    const collision = image.sameInMetrics(topic.name)
    if (collision !== null) {
      throw new KafkaError(
        'INVALID_TOPIC_EXCEPTION',
        `Topic '${topic.name}' collides with existing topic: ${collision} ("." and "_" are the same in metric names)`,
      )
    }
    const twin = image.sameButForCase(topic.name)
    // Its files would be taken for those of a deleted topic of the same name, and removed.
    if (twin !== undefined && this.#directory.storedTopicId(topic.name, 0) === twin.id) {
      throw new KafkaError(
        'INVALID_TOPIC_EXCEPTION',
        `Topic '${topic.name}' cannot be told from the existing topic ${twin.name} on this disk, whose file names ignore upper and lower case; choose another name`,
      )
    }
    if (topic.partitionCount < 1)
      throw new KafkaError('INVALID_PARTITIONS', `a topic has at least one partition, not ${topic.partitionCount}`)
    this.#checkPartitionTotal(topic.partitionCount)
    this.#checkConfigs(topic.configs, topic.configs)
  }

  /** Checks the values that are new, and all together; null is one that is taken away. */
  #checkConfigs(changes: ReadonlyMap<string, string | null>, all: ReadonlyMap<string, string | null>): void {
    for (const [name, value] of changes) {
      const complaint = value === null ? null : topicConfigComplaint(name, value)
      if (complaint !== null) throw new KafkaError('INVALID_CONFIG', complaint)
    }
    const own = new Map([...all].filter((entry): entry is [string, string] => entry[1] !== null))
    const conflict = topicConfigConflict(new TopicConfigs(own, this.#options.brokerDefaults))
    if (conflict !== null) throw new KafkaError('INVALID_CONFIG', conflict)
  }

  #checkPartitionTotal(added: number): void {
    const total = this.#metadata.image.partitionCount + added
    if (total <= this.#options.maxPartitions) return
    throw new KafkaError(
      'INVALID_PARTITIONS',
      `the broker would have ${total} partitions, and maxPartitions is ${this.#options.maxPartitions}`,
    )
  }

  #partitionRecords(topicId: Uuid, from: number, to: number): MetadataRecordInput[] {
    const { nodeId } = this.#options
    return Array.from({ length: to - from }, (_, index) => ({
      type: 'PARTITION',
      value: {
        partitionId: from + index,
        topicId,
        replicas: [nodeId],
        isr: [nodeId],
        removingReplicas: [],
        addingReplicas: [],
        leader: nodeId,
        leaderEpoch: 0,
        partitionEpoch: 0,
        directories: [this.#directory.directoryId],
      },
    }))
  }

  /**
   * Opens the logs of new partitions, then makes them known. In this order, because a disk that refuses must not leave a topic behind that
   * has no logs; directories that nobody knows of are put aside when their name is needed again.
   */
  async #addPartitions(topic: TopicIdentity, from: number, to: number, records: readonly MetadataRecordInput[]): Promise<void> {
    const added: Partition[] = []
    try {
      for (let index = from; index < to; index++) {
        added.push(this.#openPartition(topic, index))
        if (added.length % PARTITIONS_AT_A_TIME > 0) continue
        await sleep(this.#world.clock, 0)
        this.#checkOpen()
      }
      await this.#metadata.append(records, () => this.#partitions.set(topic.name, [...this.partitionsOf(topic.name), ...added]))
    } catch (error) {
      await this.#removeFiles(added)
      throw error
    }
  }

  #openPartition({ name, id, configs }: TopicIdentity, index: number): Partition {
    const log = this.#directory.openPartition({
      topic: name,
      partition: index,
      topicId: id,
      config: logConfigOf(configs, this.#options.logConfig),
    })
    const identity = { topic: name, topicId: id, index, maxDecompressedBytes: this.#options.maxDecompressedBytes }
    return new Partition(this.#world, this.#codecs, identity, log, configs)
  }

  async #removeFiles(partitions: readonly Partition[]): Promise<void> {
    for (const [place, { topic, index }] of partitions.entries()) {
      if (place % PARTITIONS_AT_A_TIME === PARTITIONS_AT_A_TIME - 1) await sleep(this.#world.clock, 0)
      try {
        this.#directory.deletePartition(topic, index)
      } catch (error) {
        this.#world.log.warn('the files of a partition could not be removed', { topic, partition: index, error })
      }
    }
  }

  /** The next start may find these partitions deleted: what was acknowledged until then would be lost. */
  #refuseWrites(partitions: readonly Partition[], cause: unknown): void {
    for (const partition of partitions) {
      partition.refuseWrites(
        new KafkaError(
          'KAFKA_STORAGE_ERROR',
          `${partition.topic}-${partition.index}: the disk failed while the topic was deleted, so nothing more is written until the broker is started again and knows whether it was`,
          { cause },
        ),
      )
    }
  }

  #warnOfEffectless(topic: string, names: Iterable<string>): void {
    // Nobody has set these.
    if (INTERNAL_TOPICS.has(topic)) return
    for (const name of names) {
      const key = topicConfigKeys.get(name)
      const lacking = key?.effective === false ? 'it has no effect in this version' : key?.lacking
      if (lacking === undefined || this.#warned.has(name)) continue
      this.#warned.add(name)
      this.#world.log.warn(`the topic config ${name} is stored; ${lacking}`, { topic })
    }
  }
}

function configRecordOf(topic: string, name: string, value: string | null): MetadataRecordInput {
  return { type: 'CONFIG', value: { resourceType: configResourceTypes.TOPIC, resourceName: topic, name, value } }
}
