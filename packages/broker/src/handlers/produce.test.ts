import { batchesOf, fetchApi, PARTITION_LEADER_EPOCH_AT, type ProduceTopicInput, produce } from '@logwerk/protocol'
import { ZERO_UUID } from '@logwerk/runtime'
import { describe, expect, test } from 'vitest'
import { batchOf, codecs, patched, recordsOf, STARTED_MS, TestBroker } from '../test-broker.test-support.ts'

function produceOf(topicData: readonly ProduceTopicInput[], acks = -1) {
  return { acks, timeoutMs: 1000, topicData }
}

/** The one batch of a partition as it is stored. */
async function stored(broker: TestBroker, topic = 'orders') {
  const { records } = await broker.fetch(topic, 0, 0)
  const batches = [...batchesOf(records!)]
  expect(batches).toHaveLength(1)
  return batches[0]!
}

describe('versions', () => {
  test('3 to 12 go by name', async () => {
    const broker = await TestBroker.open()
    await broker.createTopic('orders')
    for (let version = 3; version <= 12; version++) {
      const response = await broker.produce('orders', 0, batchOf(['a', 'b']), { version })
      expect(response).toMatchObject({ errorCode: 'NONE', baseOffset: (version - 3) * 2, logAppendTimeMs: -1 })
    }
  })

  test('13 goes by id', async () => {
    const broker = await TestBroker.open()
    const topicId = await broker.createTopic('orders')
    const response = await broker.ask(produce, 13, produceOf([{ topicId, partitionData: [{ index: 0, records: batchOf(['a']) }] }]))
    expect(response.responses).toMatchObject([{ topicId, partitionResponses: [{ index: 0, errorCode: 'NONE', baseOffset: 0 }] }])
  })

  test('an unknown id is UNKNOWN_TOPIC_ID, an unknown name or partition UNKNOWN_TOPIC_OR_PARTITION', async () => {
    const broker = await TestBroker.open()
    const topicId = await broker.createTopic('orders')
    const partitionData = [{ index: 1, records: batchOf(['a']) }]
    const byId = await broker.ask(
      produce,
      13,
      produceOf([
        { topicId: 'AAAAAAAAAAAAAAAAAAAABA', partitionData },
        { topicId: ZERO_UUID, partitionData },
        { topicId, partitionData },
      ]),
    )
    expect(byId.responses.map(topic => topic.partitionResponses[0]!.errorCode)).toEqual([
      'UNKNOWN_TOPIC_ID',
      'UNKNOWN_TOPIC_ID',
      'UNKNOWN_TOPIC_OR_PARTITION',
    ])
    expect((await broker.produce('nothing', 0, batchOf(['a']))).errorCode).toBe('UNKNOWN_TOPIC_OR_PARTITION')
    expect((await broker.produce('orders', 1, batchOf(['a']))).errorCode).toBe('UNKNOWN_TOPIC_OR_PARTITION')
  })

  test('zstd needs version 7', async () => {
    const broker = await TestBroker.open()
    await broker.createTopic('orders')
    const batch = () => batchOf(['a'], { codec: 'zstd' })
    expect((await broker.produce('orders', 0, batch(), { version: 6 })).errorCode).toBe('UNSUPPORTED_COMPRESSION_TYPE')
    expect((await broker.produce('orders', 0, batch(), { version: 7 })).errorCode).toBe('NONE')
  })
})

describe('acks', () => {
  test.each([2, -2, 7])('%i is INVALID_REQUIRED_ACKS, and nothing is written', async acks => {
    const broker = await TestBroker.open()
    await broker.createTopic('orders')
    const response = await broker.produce('orders', 0, batchOf(['a']), { acks })
    expect(response).toMatchObject({ errorCode: 'INVALID_REQUIRED_ACKS', baseOffset: -1 })
    expect(await broker.values('orders')).toEqual([])
  })

  test('0 is not answered, and the connection serves on', async () => {
    const broker = await TestBroker.open()
    await broker.createTopic('orders')
    broker.client.tell(produce, 12, produceOf([{ name: 'orders', partitionData: [{ index: 0, records: batchOf(['a']) }] }], 0))
    expect((await broker.produce('orders', 0, batchOf(['b']))).baseOffset).toBe(1)
    expect(broker.client.unclaimedCount).toBe(0)
  })

  test('0 with an error closes the connection, so that the client looks up the metadata again', async () => {
    const broker = await TestBroker.open()
    const client = await broker.connect()
    client.tell(produce, 12, produceOf([{ name: 'nothing', partitionData: [{ index: 0, records: batchOf(['a']) }] }], 0))
    await broker.run(client.whenClosed())
    expect(client.unclaimedCount).toBe(0)
    expect(broker.logged).toContain('connection closed: a request that is not answered failed')
  })
})

describe('the batch is checked', () => {
  test.each([
    ['two batches', Buffer.concat([batchOf(['a']), batchOf(['b'])]), 'INVALID_RECORD'],
    ['magic 1', patched(batchOf(['a']), bytes => bytes.writeInt8(1, 16)), 'INVALID_RECORD'],
    ['a bad CRC', Buffer.concat([batchOf(['a']).subarray(0, -1), Buffer.from('!')]), 'CORRUPT_MESSAGE'],
    ['a count that does not match', patched(batchOf(['a', 'b']), bytes => bytes.writeInt32BE(3, 57)), 'INVALID_RECORD'],
    [
      'a count that does not match, in a compressed batch',
      patched(batchOf(['a', 'b'], { codec: 'lz4' }), bytes => bytes.writeInt32BE(3, 57)),
      'INVALID_RECORD',
    ],
    ['a base offset that is not 0', patched(batchOf(['a']), bytes => bytes.writeInt32BE(1, 4)), 'INVALID_RECORD'],
    ['no records', patched(batchOf(['a']), bytes => bytes.writeInt32BE(0, 57)), 'INVALID_RECORD'],
    ['a gap in the offset deltas', patched(batchOf(['a', 'b']), bytes => bytes.writeInt32BE(2, 23)), 'INVALID_RECORD'],
    ['a control batch', batchOf(['a'], { control: true }), 'INVALID_RECORD'],
    [
      'a transactional batch without a transactional id',
      batchOf(['a'], { transactional: true, producerId: 1, producerEpoch: 0, baseSequence: 0 }),
      'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
    ],
  ])('%s', async (_name, batch, errorCode) => {
    const broker = await TestBroker.open()
    await broker.createTopic('orders')
    expect(await broker.produce('orders', 0, batch)).toMatchObject({ errorCode, baseOffset: -1 })
    expect(await broker.values('orders')).toEqual([])
  })

  test('its size is compared to the topic’s max.message.bytes, and to the broker’s where it has none', async () => {
    const broker = await TestBroker.open({ messageMaxBytes: 1000 })
    await broker.createTopic('orders')
    await broker.createTopic('small', 1, { 'max.message.bytes': '100' })
    const sized = (sizeBytes: number) => {
      const batch = batchOf(['x'.repeat(sizeBytes - batchOf([null]).length - (sizeBytes > 200 ? 2 : 0))])
      expect(batch.length).toBe(sizeBytes)
      return batch
    }
    expect((await broker.produce('orders', 0, sized(1000))).errorCode).toBe('NONE')
    expect((await broker.produce('orders', 0, sized(1001))).errorCode).toBe('MESSAGE_TOO_LARGE')
    expect((await broker.produce('small', 0, sized(100))).errorCode).toBe('NONE')
    expect((await broker.produce('small', 0, sized(101))).errorCode).toBe('MESSAGE_TOO_LARGE')
  })

  test('a compacted topic names the records without a key (KIP-467)', async () => {
    const broker = await TestBroker.open()
    await broker.createTopic('compacted', 1, { 'cleanup.policy': 'compact' })
    const batch = recordsOf([{ key: 'a' }, { value: 'no key' }, { key: 'b' }, { value: 'no key' }])
    const response = await broker.produce('compacted', 0, batch)
    expect(response.errorCode).toBe('INVALID_RECORD')
    expect(response.recordErrors.map(({ batchIndex }) => batchIndex)).toEqual([1, 3])
    expect(response.errorMessage).toBeTruthy()
    expect((await broker.produce('compacted', 0, recordsOf([{ key: 'a' }]))).errorCode).toBe('NONE')
  })

  test('timestamps more than an hour ahead are INVALID_TIMESTAMP, with the records to blame', async () => {
    const broker = await TestBroker.open()
    await broker.createTopic('orders')
    const nowMs = broker.simulation.clock.nowMs()
    const batch = recordsOf([{ timestamp: nowMs }, { timestamp: nowMs + 3_700_000 }])
    const response = await broker.produce('orders', 0, batch)
    expect(response.errorCode).toBe('INVALID_TIMESTAMP')
    expect(response.recordErrors.map(({ batchIndex }) => batchIndex)).toEqual([1])
    expect((await broker.produce('orders', 0, batchOf(['a'], { timestamp: nowMs + 3_600_000 }))).errorCode).toBe('NONE')
  })

  test('before version 8 there is no room for the records to blame', async () => {
    const broker = await TestBroker.open()
    await broker.createTopic('compacted', 1, { 'cleanup.policy': 'compact' })
    const response = await broker.produce('compacted', 0, batchOf(['a']), { version: 7 })
    expect(response).toMatchObject({ errorCode: 'INVALID_RECORD', recordErrors: [], errorMessage: null })
  })

  test('one bad partition leaves the others alone', async () => {
    const broker = await TestBroker.open()
    await broker.createTopic('orders', 2)
    const response = await broker.ask(
      produce,
      12,
      produceOf([
        {
          name: 'orders',
          partitionData: [
            { index: 0, records: Buffer.concat([batchOf(['a']), batchOf(['b'])]) },
            { index: 1, records: batchOf(['c']) },
          ],
        },
      ]),
    )
    expect(response.responses[0]!.partitionResponses.map(({ errorCode }) => errorCode)).toEqual(['INVALID_RECORD', 'NONE'])
    expect(await broker.values('orders', 1)).toEqual(['0:c'])
  })
})

describe('what is stored', () => {
  test('is the producer’s bytes but for base offset and leader epoch', async () => {
    const broker = await TestBroker.open()
    await broker.createTopic('orders')
    const sent = batchOf(['a', 'b'], { codec: 'snappy' })
    await broker.produce('orders', 0, sent)
    const { bytes } = await stored(broker)
    expect(bytes.readInt32BE(PARTITION_LEADER_EPOCH_AT)).toBe(0)
    const expected = Buffer.from(sent)
    expected.writeInt32BE(0, PARTITION_LEADER_EPOCH_AT)
    expect(bytes.toString('hex')).toBe(expected.toString('hex'))
  })

  test('has the true maxTimestamp and a CRC that fits', async () => {
    const broker = await TestBroker.open()
    await broker.createTopic('orders')
    const batch = patched(recordsOf([{ timestamp: 5 }, { timestamp: 1000 }, { timestamp: 7 }]), bytes => bytes.writeBigInt64BE(5n, 35))
    await broker.produce('orders', 0, batch)
    const view = await stored(broker)
    expect(view.maxTimestamp).toBe(1000)
    expect(view.isCrcValid()).toBe(true)
  })

  test('with CreateTime does not carry the bit of LogAppendTime, whatever the producer sent', async () => {
    const broker = await TestBroker.open()
    await broker.createTopic('orders')
    await broker.produce(
      'orders',
      0,
      patched(recordsOf([{ timestamp: 5 }, { timestamp: 6 }]), bytes => bytes.writeInt16BE(0x08, 21)),
    )
    const view = await stored(broker)
    expect(view.isLogAppendTime).toBe(false)
    expect(view.records(view.payload(codecs)).map(({ timestamp }) => timestamp)).toEqual([5, 6])
    expect(view.isCrcValid()).toBe(true)
  })

  test('with LogAppendTime carries the broker’s time, which the answer tells', async () => {
    const broker = await TestBroker.open()
    await broker.createTopic('orders', 1, { 'message.timestamp.type': 'LogAppendTime' })
    await broker.simulation.advance(5000)
    const nowMs = broker.simulation.clock.nowMs()
    const response = await broker.produce('orders', 0, recordsOf([{ timestamp: 5 }, { timestamp: 6 }]))
    expect(response.logAppendTimeMs).toBe(nowMs)
    const view = await stored(broker)
    expect(view.isLogAppendTime).toBe(true)
    expect(view.maxTimestamp).toBe(nowMs)
    expect(view.baseTimestamp).toBe(5)
    expect(view.isCrcValid()).toBe(true)
    expect(view.records(view.payload(codecs)).map(({ timestamp }) => timestamp)).toEqual([nowMs, nowMs])
  })

  describe('with a compression.type of the topic', () => {
    test.each(['gzip', 'snappy', 'lz4', 'zstd', 'uncompressed'] as const)('is compressed as %s', async type => {
      const broker = await TestBroker.open()
      await broker.createTopic('orders', 1, { 'compression.type': type })
      expect((await broker.produce('orders', 0, batchOf(['a', 'b'], { codec: type === 'gzip' ? 'zstd' : 'gzip' }))).errorCode).toBe('NONE')
      const view = await stored(broker)
      expect(view.compressionType).toBe(type === 'uncompressed' ? 'none' : type)
      expect(view.isCrcValid()).toBe(true)
      expect(view.records(view.payload(codecs)).map(({ value }) => String(value))).toEqual(['a', 'b'])
    })

    test('is left alone where the producer has compressed like that', async () => {
      const broker = await TestBroker.open()
      await broker.createTopic('orders', 1, { 'compression.type': 'gzip', 'compression.gzip.level': '1' })
      const sent = batchOf(['x'.repeat(100)], { codec: 'gzip' })
      await broker.produce('orders', 0, sent)
      expect((await stored(broker)).bytes.subarray(61).toString('hex')).toBe(sent.subarray(61).toString('hex'))
    })

    test('is checked again for its size', async () => {
      const broker = await TestBroker.open()
      await broker.createTopic('orders', 1, { 'compression.type': 'uncompressed', 'max.message.bytes': '200' })
      const response = await broker.produce('orders', 0, batchOf(['x'.repeat(1000)], { codec: 'gzip' }))
      expect(response.errorCode).toBe('MESSAGE_TOO_LARGE')
      expect(response.errorMessage).toContain('compressed as none the batch has')
      expect(await broker.values('orders')).toEqual([])
    })
  })

  test('a batch that decompresses to more than max.decompressed.message.bytes is refused', async () => {
    const broker = await TestBroker.open()
    await broker.createTopic('orders', 1, { 'max.decompressed.message.bytes': '1000' })
    expect((await broker.produce('orders', 0, batchOf(['x'.repeat(2000)], { codec: 'zstd' }))).errorCode).toBe('MESSAGE_TOO_LARGE')
    expect((await broker.produce('orders', 0, batchOf(['x'.repeat(500)], { codec: 'zstd' }))).errorCode).toBe('NONE')
  })
})

test('a small batch that would fill the memory when it is decompressed is refused, whatever its topic allows', async () => {
  const broker = await TestBroker.open({ queuedMaxRequestBytes: 1_000_000 })
  await broker.createTopic('orders')
  for (const codec of ['gzip', 'snappy', 'lz4', 'zstd'] as const) {
    const bomb = batchOf(['x'.repeat(2_000_000)], { codec })
    expect(bomb.length, codec).toBeLessThan(200_000)
    expect((await broker.produce('orders', 0, bomb)).errorCode, codec).toBe('MESSAGE_TOO_LARGE')
  }
  expect(await broker.values('orders')).toEqual([])
})

describe('idempotence (KIP-98)', () => {
  const batch = (baseSequence: number, values: readonly string[] = ['x'], producerEpoch = 0) =>
    batchOf(values, { producerId: 7, producerEpoch, baseSequence })

  async function open() {
    const broker = await TestBroker.open()
    await broker.createTopic('orders')
    return { broker, send: (sent: Buffer) => broker.produce('orders', 0, sent) }
  }

  test('a duplicate of one of the last five batches succeeds with its first offset', async () => {
    const { broker, send } = await open()
    for (let sequence = 0; sequence < 7; sequence++) await send(batch(sequence))
    for (let sequence = 2; sequence < 7; sequence++) {
      expect(await send(batch(sequence))).toMatchObject({ errorCode: 'NONE', baseOffset: sequence })
    }
    expect(await broker.values('orders')).toHaveLength(7)
  })

  test('the answer to a duplicate carries the timestamp of the first copy', async () => {
    const { send } = await open()
    expect((await send(batch(0))).logAppendTimeMs).toBe(-1)
    expect((await send(batch(0))).logAppendTimeMs).toBe(STARTED_MS)
  })

  test('the sixth-oldest is OUT_OF_ORDER_SEQUENCE_NUMBER, not a duplicate', async () => {
    const { send } = await open()
    for (let sequence = 0; sequence < 6; sequence++) await send(batch(sequence))
    expect((await send(batch(0))).errorCode).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
  })

  test('so is a gap', async () => {
    const { send } = await open()
    await send(batch(0))
    expect((await send(batch(2))).errorCode).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
    expect((await send(batch(1))).errorCode).toBe('NONE')
  })

  test('a new epoch begins at 0', async () => {
    const { send } = await open()
    await send(batch(0))
    expect((await send(batch(1, ['x'], 1))).errorCode).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
    expect((await send(batch(0, ['x'], 1))).errorCode).toBe('NONE')
  })

  test('an older epoch is INVALID_PRODUCER_EPOCH', async () => {
    const { send } = await open()
    await send(batch(0, ['x'], 1))
    expect((await send(batch(1, ['x'], 0))).errorCode).toBe('INVALID_PRODUCER_EPOCH')
  })

  test('a producer that the partition does not know may begin anywhere', async () => {
    const { send } = await open()
    expect((await send(batch(1234))).errorCode).toBe('NONE')
  })

  test('sequences wrap from the largest int32 to 0', async () => {
    const { send } = await open()
    expect((await send(batch(0x7fff_ffff - 1, ['a', 'b', 'c']))).errorCode).toBe('NONE')
    expect((await send(batch(1))).errorCode).toBe('NONE')
  })

  test('sequence -1 with a producer id is INVALID_RECORD', async () => {
    const { send } = await open()
    expect((await send(batch(-1))).errorCode).toBe('INVALID_RECORD')
  })

  test('a batch sent twice at once is stored once, and both are acknowledged when it is durable', async () => {
    const broker = await TestBroker.open({ dataDir: '/data' })
    await broker.createTopic('orders')
    broker.simulation.disk.settings.syncDelay = { minMs: 100, maxMs: 100 }
    const other = await broker.connect()
    const request = () => produceOf([{ name: 'orders', partitionData: [{ index: 0, records: batch(0) }] }])
    const answers = await broker.run(Promise.all([broker.client.ask(produce, 12, request()), other.ask(produce, 12, request())]))
    for (const answer of answers) {
      expect(answer.responses[0]!.partitionResponses).toMatchObject([{ errorCode: 'NONE', baseOffset: 0 }])
    }
    expect(broker.simulation.clock.nowMs()).toBeGreaterThanOrEqual(STARTED_MS + 100)
    expect(await broker.values('orders')).toEqual(['0:x'])
  })
})

test('clients do not write to internal topics', async () => {
  const broker = await TestBroker.open()
  await broker.createTopic('__transaction_state')
  expect((await broker.produce('__transaction_state', 0, batchOf(['a']))).errorCode).toBe('INVALID_TOPIC_EXCEPTION')
})

test('a transactional producer gets a fatal error', async () => {
  const broker = await TestBroker.open()
  await broker.createTopic('orders')
  const response = await broker.ask(produce, 11, {
    ...produceOf([{ name: 'orders', partitionData: [{ index: 0, records: batchOf(['a']) }] }]),
    transactionalId: 'tx',
  })
  expect(response.responses[0]!.partitionResponses[0]).toMatchObject({ errorCode: 'UNSUPPORTED_VERSION', baseOffset: -1 })
  expect(await broker.values('orders')).toEqual([])
})

test('records that consumers see wait for the disk (fsync: batch), and a fetch that waits for them is woken by it', async () => {
  const broker = await TestBroker.open({ dataDir: '/data' })
  await broker.createTopic('orders')
  await broker.produce('orders', 0, batchOf(['first']))
  broker.simulation.disk.settings.syncDelay = { minMs: 100, maxMs: 100 }
  const reader = await broker.connect()
  const polling = reader.ask(fetchApi, 12, {
    maxWaitMs: 60_000,
    minBytes: 1,
    topics: [{ topic: 'orders', partitions: [{ partition: 0, fetchOffset: 1, partitionMaxBytes: 1000 }] }],
  })
  await broker.simulation.settle()
  const begunMs = broker.simulation.clock.monotonicMs()
  broker.client.tell(produce, 12, produceOf([{ name: 'orders', partitionData: [{ index: 0, records: batchOf(['a']) }] }]))
  const response = await broker.run(polling)
  expect(broker.simulation.clock.monotonicMs() - begunMs).toBe(100)
  expect(response.responses[0]!.partitions[0]).toMatchObject({ errorCode: 'NONE', highWatermark: 2 })
})
