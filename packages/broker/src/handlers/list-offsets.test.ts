import { type ListOffsetsPartitionInput, listOffsets, produce, listOffsetsTimestamps as special } from '@logwerk/protocol'
import { describe, expect, test } from 'vitest'
import { batchOf, recordsOf, TestBroker } from '../test-broker.test-support.ts'

async function ask(broker: TestBroker, timestamp: number, version = 11, partition: Partial<ListOffsetsPartitionInput> = {}) {
  const response = await broker.ask(listOffsets, version, {
    replicaId: -1,
    topics: [{ name: 'orders', partitions: [{ partitionIndex: 0, timestamp, ...partition }] }],
  })
  return response.topics[0]!.partitions[0]!
}

/** Records at the times 100, 200, 150; then 300, 300, 50 in a batch of their own. */
async function withRecords() {
  const broker = await TestBroker.open()
  await broker.createTopic('orders')
  await broker.produce('orders', 0, recordsOf([{ timestamp: 100 }, { timestamp: 200 }, { timestamp: 150 }]))
  await broker.produce('orders', 0, recordsOf([{ timestamp: 300 }, { timestamp: 300 }, { timestamp: 50 }], { codec: 'lz4' }))
  return broker
}

describe('places', () => {
  test.each([
    ['latest', special.LATEST, { offset: 6, timestamp: -1, leaderEpoch: 0 }],
    ['earliest', special.EARLIEST, { offset: 0, timestamp: -1, leaderEpoch: 0 }],
    ['max timestamp, the first of several', special.MAX_TIMESTAMP, { offset: 3, timestamp: 300, leaderEpoch: 0 }],
    ['earliest local', special.EARLIEST_LOCAL, { offset: 0, timestamp: -1, leaderEpoch: 0 }],
    ['latest tiered: there is no tier', special.LATEST_TIERED, { offset: -1, timestamp: -1, leaderEpoch: -1 }],
    ['earliest pending upload: there is no tier', special.EARLIEST_PENDING_UPLOAD, { offset: -1, timestamp: -1, leaderEpoch: -1 }],
  ])('%s', async (_name, timestamp, expected) => {
    const broker = await withRecords()
    expect(await ask(broker, timestamp)).toEqual({ partitionIndex: 0, errorCode: 'NONE', ...expected })
  })

  test.each([
    [special.MAX_TIMESTAMP, 7],
    [special.EARLIEST_LOCAL, 8],
    [special.LATEST_TIERED, 9],
    [special.EARLIEST_PENDING_UPLOAD, 11],
  ])('%i is UNSUPPORTED_VERSION before version %i', async (timestamp, since) => {
    const broker = await withRecords()
    for (let version = 1; version <= 11; version++) {
      expect((await ask(broker, timestamp, version)).errorCode, `version ${version}`).toBe(version < since ? 'UNSUPPORTED_VERSION' : 'NONE')
    }
  })

  test('-7 is UNSUPPORTED_VERSION', async () => {
    const broker = await withRecords()
    expect((await ask(broker, -7)).errorCode).toBe('UNSUPPORTED_VERSION')
  })

  test('of an empty log', async () => {
    const broker = await TestBroker.open()
    await broker.createTopic('orders')
    expect(await ask(broker, special.LATEST)).toMatchObject({ errorCode: 'NONE', offset: 0 })
    expect(await ask(broker, special.EARLIEST)).toMatchObject({ errorCode: 'NONE', offset: 0 })
    expect(await ask(broker, special.MAX_TIMESTAMP)).toMatchObject({ errorCode: 'NONE', offset: -1, timestamp: -1 })
    expect(await ask(broker, 0)).toMatchObject({ errorCode: 'NONE', offset: -1, timestamp: -1 })
  })
})

describe('a time finds the first record at or after it', () => {
  test.each([
    [0, 0, 100],
    [100, 0, 100],
    [101, 1, 200],
    [201, 3, 300],
    [300, 3, 300],
    [301, -1, -1],
  ])('%i', async (timestamp, offset, found) => {
    const broker = await withRecords()
    expect(await ask(broker, timestamp)).toMatchObject({ errorCode: 'NONE', offset, timestamp: found })
  })
})

test('what waits for the disk is not found yet, by no means', async () => {
  const broker = await TestBroker.open({ dataDir: '/data' })
  await broker.createTopic('orders')
  const writer = await broker.connect()
  broker.simulation.disk.settings.syncDelay = { minMs: 1000, maxMs: 1000 }
  const writing = writer.ask(produce, 12, {
    acks: -1,
    timeoutMs: 5000,
    topicData: [{ name: 'orders', partitionData: [{ index: 0, records: batchOf(['a'], { timestamp: 100 }) }] }],
  })
  await broker.simulation.advance(10)
  expect(await ask(broker, special.LATEST)).toMatchObject({ errorCode: 'NONE', offset: 0 })
  expect(await ask(broker, special.MAX_TIMESTAMP)).toMatchObject({ errorCode: 'NONE', offset: -1, timestamp: -1 })
  expect(await ask(broker, 100)).toMatchObject({ errorCode: 'NONE', offset: -1, timestamp: -1 })
  await broker.run(writing)
  expect(await ask(broker, special.MAX_TIMESTAMP)).toMatchObject({ errorCode: 'NONE', offset: 0, timestamp: 100 })
})

describe('errors', () => {
  test('an unknown partition', async () => {
    const broker = await withRecords()
    expect(await ask(broker, special.LATEST, 11, { partitionIndex: 3 })).toMatchObject({
      errorCode: 'UNKNOWN_TOPIC_OR_PARTITION',
      offset: -1,
    })
  })

  test('a leader epoch that is not the current one', async () => {
    const broker = await withRecords()
    expect((await ask(broker, special.LATEST, 11, { currentLeaderEpoch: 1 })).errorCode).toBe('UNKNOWN_LEADER_EPOCH')
    expect((await ask(broker, special.LATEST, 11, { currentLeaderEpoch: 0 })).errorCode).toBe('NONE')
  })

  test('a partition given twice gets one answer, and no offset', async () => {
    const broker = await withRecords()
    const partition = { partitionIndex: 0, timestamp: special.LATEST }
    const response = await broker.ask(listOffsets, 11, { replicaId: -1, topics: [{ name: 'orders', partitions: [partition, partition] }] })
    expect(response.topics[0]!.partitions).toMatchObject([{ partitionIndex: 0, errorCode: 'INVALID_REQUEST', offset: -1 }])
  })
})

test('after an unclean restart, records keep the epoch in which they were written', async () => {
  const broker = await TestBroker.open({ dataDir: '/data' })
  await broker.createTopic('orders')
  await broker.produce('orders', 0, batchOf(['a'], { timestamp: 100 }))
  await broker.restartAfter('kill')
  await broker.produce('orders', 0, batchOf(['b'], { timestamp: 200 }))
  expect(await ask(broker, 100)).toMatchObject({ offset: 0, leaderEpoch: 0 })
  expect(await ask(broker, 200)).toMatchObject({ offset: 1, leaderEpoch: 1 })
  expect(await ask(broker, special.EARLIEST)).toMatchObject({ offset: 0, leaderEpoch: 0 })
  expect(await ask(broker, special.LATEST)).toMatchObject({ offset: 2, leaderEpoch: 1 })
})
