import { createCodecs } from '@logwerk/compression'
import * as protocol from '@logwerk/protocol'
import {
  type Clock,
  createInProcessNetwork,
  createMemoryFiles,
  type Endpoint,
  formatEndpoint,
  isLoopback,
  KafkaError,
  type Network,
  nodeWorld,
  resolveConfig,
  sleep,
  type World,
  ZERO_UUID,
} from '@logwerk/runtime'
import { LogDirectory, logConfig } from '@logwerk/storage'
import { advertisedTo, isUnspecified } from './advertised.ts'
import { AnswersInFlight } from './answers-in-flight.ts'
import { type BrokerConfig, type BrokerConfigInput, brokerConfig } from './broker-config.ts'
import type { BrokerState } from './broker-state.ts'
import type { ClientConnection } from './client-connection.ts'
import { CLUSTER_METADATA_TOPIC, CLUSTER_METADATA_TOPIC_ID, MetadataLog } from './cluster-metadata/metadata-log.ts'
import { FetchSessions } from './fetch-session.ts'
import { GroupCoordinator } from './groups/group-coordinator.ts'
import { groupRulesOf } from './groups/group-rules.ts'
import { OffsetsTopic } from './groups/offsets-topic.ts'
import { handleAlterConfigs, handleIncrementalAlterConfigs } from './handlers/alter-configs.ts'
import { handleApiVersions } from './handlers/api-versions.ts'
import { handleCreatePartitions } from './handlers/create-partitions.ts'
import { handleCreateTopics } from './handlers/create-topics.ts'
import { handleDeleteGroups } from './handlers/delete-groups.ts'
import { handleDeleteRecords } from './handlers/delete-records.ts'
import { handleDeleteTopics } from './handlers/delete-topics.ts'
import { handleDescribeCluster } from './handlers/describe-cluster.ts'
import { handleDescribeConfigs } from './handlers/describe-configs.ts'
import { handleDescribeGroups } from './handlers/describe-groups.ts'
import { handleFetch } from './handlers/fetch.ts'
import { handleFindCoordinator } from './handlers/find-coordinator.ts'
import { handleHeartbeat } from './handlers/heartbeat.ts'
import { handleInitProducerId } from './handlers/init-producer-id.ts'
import { handleJoinGroup } from './handlers/join-group.ts'
import { handleLeaveGroup } from './handlers/leave-group.ts'
import { handleListGroups } from './handlers/list-groups.ts'
import { handleListOffsets } from './handlers/list-offsets.ts'
import { handleMetadata } from './handlers/metadata.ts'
import { handleOffsetCommit } from './handlers/offset-commit.ts'
import { handleOffsetDelete } from './handlers/offset-delete.ts'
import { handleOffsetFetch } from './handlers/offset-fetch.ts'
import { handleOffsetForLeaderEpoch } from './handlers/offset-for-leader-epoch.ts'
import { handleProduce, PRODUCE_ADVERTISED_FROM } from './handlers/produce.ts'
import { handleSyncGroup } from './handlers/sync-group.ts'
import { ClientListener } from './listener.ts'
import { MemoryBudget } from './memory-budget.ts'
import { ProducerIds } from './producer-ids.ts'
import { Router } from './router.ts'
import { INTERNAL_TOPICS, Topics } from './topics.ts'

/** A running embedded broker. */
export interface Broker extends AsyncDisposable {
  readonly clusterId: string
  readonly nodeId: number
  /** What clients in other processes connect to; empty if the broker listens on no port. */
  readonly bootstrapServers: readonly string[]
  /** What clients in this process connect through: the same frames, no socket. */
  readonly network: Network
  /** The port listened on; -1 for none. */
  readonly port: number
  /** Where the data lies; null if it is in memory. */
  readonly dataDir: string | null
  /** Stops accepting, answers what is under way, makes everything durable, and lets go of the directory. Idempotent. */
  close(): Promise<void>
}

export type OpenBrokerOptions = BrokerConfigInput & {
  /** The outside world; Node's by default. */
  readonly world?: World
}

/** How long `close` waits for requests under way before it cuts their connections. */
const CLOSE_GRACE_MS = 2000

/** The address of every broker on its own in-process network. */
const IN_PROCESS: Endpoint = { host: 'embedded', port: 9092 }

/**
 * Opens an embedded broker: one node that speaks Kafka's protocol, on a data directory or in memory.
 *
 * @throws KafkaError `INVALID_CONFIG` for options that do not fit, `DIRECTORY_LOCKED` if another process has the directory open,
 *         `ADDRESS_IN_USE`, `STORAGE_ERROR`, `CORRUPT_LOG`.
 * @example
 *   await using broker = await openBroker({ dataDir: './data', port: 9092 })
 */
export async function openBroker(options: OpenBrokerOptions = {}): Promise<Broker> {
  const { world: given = nodeWorld, ...input } = options
  const config = resolveConfig('openBroker', brokerConfig, input)
  checkAddress(config)
  checkClusterId(config.clusterId)
  const world = config.dataDir === null ? { ...given, files: createMemoryFiles(given.clock) } : given
  const codecs = createCodecs(world)
  await codecs.ready()
  const path = config.dataDir ?? '/logwerk'
  const directory = LogDirectory.open(world, {
    path,
    nodeId: config.nodeId,
    ...(config.clusterId === null ? {} : { clusterId: config.clusterId }),
  })
  try {
    return await start(world, config, directory, codecs)
  } catch (error) {
    await closeAfterFailure(world, () => directory.close())
    throw error
  }
}

/** Closes what a start that failed had opened. Why it failed is what the caller has to know: another error on the way out is only logged. */
async function closeAfterFailure({ log }: World, close: () => Promise<void>): Promise<void> {
  try {
    await close()
  } catch (error) {
    log.error('what a start that failed had opened could not be closed properly', { error })
  }
}

async function start(world: World, config: BrokerConfig, directory: LogDirectory, codecs: protocol.CompressionCodecs): Promise<Broker> {
  const { nodeId } = config
  const baseLogConfig = resolveConfig('openBroker', logConfig, {
    fsync: config.fsync,
    fsyncIntervalMs: config.fsyncIntervalMs,
    producerIdExpirationMs: config.producerIdExpirationMs,
  })
  const metadata = new MetadataLog(
    world,
    directory.openPartition({
      topic: CLUSTER_METADATA_TOPIC,
      partition: 0,
      topicId: CLUSTER_METADATA_TOPIC_ID,
      // In every mode: a block of producer ids that a power cut forgets would be given out again.
      config: { ...baseLogConfig, fsync: 'batch' },
    }),
    codecs,
  )
  const topics = new Topics(world, metadata, directory, codecs, {
    nodeId,
    maxPartitions: config.maxPartitions,
    logConfig: baseLogConfig,
    maxDecompressedBytes: config.queuedMaxRequestBytes,
    brokerDefaults: brokerDefaultsOf(config),
  })
  directory.putStraysAside()
  const groups = new GroupCoordinator(world, new OffsetsTopic(world, topics, codecs, config.offsetsTopicNumPartitions), {
    rules: groupRulesOf(config),
    retentionCheckIntervalMs: config.offsetsRetentionCheckIntervalMs,
    topicIdOf: topic => topics.get(topic)?.id ?? ZERO_UUID,
  })
  const state: BrokerState = {
    world,
    config,
    nodeId,
    clusterId: directory.clusterId,
    codecs,
    topics,
    producerIds: new ProducerIds(metadata, nodeId),
    fetchSessions: new FetchSessions(config.maxIncrementalFetchSessionCacheSlots, world.random),
    answers: new AnswersInFlight(config.queuedMaxResponseBytes),
    defaultPartitionCount: config.numPartitions,
    isInternal: topic => INTERNAL_TOPICS.has(topic),
    autoCreate: topic => {
      if (!config.autoCreateTopicsEnable || INTERNAL_TOPICS.has(topic)) return
      topics.create({ name: topic, partitionCount: config.numPartitions, configs: new Map() }).catch(error => {
        if (!(error instanceof KafkaError && error.code === 'TOPIC_ALREADY_EXISTS'))
          world.log.warn('a topic could not be created', { topic, error })
      })
    },
    groups,
    deleteTopic: async topic => {
      await topics.delete(topic)
      await groups.topicDeleted(topic.name, topic.id)
    },
    checkpointLogStarts: () => directory.checkpointLogStarts(),
  }
  try {
    await groups.open()
    return await serve(state, directory)
  } catch (error) {
    // Its timers would go on without a broker.
    await closeAfterFailure(world, () => groups.close())
    await closeAfterFailure(world, () => topics.close())
    throw error
  }
}

async function serve(state: BrokerState, directory: LogDirectory): Promise<Broker> {
  const { world, config, nodeId, groups, topics } = state
  const router = routerOf(state)
  const clients = new Set<ClientConnection>()
  const listenerOptions = {
    maxFrameBytes: config.socketRequestMaxBytes,
    maxIdleMs: config.connectionsMaxIdleMs,
    maxConnections: config.maxConnections,
    budget: new MemoryBudget(config.queuedMaxRequestBytes),
    answers: state.answers,
  }
  const inProcess = createInProcessNetwork(world.clock)
  const listeners = [new ClientListener(world, router, { ...listenerOptions, advertise: () => IN_PROCESS }, clients)]
  await listeners[0]!.open(inProcess, IN_PROCESS)
  let listening: Endpoint | null = null
  let bootstrap = IN_PROCESS
  if (config.port >= 0) {
    const advertise = (local: Endpoint) => advertisedTo(local, config)
    const tcp = new ClientListener(world, router, { ...listenerOptions, advertise }, clients)
    listening = await tcp.open(world.network, { host: config.host, port: config.port })
    listeners.push(tcp)
    bootstrap = advertise(isUnspecified(listening.host) ? { ...listening, host: 'localhost' } : listening)
  }

  let closing: Promise<void> | null = null
  const close = async () => {
    // Node's listener is closed only when all of its connections are.
    const stopped = Promise.all(listeners.map(listener => listener.close()))
    try {
      await groups.close()
    } finally {
      const unchanging = topics.close()
      try {
        await disconnect(world.clock, clients)
        await stopped
        await unchanging
      } finally {
        await directory.close()
      }
    }
  }
  return {
    clusterId: state.clusterId,
    nodeId,
    bootstrapServers: [formatEndpoint(bootstrap)],
    network: inProcess,
    port: listening?.port ?? -1,
    dataDir: config.dataDir,
    close: () => (closing ??= close()),
    [Symbol.asyncDispose]: () => (closing ??= close()),
  }
}

/** Lets clients have the answers to what is under way, and then cuts their connections. */
async function disconnect(clock: Clock, clients: ReadonlySet<ClientConnection>): Promise<void> {
  for (const client of clients) client.close()
  const deadlineMs = clock.monotonicMs() + CLOSE_GRACE_MS
  while (clients.size > 0 && clock.monotonicMs() < deadlineMs) await sleep(clock, 10)
  for (const client of clients) client.destroy()
}

/** Only what works is offered. */
function routerOf(state: BrokerState): Router {
  const router = new Router(state.world)
  router.on(protocol.apiVersions, handleApiVersions(router, state.clusterId, state.nodeId))
  router.on(protocol.metadata, handleMetadata(state))
  router.on(protocol.produce, handleProduce(state), PRODUCE_ADVERTISED_FROM)
  router.on(protocol.fetchApi, handleFetch(state))
  router.on(protocol.listOffsets, handleListOffsets(state))
  router.on(protocol.offsetForLeaderEpoch, handleOffsetForLeaderEpoch(state))
  router.on(protocol.createTopics, handleCreateTopics(state))
  router.on(protocol.deleteTopics, handleDeleteTopics(state))
  router.on(protocol.createPartitions, handleCreatePartitions(state))
  router.on(protocol.deleteRecords, handleDeleteRecords(state))
  router.on(protocol.describeConfigs, handleDescribeConfigs(state))
  router.on(protocol.alterConfigs, handleAlterConfigs(state))
  router.on(protocol.incrementalAlterConfigs, handleIncrementalAlterConfigs(state))
  router.on(protocol.initProducerId, handleInitProducerId(state))
  router.on(protocol.describeCluster, handleDescribeCluster(state))
  router.on(protocol.findCoordinator, handleFindCoordinator(state))
  router.on(protocol.joinGroup, handleJoinGroup(state))
  router.on(protocol.syncGroup, handleSyncGroup(state))
  router.on(protocol.heartbeat, handleHeartbeat(state))
  router.on(protocol.leaveGroup, handleLeaveGroup(state))
  router.on(protocol.offsetCommit, handleOffsetCommit(state))
  router.on(protocol.offsetFetch, handleOffsetFetch(state))
  router.on(protocol.offsetDelete, handleOffsetDelete(state))
  router.on(protocol.describeGroups, handleDescribeGroups(state))
  router.on(protocol.listGroups, handleListGroups(state))
  router.on(protocol.deleteGroups, handleDeleteGroups(state))
  return router
}

/** Values of the broker that topics without their own take, where they differ from Kafka's. */
function brokerDefaultsOf(config: BrokerConfig): ReadonlyMap<string, string> {
  const defaults = new Map<string, string>()
  if (config.messageMaxBytes !== brokerConfig.messageMaxBytes.default) defaults.set('max.message.bytes', String(config.messageMaxBytes))
  if (config.logSegmentBytes !== brokerConfig.logSegmentBytes.default) defaults.set('segment.bytes', String(config.logSegmentBytes))
  return defaults
}

function checkAddress(config: BrokerConfig): void {
  if (config.port < 0 || isLoopback(config.host) || config.allowRemote) return
  throw new KafkaError(
    'INVALID_CONFIG',
    `openBroker: the address ${config.host} can be reached by other machines, and nothing authenticates them; listen on 127.0.0.1, or set allowRemote: true if the network is trusted`,
  )
}

function checkClusterId(clusterId: string | null): void {
  if (clusterId === null || /^[\w-]{22}$/.test(clusterId)) return
  throw new KafkaError(
    'INVALID_CONFIG',
    `openBroker: option "clusterId" is "${clusterId}" and must be 16 bytes as 22 characters of URL-safe base64; leave it out to have one made`,
  )
}
