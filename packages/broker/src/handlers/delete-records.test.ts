import { deleteRecords } from '@logwerk/protocol'
import { describe, expect, test } from 'vitest'
import { batchOf, TestBroker } from '../test-broker.test-support.ts'

async function remove(broker: TestBroker, offset: number, { name = 'orders', partitionIndex = 0, version = 2 } = {}) {
  const response = await broker.ask(deleteRecords, version, {
    topics: [{ name, partitions: [{ partitionIndex, offset }] }],
    timeoutMs: 1000,
  })
  const { errorCode, lowWatermark } = response.topics[0]!.partitions[0]!
  return [errorCode, lowWatermark]
}

async function withRecords(configs: Readonly<Record<string, string>> = {}) {
  const broker = await TestBroker.open({ dataDir: '/data' })
  await broker.createTopic('orders', 1, configs)
  for (const value of ['a', 'b', 'c']) await broker.produce('orders', 0, batchOf([value]))
  return broker
}

test('records below the offset are gone, and the answer has the new low watermark', async () => {
  const broker = await withRecords()
  expect(await remove(broker, 2)).toEqual(['NONE', 2])
  expect((await broker.fetch('orders', 0, 1)).errorCode).toBe('OFFSET_OUT_OF_RANGE')
  expect(await broker.values('orders', 0, 2)).toEqual(['2:c'])
  expect((await broker.fetch('orders', 0, 2)).logStartOffset).toBe(2)
})

test('-1 is the high watermark', async () => {
  const broker = await withRecords()
  expect(await remove(broker, -1)).toEqual(['NONE', 3])
  expect((await broker.produce('orders', 0, batchOf(['d']))).baseOffset).toBe(3)
})

test('an offset below the start changes nothing', async () => {
  const broker = await withRecords()
  await remove(broker, 2)
  expect(await remove(broker, 1)).toEqual(['NONE', 2])
})

describe('is refused', () => {
  test('above the high watermark', async () => {
    const broker = await withRecords()
    expect(await remove(broker, 4)).toEqual(['OFFSET_OUT_OF_RANGE', -1])
    expect(await broker.values('orders')).toHaveLength(3)
  })

  test('below -1', async () => {
    const broker = await withRecords()
    expect(await remove(broker, -2)).toEqual(['OFFSET_OUT_OF_RANGE', -1])
  })

  test('for a topic that is compacted and not deleted from (44)', async () => {
    const broker = await withRecords({ 'cleanup.policy': 'compact' })
    expect(await remove(broker, 0)).toEqual(['POLICY_VIOLATION', -1])
  })

  test('for an unknown topic or partition', async () => {
    const broker = await withRecords()
    expect(await remove(broker, 1, { name: 'nothing' })).toEqual(['UNKNOWN_TOPIC_OR_PARTITION', -1])
    expect(await remove(broker, 1, { partitionIndex: 4 })).toEqual(['UNKNOWN_TOPIC_OR_PARTITION', -1])
  })
})

test('a topic that is compacted and deleted from is served', async () => {
  const broker = await TestBroker.open()
  await broker.createTopic('orders', 1, { 'cleanup.policy': 'compact,delete' })
  expect(await remove(broker, -1)).toEqual(['NONE', 0])
})

test.each(['kill', 'crash'] as const)('the new start is on the disk before the answer (%s)', async end => {
  const broker = await withRecords()
  await remove(broker, 2)
  await broker.restartAfter(end)
  expect((await broker.fetch('orders', 0, 1)).errorCode).toBe('OFFSET_OUT_OF_RANGE')
  expect(await broker.values('orders', 0, 2)).toEqual(['2:c'])
})

test('a full disk is KAFKA_STORAGE_ERROR, and the broker lives', async () => {
  const broker = await withRecords()
  const { disk } = broker.simulation
  disk.settings.capacityBytes = 0
  expect(await remove(broker, 2)).toEqual(['KAFKA_STORAGE_ERROR', -1])
  disk.settings.capacityBytes = Number.POSITIVE_INFINITY
  expect(await remove(broker, 2)).toEqual(['NONE', 2])
})
