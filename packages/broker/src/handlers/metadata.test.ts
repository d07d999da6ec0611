import { metadata } from '@logwerk/protocol'
import { ZERO_UUID } from '@logwerk/runtime'
import { describe, expect, test } from 'vitest'
import { RawClient } from '../raw-client.test-support.ts'
import { TestBroker } from '../test-broker.test-support.ts'

describe('auto-create', () => {
  test('the first answer is UNKNOWN_TOPIC_OR_PARTITION with the zero id, the next one has the topic', async () => {
    const broker = await TestBroker.open({ numPartitions: 3 })
    const first = await broker.ask(metadata, 12, { topics: [{ name: 'orders' }] })
    expect(first.topics).toMatchObject([{ errorCode: 'UNKNOWN_TOPIC_OR_PARTITION', name: 'orders', topicId: ZERO_UUID, partitions: [] }])
    await broker.simulation.settle()
    const second = await broker.ask(metadata, 12, { topics: [{ name: 'orders' }] })
    expect(second.topics[0]).toMatchObject({ errorCode: 'NONE', name: 'orders' })
    expect(second.topics[0]!.topicId).not.toBe(ZERO_UUID)
    expect(second.topics[0]!.partitions.map(({ partitionIndex }) => partitionIndex)).toEqual([0, 1, 2])
  })

  test.each([0, 1, 2, 3])('version %i always allows it', async version => {
    const broker = await TestBroker.open()
    await broker.ask(metadata, version, { topics: [{ name: 'orders' }] })
    await broker.simulation.settle()
    expect((await broker.describe('orders')).errorCode).toBe('NONE')
  })

  test('from version 4 on the request decides', async () => {
    const broker = await TestBroker.open()
    for (let version = 4; version <= 13; version++) {
      await broker.ask(metadata, version, { topics: [{ name: `no-${version}` }], allowAutoTopicCreation: false })
      await broker.ask(metadata, version, { topics: [{ name: `yes-${version}` }], allowAutoTopicCreation: true })
    }
    await broker.simulation.settle()
    const { topics } = await broker.ask(metadata, 12, { topics: null })
    expect(topics.map(({ name }) => name)).toEqual(Array.from({ length: 10 }, (_, index) => `yes-${index + 4}`))
  })

  test('not where the broker does not want it', async () => {
    const broker = await TestBroker.open({ autoCreateTopicsEnable: false })
    await broker.ask(metadata, 12, { topics: [{ name: 'orders' }] })
    await broker.simulation.settle()
    expect((await broker.describe('orders')).errorCode).toBe('UNKNOWN_TOPIC_OR_PARTITION')
  })

  test('many requests for the same topic make one', async () => {
    const broker = await TestBroker.open({ dataDir: '/data' })
    const clients = [await broker.connect(), await broker.connect(), await broker.connect()]
    await broker.run(Promise.all(clients.map(client => client.ask(metadata, 12, { topics: [{ name: 'orders' }] }))))
    await broker.simulation.advance(100)
    const { topicId } = await broker.describe('orders')
    expect(topicId).not.toBe(ZERO_UUID)
    expect(broker.simulation.log.filter(({ level }) => level === 'warn')).toEqual([])
  })

  test('a name that collides with a topic is not created, and the log says so', async () => {
    const broker = await TestBroker.open()
    await broker.createTopic('a.b')
    await broker.ask(metadata, 12, { topics: [{ name: 'a_b' }] })
    await broker.simulation.settle()
    expect((await broker.describe('a_b')).errorCode).toBe('UNKNOWN_TOPIC_OR_PARTITION')
    expect(broker.logged).toContain('a topic could not be created')
  })
})

describe('which topics', () => {
  test('version 0: an empty list is all topics', async () => {
    const broker = await TestBroker.open()
    await broker.createTopic('orders')
    expect((await broker.ask(metadata, 0, { topics: [] })).topics.map(({ name }) => name)).toEqual(['orders'])
  })

  test('version 1 and later: an empty list is none, null is all', async () => {
    const broker = await TestBroker.open()
    await broker.createTopic('orders')
    for (let version = 1; version <= 13; version++) {
      expect((await broker.ask(metadata, version, { topics: [] })).topics).toEqual([])
      expect((await broker.ask(metadata, version, { topics: null })).topics.map(({ name }) => name)).toEqual(['orders'])
    }
  })

  test('by id, from version 12 on', async () => {
    const broker = await TestBroker.open()
    const topicId = await broker.createTopic('orders', 2)
    const { topics } = await broker.ask(metadata, 12, { topics: [{ topicId, name: null }] })
    expect(topics).toMatchObject([{ errorCode: 'NONE', name: 'orders', topicId }])
    expect(topics[0]!.partitions).toHaveLength(2)
  })

  test.each([10, 11])('not by id in version %i, which knows ids in answers only', async version => {
    const broker = await TestBroker.open()
    const topicId = await broker.createTopic('orders')
    for (const name of ['orders', null]) {
      const response = await broker.ask(metadata, version, { topics: [{ topicId, name }] })
      expect(response).toMatchObject({ brokers: [], clusterId: null, controllerId: -1 })
      expect(response.topics).toMatchObject([{ errorCode: 'INVALID_REQUEST', partitions: [] }])
    }
  })

  test('each once, however often they are named', async () => {
    const broker = await TestBroker.open()
    const topicId = await broker.createTopic('orders')
    const topics = [{ name: 'orders' }, { name: 'orders' }, { name: null, topicId }, { name: null, topicId }]
    expect((await broker.ask(metadata, 12, { topics })).topics).toHaveLength(2)
  })

  test('an unknown id is UNKNOWN_TOPIC_ID with a null name', async () => {
    const broker = await TestBroker.open()
    const topicId = 'AAAAAAAAAAAAAAAAAAAABA'
    const { topics } = await broker.ask(metadata, 12, { topics: [{ topicId, name: null }] })
    expect(topics).toMatchObject([{ errorCode: 'UNKNOWN_TOPIC_ID', name: null, topicId, partitions: [] }])
  })

  test.each(['', 'a b', 'a/b', '..', 'x'.repeat(250)])('the bad name %j is INVALID_TOPIC_EXCEPTION', async name => {
    const broker = await TestBroker.open()
    const { topics } = await broker.ask(metadata, 12, { topics: [{ name }] })
    expect(topics).toMatchObject([{ errorCode: 'INVALID_TOPIC_EXCEPTION', name, partitions: [] }])
  })
})

test('the broker is its only node, controller and replica', async () => {
  const broker = await TestBroker.open({ nodeId: 7 })
  await broker.createTopic('orders')
  const response = await broker.ask(metadata, 13, { topics: null })
  expect(response).toMatchObject({
    errorCode: 'NONE',
    clusterId: broker.broker.clusterId,
    controllerId: 7,
    brokers: [{ nodeId: 7, host: 'embedded', port: 9092, rack: null }],
  })
  expect(response.topics[0]!.partitions).toEqual([
    { errorCode: 'NONE', partitionIndex: 0, leaderId: 7, leaderEpoch: 0, replicaNodes: [7], isrNodes: [7], offlineReplicas: [] },
  ])
  expect(response.topics[0]!.topicAuthorizedOperations).toBe(-2_147_483_648)
})

describe('the address that clients are told to connect to', () => {
  const advertised = async (broker: TestBroker, client: RawClient) => {
    const [node] = (await broker.run(client.ask(metadata, 12, { topics: [] }))).brokers
    return `${node?.host}:${node?.port}`
  }

  test('is the one listened on', async () => {
    const broker = await TestBroker.open({ port: 9092, host: 'localhost' })
    expect(await advertised(broker, await broker.connectFrom('client'))).toBe('localhost:9092')
    expect(broker.broker.bootstrapServers).toEqual(['localhost:9092'])
  })

  test('is the advertised one, as for a container', async () => {
    const broker = await TestBroker.open({ port: 9092, host: 'localhost', advertisedHost: 'kafka.example', advertisedPort: 19_092 })
    expect(await advertised(broker, await broker.connectFrom('client'))).toBe('kafka.example:19092')
    expect(broker.broker.bootstrapServers).toEqual(['kafka.example:19092'])
  })

  test('in process there is no port', async () => {
    const broker = await TestBroker.open({ port: 9092, host: 'localhost', advertisedHost: 'kafka.example' })
    expect(await advertised(broker, broker.client)).toBe('embedded:9092')
  })

  test('listening on all addresses, it is the one that the client came to', async () => {
    const broker = await TestBroker.open({ port: 9092, host: '0.0.0.0', allowRemote: true })
    const client = await broker.run(RawClient.connect(broker.simulation.machine('client').world.network, { host: 'localhost', port: 9092 }))
    expect(await advertised(broker, client)).toBe('localhost:9092')
    expect(broker.broker.bootstrapServers).toEqual(['localhost:9092'])
  })
})
