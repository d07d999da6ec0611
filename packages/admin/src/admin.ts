import { type ClientOptions, closedError, KafkaClient, whereTo } from '@logwerk/client'
import { fromProperties, resolveConfig } from '@logwerk/runtime'
import { AdminCall, type CallOptions } from './admin-call.ts'
import { type AdminConfig, type AdminConfigInput, adminConfig } from './admin-config.ts'
import { checkCount } from './check.ts'
import { type BrokerApi, type ClusterDescription, describeBrokerApis, describeCluster } from './cluster.ts'
import { type ConfigChanges, type ConfigDescription, type ConfigQuery, describeConfigs, incrementalAlterConfigs } from './configs.ts'
import { GroupCoordinators } from './group-coordinators.ts'
import { groupLag, type PartitionLag } from './group-lag.ts'
import { alterGroupOffsets, deleteGroupOffsets, type GroupOffset, listGroupOffsets, type NewGroupOffset } from './group-offsets.ts'
import {
  deleteGroups,
  describeGroups,
  type GroupDescription,
  type GroupFilter,
  type GroupListing,
  listGroups,
  type MemberRef,
  type RemovedMember,
  removeMembersFromGroup,
} from './groups.ts'
import {
  type DeletedRecords,
  deleteRecords,
  type IsolationLevel,
  type ListedOffset,
  listOffsets,
  type OffsetQuery,
  type RecordsToDelete,
} from './records.ts'
import type { TopicPartition } from './routing.ts'
import {
  type CreatedTopic,
  createPartitions,
  createTopics,
  deleteTopics,
  describeTopics,
  listTopics,
  type NewPartitions,
  type NewTopic,
  type TopicDescription,
  type TopicListing,
  type TopicRef,
} from './topics.ts'

export type AdminOptions = Omit<AdminConfigInput, 'bootstrapServers'> &
  ClientOptions & {
    readonly bootstrapServers?: readonly string[] | undefined
  }

/** With `validateOnly` everything is checked and nothing is changed. */
export interface ValidateOptions extends CallOptions {
  readonly validateOnly?: boolean | undefined
}

/**
 * Looks at and changes topics, records, configs and groups. Make one with {@link createAdmin}.
 *
 * A method that acts on several things takes a list, and resolves with the results in the same order once all are done. Each thing
 * succeeds or fails on its own. If any fails, the call rejects when all the others have come to their end, with a KafkaError:
 * `code` is that of the first failure, the message names everything that failed and says whether the rest is done, and `cause` is an
 * AggregateError of all failures. A call about one thing rejects with that thing's error as it is.
 *
 * What fails for a reason that passes (a leader or coordinator that moves, a lost connection) is tried again, that part only, until
 * `timeoutMs` is over; then it is a TimeoutError whose cause is the last reason. An unknown topic is asked about four times, within a
 * second, because a broker may not have heard of a new one. Every method also rejects with `signal.reason`, KafkaError `CLOSED`, and a
 * TypeError for arguments of the wrong shape.
 */
export interface Admin extends AsyncDisposable {
  /** All topics, by name; without `includeInternal` (default false) not Kafka's own. */
  listTopics(options?: CallOptions & { readonly includeInternal?: boolean | undefined }): Promise<TopicListing[]>
  /** Partitions, leaders and replicas of topics, by name or id. @throws KafkaError `UNKNOWN_TOPIC_OR_PARTITION`, `UNKNOWN_TOPIC_ID` */
  describeTopics(topics: readonly TopicRef[], options?: CallOptions): Promise<TopicDescription[]>
  /**
   * Creates topics. In a cluster brokers hear of a new topic a moment later; the embedded broker knows it at once.
   *
   * @throws KafkaError `TOPIC_ALREADY_EXISTS`, `INVALID_TOPIC_EXCEPTION`, `INVALID_PARTITIONS`, `INVALID_REPLICATION_FACTOR`,
   *         `INVALID_CONFIG`, `POLICY_VIOLATION`, ...
   */
  createTopics(topics: readonly NewTopic[], options?: ValidateOptions): Promise<CreatedTopic[]>
  /** Deletes topics with all their records, by name or id. @throws KafkaError `UNKNOWN_TOPIC_OR_PARTITION`, `UNKNOWN_TOPIC_ID` */
  deleteTopics(topics: readonly TopicRef[], options?: CallOptions): Promise<void>
  /**
   * Gives topics more partitions. **Keys move:** a key's partition is its hash modulo the number of partitions, so most keys get
   * another one, while their old records stay where they are. A consumer then sees old and new records of a key out of order. Where order
   * or compaction by key counts, create a new topic with enough partitions and copy the records.
   *
   * @throws KafkaError `INVALID_PARTITIONS` unless the number grows, `UNKNOWN_TOPIC_OR_PARTITION`.
   */
  createPartitions(topics: readonly NewPartitions[], options?: ValidateOptions): Promise<void>

  /**
   * Deletes the records below an offset; resolves with where the logs start now.
   *
   * @throws KafkaError `OFFSET_OUT_OF_RANGE` beyond the end, `POLICY_VIOLATION` where a topic is only compacted.
   */
  deleteRecords(records: readonly RecordsToDelete[], options?: CallOptions): Promise<DeletedRecords[]>
  /** Offsets by place or time. A partition may be asked about several times in one call. */
  listOffsets(
    queries: readonly OffsetQuery[],
    options?: CallOptions & { readonly isolationLevel?: IsolationLevel | undefined },
  ): Promise<ListedOffset[]>

  /** The configs of topics, brokers and groups, with where each value comes from. */
  describeConfigs(
    queries: readonly ConfigQuery[],
    options?: CallOptions & { readonly includeSynonyms?: boolean | undefined; readonly includeDocumentation?: boolean | undefined },
  ): Promise<ConfigDescription[]>
  /**
   * Changes single configs; the others stay as they are. All changes to one resource happen, or none. (Kafka's older way, which replaced
   * all of them, is gone from its Admin and not here either.)
   *
   * @throws KafkaError `INVALID_CONFIG`, `UNKNOWN_TOPIC_OR_PARTITION`; `UNSUPPORTED_VERSION` from a broker older than Kafka 2.3.
   */
  incrementalAlterConfigs(changes: readonly ConfigChanges[], options?: ValidateOptions): Promise<void>

  /** The groups of all brokers, by id. @throws KafkaError `UNSUPPORTED_VERSION` for a filter that a broker is too old for. */
  listGroups(options?: CallOptions & GroupFilter): Promise<GroupListing[]>
  /** State, members and their partitions, for groups of type `classic`. @throws KafkaError `GROUP_ID_NOT_FOUND` */
  describeGroups(groupIds: readonly string[], options?: CallOptions): Promise<GroupDescription[]>
  /** Deletes groups with their offsets. @throws KafkaError `NON_EMPTY_GROUP` while one has members, `GROUP_ID_NOT_FOUND` */
  deleteGroups(groupIds: readonly string[], options?: CallOptions): Promise<void>
  /** Offsets that a group has committed: those of `partitions`, or all. A group that does not exist has none. */
  listGroupOffsets(
    groupId: string,
    options?: CallOptions & { readonly partitions?: readonly TopicPartition[] | undefined },
  ): Promise<GroupOffset[]>
  /** Sets offsets of a group that has no members, making the group if need be. @throws KafkaError `UNKNOWN_MEMBER_ID` while it has any */
  alterGroupOffsets(groupId: string, offsets: readonly NewGroupOffset[], options?: CallOptions): Promise<void>
  /** Forgets committed offsets. @throws KafkaError `GROUP_SUBSCRIBED_TO_TOPIC` while a member reads the topic, `GROUP_ID_NOT_FOUND` */
  deleteGroupOffsets(groupId: string, partitions: readonly TopicPartition[], options?: CallOptions): Promise<void>
  /**
   * Removes members, by default all, so that others get their partitions at once. One that still runs joins again.
   *
   * @throws KafkaError `UNKNOWN_MEMBER_ID`; `UNSUPPORTED_VERSION` from a broker older than Kafka 2.4.
   */
  removeMembersFromGroup(
    groupId: string,
    options?: CallOptions & { readonly members?: readonly MemberRef[] | undefined; readonly reason?: string | undefined },
  ): Promise<RemovedMember[]>
  /**
   * How far a group is behind, in every partition that it has committed in or that a member has; by topic and number.
   *
   * @throws KafkaError `GROUP_ID_NOT_FOUND`
   */
  groupLag(groupId: string, options?: CallOptions): Promise<PartitionLag[]>

  /** The cluster's id and brokers. */
  describeCluster(options?: CallOptions): Promise<ClusterDescription>
  /** The kinds of requests that a broker takes, by key. @throws KafkaError `BROKER_NOT_AVAILABLE` */
  describeBrokerApis(nodeId: number, options?: CallOptions): Promise<BrokerApi[]>

  /** Ends the connections; calls under way reject with `CLOSED`. Idempotent. */
  close(): Promise<void>
}

/**
 * Makes an admin client. It connects when it is first used.
 *
 * @throws KafkaError `INVALID_CONFIG` that names the option.
 * @example
 *   await using admin = createAdmin({ bootstrapServers: ['localhost:9092'] })
 *   await admin.createTopics([{ name: 'orders', partitions: 12 }])
 */
export function createAdmin(options: AdminOptions): Admin {
  const { broker, world: given, ...input } = options
  const config = resolveConfig('createAdmin', adminConfig, input)
  const { world, bootstrap } = whereTo('createAdmin', { broker, world: given }, config.bootstrapServers)
  return new LogwerkAdmin(new KafkaClient(world, { ...config, bootstrap, allowAutoTopicCreation: false }), config)
}

/**
 * The options of an admin out of dotted Kafka properties, e.g. `{ 'default.api.timeout.ms': '5000' }`.
 *
 * @throws KafkaError `INVALID_CONFIG`
 */
export function adminFromProperties(properties: Readonly<Record<string, unknown>>): Partial<AdminConfigInput> {
  return fromProperties('createAdmin', adminConfig, properties)
}

class LogwerkAdmin implements Admin {
  readonly #client: KafkaClient
  readonly #coordinators: GroupCoordinators
  readonly #config: AdminConfig
  readonly #calls = new Set<AdminCall>()

  constructor(client: KafkaClient, config: AdminConfig) {
    this.#client = client
    this.#coordinators = new GroupCoordinators(client)
    this.#config = config
  }

  listTopics(options: CallOptions & { readonly includeInternal?: boolean | undefined } = {}): Promise<TopicListing[]> {
    return this.#run('listTopics', options, call => listTopics(call, options.includeInternal ?? false))
  }

  describeTopics(topics: readonly TopicRef[], options: CallOptions = {}): Promise<TopicDescription[]> {
    return this.#run('describeTopics', options, call => describeTopics(call, topics))
  }

  createTopics(topics: readonly NewTopic[], options: ValidateOptions = {}): Promise<CreatedTopic[]> {
    return this.#run('createTopics', options, call => createTopics(call, topics, options.validateOnly ?? false))
  }

  deleteTopics(topics: readonly TopicRef[], options: CallOptions = {}): Promise<void> {
    return this.#run('deleteTopics', options, call => deleteTopics(call, topics))
  }

  createPartitions(topics: readonly NewPartitions[], options: ValidateOptions = {}): Promise<void> {
    return this.#run('createPartitions', options, call => createPartitions(call, topics, options.validateOnly ?? false))
  }

  deleteRecords(records: readonly RecordsToDelete[], options: CallOptions = {}): Promise<DeletedRecords[]> {
    return this.#run('deleteRecords', options, call => deleteRecords(call, records))
  }

  listOffsets(
    queries: readonly OffsetQuery[],
    options: CallOptions & { readonly isolationLevel?: IsolationLevel | undefined } = {},
  ): Promise<ListedOffset[]> {
    return this.#run('listOffsets', options, call => listOffsets(call, queries, options.isolationLevel ?? 'read_uncommitted'))
  }

  describeConfigs(
    queries: readonly ConfigQuery[],
    options: CallOptions & { readonly includeSynonyms?: boolean | undefined; readonly includeDocumentation?: boolean | undefined } = {},
  ): Promise<ConfigDescription[]> {
    const { includeSynonyms = false, includeDocumentation = false } = options
    return this.#run('describeConfigs', options, call => describeConfigs(call, queries, { includeSynonyms, includeDocumentation }))
  }

  incrementalAlterConfigs(changes: readonly ConfigChanges[], options: ValidateOptions = {}): Promise<void> {
    return this.#run('incrementalAlterConfigs', options, call => incrementalAlterConfigs(call, changes, options.validateOnly ?? false))
  }

  listGroups(options: CallOptions & GroupFilter = {}): Promise<GroupListing[]> {
    return this.#run('listGroups', options, call => listGroups(call, options))
  }

  describeGroups(groupIds: readonly string[], options: CallOptions = {}): Promise<GroupDescription[]> {
    return this.#run('describeGroups', options, call => describeGroups(call, groupIds))
  }

  deleteGroups(groupIds: readonly string[], options: CallOptions = {}): Promise<void> {
    return this.#run('deleteGroups', options, call => deleteGroups(call, groupIds))
  }

  listGroupOffsets(
    groupId: string,
    options: CallOptions & { readonly partitions?: readonly TopicPartition[] | undefined } = {},
  ): Promise<GroupOffset[]> {
    return this.#run('listGroupOffsets', options, call => listGroupOffsets(call, groupId, options.partitions ?? null))
  }

  alterGroupOffsets(groupId: string, offsets: readonly NewGroupOffset[], options: CallOptions = {}): Promise<void> {
    return this.#run('alterGroupOffsets', options, call => alterGroupOffsets(call, groupId, offsets))
  }

  deleteGroupOffsets(groupId: string, partitions: readonly TopicPartition[], options: CallOptions = {}): Promise<void> {
    return this.#run('deleteGroupOffsets', options, call => deleteGroupOffsets(call, groupId, partitions))
  }

  removeMembersFromGroup(
    groupId: string,
    options: CallOptions & { readonly members?: readonly MemberRef[] | undefined; readonly reason?: string | undefined } = {},
  ): Promise<RemovedMember[]> {
    const { members = null, reason = null } = options
    return this.#run('removeMembersFromGroup', options, call => removeMembersFromGroup(call, groupId, members, reason))
  }

  groupLag(groupId: string, options: CallOptions = {}): Promise<PartitionLag[]> {
    return this.#run('groupLag', options, call => groupLag(call, groupId))
  }

  describeCluster(options: CallOptions = {}): Promise<ClusterDescription> {
    return this.#run('describeCluster', options, describeCluster)
  }

  describeBrokerApis(nodeId: number, options: CallOptions = {}): Promise<BrokerApi[]> {
    return this.#run('describeBrokerApis', options, call => describeBrokerApis(call, nodeId))
  }

  close(): Promise<void> {
    for (const call of this.#calls) call.abort(closedError())
    this.#client.close()
    return Promise.resolve()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #run<T>(name: string, { signal, timeoutMs }: CallOptions, body: (call: AdminCall) => Promise<T>): Promise<T> {
    if (this.#client.isClosed) throw closedError()
    signal?.throwIfAborted()
    if (timeoutMs !== undefined && timeoutMs !== Number.POSITIVE_INFINITY) checkCount(name, 'timeoutMs', timeoutMs, 0)
    const call = new AdminCall(name, this.#client, this.#coordinators, {
      timeoutMs: timeoutMs ?? this.#config.defaultApiTimeoutMs,
      requestTimeoutMs: this.#config.requestTimeoutMs,
    })
    const onAbort = () => call.abort(signal?.reason)
    signal?.addEventListener('abort', onAbort, { once: true })
    this.#calls.add(call)
    try {
      return await body(call)
    } finally {
      signal?.removeEventListener('abort', onAbort)
      this.#calls.delete(call)
    }
  }
}
