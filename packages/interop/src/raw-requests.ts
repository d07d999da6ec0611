import {
  type AnyApi,
  alterConfigs,
  apis,
  apiVersions,
  configOperations,
  configResourceTypes,
  createPartitions,
  createTopics,
  deleteRecords,
  deleteTopics,
  describeCluster,
  describeConfigs,
  fetchApi,
  incrementalAlterConfigs,
  initProducerId,
  listOffsets,
  metadata,
  offsetForLeaderEpoch,
  produce,
} from '@logwerk/protocol'
import { ZERO_UUID } from '@logwerk/runtime'
import { batchOf, patched, recordsOf, withPayload, zipped } from './raw-batches.ts'
import { requestBytes } from './raw-connection.ts'

/** What earlier rows have left behind at one broker. */
export interface Memory {
  /** By name. */
  readonly topicIds: Map<string, string>
  sessionId: number
}

/** One request to both brokers. */
export interface Row {
  readonly what: string
  /** Decodes the answer. */
  readonly api: AnyApi
  readonly version: number
  /** The frame. */
  readonly bytes: (memory: Memory) => Buffer
  /** Sent as it is, with no length in front. */
  readonly unframed?: boolean
  /** The version of the answer, where it is another. */
  readonly answerVersion?: number
  /** The part of the answer that is compared. Default: all of it. */
  readonly part?: (answer: never) => unknown
  /** Notes what later rows need. */
  readonly keep?: (answer: never, memory: Memory) => void
  /** Paths at which the answers differ, and why that is right. */
  readonly differs?: Readonly<Record<string, string>>
  /** The request is sent again until this holds: the real broker changes its metadata in the background. */
  readonly until?: (answer: never) => boolean
}

const { TOPIC, BROKER } = configResourceTypes
const { SET, DELETE, APPEND, SUBTRACT } = configOperations
const UNKNOWN_ID = 'AAAAAAAAAAAAAAAAAAAABA'
const OLD_MS = 1_700_000_000_000
const software = { clientSoftwareName: 'interop', clientSoftwareVersion: '1' }

type Extra = Partial<Omit<Row, 'what' | 'api' | 'version' | 'bytes'>>

function row<A extends AnyApi>(
  what: string,
  api: A,
  version: number,
  request: object | ((memory: Memory) => object),
  extra: Extra = {},
): Row {
  const bytes = (memory: Memory) => requestBytes(api, version, typeof request === 'function' ? request(memory) : request)
  return { what: `${api.name} v${version}: ${what}`, api, version, bytes, ...extra }
}

/** Any bytes; `api` and `version` are for the answer, should one come. */
function rawRow(what: string, bytes: Buffer, extra: Extra & { readonly api?: AnyApi; readonly version?: number } = {}): Row {
  return { what, api: apiVersions, version: 0, bytes: () => bytes, ...extra }
}

function headerOf(apiKey: number, version: number): Buffer {
  const bytes = Buffer.alloc(17)
  bytes.writeInt16BE(apiKey, 0)
  bytes.writeInt16BE(version, 2)
  bytes.writeInt32BE(1, 4)
  bytes.writeInt16BE(7, 8)
  bytes.write('interop', 10, 'latin1')
  return bytes
}

// Metadata

function metadataOf(...names: readonly string[]) {
  return { topics: names.map(name => ({ name })), allowAutoTopicCreation: false }
}

// Topics

interface NewTopic {
  readonly name?: string
  readonly numPartitions?: number
  readonly replicationFactor?: number
  readonly assignments?: readonly { readonly partitionIndex: number; readonly brokerIds: readonly number[] }[]
  readonly configs?: Readonly<Record<string, string | null>>
}

function creation(topics: readonly NewTopic[], validateOnly = false) {
  return {
    timeoutMs: 10_000,
    validateOnly,
    topics: topics.map(({ configs = {}, ...topic }) => ({
      name: 'refused',
      numPartitions: 1,
      replicationFactor: 1,
      assignments: [],
      configs: Object.entries(configs).map(([name, value]) => ({ name, value })),
      ...topic,
    })),
  }
}

const withoutConfigs = ({ topics }: { topics: { configs?: unknown }[] }) => topics.map(({ configs: _, ...topic }) => topic)
const keepTopicIds = ({ topics }: { topics: { name: string; topicId: string }[] }, memory: Memory) => {
  for (const { name, topicId } of topics) memory.topicIds.set(name, topicId)
}

function creationRow(
  what: string,
  topics: readonly NewTopic[],
  extra: Extra & { readonly validateOnly?: boolean; readonly version?: number } = {},
): Row {
  const { validateOnly = false, version = 7, ...rest } = extra
  return row(what, createTopics, version, creation(topics, validateOnly), { part: withoutConfigs, ...rest })
}

function growth(
  topics: readonly { readonly name?: string; readonly count: number; readonly assignments?: readonly (readonly number[])[] }[],
  validateOnly = false,
) {
  return {
    timeoutMs: 10_000,
    validateOnly,
    topics: topics.map(({ name = 'grown', count, assignments }) => ({
      name,
      count,
      assignments: assignments?.map(brokerIds => ({ brokerIds })) ?? null,
    })),
  }
}

// Configs

function configsOf(resourceName: string, configurationKeys: readonly string[] | null, resourceType: number = TOPIC) {
  return { resources: [{ resourceType, resourceName, configurationKeys }], includeSynonyms: true }
}

function alteration(
  configs: readonly (readonly [name: string, configOperation: number, value: string | null])[],
  { resourceName = 'configured', resourceType = TOPIC as number, validateOnly = false } = {},
) {
  return {
    validateOnly,
    resources: [
      { resourceType, resourceName, configs: configs.map(([name, configOperation, value]) => ({ name, configOperation, value })) },
    ],
  }
}

// Records

function produceOf(topic: string, records: Uint8Array | null, { acks = -1, index = 0 } = {}) {
  return { acks, timeoutMs: 10_000, topicData: [{ name: topic, partitionData: [{ index, records }] }] }
}

function produceRow(
  what: string,
  records: Uint8Array | null,
  extra: Extra & { readonly topic?: string; readonly version?: number } = {},
): Row {
  const { topic = 'checked', version = 12, ...rest } = extra
  return row(what, produce, version, produceOf(topic, records), rest)
}

interface FetchAsked {
  readonly fetchOffset?: number
  readonly partitionMaxBytes?: number
  readonly currentLeaderEpoch?: number
  readonly partition?: number
}

function fetchOf(topic: string, asked: FetchAsked = {}, rest: object = {}) {
  return {
    maxWaitMs: 0,
    minBytes: 0,
    maxBytes: 1 << 20,
    topics: [{ topic, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 << 20, ...asked }] }],
    ...rest,
  }
}

function listing(timestamp: number, rest: object = {}) {
  return { replicaId: -1, timeoutMs: 1000, topics: [{ name: 'read', partitions: [{ partitionIndex: 0, timestamp, ...rest }] }] }
}

function epochOf(leaderEpoch: number, rest: object = {}) {
  return { replicaId: -1, topics: [{ topic: 'read', partitions: [{ partition: 0, currentLeaderEpoch: -1, leaderEpoch, ...rest }] }] }
}

function deletion(offset: number, { name = 'trimmed', partitionIndex = 0 } = {}) {
  return { timeoutMs: 10_000, topics: [{ name, partitions: [{ partitionIndex, offset }] }] }
}

const idempotent = (baseSequence: number, producerEpoch = 0, values: readonly string[] = ['x']) =>
  batchOf(values, { producerId: 123_456, producerEpoch, baseSequence })

const spoken = new Set(Object.values(apis).map((api: AnyApi) => api.key))
const offered = ({ errorCode, apiKeys }: { errorCode: string; apiKeys: { apiKey: number }[] }) => ({
  errorCode,
  apiKeys: apiKeys.filter(({ apiKey }) => spoken.has(apiKey)),
})

const ELR = 'the real broker has eligible leader replicas, which make min.insync.replicas a dynamic default; here is one replica'
const EXCEPTION = 'the real broker runs into an exception'
const STRICTER = 'the real broker stores what readers may not understand; no producer sends it'

/** To a topic of its own, so that later offsets are the same on both sides. */
const TAKEN_THERE = {
  topic: 'differing',
  differs: Object.fromEntries(
    ['errorCode', 'baseOffset', 'logStartOffset'].map(field => [`responses.0.partitionResponses.0.${field}`, STRICTER]),
  ),
}
const FAILS_THERE = { differs: { 'responses.0.partitionResponses.0.errorCode': EXCEPTION } }

/** Two records, the second of which claims the third place. */
const GAP = patched(batchOf(['a', 'b']), bytes => bytes.writeInt8(4, 61 + 8 + 3))

/** In order: later rows build on what earlier ones have done. */
export const rows: readonly Row[] = [
  // The wire.
  ...[0, 1, 2, 3, 4, 5].map(version => row('the ranges of what is spoken here', apiVersions, version, software, { part: offered })),
  rawRow('ApiVersions v99', Buffer.concat([headerOf(18, 99), Buffer.from('00', 'hex')])),
  row('an empty software name', apiVersions, 3, { ...software, clientSoftwareName: '' }),
  row('a software version with spaces', apiVersions, 3, { ...software, clientSoftwareVersion: '1 2' }),
  row('another cluster', apiVersions, 5, { ...software, clusterId: 'AAAAAAAAAAAAAAAAAAAABA', nodeId: 1 }),
  rawRow('an API key that does not exist', headerOf(1234, 0)),
  rawRow('Produce v2, which is advertised', Buffer.concat([headerOf(0, 2), Buffer.alloc(20)])),
  rawRow('Produce v14', Buffer.concat([headerOf(0, 14), Buffer.alloc(20)])),
  rawRow('Fetch v3', Buffer.concat([headerOf(1, 3), Buffer.alloc(20)])),
  rawRow('Metadata v-1', Buffer.concat([headerOf(3, -1), Buffer.alloc(20)])),
  rawRow('a header that is cut short', headerOf(3, 1).subarray(0, 9)),
  rawRow('an empty frame', Buffer.alloc(0)),
  rawRow('a body that is cut short', requestBytes(metadata, 12, metadataOf('cut')).subarray(0, -2)),
  rawRow('an array length that lies', Buffer.concat([headerOf(3, 1), Buffer.from('7fffffff', 'hex')])),
  rawRow('a negative frame length', Buffer.from('ffffffff', 'hex'), { unframed: true }),
  rawRow('a frame length beyond the limit', Buffer.from('7fffffff', 'hex'), { unframed: true }),
  rawRow('bytes behind a complete body', Buffer.concat([requestBytes(metadata, 1, { topics: [] }), Buffer.from('rest')]), {
    api: metadata,
    version: 1,
  }),

  // Topics.
  creationRow('three partitions', [{ name: 'read', numPartitions: 3 }], { keep: keepTopicIds }),
  creationRow(
    'several at once',
    [
      { name: 'checked' },
      { name: 'differing' },
      { name: 'configured' },
      { name: 'grown', numPartitions: 2 },
      { name: 'trimmed' },
      { name: 'a.b' },
    ],
    {
      keep: keepTopicIds,
    },
  ),
  creationRow(
    'with configs',
    [
      { name: 'compacted', configs: { 'cleanup.policy': 'compact' } },
      { name: 'stamped', configs: { 'message.timestamp.type': 'LogAppendTime' } },
      { name: 'small', configs: { 'max.message.bytes': '200' } },
      { name: 'zipped', configs: { 'compression.type': 'gzip' } },
    ],
    { keep: keepTopicIds },
  ),
  creationRow('defaults', [{ name: 'defaults', numPartitions: -1, replicationFactor: -1 }], { keep: keepTopicIds }),
  creationRow('defaults', [{ name: 'defaults-2', numPartitions: -1, replicationFactor: -1 }], { version: 2, keep: keepTopicIds }),
  creationRow('exists', [{ name: 'read' }]),
  creationRow('more replicas than brokers', [{ replicationFactor: 3 }]),
  creationRow('no replicas', [{ replicationFactor: 0 }]),
  creationRow('no partitions', [{ numPartitions: 0 }]),
  creationRow('-2 partitions', [{ numPartitions: -2 }]),
  creationRow('a bad name', [{ name: 'a b' }]),
  creationRow('an empty name', [{ name: '' }]),
  creationRow('a name that collides', [{ name: 'a_b' }]),
  creationRow('a name of 250 characters', [{ name: 'x'.repeat(250) }]),
  creationRow('an unknown config', [{ configs: { 'no.such.config': '1' } }]),
  creationRow('a bad value', [{ configs: { 'cleanup.policy': 'burn' } }]),
  creationRow('a null value', [{ configs: { 'cleanup.policy': null } }]),
  creationRow('a name twice', [{ name: 'twice' }, { name: 'twice' }]),
  creationRow('only validated', [{ name: 'validated', numPartitions: 4 }], {
    validateOnly: true,
    differs: { '0.topicId': 'the real broker makes up an id for the topic that it does not create' },
  }),
  creationRow('only validated, and bad', [{ replicationFactor: 3 }], { validateOnly: true }),
  creationRow(
    'assigned',
    [{ name: 'assigned', numPartitions: -1, replicationFactor: -1, assignments: [{ partitionIndex: 0, brokerIds: [1] }] }],
    {
      keep: keepTopicIds,
    },
  ),
  creationRow('assigned with a gap', [{ numPartitions: -1, replicationFactor: -1, assignments: [{ partitionIndex: 1, brokerIds: [1] }] }]),
  creationRow('assigned to nobody', [{ numPartitions: -1, replicationFactor: -1, assignments: [{ partitionIndex: 0, brokerIds: [9] }] }]),
  creationRow('assigned to one twice', [
    { numPartitions: -1, replicationFactor: -1, assignments: [{ partitionIndex: 0, brokerIds: [1, 1] }] },
  ]),
  creationRow('assigned, with a count', [
    { numPartitions: 1, replicationFactor: -1, assignments: [{ partitionIndex: 0, brokerIds: [1] }] },
  ]),
  row('the configs of a new topic', createTopics, 5, creation([{ name: 'described', configs: { 'segment.ms': '5000' } }]), {
    part: ({ topics }: { topics: { configs: { name: string }[] }[] }) => topics[0]!.configs,
    differs: { '23.configSource': ELR },
  }),

  // Metadata, when the real broker has them all.
  row(
    'all topics',
    metadata,
    12,
    { topics: null },
    {
      until: ({ topics }: { topics: unknown[] }) => topics.length === 15,
      keep: keepTopicIds,
    },
  ),
  ...[0, 1].map(version => row('one topic', metadata, version, { topics: [{ name: 'read' }] })),
  ...[4, 9, 10, 13].map(version => row('one topic', metadata, version, metadataOf('read'))),
  row('none', metadata, 1, { topics: [] }),
  row('unknown', metadata, 12, metadataOf('unknown')),
  row('unknown', metadata, 4, metadataOf('unknown')),
  ...['', 'a b', '..', 'x'.repeat(250)].map(name => row(`the bad name ${name.slice(0, 5)}`, metadata, 12, metadataOf(name))),
  row('the same twice', metadata, 12, metadataOf('read', 'read')),
  row('by id', metadata, 12, ({ topicIds }) => ({ topics: [{ topicId: topicIds.get('read')!, name: null }] })),
  row('by an unknown id', metadata, 12, { topics: [{ topicId: UNKNOWN_ID, name: null }] }),
  row('by id, in a version that does not', metadata, 11, ({ topicIds }) => ({
    topics: [{ topicId: topicIds.get('read')!, name: 'read' }],
  })),
  row(
    'neither name nor id',
    metadata,
    12,
    { topics: [{ topicId: ZERO_UUID, name: null }] },
    {
      differs: { 'brokers.**': EXCEPTION, clusterId: EXCEPTION, controllerId: EXCEPTION, 'topics.0.errorCode': EXCEPTION },
    },
  ),
  row('auto-create: the first answer', metadata, 12, { topics: [{ name: 'automatic' }] }),
  row(
    'auto-create: on retry',
    metadata,
    12,
    { topics: [{ name: 'automatic' }] },
    {
      until: ({ topics }: { topics: { errorCode: string }[] }) => topics[0]!.errorCode === 'NONE',
      keep: keepTopicIds,
    },
  ),
  ...[0, 1, 2].map(version => row('the cluster', describeCluster, version, { includeClusterAuthorizedOperations: false })),
  row('controllers', describeCluster, 1, { includeClusterAuthorizedOperations: false, endpointType: 2 }),
  row('an unknown type of endpoint', describeCluster, 1, { includeClusterAuthorizedOperations: false, endpointType: 9 }),

  // Partitions.
  row('grow', createPartitions, 3, growth([{ count: 4 }])),
  row('fewer', createPartitions, 3, growth([{ count: 1 }])),
  row('as many', createPartitions, 3, growth([{ count: 4 }])),
  row('none', createPartitions, 3, growth([{ count: 0 }])),
  row('unknown topic', createPartitions, 3, growth([{ name: 'unknown', count: 4 }])),
  row('a topic twice', createPartitions, 3, growth([{ count: 5 }, { count: 6 }])),
  row('too few assignments', createPartitions, 3, growth([{ count: 6, assignments: [[1]] }])),
  row('assigned to nobody', createPartitions, 3, growth([{ count: 5, assignments: [[9]] }])),
  row('only validated', createPartitions, 3, growth([{ count: 5 }], true)),
  row('assigned', createPartitions, 0, growth([{ count: 5, assignments: [[1]] }])),

  // Configs.
  row('a default', describeConfigs, 4, configsOf('configured', ['max.message.bytes', 'cleanup.policy', 'retention.ms'])),
  row('of a topic', describeConfigs, 1, configsOf('compacted', ['cleanup.policy'])),
  row('names, types and defaults of all', describeConfigs, 4, configsOf('configured', null), {
    differs: {
      'results.0.configs.23.configSource': ELR,
      'results.0.configs.23.synonyms.**': ELR,
    },
  }),
  row('an empty list of names', describeConfigs, 4, configsOf('configured', []), {
    part: ({ results }: { results: { configs: unknown[] }[] }) => results[0]!.configs.length,
  }),
  row('an unknown name', describeConfigs, 4, configsOf('configured', ['no.such.config'])),
  row('of an unknown topic', describeConfigs, 4, configsOf('unknown', null)),
  row('of a bad name', describeConfigs, 4, configsOf('a b', null)),
  row('of another broker', describeConfigs, 4, configsOf('99', null, BROKER)),
  row('of an unknown type', describeConfigs, 4, configsOf('x', null, 99)),
  row(
    'set and append',
    incrementalAlterConfigs,
    1,
    alteration([
      ['segment.ms', SET, '5000'],
      ['cleanup.policy', APPEND, 'compact'],
    ]),
  ),
  row('what it is then', describeConfigs, 4, configsOf('configured', ['segment.ms', 'cleanup.policy']), {
    until: ({ results }: { results: { configs: { value: string }[] }[] }) => results[0]!.configs.some(({ value }) => value === '5000'),
  }),
  row(
    'subtract and delete',
    incrementalAlterConfigs,
    1,
    alteration([
      ['segment.ms', DELETE, null],
      ['cleanup.policy', SUBTRACT, 'delete'],
    ]),
  ),
  row('what it is then', describeConfigs, 4, configsOf('configured', ['segment.ms', 'cleanup.policy']), {
    until: ({ results }: { results: { configs: { value: string }[] }[] }) => results[0]!.configs.every(({ value }) => value !== '5000'),
  }),
  row('subtract everything', incrementalAlterConfigs, 1, alteration([['cleanup.policy', SUBTRACT, 'compact']], { validateOnly: true })),
  row('an unknown config', incrementalAlterConfigs, 1, alteration([['no.such.config', SET, '1']])),
  row('deleting an unknown config', incrementalAlterConfigs, 1, alteration([['no.such.config', DELETE, null]])),
  row('append to what is no list', incrementalAlterConfigs, 1, alteration([['segment.ms', APPEND, '1']])),
  row('a bad value', incrementalAlterConfigs, 1, alteration([['segment.ms', SET, 'soon']])),
  row('a null value', incrementalAlterConfigs, 1, alteration([['segment.ms', SET, null]])),
  row(
    'a config twice',
    incrementalAlterConfigs,
    1,
    alteration([
      ['segment.ms', SET, '1'],
      ['segment.ms', SET, '2'],
    ]),
  ),
  row('an unknown operation', incrementalAlterConfigs, 1, alteration([['segment.ms', 9, '1']]), {
    differs: { 'responses.0.errorCode': EXCEPTION },
  }),
  row('an unknown topic', incrementalAlterConfigs, 1, alteration([['segment.ms', SET, '5000']], { resourceName: 'unknown' })),
  row('an unknown type', incrementalAlterConfigs, 1, alteration([['segment.ms', SET, '5000']], { resourceType: 99 })),
  row('replace all', alterConfigs, 2, {
    resources: [{ resourceType: TOPIC, resourceName: 'configured', configs: [{ name: 'segment.ms', value: '6000' }] }],
    validateOnly: false,
  }),
  row('a null value', alterConfigs, 2, {
    resources: [{ resourceType: TOPIC, resourceName: 'configured', configs: [{ name: 'segment.ms', value: null }] }],
    validateOnly: false,
  }),

  // Produce.
  ...[3, 7, 8, 9, 10, 12].map(version => produceRow('a batch', batchOf(['a', 'b']), { topic: 'read', version })),
  row('a batch, by id', produce, 13, ({ topicIds }) => ({
    acks: -1,
    timeoutMs: 1000,
    topicData: [{ topicId: topicIds.get('read')!, partitionData: [{ index: 0, records: batchOf(['c']) }] }],
  })),
  row('an unknown id', produce, 13, {
    acks: -1,
    timeoutMs: 1000,
    topicData: [{ topicId: UNKNOWN_ID, partitionData: [{ index: 0, records: batchOf(['c']) }] }],
  }),
  produceRow('an unknown topic', batchOf(['a']), { topic: 'unknown' }),
  row('an unknown partition', produce, 12, produceOf('read', batchOf(['a']), { index: 9 })),
  row('acks 2', produce, 12, produceOf('read', batchOf(['a']), { acks: 2 })),
  row('acks 1', produce, 12, produceOf('read', batchOf(['a']), { acks: 1 })),
  row('acks 0', produce, 12, produceOf('read', batchOf(['a']), { acks: 0 })),
  row('acks 0 to nowhere', produce, 12, produceOf('unknown', batchOf(['a']), { acks: 0 })),
  produceRow('no bytes', Buffer.alloc(0)),
  produceRow('a batch that is cut short', batchOf(['a']).subarray(0, -3)),
  produceRow('a header that is cut short', batchOf(['a']).subarray(0, 40)),
  produceRow(
    'a length smaller than the header',
    patched(batchOf(['a']), bytes => bytes.writeInt32BE(5, 8)),
  ),
  produceRow('two batches', Buffer.concat([batchOf(['a']), batchOf(['b'])])),
  produceRow('a batch and rubbish', Buffer.concat([batchOf(['a']), Buffer.from('rubbish')]), TAKEN_THERE),
  produceRow(
    'magic 1',
    patched(batchOf(['a']), bytes => bytes.writeInt8(1, 16)),
  ),
  produceRow(
    'magic 3',
    patched(batchOf(['a']), bytes => bytes.writeInt8(3, 16)),
  ),
  produceRow('a bad CRC', Buffer.concat([batchOf(['a']).subarray(0, -1), Buffer.from('!')])),
  produceRow(
    'a base offset that is not 0',
    patched(batchOf(['a']), bytes => bytes.writeInt32BE(5, 4)),
  ),
  produceRow(
    'a count that does not match',
    patched(batchOf(['a', 'b']), bytes => bytes.writeInt32BE(3, 57)),
  ),
  produceRow(
    'a count of 0',
    patched(batchOf(['a']), bytes => bytes.writeInt32BE(0, 57)),
  ),
  produceRow(
    'no records',
    patched(withPayload(batchOf(['a']), Buffer.alloc(0)), bytes => {
      bytes.writeInt32BE(0, 57)
      bytes.writeInt32BE(-1, 23)
    }),
  ),
  produceRow('a gap in the offset deltas', GAP, TAKEN_THERE),
  produceRow('a gap in the offset deltas, compressed', zipped(GAP), FAILS_THERE),
  produceRow('bytes behind the last record', withPayload(batchOf(['a']), Buffer.concat([batchOf(['a']).subarray(61), Buffer.from([0])]))),
  produceRow('bytes behind the last record, compressed', batchOf(['a'], {}, 'gzip', Buffer.from([0]))),
  produceRow(
    'a record whose length lies',
    patched(batchOf(['a']), bytes => bytes.writeInt8(100, 61)),
  ),
  produceRow('a header key of length -1', withPayload(batchOf(['a']), Buffer.from([14, 0, 0, 0, 1, 1, 2, 1]))),
  produceRow(
    'a codec that does not exist',
    patched(batchOf(['a']), bytes => bytes.writeInt16BE(5, 21)),
    FAILS_THERE,
  ),
  produceRow(
    'a payload that is not gzip',
    patched(batchOf(['a']), bytes => bytes.writeInt16BE(1, 21)),
    FAILS_THERE,
  ),
  produceRow('a control batch', batchOf(['a'], { control: true })),
  produceRow('a sequence of -1 with a producer id', batchOf(['a'], { producerId: 5, producerEpoch: 0, baseSequence: -1 })),
  produceRow('an epoch of -1 with a producer id', batchOf(['a'], { producerId: 5, producerEpoch: -1, baseSequence: 0 }), TAKEN_THERE),
  produceRow(
    'transactional, without a transactional id',
    batchOf(['a'], { producerId: 5, producerEpoch: 0, baseSequence: 0, transactional: true }),
  ),
  produceRow('zstd before version 7', batchOf(['a'], {}, 'zstd'), { version: 6 }),
  produceRow('too large', batchOf(['x'.repeat(300)]), { topic: 'small' }),
  produceRow('without a key', recordsOf([{ key: 'a' }, { value: 'no key' }, { value: 'no key' }]), { topic: 'compacted' }),
  produceRow('a timestamp two hours ahead', recordsOf([{}, { timestamp: 4_000_000_000_000 }])),
  produceRow(
    'without a key, and another with a timestamp ahead',
    recordsOf([{ value: 'no key' }, { key: 'a', timestamp: 4_000_000_000_000 }]),
    {
      topic: 'compacted',
    },
  ),
  produceRow(
    'a wrong maxTimestamp',
    patched(recordsOf([{ timestamp: 5 }, { timestamp: 1000 }]), bytes => bytes.writeBigInt64BE(5n, 35)),
  ),
  produceRow(
    'the bit of LogAppendTime',
    patched(batchOf(['a']), bytes => bytes.writeInt16BE(8, 21)),
  ),
  produceRow('no timestamp', recordsOf([{ timestamp: -1 }])),
  row('what is stored of these', fetchApi, 12, fetchOf('checked')),
  produceRow('a batch', recordsOf([{ timestamp: 5 }, { timestamp: 6 }]), { topic: 'stamped' }),
  row('what is stored of it', fetchApi, 12, fetchOf('stamped')),
  produceRow('a batch', batchOf(['a']), { topic: 'zipped' }),
  row('what is stored of it', fetchApi, 12, fetchOf('zipped')),

  // Idempotence.
  ...[0, 1, 2, 3, 4, 5].map(sequence => produceRow(`sequence ${sequence}`, idempotent(sequence), { topic: 'assigned' })),
  produceRow('a duplicate', idempotent(5), { topic: 'assigned' }),
  produceRow('the fifth-last', idempotent(1), { topic: 'assigned' }),
  produceRow('the sixth-last', idempotent(0), { topic: 'assigned' }),
  produceRow('a gap', idempotent(9), { topic: 'assigned' }),
  produceRow('a new epoch that does not begin at 0', idempotent(6, 1), { topic: 'assigned' }),
  produceRow('a new epoch', idempotent(0, 1), { topic: 'assigned' }),
  produceRow('an older epoch', idempotent(6, 0), { topic: 'assigned' }),
  produceRow('an unknown producer, anywhere', batchOf(['x'], { producerId: 999, producerEpoch: 3, baseSequence: 77 }), {
    topic: 'assigned',
  }),
  row(
    'a producer id',
    initProducerId,
    5,
    { transactionalId: null, transactionTimeoutMs: 60_000 },
    {
      until: ({ errorCode }: { errorCode: string }) => errorCode === 'NONE',
    },
  ),
  row('a producer id, with one given', initProducerId, 5, {
    transactionalId: null,
    transactionTimeoutMs: 60_000,
    producerId: 5,
    producerEpoch: 3,
  }),
  row('half an identity', initProducerId, 5, { transactionalId: null, transactionTimeoutMs: 60_000, producerId: 5, producerEpoch: -1 }),
  row('an empty transactional id', initProducerId, 5, { transactionalId: '', transactionTimeoutMs: 60_000 }),

  // Fetch.
  ...[4, 7, 11, 12].map(version => row('from the middle', fetchApi, version, fetchOf('read', { fetchOffset: 3 }))),
  row('by id', fetchApi, 18, ({ topicIds }) => ({
    ...fetchOf('read'),
    topics: [{ topicId: topicIds.get('read')!, partitions: [{ partition: 0, fetchOffset: 3, partitionMaxBytes: 1 << 20 }] }],
  })),
  row('an unknown id', fetchApi, 13, {
    ...fetchOf('read'),
    topics: [{ topicId: UNKNOWN_ID, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 << 20 }] }],
  }),
  row('one byte', fetchApi, 12, fetchOf('read', { partitionMaxBytes: 1 })),
  row('one byte in all', fetchApi, 12, fetchOf('read', {}, { maxBytes: 1 })),
  row('the end', fetchApi, 12, fetchOf('read', { fetchOffset: 15 })),
  row('past the end', fetchApi, 12, fetchOf('read', { fetchOffset: 99 })),
  row('before the start', fetchApi, 12, fetchOf('read', { fetchOffset: -1 })),
  row('an unknown topic', fetchApi, 12, fetchOf('unknown')),
  row('an unknown partition', fetchApi, 12, fetchOf('read', { partition: 9 })),
  row('a newer epoch', fetchApi, 12, fetchOf('read', { currentLeaderEpoch: 7 })),
  row('the epoch', fetchApi, 12, fetchOf('read', { currentLeaderEpoch: 0, fetchOffset: 12 })),
  row('read_committed', fetchApi, 12, fetchOf('read', { fetchOffset: 12 }, { isolationLevel: 1 })),
  row('nothing', fetchApi, 12, { maxWaitMs: 0, minBytes: 0, topics: [] }),
  row('a session', fetchApi, 12, fetchOf('read', { fetchOffset: 15 }, { sessionEpoch: 0 }), {
    keep: ({ sessionId }: { sessionId: number }, memory) => {
      memory.sessionId = sessionId
    },
  }),
  row('no news', fetchApi, 12, ({ sessionId }) => ({ maxWaitMs: 0, minBytes: 0, topics: [], sessionId, sessionEpoch: 1 })),
  row('a wrong epoch', fetchApi, 12, ({ sessionId }) => ({ maxWaitMs: 0, minBytes: 0, topics: [], sessionId, sessionEpoch: 9 })),
  row('ids in a session of names', fetchApi, 13, ({ sessionId }) => ({
    maxWaitMs: 0,
    minBytes: 0,
    topics: [],
    sessionId,
    sessionEpoch: 2,
  })),
  row('one more partition', fetchApi, 12, ({ sessionId }) => fetchOf('read', { partition: 1 }, { sessionId, sessionEpoch: 2 })),
  row('forget one', fetchApi, 12, ({ sessionId }) => ({
    maxWaitMs: 0,
    minBytes: 0,
    topics: [],
    sessionId,
    sessionEpoch: 3,
    forgottenTopicsData: [{ topic: 'read', partitions: [0] }],
  })),
  row('the end of the session', fetchApi, 12, ({ sessionId }) => ({ maxWaitMs: 0, minBytes: 0, topics: [], sessionId, sessionEpoch: -1 })),
  row('after its end', fetchApi, 12, ({ sessionId }) => ({ maxWaitMs: 0, minBytes: 0, topics: [], sessionId, sessionEpoch: 4 })),
  row('an epoch without a session', fetchApi, 12, { maxWaitMs: 0, minBytes: 0, topics: [], sessionId: 0, sessionEpoch: 3 }),

  // Offsets.
  ...[-1, -2, -3, -4, -5, -6, -7, OLD_MS, OLD_MS + 1].map(timestamp => row(`${timestamp}`, listOffsets, 11, listing(timestamp))),
  ...[-3, -4, -5, -6].map((timestamp, index) => row(`${timestamp}, too early`, listOffsets, [6, 7, 8, 10][index]!, listing(timestamp))),
  row('the latest', listOffsets, 1, listing(-1)),
  row('an unknown partition', listOffsets, 11, listing(-1, { partitionIndex: 9 })),
  row('a newer epoch', listOffsets, 11, listing(-1, { currentLeaderEpoch: 5 })),
  row('an empty log: latest', listOffsets, 11, listing(-1, { partitionIndex: 2 })),
  row('an empty log: earliest', listOffsets, 11, listing(-2, { partitionIndex: 2 })),
  row('an empty log: a time', listOffsets, 11, listing(5, { partitionIndex: 2 })),
  row('an empty log: the largest time', listOffsets, 11, listing(-3, { partitionIndex: 2 })),
  row('a partition twice', listOffsets, 11, {
    replicaId: -1,
    topics: [{ name: 'read', partitions: [-1, -2].map(timestamp => ({ partitionIndex: 0, timestamp })) }],
  }),
  ...[0, 1, -1].map(leaderEpoch => row(`epoch ${leaderEpoch}`, offsetForLeaderEpoch, 4, epochOf(leaderEpoch))),
  row('an empty log', offsetForLeaderEpoch, 4, epochOf(0, { partition: 2 })),
  row('an unknown partition', offsetForLeaderEpoch, 4, epochOf(0, { partition: 9 })),
  row('a newer current epoch', offsetForLeaderEpoch, 3, epochOf(0, { currentLeaderEpoch: 5 })),
  produceRow('three records to delete', batchOf(['a', 'b', 'c']), { topic: 'trimmed' }),
  row('below 2', deleteRecords, 2, deletion(2)),
  row('below 1, again', deleteRecords, 2, deletion(1)),
  row('above the high watermark', deleteRecords, 2, deletion(9)),
  row('-2', deleteRecords, 2, deletion(-2)),
  row('everything', deleteRecords, 0, deletion(-1)),
  row('of a compacted topic', deleteRecords, 2, deletion(0, { name: 'compacted' })),
  row('of an unknown topic', deleteRecords, 2, deletion(0, { name: 'unknown' })),
  row('of an unknown partition', deleteRecords, 2, deletion(0, { partitionIndex: 9 })),
  row('what is left', fetchApi, 12, fetchOf('trimmed', { fetchOffset: 3 })),
  row('what is gone', fetchApi, 12, fetchOf('trimmed', { fetchOffset: 1 })),

  // The end.
  row('unknown', deleteTopics, 6, { timeoutMs: 10_000, topics: [{ name: 'unknown', topicId: ZERO_UUID }] }),
  row('an unknown id', deleteTopics, 6, { timeoutMs: 10_000, topics: [{ name: null, topicId: UNKNOWN_ID }] }),
  row('name and id', deleteTopics, 6, ({ topicIds }) => ({
    timeoutMs: 10_000,
    topics: [{ name: 'read', topicId: topicIds.get('read')! }],
  })),
  row('neither name nor id', deleteTopics, 6, { timeoutMs: 10_000, topics: [{ name: null, topicId: ZERO_UUID }] }),
  row('a name twice', deleteTopics, 6, { timeoutMs: 10_000, topics: [1, 2].map(() => ({ name: 'zipped', topicId: ZERO_UUID })) }),
  row('by id', deleteTopics, 6, ({ topicIds }) => ({ timeoutMs: 10_000, topics: [{ name: null, topicId: topicIds.get('read')! }] })),
  row('by name', deleteTopics, 6, { timeoutMs: 10_000, topics: [{ name: 'small', topicId: ZERO_UUID }] }),
  row('by name', deleteTopics, 1, { timeoutMs: 10_000, topicNames: ['stamped', 'unknown'] }),
]
