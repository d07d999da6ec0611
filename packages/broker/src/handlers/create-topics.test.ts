import { type CreatableTopicInput, configSources, createTopics, deleteTopics, findCoordinator, metadata } from '@logwerk/protocol'
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

/** A world whose file operations go through `around`. */
function withFiles(world: World, around: (call: (...args: readonly unknown[]) => unknown, args: readonly unknown[]) => unknown): World {
  const files = new Proxy(world.files, {
    get: (target, name: keyof World['files']) => {
      const method = target[name] as (...args: readonly unknown[]) => unknown
      return (...args: readonly unknown[]) => around((...given) => method.apply(target, [...given]), args)
    },
  })
  return { ...world, files }
}

/** A world whose file names ignore upper and lower case. */
function caseless(world: World): World {
  return withFiles(world, (call, args) => call(...args.map(arg => (typeof arg === 'string' ? arg.toLowerCase() : arg))))
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

describe('a topic of many partitions', () => {
  const many = { topics: [{ name: 'many', numPartitions: 200, replicationFactor: 1, assignments: [], configs: [] }], timeoutMs: 1000 }

  /** A broker whose files tell when somebody touches a path. */
  async function watched() {
    const simulation = createSimulation({ seed: 1 })
    const waiting = new Map<string, () => void>()
    const world = withFiles(simulation.world, (call, args) => {
      for (const [path, resolve] of waiting) if (args.some(arg => typeof arg === 'string' && arg.startsWith(path))) resolve()
      return call(...args)
    })
    const broker = await TestBroker.open({ dataDir: '/data', world }, simulation)
    const touched = (path: string) => broker.run(new Promise<void>(resolve => waiting.set(path, resolve)))
    return { broker, owner: await broker.connect(), touched, disk: simulation.disk }
  }

  test('does not keep others waiting while it is made, nor while it is removed', async () => {
    const { broker, owner, touched, disk } = await watched()
    const gone = { topics: [{ name: 'many', topicId: ZERO_UUID }], timeoutMs: 1000 }
    for (const work of [
      () => owner.ask(createTopics, 7, many),
      () => owner.ask(deleteTopics, 6, gone),
    ] as readonly (() => Promise<unknown>)[]) {
      const before = disk.steps
      const working = work()
      await touched('/data/many-20')
      await broker.ask(metadata, 12, { topics: [] })
      const steps = disk.steps - before
      await broker.run(working)
      expect(steps).toBeLessThan((disk.steps - before) / 4)
    }
  })

  test('is not there, nor are its files, if the broker is closed meanwhile', async () => {
    const { broker, owner, touched, disk } = await watched()
    const creating = owner.ask(createTopics, 7, many)
    await touched('/data/many-20')
    const closing = broker.broker.close()
    expect((await broker.run(creating)).topics).toMatchObject([{ errorCode: 'KAFKA_STORAGE_ERROR' }])
    await broker.run(closing)
    expect([...disk.contents().keys()].filter(path => path.startsWith('/data/many'))).toEqual([])
    await broker.reopen()
    expect((await broker.describe('many')).errorCode).toBe('UNKNOWN_TOPIC_OR_PARTITION')
    expect(await create(broker, [{ name: 'many' }])).toMatchObject([{ errorCode: 'NONE' }])
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
  expect(warning?.message).toBe('the topic config retention.ms is stored; it has no effect in this version')
  expect(warning?.fields).toEqual({ topic: 'orders' })
})

test('nobody is warned of a topic of the broker itself', async () => {
  const broker = await TestBroker.open()
  const { coordinators } = await broker.ask(findCoordinator, 4, { coordinatorKeys: ['billing'] })
  expect(coordinators).toMatchObject([{ errorCode: 'NONE' }])
  expect(broker.simulation.log.filter(({ level }) => level === 'warn')).toEqual([])
})

test('a config of which a part has no effect is stored, and the log says which', async () => {
  const broker = await TestBroker.open()
  await create(broker, [{ configs: [{ name: 'cleanup.policy', value: 'compact' }] }])
  const warning = broker.simulation.log.find(({ level }) => level === 'warn')
  expect(warning?.message).toBe(
    'the topic config cleanup.policy is stored; nothing is deleted by age or size and nothing is compacted in this version',
  )
})
