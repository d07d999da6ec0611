import { type CreatableTopicInput, configSources, createTopics } from '@logwerk/protocol'
import { type World, ZERO_UUID } from '@logwerk/runtime'
import { createSimulation } from '@logwerk/runtime/simulated'
import { describe, expect, test } from 'vitest'
import { batchOf, TestBroker } from '../test-broker.test-support.ts'

async function create(
  broker: TestBroker,
  topics: readonly Partial<CreatableTopicInput>[],
  options: { readonly validateOnly?: boolean } = {},
) {
  const response = await broker.ask(createTopics, 7, {
    topics: topics.map(topic => ({ name: 'orders', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [], ...topic })),
    timeoutMs: 1000,
    ...options,
  })
  return response.topics
}

/** A world whose file names ignore upper and lower case. */
function caseless(world: World): World {
  const files = new Proxy(world.files, {
    get: (target, name: keyof World['files']) => {
      const method = target[name] as (...args: readonly unknown[]) => unknown
      return (...args: readonly unknown[]) =>
        method.apply(
          target,
          args.map(arg => (typeof arg === 'string' ? arg.toLowerCase() : arg)),
        )
    },
  })
  return { ...world, files }
}

test('a created topic is usable when the answer comes', async () => {
  const broker = await TestBroker.open()
  const [created] = await create(broker, [{ numPartitions: 3 }])
  expect(created).toMatchObject({ name: 'orders', errorCode: 'NONE', errorMessage: null, numPartitions: 3, replicationFactor: 1 })
  expect(await broker.describe('orders')).toMatchObject({ errorCode: 'NONE', topicId: created!.topicId })
})

test('-1 partitions and replicas are the broker’s defaults', async () => {
  const broker = await TestBroker.open({ numPartitions: 4 })
  const [created] = await create(broker, [{ numPartitions: -1, replicationFactor: -1 }])
  expect(created).toMatchObject({ errorCode: 'NONE', numPartitions: 4, replicationFactor: 1 })
})

describe('is refused', () => {
  const refusals: readonly (readonly [string, Partial<CreatableTopicInput>, string])[] = [
    ['a replication factor above the number of brokers', { replicationFactor: 3 }, 'INVALID_REPLICATION_FACTOR'],
    ['a replication factor of 0', { replicationFactor: 0 }, 'INVALID_REPLICATION_FACTOR'],
    ['0 partitions', { numPartitions: 0 }, 'INVALID_PARTITIONS'],
    ['-2 partitions', { numPartitions: -2 }, 'INVALID_PARTITIONS'],
    ['a bad name', { name: 'a b' }, 'INVALID_TOPIC_EXCEPTION'],
    ['an unknown config', { configs: [{ name: 'max.mesage.bytes', value: '1' }] }, 'INVALID_CONFIG'],
    ['a config out of range', { configs: [{ name: 'cleanup.policy', value: 'burn' }] }, 'INVALID_CONFIG'],
    ['a null config', { configs: [{ name: 'cleanup.policy', value: null }] }, 'INVALID_CONFIG'],
    [
      'an assignment beside a partition count',
      { numPartitions: 2, replicationFactor: -1, assignments: [{ partitionIndex: 0, brokerIds: [1] }] },
      'INVALID_REQUEST',
    ],
    [
      'an assignment to another broker',
      { numPartitions: -1, replicationFactor: -1, assignments: [{ partitionIndex: 0, brokerIds: [2] }] },
      'INVALID_REPLICA_ASSIGNMENT',
    ],
    [
      'an assignment with a gap',
      { numPartitions: -1, replicationFactor: -1, assignments: [{ partitionIndex: 1, brokerIds: [1] }] },
      'INVALID_REPLICA_ASSIGNMENT',
    ],
  ]
  test.each(refusals)('%s', async (_name, topic, errorCode) => {
    const broker = await TestBroker.open()
    const [refused] = await create(broker, [topic])
    expect(refused).toMatchObject({ errorCode, topicId: ZERO_UUID })
    expect(refused!.errorMessage).toBeTruthy()
    expect((await broker.describe('orders')).errorCode).toBe('UNKNOWN_TOPIC_OR_PARTITION')
  })

  test('a replication factor of 3 with what to do about it', async () => {
    const broker = await TestBroker.open()
    const [refused] = await create(broker, [{ replicationFactor: 3 }])
    expect(refused!.errorMessage).toContain('Use a replication factor of 1 or -1 here, and Apache Kafka where you need copies')
  })

  test('an unknown config with the name that was meant', async () => {
    const broker = await TestBroker.open()
    const [refused] = await create(broker, [{ configs: [{ name: 'max.mesage.bytes', value: '1' }] }])
    expect(refused!.errorMessage).toContain('did you mean max.message.bytes?')
  })

  test('a topic that exists (36)', async () => {
    const broker = await TestBroker.open()
    await broker.createTopic('orders')
    expect(await create(broker, [{}])).toMatchObject([{ errorCode: 'TOPIC_ALREADY_EXISTS' }])
  })

  test('a name that collides with a topic’s in metrics', async () => {
    const broker = await TestBroker.open()
    await broker.createTopic('a.b')
    expect(await create(broker, [{ name: 'a_b' }])).toMatchObject([{ errorCode: 'INVALID_TOPIC_EXCEPTION' }])
  })

  test('the name of the metadata log (42)', async () => {
    const broker = await TestBroker.open({ dataDir: '/data' })
    const [refused] = await create(broker, [{ name: '__cluster_metadata', numPartitions: 2 }])
    expect(refused).toMatchObject({
      errorCode: 'INVALID_REQUEST',
      errorMessage: 'Creation of internal topic __cluster_metadata is prohibited.',
    })
    await broker.createTopic('orders')
    await broker.restartCleanly()
    expect((await broker.describe('orders')).errorCode).toBe('NONE')
  })

  test('a name that a disk cannot tell from a topic’s, as on macOS and Windows: its records would be removed for a deleted topic’s', async () => {
    const simulation = createSimulation({ seed: 1 })
    const broker = await TestBroker.open({ dataDir: '/data', world: caseless(simulation.world) }, simulation)
    await broker.createTopic('Orders')
    await broker.produce('Orders', 0, batchOf(['a']))
    const [refused] = await create(broker, [{ name: 'orders' }])
    expect(refused!.errorCode).toBe('INVALID_TOPIC_EXCEPTION')
    expect(refused!.errorMessage).toContain('cannot be told from the existing topic Orders on this disk')
    await broker.restartCleanly()
    expect(await broker.values('Orders')).toEqual(['0:a'])
    const exact = await TestBroker.open({ dataDir: '/data' })
    await exact.createTopic('Orders')
    expect(await create(exact, [{ name: 'orders' }])).toMatchObject([{ errorCode: 'NONE' }])
  })

  test('a name given twice, with one answer (42)', async () => {
    const broker = await TestBroker.open()
    const topics = await create(broker, [{ name: 'twice' }, { name: 'once' }, { name: 'twice' }])
    expect(topics.map(({ name, errorCode }) => `${name} ${errorCode}`)).toEqual(['twice INVALID_REQUEST', 'once NONE'])
    expect((await broker.describe('twice')).errorCode).toBe('UNKNOWN_TOPIC_OR_PARTITION')
  })

  test('more partitions than the broker may have', async () => {
    const broker = await TestBroker.open({ maxPartitions: 10 })
    expect(await create(broker, [{ name: 'a', numPartitions: 6 }])).toMatchObject([{ errorCode: 'NONE' }])
    expect(await create(broker, [{ name: 'b', numPartitions: 5 }])).toMatchObject([{ errorCode: 'INVALID_PARTITIONS' }])
    expect(await create(broker, [{ name: 'b', numPartitions: 4 }])).toMatchObject([{ errorCode: 'NONE' }])
  })
})

test('an assignment to this broker', async () => {
  const broker = await TestBroker.open()
  const assignments = [
    { partitionIndex: 1, brokerIds: [1] },
    { partitionIndex: 0, brokerIds: [1] },
  ]
  const [created] = await create(broker, [{ numPartitions: -1, replicationFactor: -1, assignments }])
  expect(created).toMatchObject({ errorCode: 'NONE', numPartitions: 2 })
})

test('validateOnly checks everything and creates nothing', async () => {
  const broker = await TestBroker.open()
  const [valid] = await create(broker, [{ numPartitions: 3 }], { validateOnly: true })
  expect(valid).toMatchObject({ errorCode: 'NONE', topicId: ZERO_UUID, numPartitions: 3 })
  expect(await create(broker, [{ replicationFactor: 2 }], { validateOnly: true })).toMatchObject([
    { errorCode: 'INVALID_REPLICATION_FACTOR' },
  ])
  expect((await broker.describe('orders')).errorCode).toBe('UNKNOWN_TOPIC_OR_PARTITION')
})

test('the answer has the whole configuration, with sources (KIP-525)', async () => {
  const broker = await TestBroker.open({ messageMaxBytes: 5000 })
  const [created] = await create(broker, [{ configs: [{ name: 'cleanup.policy', value: 'compact' }] }])
  const config = (name: string) => created!.configs!.find(entry => entry.name === name)
  expect(config('cleanup.policy')).toMatchObject({ value: 'compact', configSource: configSources.TOPIC })
  expect(config('max.message.bytes')).toMatchObject({ value: '5000', configSource: configSources.STATIC_BROKER })
  expect(config('retention.ms')).toMatchObject({ value: '604800000', configSource: configSources.DEFAULT })
})

test('a config without effect in this version is stored, and the log warns', async () => {
  const broker = await TestBroker.open()
  await create(broker, [{ configs: [{ name: 'retention.ms', value: '1000' }] }])
  const warning = broker.simulation.log.find(({ level }) => level === 'warn')
  expect(warning?.message).toBe('the topic config retention.ms is stored and has no effect in this version')
  expect(warning?.fields).toEqual({ topic: 'orders' })
})
