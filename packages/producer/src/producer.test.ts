import { createCodecs } from '@logwerk/compression'
import { KafkaError, RecordTooLargeError } from '@logwerk/runtime'
import { SerdeError, type Serializer } from '@logwerk/serde'
import { describe, expect, test, vi } from 'vitest'
import { createProducer, producerFromProperties } from './create-producer.ts'
import { failure, LogCluster } from './log-cluster.test-support.ts'
import type { RecordMetadata } from './record.ts'

/** 2026-01-01 00:00 UTC, when simulations begin. */
const STARTED_MS = 1_767_225_600_000

const text: Serializer<string> = { serialize: value => Buffer.from(value) }

describe('a record', () => {
  test('is stored, and its place comes back', async () => {
    const cluster = await LogCluster.start({ t: 1 })
    const producer = cluster.producer()
    const metadata = await cluster.simulation.runUntil(producer.send({ topic: 't', key: 'k', value: 'v', timestamp: 1234 }))
    expect(metadata).toEqual({ topic: 't', partition: 0, offset: 0, timestamp: 1234 })
    const [one, two] = await cluster.simulation.runUntil(
      Promise.all([
        producer.send({ topic: 't', value: Buffer.from([104, 105]) }),
        producer.send({ topic: 't', key: Buffer.alloc(0), value: '' }),
      ]),
    )
    expect([one.offset, two.offset]).toEqual([1, 2])
    expect(cluster.partition('t').records).toEqual([
      { key: 'k', value: 'v', timestamp: 1234, headers: [] },
      { key: null, value: 'hi', timestamp: one.timestamp, headers: [] },
      { key: '', value: '', timestamp: two.timestamp, headers: [] },
    ])
    expect(one.timestamp).toBeGreaterThanOrEqual(STARTED_MS)
    await cluster.simulation.runUntil(producer.close())
  })

  test('has the broker’s time where the topic stamps it', async () => {
    const cluster = await LogCluster.start()
    cluster.logAppendTime = 99
    const { timestamp } = await cluster.simulation.runUntil(cluster.producer().send({ topic: 't', value: 'v', timestamp: 5 }))
    expect(timestamp).toBe(99)
  })

  test('may be a tombstone, which no serializer sees', async () => {
    const cluster = await LogCluster.start()
    const producer = cluster.producer<string, string>({ key: text, value: text })
    await cluster.simulation.runUntil(producer.send({ topic: 't', key: null, value: null }))
    expect(cluster.partition('t').records).toMatchObject([{ key: null, value: null }])
  })

  test.each<[string, unknown, string]>([
    ['no value', { topic: 't', value: undefined }, 'topic t: the value of a record is undefined; null makes a tombstone'],
    ['no topic', { value: 'v' }, 'a record needs a topic: { topic, key, value }'],
    ['an empty topic', { topic: '', value: 'v' }, 'a record needs a topic'],
    ['nothing', undefined, 'a record needs a topic'],
    ['half a timestamp', { topic: 't', value: 'v', timestamp: 1.5 }, 'a timestamp is a whole number of milliseconds since 1970, not 1.5'],
    ['a timestamp before 1970', { topic: 't', value: 'v', timestamp: -1 }, 'a timestamp is a whole number'],
  ])('with %s is a TypeError, and nothing is taken', async (_, record, message) => {
    const cluster = await LogCluster.start()
    const producer = cluster.producer()
    expect(() => producer.enqueue(record as never)).toThrow(TypeError)
    expect(() => producer.enqueue(record as never)).toThrow(message)
    await expect(producer.send(record as never)).rejects.toThrow(message)
    await cluster.simulation.runUntil(producer.close())
    expect(cluster.received).toEqual([])
  })

  test('that is neither bytes nor text without a serde is an error that says what to do', async () => {
    const cluster = await LogCluster.start()
    const error = await cluster.simulation.runUntil(failure(cluster.producer().send({ topic: 't', value: { a: 1 } as never })))
    expect(error).toBeInstanceOf(SerdeError)
    expect(error.message).toContain('give createProducer a "key" or "value" serde')
  })
})

describe('headers', () => {
  test('are a list, with duplicates in order, or an object', async () => {
    const cluster = await LogCluster.start()
    const producer = cluster.producer()
    const list = [
      { key: 'a', value: Buffer.from('1') },
      { key: 'b', value: null },
      { key: 'a', value: Buffer.from('2') },
    ]
    await cluster.simulation.runUntil(
      producer.sendBatch([
        { topic: 't', value: '0', headers: list },
        { topic: 't', value: '1' },
        { topic: 't', value: '2', headers: { x: 'é', y: null, z: Buffer.from('3') } },
        { topic: 't', value: '3', headers: {} },
      ]),
    )
    expect(cluster.partition('t').records.map(({ headers }) => headers)).toEqual([
      [
        ['a', '1'],
        ['b', null],
        ['a', '2'],
      ],
      [],
      [
        ['x', 'é'],
        ['y', null],
        ['z', '3'],
      ],
      [],
    ])
    expect(list).toHaveLength(3)
  })

  test('may be added to by serializers of key and value, for their record only', async () => {
    const cluster = await LogCluster.start()
    const tagging: Serializer<string> = {
      serialize(value, { headers, isKey, topic }) {
        if (value !== 'plain') headers.push({ key: `${topic} ${isKey ? 'key' : 'value'}`, value: null })
        return Buffer.from(value)
      },
    }
    const producer = cluster.producer<string, string>({ key: tagging, value: tagging })
    await cluster.simulation.runUntil(
      producer.sendBatch([
        { topic: 't', key: 'k', value: 'v', headers: { own: 'x' } },
        { topic: 't', key: 'plain', value: 'plain' },
        { topic: 't', key: 'k', value: 'v' },
        { topic: 't', key: 'plain', value: 'plain' },
      ]),
    )
    const added = [
      ['t key', null],
      ['t value', null],
    ]
    expect(cluster.partition('t').records.map(({ headers }) => headers)).toEqual([[['own', 'x'], ...added], [], added, []])
  })

  test('that are none fail their record alone', async () => {
    const cluster = await LogCluster.start()
    const producer = cluster.producer()
    const bad = failure(producer.send({ topic: 't', value: '0', headers: new Map([['a', 'b']]) as never }))
    const good = producer.send({ topic: 't', value: '1' })
    expect((await cluster.simulation.runUntil(bad)).message).toContain('use Object.fromEntries for a Map')
    await cluster.simulation.runUntil(good)
    expect(cluster.values()).toEqual(['1'])
  })
})

describe('the partition', () => {
  const spread = async (options: Parameters<LogCluster['producer']>[0], keys: (string | null)[]) => {
    const cluster = await LogCluster.start({ t: 4 })
    const producer = cluster.producer(options)
    const metadata = await cluster.simulation.runUntil(producer.sendBatch(keys.map(key => ({ topic: 't', key, value: 'v' }))))
    return metadata.map(({ partition }) => partition)
  }

  test('follows from the key as in Java', async () => {
    // murmur2 of the Java client, over 4 partitions; see the vectors of @logwerk/partitioner.
    const partitions = await spread({}, ['a', 'b', 'a', 'c', 'b'])
    expect(partitions[0]).toBe(partitions[2])
    expect(partitions[1]).toBe(partitions[4])
  })

  test('without a key stays for a batch and then moves on', async () => {
    const cluster = await LogCluster.start({ t: 4 })
    const producer = cluster.producer({ batchSize: 1000, lingerMs: 1000 })
    const sent = await cluster.simulation.runUntil(
      producer.sendBatch(Array.from({ length: 200 }, () => ({ topic: 't', value: 'x'.repeat(90) }))),
    )
    const runs: number[] = []
    for (const [index, { partition }] of sent.entries()) {
      if (index > 0 && sent[index - 1]!.partition === partition) runs[runs.length - 1]!++
      else runs.push(1)
    }
    // 1000 bytes are ten such records; the same partition may be drawn twice in a row.
    expect(Math.min(...runs.slice(0, -1))).toBeGreaterThanOrEqual(9)
    expect(new Set(sent.map(({ partition }) => partition)).size).toBe(4)
  })

  test('can ignore keys', async () => {
    expect(new Set(await spread({ partitionerIgnoreKeys: true }, ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'])).size).toBe(1)
  })

  test('can be given, whatever the partitioner would say', async () => {
    const cluster = await LogCluster.start({ t: 4 })
    const producer = cluster.producer({ partitioner: () => 1 })
    const sent = producer.send({ topic: 't', key: 'k', value: 'v', partition: 3 })
    expect((await cluster.simulation.runUntil(sent)).partition).toBe(3)
  })

  test.each([-1, 4, 1.5])('%d that there is not is an error that names those there are', async partition => {
    const cluster = await LogCluster.start({ t: 4 })
    const error = await cluster.simulation.runUntil(failure(cluster.producer().send({ topic: 't', value: 'v', partition })))
    expect(error).toMatchObject({ code: 'UNKNOWN_TOPIC_OR_PARTITION', retriable: false, at: { topic: 't', partition } })
    expect(error.message).toBe(`topic t has the partitions 0 to 3, not ${partition}`)
  })

  test('that there is not is an error also without any backoff', async () => {
    const cluster = await LogCluster.start({ t: 4 })
    const producer = cluster.producer({ retryBackoffMs: 0 })
    const error = await cluster.simulation.runUntil(failure(producer.send({ topic: 't', value: 'v', partition: 4 })))
    expect(error).toMatchObject({ code: 'UNKNOWN_TOPIC_OR_PARTITION', at: { topic: 't', partition: 4 } })
    await cluster.simulation.runUntil(producer.close())
  })

  test('that was added since the metadata was asked for is found, and records keep their order', async () => {
    const cluster = await LogCluster.start({ t: 2 })
    const producer = cluster.producer()
    await cluster.simulation.runUntil(producer.send({ topic: 't', value: 'warm', partition: 0 }))
    cluster.grow('t', 4)
    const sent = producer.sendBatch(['a', 'b', 'c', 'd'].map((value, index) => ({ topic: 't', value, partition: index % 2 === 0 ? 3 : 0 })))
    expect((await cluster.simulation.runUntil(sent)).map(({ partition, offset }) => [partition, offset])).toEqual([
      [3, 0],
      [0, 1],
      [3, 1],
      [0, 2],
    ])
    expect(cluster.values('t', 0)).toEqual(['warm', 'b', 'd'])
    expect(cluster.values('t', 3)).toEqual(['a', 'c'])
  })

  test('that there is not is asked for once, however many records name it', async () => {
    const cluster = await LogCluster.start({ t: 2 })
    const producer = cluster.producer()
    await cluster.simulation.runUntil(producer.send({ topic: 't', value: 'warm' }))
    const before = cluster.askedFor.length
    const failed = Array.from({ length: 500 }, () => failure(producer.send({ topic: 't', value: 'v', partition: 9 })))
    await cluster.simulation.runUntil(Promise.all(failed))
    expect(cluster.askedFor.length - before).toBe(1)
  })

  test('comes from a partitioner that sees the record and its bytes; null leaves it to the default', async () => {
    const cluster = await LogCluster.start({ t: 4 })
    const seen: unknown[] = []
    const producer = cluster.producer<string, string>({
      key: text,
      value: text,
      partitioner: ({ topic, key, keyBytes, value, valueBytes, headers, partitionCount, availablePartitions }) => {
        seen.push([topic, key, String(keyBytes), value, String(valueBytes), headers.length, partitionCount, availablePartitions])
        return key === null ? null : 2
      },
    })
    const sent = await cluster.simulation.runUntil(
      producer.sendBatch([
        { topic: 't', key: 'k', value: 'v', headers: { a: 'b' } },
        { topic: 't', value: null },
      ]),
    )
    expect(sent[0]!.partition).toBe(2)
    expect(seen).toEqual([
      ['t', 'k', 'k', 'v', 'v', 1, 4, [0, 1, 2, 3]],
      ['t', null, 'null', null, 'null', 0, 4, [0, 1, 2, 3]],
    ])
  })

  test.each<[string, () => number, string]>([
    [
      'throws',
      () => {
        throw new Error('no idea')
      },
      'topic t: partitioner "mine" failed: no idea',
    ],
    ['answers too much', () => 4, 'topic t: partitioner "mine" answered 4; the topic has partitions 0 to 3'],
    ['answers nothing', () => undefined as never, 'answered undefined ("no opinion" is null)'],
  ])('of a partitioner that %s is an error that names it, for that record alone', async (_, partition, message) => {
    const cluster = await LogCluster.start({ t: 4 })
    const mine = { name: 'mine', partition: ({ key }: { key: unknown }) => (key === 'bad' ? partition() : 0) }
    const producer = cluster.producer({ partitioner: mine })
    const bad = failure(producer.send({ topic: 't', key: 'bad', value: 'v' }))
    const good = producer.send({ topic: 't', key: 'good', value: 'v' })
    const error = await cluster.simulation.runUntil(bad)
    expect(error.code).toBe('PARTITIONER_FAILED')
    expect(error.message).toContain(message)
    expect((await cluster.simulation.runUntil(good)).partition).toBe(0)
  })

  test('of a partitioner whose onNewBatch throws is an error that names it too', async () => {
    const cluster = await LogCluster.start({ t: 3 })
    const onNewBatch = () => {
      throw new Error('no idea')
    }
    const producer = cluster.producer({ partitioner: { name: 'next', partition: () => 1, onNewBatch } })
    const error = await cluster.simulation.runUntil(failure(producer.send({ topic: 't', value: 'v' })))
    expect(error).toMatchObject({ code: 'PARTITIONER_FAILED', at: { topic: 't' } })
    expect(error.message).toBe('topic t: partitioner "next" failed in onNewBatch: no idea')
  })

  test('of a stateful partitioner may move on when a batch begins', async () => {
    const cluster = await LogCluster.start({ t: 3 })
    let current = 0
    const opened: number[] = []
    const producer = cluster.producer({
      maxBatchFillBytes: 0,
      batchSize: 500,
      partitioner: {
        name: 'next',
        partition: () => current,
        onNewBatch(topic, partition) {
          opened.push(partition)
          expect(topic).toBe('t')
          current = (partition + 1) % 3
        },
      },
    })
    const sent = await cluster.simulation.runUntil(
      producer.sendBatch(Array.from({ length: 9 }, () => ({ topic: 't', value: 'x'.repeat(140) }))),
    )
    expect(sent.map(({ partition }) => partition)).toEqual([1, 1, 2, 2, 0, 0, 1, 1, 2])
    expect(opened).toEqual([0, 1, 2, 0, 1])
  })

  test('that fails when a batch begins is named', async () => {
    const cluster = await LogCluster.start({ t: 3 })
    const onNewBatch = () => {
      throw new Error('no turn')
    }
    const producer = cluster.producer({ partitioner: { name: 'next', partition: () => 0, onNewBatch } })
    const sent = producer.send({ topic: 't', value: 'x' })
    await expect(cluster.simulation.runUntil(sent)).rejects.toMatchObject({
      code: 'PARTITIONER_FAILED',
      message: 'topic t: partitioner "next" failed in onNewBatch: no turn',
    })
  })
})

describe('serializers', () => {
  const inPlace: Serializer<string> = {
    serialize: value => Buffer.from(value),
    serializeInto: (value, writer) => {
      if (value === 'bad') throw new TypeError('bad value')
      writer.writeUtf8(value)
    },
  }

  test.each([
    ['that answer bytes', text],
    ['that write in place', inPlace],
  ])('%s give the same', async (_, serde) => {
    const cluster = await LogCluster.start()
    const producer = cluster.producer<string, string>({ key: serde, value: serde })
    const records = ['', 'a', 'ä', 'x'.repeat(200), 'y'.repeat(70_000)].map(value => ({ topic: 't', key: `${value.length}`, value }))
    await cluster.simulation.runUntil(producer.sendBatch(records))
    expect(cluster.partition('t').records.map(({ key, value }) => ({ topic: 't', key, value }))).toEqual(records)
  })

  test('may reuse one buffer for keys and for values', async () => {
    const cluster = await LogCluster.start()
    const shared = Buffer.alloc(10)
    const reusing: Serializer<string> = { serialize: value => shared.subarray(0, shared.write(value)) }
    const producer = cluster.producer<string, string>({ key: text, value: reusing })
    await cluster.simulation.runUntil(producer.sendBatch(['one', 'two', 'three'].map(value => ({ topic: 't', key: value, value }))))
    expect(cluster.values()).toEqual(['one', 'two', 'three'])
  })

  test.each(['key', 'value'] as const)('that fail on the %s fail the record alone, with topic and side', async side => {
    for (const serde of [inPlace, { serialize: (value: string) => (value === 'bad' ? failing() : Buffer.from(value)) }]) {
      const cluster = await LogCluster.start()
      const lost: unknown[] = []
      const producer = cluster.producer<string, string>({
        [side]: serde,
        onDeliveryError: (error, where) => lost.push([error.message, where]),
      })
      const bad = { topic: 't', key: 'k', value: 'v', [side]: 'bad' }
      const error = await cluster.simulation.runUntil(failure(producer.send(bad)))
      expect(error).toBeInstanceOf(SerdeError)
      expect(error).toMatchObject({ code: 'SERDE_FAILED', reason: 'ENCODE', isKey: side === 'key', at: { topic: 't' } })
      expect(error.message).toContain('bad value')
      // Without a promise: the callback; without that: onDeliveryError.
      const heard: unknown[] = []
      expect(producer.enqueue(bad, thrown => heard.push(thrown?.message))).toBe(true)
      expect(heard).toEqual([error.message])
      expect(producer.enqueue(bad)).toBe(true)
      expect(lost).toEqual([[error.message, { topic: 't', partition: -1, recordCount: 1 }]])
      await cluster.simulation.runUntil(producer.send({ topic: 't', key: 'k', value: 'v' }))
      expect(cluster.values()).toEqual(['v'])
    }
    function failing(): never {
      throw new TypeError('bad value')
    }
  })

  test('that answer neither bytes nor null are named', async () => {
    const cluster = await LogCluster.start()
    const producer = cluster.producer<string, string>({ value: { name: 'odd', serialize: () => 7 as never } as Serializer<string> })
    expect((await cluster.simulation.runUntil(failure(producer.send({ topic: 't', value: 'v' })))).message).toContain(
      'the serde "odd" answered a number',
    )
  })

  test('without a callback and without onDeliveryError a failure is in the log', async () => {
    const cluster = await LogCluster.start()
    const producer = cluster.producer<string, string>({ value: inPlace })
    await cluster.simulation.runUntil(producer.partitionsFor('t'))
    producer.enqueue({ topic: 't', value: 'bad' })
    await cluster.simulation.runUntil(producer.close())
    expect(cluster.simulation.log).toMatchObject([
      { level: 'error', message: 'records were not delivered', fields: { topic: 't', recordCount: 1 } },
    ])
  })
})

describe('asynchronous serializers', () => {
  /** Waits as many milliseconds as the value says. */
  const waiting = (cluster: LogCluster): Serializer<string> => ({
    serialize: value => {
      const ms = Number(value.split(' ')[1] ?? Number.NaN)
      if (Number.isNaN(ms)) return Buffer.from(value)
      return new Promise((resolve, reject) =>
        cluster.simulation.clock.setTimer(ms, () =>
          value.startsWith('bad') ? reject(new Error('late and bad')) : resolve(Buffer.from(value)),
        ),
      )
    },
  })

  test('keep the order of each topic, and do not hold up others', async () => {
    const cluster = await LogCluster.start({ t: 1, u: 1 })
    const serde = waiting(cluster)
    const producer = cluster.producer<string, string>({ key: serde, value: serde })
    const values = ['a 30', 'b 1', 'c', 'd 5', 'e', 'f']
    const sent = producer.sendBatch(
      values.flatMap((value, index) => [
        { topic: 't', key: index % 2 === 0 ? 'k 3' : 'k', value },
        { topic: 'u', value: `${index}` },
      ]),
    )
    await cluster.simulation.runUntil(() => cluster.values('u').length === 6)
    expect(cluster.values('t')).toEqual([])
    await cluster.simulation.runUntil(sent)
    expect(cluster.values('t')).toEqual(values)
    expect(cluster.partition('t').records.map(({ key }) => key)).toEqual(['k 3', 'k', 'k 3', 'k', 'k 3', 'k'])
  })

  test('keep the bytes of a key that another topic’s key would overwrite', async () => {
    const cluster = await LogCluster.start({ t: 1, u: 1 })
    const key: Serializer<string> = {
      serialize: value => Buffer.from(value),
      serializeInto: (value, writer) => void writer.writeUtf8(value),
    }
    const producer = cluster.producer<string, string>({ key, value: waiting(cluster) })
    await cluster.simulation.runUntil(
      producer.sendBatch([
        { topic: 't', key: 'first', value: 'a 20' },
        { topic: 'u', key: 'other', value: 'b 5' },
      ]),
    )
    expect(cluster.partition('t').records[0]?.key).toBe('first')
    expect(cluster.partition('u').records[0]?.key).toBe('other')
  })

  test('that fail fail their record alone, wherever its error goes', async () => {
    const cluster = await LogCluster.start()
    const lost: string[] = []
    const serde = waiting(cluster)
    const producer = cluster.producer<string, string>({ key: serde, value: serde, onDeliveryError: error => lost.push(error.message) })
    const heard: (string | undefined)[] = []
    const bad = failure(producer.send({ topic: 't', value: 'bad 10' }))
    producer.enqueue({ topic: 't', value: 'bad 5' }, error => heard.push(error?.message))
    producer.enqueue({ topic: 't', key: 'bad 5', value: 'x' })
    const good = producer.send({ topic: 't', value: 'good' })
    expect((await cluster.simulation.runUntil(bad)).message).toContain('late and bad')
    await cluster.simulation.runUntil(good)
    expect([heard.length, lost.length]).toEqual([1, 1])
    expect(cluster.values()).toEqual(['good'])
  })

  test('count for flush and close, also the record that is in its serializer', async () => {
    const cluster = await LogCluster.start()
    const producer = cluster.producer<string, string>({ value: waiting(cluster) })
    await cluster.simulation.runUntil(producer.partitionsFor('t'))
    producer.enqueue({ topic: 't', value: 'a 50' })
    producer.enqueue({ topic: 't', value: 'b' })
    await cluster.simulation.runUntil(producer.flush())
    expect(cluster.values()).toEqual(['a 50', 'b'])
    producer.enqueue({ topic: 't', value: 'c 50' })
    await cluster.simulation.runUntil(producer.close())
    expect(cluster.values()).toEqual(['a 50', 'b', 'c 50'])
  })

  test('that come too late for a close with a limit fail their record, once', async () => {
    const cluster = await LogCluster.start()
    const producer = cluster.producer<string, string>({ value: waiting(cluster) })
    await cluster.simulation.runUntil(producer.partitionsFor('t'))
    const heard: unknown[] = []
    for (const value of ['a 500', 'b', 'c']) producer.enqueue({ topic: 't', value }, error => heard.push((error as KafkaError)?.code))
    await cluster.simulation.runUntil(producer.close({ timeoutMs: 100 }))
    // Also the record whose serializer has not answered yet, and may never.
    expect(heard).toEqual(['CLOSED', 'CLOSED', 'CLOSED'])
    await cluster.simulation.advance(1000)
    expect(heard).toEqual(['CLOSED', 'CLOSED', 'CLOSED'])
  })
})

describe('delivery callbacks', () => {
  test('are each called once, with the place; records without one cost nothing', async () => {
    const cluster = await LogCluster.start()
    const producer = cluster.producer()
    const heard: (RecordMetadata | null)[] = []
    for (let index = 0; index < 10; index++) {
      producer.enqueue(
        { topic: 't', value: `${index}`, timestamp: index },
        ...(index % 3 === 0 ? [(_: Error | null, m: RecordMetadata | null) => heard.push(m)] : []),
      )
    }
    await cluster.simulation.runUntil(producer.flush())
    expect(heard).toEqual([0, 3, 6, 9].map(offset => ({ topic: 't', partition: 0, offset, timestamp: offset })))
  })

  test('that throw are logged, and keep nobody else from hearing', async () => {
    const cluster = await LogCluster.start()
    cluster.fault = ({ values }) => (values.includes('refused') ? { code: 'INVALID_RECORD' } : undefined)
    const producer = cluster.producer({
      onDeliveryError: () => {
        throw new Error('listener broke')
      },
    })
    let heard = 0
    for (const value of ['a', 'refused']) {
      for (let index = 0; index < 3; index++) {
        producer.enqueue({ topic: 't', value }, () => {
          heard++
          throw new Error('callback broke')
        })
      }
      producer.enqueue({ topic: 't', value })
      await cluster.simulation.runUntil(producer.flush())
    }
    producer.enqueue({ topic: 't', value: 'v', partition: -1 }, () => {
      heard++
      throw new Error('callback broke')
    })
    expect(heard).toBe(7)
    expect(cluster.simulation.log.map(({ message, fields }) => [message, fields['error']])).toEqual([
      ...Array.from({ length: 6 }, () => ['a delivery callback threw', 'callback broke']),
      ['onDeliveryError threw', 'listener broke'],
      ['a delivery callback threw', 'callback broke'],
    ])
  })

  test('that are asynchronous may fail too: no rejection is left unhandled', async () => {
    const cluster = await LogCluster.start()
    const producer = cluster.producer({
      onDeliveryError: async () => {
        throw new Error('listener broke')
      },
    })
    const callback = async () => {
      throw new Error('callback broke')
    }
    producer.enqueue({ topic: 't', value: 'v' }, callback)
    producer.enqueue({ topic: 't', value: 'v', partition: 9 }, callback)
    producer.enqueue({ topic: 't', value: 'v', partition: 9 })
    await cluster.simulation.runUntil(producer.flush())
    expect(cluster.simulation.log.map(({ message, fields }) => `${message}: ${fields['error']}`).sort()).toEqual([
      'a delivery callback threw: callback broke',
      'a delivery callback threw: callback broke',
      'onDeliveryError threw: listener broke',
    ])
  })

  test('may send more', async () => {
    const cluster = await LogCluster.start()
    const producer = cluster.producer()
    const sendNext = (count: number) => {
      if (count > 0) producer.enqueue({ topic: 't', value: `${count}` }, () => sendNext(count - 1))
    }
    sendNext(5)
    await cluster.simulation.runUntil(() => cluster.values().length === 5)
    expect(cluster.values()).toEqual(['5', '4', '3', '2', '1'])
  })
})

describe('sendBatch', () => {
  test('gives the places in the order of the records', async () => {
    const cluster = await LogCluster.start({ t: 3 })
    const sent = await cluster.simulation.runUntil(
      cluster.producer().sendBatch([2, 0, 1, 0].map(partition => ({ topic: 't', value: 'v', partition }))),
    )
    expect(sent.map(({ partition, offset }) => [partition, offset])).toEqual([
      [2, 0],
      [0, 0],
      [1, 0],
      [0, 1],
    ])
    expect(await cluster.simulation.runUntil(cluster.producer().sendBatch([]))).toEqual([])
  })

  test('fails with the first failure, and the others go on', async () => {
    const cluster = await LogCluster.start()
    const sent = cluster
      .producer()
      .sendBatch(['a', 'b', 'c'].map((value, index) => ({ topic: 't', value, partition: index === 1 ? 7 : 0 })))
    expect((await cluster.simulation.runUntil(failure(sent))).code).toBe('UNKNOWN_TOPIC_OR_PARTITION')
    await cluster.simulation.advance(100)
    expect(cluster.values()).toEqual(['a', 'c'])
  })

  test('fails with the first that is no record, and the others go on', async () => {
    const cluster = await LogCluster.start()
    const sent = cluster.producer().sendBatch([{ topic: 't', value: 'a' }, undefined as never, { topic: 't', value: 'c' }])
    await expect(sent).rejects.toThrow('a record needs a topic')
    await cluster.simulation.advance(100)
    expect(cluster.values()).toEqual(['a', 'c'])
  })

  test('passes on what its iterable throws', async () => {
    const cluster = await LogCluster.start()
    const records = function* () {
      yield { topic: 't', value: 'a', partition: 7 }
      throw new Error('no more')
    }
    expect((await cluster.simulation.runUntil(failure(cluster.producer().sendBatch(records())))).message).toBe('no more')
    await cluster.simulation.advance(1000)
  })
})

test.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)('compression with %s', async compressionType => {
  const cluster = await LogCluster.start({ t: 1 })
  const producer = cluster.producer({ compressionType })
  const values = Array.from({ length: 200 }, (_, index) => `value ${index} `.repeat(20))
  // zstd is set up outside of the simulation: when a later set-up is over, so is the producer's.
  await createCodecs({ native: () => null }).ready()
  await cluster.simulation.runUntil(producer.sendBatch(values.map(value => ({ topic: 't', value }))))
  expect(cluster.values()).toEqual(values)
  expect(cluster.received.every(({ view }) => view.compressionType === compressionType)).toBe(true)
  expect(cluster.received.reduce((sum, { view }) => sum + view.sizeBytes, 0)).toBeLessThan(20_000)
  await cluster.simulation.runUntil(producer.close())
})

test('records under one signal put one listener on it, and leave none', async () => {
  const cluster = await LogCluster.start()
  const producer = cluster.producer()
  const { signal } = new AbortController()
  const added = vi.spyOn(signal, 'addEventListener')
  const removed = vi.spyOn(signal, 'removeEventListener')
  await cluster.simulation.runUntil(Promise.all(Array.from({ length: 100 }, () => producer.send({ topic: 't', value: 'v' }, { signal }))))
  expect([added.mock.calls.length, removed.mock.calls.length]).toEqual([1, 1])
  await cluster.simulation.runUntil(producer.close())
})

test('a codec whose set-up fails fails the records, and is no unhandled rejection', async () => {
  const cluster = await LogCluster.start()
  const native = () => {
    throw new Error('nothing native here')
  }
  const producer = cluster.producer({ world: { ...cluster.simulation.world, native }, compressionType: 'zstd' })
  await expect(cluster.simulation.runUntil(producer.send({ topic: 't', value: 'v' }))).rejects.toThrow('nothing native here')
  await cluster.simulation.runUntil(producer.close())
})

describe('createProducer', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['no address', {}, 'createProducer: option "bootstrapServers" is missing'],
    ['an address that is none', { bootstrapServers: ['nowhere'] }, 'bootstrapServers: "nowhere" is not of the form host:port'],
    ['an option that there is not', { bootstrapServers: ['a:1'], lingerms: 5 }, 'unknown option "lingerms"; did you mean "lingerMs"?'],
    ['a serde that is none', { bootstrapServers: ['a:1'], value: {} }, 'option "value" must be a serde'],
    ['a partitioner that is none', { bootstrapServers: ['a:1'], partitioner: 'murmur2' }, 'option "partitioner" must be a function'],
  ])('refuses %s', (_, options, message) => {
    expect(() => createProducer(options as never)).toThrow(KafkaError)
    expect(() => createProducer(options as never)).toThrow(message)
  })

  test('takes the options of properties', async () => {
    const cluster = await LogCluster.start()
    const producer = cluster.producer(producerFromProperties({ acks: '1', 'bootstrap.servers': 'b1:9092' }))
    await cluster.simulation.runUntil(producer.send({ topic: 't', value: 'v' }))
    expect(cluster.received).toMatchObject([{ acks: 1 }])
  })
})

test('a record that is too large fails at once, alone', async () => {
  const cluster = await LogCluster.start()
  const producer = cluster.producer()
  const before = producer.send({ topic: 't', value: 'a' })
  const error = await cluster.simulation.runUntil(failure(producer.send({ topic: 't', value: 'x'.repeat(2_000_000) })))
  expect(error).toBeInstanceOf(RecordTooLargeError)
  expect(error).toMatchObject({ code: 'MESSAGE_TOO_LARGE', limitBytes: 1_048_576, at: { topic: 't', partition: 0 } })
  await cluster.simulation.runUntil(before)
  await cluster.simulation.runUntil(producer.send({ topic: 't', value: 'b' }))
  expect(cluster.values()).toEqual(['a', 'b'])
})
