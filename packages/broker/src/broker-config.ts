import { type ConfigInputOf, type ConfigOf, defineConfig, durationMs, flag, integer, oneOf, sizeBytes, text } from '@logwerk/runtime'

/** Options of `openBroker`. Those that Kafka has carry its name and default, unless the text says otherwise. */
export const brokerConfig = defineConfig({
  dataDir: text({ default: null, doc: 'Directory that holds the data. Null keeps everything in memory, gone when the broker closes.' }),
  host: text({ default: '127.0.0.1', doc: 'Address to listen on. Others than loopback need allowRemote.' }),
  port: integer({
    default: -1,
    min: -1,
    max: 65_535,
    doc: 'Port to listen on; 0 picks a free one, -1 listens on none: clients in this process only.',
  }),
  allowRemote: flag({
    default: false,
    doc: 'Allows an address that other machines can reach. Nothing authenticates yet: whoever reaches the port can read and write everything.',
  }),
  advertisedHost: text({
    default: null,
    doc: 'Host that clients are told to connect to, e.g. the name of a container. Null: the one they came to.',
  }),
  advertisedPort: integer({ default: -1, min: -1, max: 65_535, doc: 'Port that clients are told to connect to. -1: the one listened on.' }),
  nodeId: integer({ kafkaKey: 'node.id', default: 1, min: 0, max: 0x7fff_ffff, doc: 'Id of this broker.' }),
  clusterId: text({ default: null, doc: 'Cluster id for a new data directory, 22 characters of URL-safe base64; null makes one.' }),
  fsync: oneOf({
    values: ['batch', 'interval', 'os'],
    default: 'batch',
    doc: "When a record counts as stored against a power cut: 'batch' before it is acknowledged, 'interval' at most fsyncIntervalMs later, 'os' whenever the operating system likes (what Kafka does). A killed process loses nothing in any mode.",
  }),
  fsyncIntervalMs: durationMs({ default: 1000, min: 1, doc: "Time between two syncs with fsync: 'interval'." }),
  autoCreateTopicsEnable: flag({
    kafkaKey: 'auto.create.topics.enable',
    default: true,
    doc: 'Create a topic when a client asks for one that does not exist, and allows it.',
  }),
  numPartitions: integer({ kafkaKey: 'num.partitions', default: 1, min: 1, max: 10_000, doc: 'Partitions of a topic that does not say.' }),
  maxPartitions: integer({
    default: 100_000,
    min: 1,
    doc: 'Most partitions of this broker, all topics together: each costs memory and files.',
  }),
  messageMaxBytes: sizeBytes({
    kafkaKey: 'message.max.bytes',
    default: 1_048_588,
    min: 0,
    max: 0x7fff_ffff,
    doc: 'Largest batch, for topics that do not say.',
  }),
  logSegmentBytes: sizeBytes({
    kafkaKey: 'log.segment.bytes',
    default: 1 << 30,
    min: 1 << 20,
    max: 0x7fff_ffff,
    doc: 'Size at which a new segment file is begun, for topics that do not say.',
  }),
  fetchMaxBytes: sizeBytes({
    kafkaKey: 'fetch.max.bytes',
    default: 57_671_680,
    min: 1024,
    max: 0x7fff_ffff,
    doc: 'Most bytes that one fetch is answered with, whatever it asks for.',
  }),
  socketRequestMaxBytes: sizeBytes({
    kafkaKey: 'socket.request.max.bytes',
    default: 104_857_600,
    min: 1,
    max: 0x7fff_ffff,
    doc: 'Largest request; the connection of a larger one is closed.',
  }),
  queuedMaxRequestBytes: sizeBytes({
    kafkaKey: 'queued.max.request.bytes',
    default: 268_435_456,
    min: 1,
    doc: 'Bytes of requests held in memory, all connections together. Beyond it connections are not read from until others are answered. (Kafka has no limit by default.)',
  }),
  maxConnections: integer({
    kafkaKey: 'max.connections',
    default: 10_000,
    min: 1,
    doc: 'Most connections; further ones are closed at once. (Kafka has no limit by default.)',
  }),
  connectionsMaxIdleMs: durationMs({
    kafkaKey: 'connections.max.idle.ms',
    default: 600_000,
    min: 1,
    doc: 'A connection that asks nothing for this long is closed.',
  }),
  maxIncrementalFetchSessionCacheSlots: integer({
    kafkaKey: 'max.incremental.fetch.session.cache.slots',
    default: 1000,
    min: 0,
    doc: 'Fetch sessions kept (KIP-227); clients beyond it send whole requests.',
  }),
  producerIdExpirationMs: durationMs({
    kafkaKey: 'producer.id.expiration.ms',
    default: 86_400_000,
    min: 1,
    doc: 'Time after which the sequence numbers of a producer that no longer writes are forgotten.',
  }),
  groupInitialRebalanceDelayMs: durationMs({
    kafkaKey: 'group.initial.rebalance.delay.ms',
    default: 0,
    min: 0,
    max: 0x7fff_ffff,
    doc: 'Time that an empty group waits for further members before its first rebalance, extended while they come. 0 begins at once; each member that comes later then causes a rebalance. (Kafka waits 3000 ms by default.)',
  }),
  groupMinSessionTimeoutMs: durationMs({
    kafkaKey: 'group.min.session.timeout.ms',
    default: 6000,
    min: 1,
    max: 0x7fff_ffff,
    doc: 'Shortest session timeout that a member may ask for.',
  }),
  groupMaxSessionTimeoutMs: durationMs({
    kafkaKey: 'group.max.session.timeout.ms',
    default: 1_800_000,
    min: 1,
    max: 0x7fff_ffff,
    doc: 'Longest session timeout that a member may ask for.',
  }),
  groupMaxSize: integer({
    kafkaKey: 'group.max.size',
    default: 0x7fff_ffff,
    min: 1,
    max: 0x7fff_ffff,
    doc: 'Most members of a group; further ones are refused.',
  }),
  offsetMetadataMaxBytes: integer({
    kafkaKey: 'offset.metadata.max.bytes',
    default: 4096,
    min: 0,
    max: 0x7fff_ffff,
    doc: 'Longest text that may be committed with an offset.',
  }),
  offsetsRetentionMinutes: integer({
    kafkaKey: 'offsets.retention.minutes',
    default: 10_080,
    min: 1,
    max: 0x7fff_ffff,
    doc: 'How long the offsets of a group are kept after it has become empty.',
  }),
  offsetsRetentionCheckIntervalMs: durationMs({
    kafkaKey: 'offsets.retention.check.interval.ms',
    default: 600_000,
    min: 1,
    max: 0x7fff_ffff,
    doc: 'Time between two looks for offsets and groups that are over.',
  }),
  offsetsTopicNumPartitions: integer({
    kafkaKey: 'offsets.topic.num.partitions',
    default: 1,
    min: 1,
    max: 10_000,
    doc: "Partitions of the internal topic __consumer_offsets when it is created. One is enough for one broker; Kafka's 50 spread groups over many.",
  }),
})

export type BrokerConfig = ConfigOf<typeof brokerConfig>
export type BrokerConfigInput = ConfigInputOf<typeof brokerConfig>
