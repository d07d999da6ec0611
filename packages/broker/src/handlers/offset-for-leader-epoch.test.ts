import { offsetForLeaderEpoch } from '@logwerk/protocol'
import { expect, test } from 'vitest'
import { batchOf, TestBroker } from '../test-broker.test-support.ts'

async function ask(broker: TestBroker, leaderEpoch: number, { version = 4, currentLeaderEpoch = -1, partition = 0 } = {}) {
  const response = await broker.ask(offsetForLeaderEpoch, version, {
    topics: [{ topic: 'orders', partitions: [{ partition, currentLeaderEpoch, leaderEpoch }] }],
  })
  const { errorCode, leaderEpoch: epoch, endOffset } = response.topics[0]!.partitions[0]!
  return [errorCode, epoch, endOffset]
}

/** Offsets 0-1 written in epoch 0, 2 in epoch 1, nothing in epoch 2, 3 in epoch 3. */
async function withEpochs() {
  const broker = await TestBroker.open({ dataDir: '/data' })
  await broker.createTopic('orders')
  await broker.produce('orders', 0, batchOf(['a', 'b']))
  await broker.restartAfter('kill')
  await broker.produce('orders', 0, batchOf(['c']))
  await broker.restartAfter('kill')
  await broker.restartAfter('kill')
  await broker.produce('orders', 0, batchOf(['d']))
  expect((await broker.describe('orders')).partitions[0]!.leaderEpoch).toBeGreaterThanOrEqual(2)
  return broker
}

test('the latest epoch ends at the end of the log', async () => {
  const broker = await withEpochs()
  const { leaderEpoch } = (await broker.describe('orders')).partitions[0]!
  for (const version of [2, 3, 4]) expect(await ask(broker, leaderEpoch, { version })).toEqual(['NONE', leaderEpoch, 4])
})

test('an older epoch ends where the next one begins', async () => {
  const broker = await withEpochs()
  expect(await ask(broker, 0)).toEqual(['NONE', 0, 2])
  expect(await ask(broker, 1)).toEqual(['NONE', 1, 3])
})

test('a newer epoch than the latest, or -1, is unknown', async () => {
  const broker = await withEpochs()
  expect(await ask(broker, 99)).toEqual(['NONE', -1, -1])
  expect(await ask(broker, -1)).toEqual(['NONE', -1, -1])
})

test('below the first known epoch: that epoch, and where the first known begins', async () => {
  const broker = await TestBroker.open({ dataDir: '/data' })
  await broker.createTopic('orders')
  await broker.restartAfter('kill')
  await broker.produce('orders', 0, batchOf(['a']))
  const { leaderEpoch } = (await broker.describe('orders')).partitions[0]!
  expect(leaderEpoch).toBe(1)
  expect(await ask(broker, 0)).toEqual(['NONE', 0, 0])
})

test('a new log has an epoch although nothing is written yet', async () => {
  const broker = await TestBroker.open()
  await broker.createTopic('orders')
  expect(await ask(broker, 0)).toEqual(['NONE', 0, 0])
})

test('unknown partitions and wrong current epochs', async () => {
  const broker = await withEpochs()
  const { leaderEpoch } = (await broker.describe('orders')).partitions[0]!
  expect(await ask(broker, 0, { partition: 9 })).toEqual(['UNKNOWN_TOPIC_OR_PARTITION', -1, -1])
  expect(await ask(broker, 0, { currentLeaderEpoch: leaderEpoch - 1 })).toEqual(['FENCED_LEADER_EPOCH', -1, -1])
  expect(await ask(broker, 0, { currentLeaderEpoch: leaderEpoch + 1 })).toEqual(['UNKNOWN_LEADER_EPOCH', -1, -1])
})
