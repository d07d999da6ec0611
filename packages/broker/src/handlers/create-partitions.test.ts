import { type CreatePartitionsTopicInput, createPartitions } from '@logwerk/protocol'
import { describe, expect, test } from 'vitest'
import { batchOf, TestBroker } from '../test-broker.test-support.ts'

async function grow(broker: TestBroker, topics: readonly Partial<CreatePartitionsTopicInput>[], validateOnly = false) {
  const asked = topics.map(topic => ({ name: 'orders', count: 4, assignments: null, ...topic }))
  return (await broker.ask(createPartitions, 3, { topics: asked, timeoutMs: 1000, validateOnly })).results
}

test('a topic grows; the new partitions are usable at once, and the old ones keep their records', async () => {
  const broker = await TestBroker.open()
  await broker.createTopic('orders', 2)
  await broker.produce('orders', 1, batchOf(['old']))
  expect(await grow(broker, [{ count: 4 }])).toEqual([{ name: 'orders', errorCode: 'NONE', errorMessage: null }])
  expect((await broker.describe('orders')).partitions).toHaveLength(4)
  expect((await broker.produce('orders', 3, batchOf(['new']))).errorCode).toBe('NONE')
  expect(await broker.values('orders', 1)).toEqual(['0:old'])
})

describe('is refused', () => {
  const refusals: readonly (readonly [string, Partial<CreatePartitionsTopicInput>, string])[] = [
    ['fewer partitions (37)', { count: 1 }, 'INVALID_PARTITIONS'],
    ['as many partitions (37)', { count: 2 }, 'INVALID_PARTITIONS'],
    ['no partitions', { count: 0 }, 'INVALID_PARTITIONS'],
    ['a topic that does not exist', { name: 'nothing' }, 'UNKNOWN_TOPIC_OR_PARTITION'],
    ['too few assignments', { count: 4, assignments: [{ brokerIds: [1] }] }, 'INVALID_REPLICA_ASSIGNMENT'],
    ['an assignment to another broker', { count: 3, assignments: [{ brokerIds: [2] }] }, 'INVALID_REPLICA_ASSIGNMENT'],
    ['an assignment to two', { count: 3, assignments: [{ brokerIds: [1, 2] }] }, 'INVALID_REPLICA_ASSIGNMENT'],
  ]
  test.each(refusals)('%s', async (_name, topic, errorCode) => {
    const broker = await TestBroker.open()
    await broker.createTopic('orders', 2)
    const [result] = await grow(broker, [topic])
    expect(result!.errorCode).toBe(errorCode)
    expect(result!.errorMessage).toBeTruthy()
    expect((await broker.describe('orders')).partitions).toHaveLength(2)
  })

  test('a topic given twice, with one answer', async () => {
    const broker = await TestBroker.open()
    await broker.createTopic('orders', 2)
    expect(await grow(broker, [{}, { count: 5 }])).toMatchObject([{ name: 'orders', errorCode: 'INVALID_REQUEST' }])
    expect((await broker.describe('orders')).partitions).toHaveLength(2)
  })

  test('more partitions than the broker may have', async () => {
    const broker = await TestBroker.open({ maxPartitions: 3 })
    await broker.createTopic('orders', 2)
    expect(await grow(broker, [{ count: 4 }])).toMatchObject([{ errorCode: 'INVALID_PARTITIONS' }])
    expect(await grow(broker, [{ count: 3 }])).toMatchObject([{ errorCode: 'NONE' }])
  })
})

test('an assignment to this broker', async () => {
  const broker = await TestBroker.open()
  await broker.createTopic('orders', 2)
  expect(await grow(broker, [{ count: 3, assignments: [{ brokerIds: [1] }] }])).toMatchObject([{ errorCode: 'NONE' }])
})

test('validateOnly changes nothing', async () => {
  const broker = await TestBroker.open()
  await broker.createTopic('orders', 2)
  expect(await grow(broker, [{ count: 4 }], true)).toMatchObject([{ errorCode: 'NONE' }])
  expect((await broker.describe('orders')).partitions).toHaveLength(2)
})
