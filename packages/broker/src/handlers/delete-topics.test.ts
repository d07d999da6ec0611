import { createTopics, deleteTopics, fetchApi, produce } from '@logwerk/protocol'
import { ZERO_UUID } from '@logwerk/runtime'
import { expect, test } from 'vitest'
import { batchOf, TestBroker } from '../test-broker.test-support.ts'

test('by name', async () => {
  const broker = await TestBroker.open()
  const topicId = await broker.createTopic('orders')
  const { responses } = await broker.ask(deleteTopics, 6, { topics: [{ name: 'orders', topicId: ZERO_UUID }], timeoutMs: 1000 })
  expect(responses).toMatchObject([{ name: 'orders', topicId, errorCode: 'NONE' }])
  expect((await broker.describe('orders')).errorCode).toBe('UNKNOWN_TOPIC_OR_PARTITION')
})

test('by name before version 6', async () => {
  const broker = await TestBroker.open()
  for (let version = 1; version <= 5; version++) {
    await broker.createTopic('orders')
    const { responses } = await broker.ask(deleteTopics, version, { topicNames: ['orders'], timeoutMs: 1000 })
    expect(responses).toMatchObject([{ name: 'orders', errorCode: 'NONE' }])
  }
})

test('by id', async () => {
  const broker = await TestBroker.open()
  const topicId = await broker.createTopic('orders')
  const { responses } = await broker.ask(deleteTopics, 6, { topics: [{ name: null, topicId }], timeoutMs: 1000 })
  expect(responses).toMatchObject([{ name: 'orders', topicId, errorCode: 'NONE' }])
})

test('unknown names and ids', async () => {
  const broker = await TestBroker.open()
  const topicId = 'AAAAAAAAAAAAAAAAAAAABA'
  const { responses } = await broker.ask(deleteTopics, 6, {
    topics: [
      { name: 'nothing', topicId: ZERO_UUID },
      { name: null, topicId },
    ],
    timeoutMs: 1000,
  })
  expect(responses).toMatchObject([
    { name: 'nothing', errorCode: 'UNKNOWN_TOPIC_OR_PARTITION' },
    { name: null, topicId, errorCode: 'UNKNOWN_TOPIC_ID' },
  ])
})

test('what is asked for twice, or with name and id, or with neither, is INVALID_REQUEST, and stays', async () => {
  const broker = await TestBroker.open()
  const topicId = await broker.createTopic('orders')
  const ask = async (...topics: readonly { readonly name: string | null; readonly topicId: string }[]) => {
    const { responses } = await broker.ask(deleteTopics, 6, { topics, timeoutMs: 1000 })
    return responses.map(({ errorCode }) => errorCode)
  }
  const byName = { name: 'orders', topicId: ZERO_UUID }
  const byId = { name: null, topicId }
  expect(await ask(byName, byName)).toEqual(['INVALID_REQUEST'])
  expect(await ask(byId, byId)).toEqual(['INVALID_REQUEST'])
  expect(await ask({ name: 'orders', topicId })).toEqual(['INVALID_REQUEST'])
  expect(await ask({ name: null, topicId: ZERO_UUID })).toEqual(['INVALID_REQUEST'])
  expect((await broker.describe('orders')).errorCode).toBe('NONE')
})

test('a topic created again has another id, and none of the records', async () => {
  const broker = await TestBroker.open({ dataDir: '/data' })
  const first = await broker.createTopic('orders')
  await broker.produce('orders', 0, batchOf(['a']))
  await broker.ask(deleteTopics, 6, { topics: [{ name: 'orders', topicId: ZERO_UUID }], timeoutMs: 1000 })
  const second = await broker.createTopic('orders')
  expect(second).not.toBe(first)
  expect(await broker.values('orders')).toEqual([])
})

test('a fetch that waits for records learns at once that the topic is gone', async () => {
  const broker = await TestBroker.open()
  const topicId = await broker.createTopic('orders')
  const reader = await broker.connect()
  const polling = reader.ask(fetchApi, 13, {
    maxWaitMs: 60_000,
    minBytes: 1,
    topics: [{ topicId, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }] }],
  })
  await broker.simulation.advance(1000)
  const begunMs = broker.simulation.clock.monotonicMs()
  await broker.ask(deleteTopics, 6, { topics: [{ name: 'orders', topicId: ZERO_UUID }], timeoutMs: 1000 })
  const response = await broker.run(polling)
  expect(response.responses[0]!.partitions[0]!.errorCode).toBe('UNKNOWN_TOPIC_ID')
  expect(broker.simulation.clock.monotonicMs() - begunMs).toBeLessThan(100)
})

test('an id that is gone when its turn comes does not take a later topic of the same name along', async () => {
  const broker = await TestBroker.open({ dataDir: '/data' })
  const topicId = await broker.createTopic('orders')
  const [first, second, third] = [await broker.connect(), await broker.connect(), await broker.connect()]
  broker.simulation.disk.settings.syncDelay = { minMs: 1000, maxMs: 1000 }
  const byId = { topics: [{ name: null, topicId }], timeoutMs: 1000 }
  const deleting = first.ask(deleteTopics, 6, byId)
  await broker.simulation.advance(10)
  const creating = second.ask(createTopics, 7, {
    topics: [{ name: 'orders', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }],
    timeoutMs: 1000,
  })
  await broker.simulation.advance(10)
  const deletingAgain = third.ask(deleteTopics, 6, byId)
  expect((await broker.run(deleting)).responses).toMatchObject([{ errorCode: 'NONE' }])
  expect((await broker.run(creating)).topics).toMatchObject([{ errorCode: 'NONE' }])
  expect((await broker.run(deletingAgain)).responses).toMatchObject([{ name: null, topicId, errorCode: 'UNKNOWN_TOPIC_ID' }])
  expect((await broker.describe('orders')).errorCode).toBe('NONE')
})

test.each([
  [12, 'UNKNOWN_TOPIC_OR_PARTITION'],
  [13, 'UNKNOWN_TOPIC_ID'],
])('a batch that waits for the disk when its topic goes is told so (version %i: %s)', async (version, errorCode) => {
  const broker = await TestBroker.open({ dataDir: '/data' })
  const topicId = await broker.createTopic('orders')
  const writer = await broker.connect()
  broker.simulation.disk.settings.syncDelay = { minMs: 1000, maxMs: 1000 }
  const partitionData = [{ index: 0, records: batchOf(['a']) }]
  const writing = writer.ask(produce, version, {
    acks: -1,
    timeoutMs: 5000,
    topicData: [version === 13 ? { topicId, partitionData } : { name: 'orders', partitionData }],
  })
  await broker.simulation.advance(10)
  await broker.ask(deleteTopics, 6, { topics: [{ name: 'orders', topicId: ZERO_UUID }], timeoutMs: 1000 })
  expect((await broker.run(writing)).responses[0]!.partitionResponses).toMatchObject([{ errorCode, baseOffset: -1 }])
  // Nothing is wrong with the disk, and nobody is told so.
  expect(broker.logged).toEqual([])
})

test('the files of a deleted topic go', async () => {
  const broker = await TestBroker.open({ dataDir: '/data' })
  await broker.createTopic('orders', 2)
  await broker.ask(deleteTopics, 6, { topics: [{ name: 'orders', topicId: ZERO_UUID }], timeoutMs: 1000 })
  await broker.simulation.advance(1000)
  expect([...broker.simulation.disk.contents().keys()].filter(path => path.includes('orders-'))).toEqual([])
})
