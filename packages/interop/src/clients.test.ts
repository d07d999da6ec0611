import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Admin, createAdmin } from '@logwerk/admin'
import { type Broker, openBroker } from '@logwerk/broker'
import { type Consumer, type ConsumerOptions, type ConsumerRecord, createConsumer } from '@logwerk/consumer'
import { createProducer, type ProducerOptions } from '@logwerk/producer'
import { avro } from '@logwerk/serde-avro'
import { string } from '@logwerk/serde-bytes'
import { json } from '@logwerk/serde-json'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RealKafka, startRealKafka } from './real-kafka.ts'

/** How clients reach the broker: the only thing in which the three targets differ. */
type Address = Pick<ProducerOptions<string, string>, 'broker' | 'bootstrapServers'>

interface Target {
  readonly name: string
  open(): Promise<Address>
  close(): Promise<void>
}

function embedded(name: string, overTcp: boolean): Target {
  let broker: Broker | null = null
  let dataDir = ''
  return {
    name,
    async open() {
      if (!overTcp) {
        broker = await openBroker()
        return { broker }
      }
      dataDir = await mkdtemp(join(tmpdir(), 'logwerk-clients-'))
      broker = await openBroker({ dataDir, port: 0 })
      return { bootstrapServers: broker.bootstrapServers }
    },
    async close() {
      await broker?.close()
      if (dataDir !== '') await rm(dataDir, { recursive: true, force: true })
    },
  }
}

function apacheKafka(): Target {
  let kafka: RealKafka | null = null
  return {
    name: 'Apache Kafka',
    async open() {
      kafka = await startRealKafka()
      return { bootstrapServers: kafka.bootstrapServers }
    },
    async close() {
      kafka?.wipe()
    },
  }
}

const targets = [embedded('the embedded broker in process', false), embedded('the embedded broker over TCP', true), apacheKafka()]

describe.each(targets)('our clients against $name', target => {
  let address: Address
  let admin: Admin

  beforeAll(async () => {
    address = await target.open()
    admin = createAdmin(address)
  })
  afterAll(async () => {
    await admin.close()
    await target.close()
  })

  async function newTopic(partitions: number): Promise<string> {
    const name = `topic-${randomUUID()}`
    await admin.createTopics([{ name, partitions }])
    return name
  }
  const consumerOf = (options: ConsumerOptions<string, string> = {}) =>
    createConsumer<string, string>({ ...address, key: string, value: string, autoOffsetReset: 'earliest', ...options })

  async function take<K, V>(consumer: Consumer<K, V>, count: number): Promise<ConsumerRecord<K, V>[]> {
    const records: ConsumerRecord<K, V>[] = []
    for await (const record of consumer) if (records.push(record) >= count) break
    return records
  }

  test.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)(
    'records compressed with %s come back as they were sent',
    async compressionType => {
      const topic = await newTopic(1)
      await using producer = createProducer({ ...address, key: string, value: string, compressionType })
      const sent = Array.from({ length: 300 }, (_, index) => ({
        topic,
        key: index % 3 === 0 ? null : `key ${index}`,
        value: index % 7 === 0 ? null : `value ${index} `.repeat(index % 50),
        headers:
          index % 5 === 0
            ? [
                { key: 'h', value: Buffer.from('1') },
                { key: 'h', value: null },
              ]
            : undefined,
        timestamp: 1_760_000_000_000 + index,
      }))
      const metadata = await producer.sendBatch(sent)
      expect(metadata.map(({ offset }) => offset)).toEqual(sent.map((_, index) => index))
      await using consumer = consumerOf()
      consumer.assign([{ topic, partition: 0 }])
      const records = await take(consumer, sent.length)
      expect(
        records.map(({ offset, key, value, timestamp, headers }) => ({ offset, key, value, timestamp, headers: headers.length })),
      ).toEqual(
        sent.map(({ key, value, timestamp, headers }, offset) => ({ offset, key, value, timestamp, headers: headers?.length ?? 0 })),
      )
      expect(records[0]!.header('h')).toBe(null)
    },
  )

  test('typed values: Avro and JSON', async () => {
    const topic = await newTopic(1)
    const order = avro({
      type: 'record',
      name: 'Order',
      fields: [
        { name: 'id', type: 'long' },
        { name: 'note', type: ['null', 'string'], default: null },
      ],
    })
    {
      await using producer = createProducer({ ...address, key: json<{ tenant: string }>(), value: order })
      await producer.send({ topic, key: { tenant: 'a' }, value: { id: 2n ** 60n, note: 'grün' } })
    }
    await using consumer = createConsumer({ ...address, key: json<{ tenant: string }>(), value: order, autoOffsetReset: 'earliest' })
    consumer.assign([{ topic, partition: 0 }])
    const [record] = await take(consumer, 1)
    expect(record!.key).toEqual({ tenant: 'a' })
    expect(record!.value).toEqual({ id: 2n ** 60n, note: 'grün' })
  })

  test('records of one key stay in order, in the partition that Java would choose', async () => {
    const topic = await newTopic(6)
    await using producer = createProducer({ ...address, key: string, value: string })
    const sent = await producer.sendBatch(
      Array.from({ length: 600 }, (_, index) => ({ topic, key: `user-${index % 20}`, value: String(index) })),
    )
    // murmur2, masked, modulo 6.
    expect(new Map(sent.map(({ partition }, index) => [`user-${index % 20}`, partition])).size).toBe(20)
    await using consumer = consumerOf({ groupId: randomUUID() })
    await consumer.subscribe([topic])
    const last = new Map<string, number>()
    for (const { key, value } of await take(consumer, 600)) {
      expect(Number(value)).toBeGreaterThan(last.get(key!) ?? -1)
      last.set(key!, Number(value))
    }
    expect(last.size).toBe(20)
  })

  test('a group goes on where it committed', async () => {
    const topic = await newTopic(3)
    const groupId = randomUUID()
    await using producer = createProducer({ ...address, key: string, value: string })
    await producer.sendBatch(Array.from({ length: 300 }, (_, index) => ({ topic, key: null, value: String(index), partition: index % 3 })))
    const seen = new Set<string>()
    {
      await using first = consumerOf({ groupId, enableAutoCommit: false })
      await first.subscribe([topic])
      for (const { value } of await take(first, 120)) seen.add(value!)
      await first.commit()
    }
    await using second = consumerOf({ groupId, enableAutoCommit: false })
    await second.subscribe([topic])
    for (const { value } of await take(second, 180)) {
      expect(seen.has(value!)).toBe(false)
      seen.add(value!)
    }
    expect(seen.size).toBe(300)
  })

  test('two members share the partitions, and one takes over from the other', async () => {
    const topic = await newTopic(4)
    const groupId = randomUUID()
    const seen = new Map<string, string>()
    const read = async (name: string, consumer: Consumer<string, string>) => {
      for await (const record of consumer) seen.set(`${record.partition}/${record.offset}`, name)
    }
    const one = consumerOf({ groupId, heartbeatIntervalMs: 200 })
    const two = consumerOf({ groupId, heartbeatIntervalMs: 200 })
    await one.subscribe([topic])
    await two.subscribe([topic])
    const loops = [read('one', one), read('two', two)]
    await expect.poll(() => [one.assignment().length, two.assignment().length], { timeout: 30_000 }).toEqual([2, 2])
    await using producer = createProducer({ ...address, key: string, value: string })
    const send = () => producer.sendBatch(Array.from({ length: 40 }, (_, index) => ({ topic, value: 'x', partition: index % 4 })))
    await send()
    await expect.poll(() => seen.size, { timeout: 30_000 }).toBe(40)
    expect(new Set(seen.values())).toEqual(new Set(['one', 'two']))
    await one.close()
    await expect.poll(() => two.assignment().length, { timeout: 30_000 }).toBe(4)
    await send()
    await expect.poll(() => seen.size, { timeout: 30_000 }).toBe(80)
    await two.close()
    await Promise.all(loops)
  })

  test('seek, pause, positions, and offsets by time', async () => {
    const topic = await newTopic(2)
    await using producer = createProducer({ ...address, key: string, value: string })
    await producer.sendBatch(
      Array.from({ length: 100 }, (_, index) => ({
        topic,
        value: String(index),
        partition: index % 2,
        timestamp: 1_760_000_000_000 + index,
      })),
    )
    await using consumer = consumerOf()
    const [zero, one] = [0, 1].map(partition => ({ topic, partition })) as [
      { topic: string; partition: number },
      { topic: string; partition: number },
    ]
    consumer.assign([zero, one])
    consumer.pause([one])
    consumer.seek(zero, 40)
    expect((await take(consumer, 10)).map(({ partition, offset }) => [partition, offset])).toEqual(
      Array.from({ length: 10 }, (_, index) => [0, 40 + index]),
    )
    expect(await consumer.position(zero)).toBe(50)
    expect(await consumer.poll({ timeoutMs: 300 })).toEqual([])
    consumer.resume([one])
    expect((await take(consumer, 1))[0]).toMatchObject({ partition: 1, offset: 0 })
    expect(await consumer.offsetsForTimes([{ ...one, timestamp: 1_760_000_000_050 }])).toMatchObject([
      { partition: 1, offset: 25, timestamp: 1_760_000_000_051 },
    ])
    expect((await consumer.endOffsets([zero, one])).map(({ offset }) => offset)).toEqual([50, 50])
    expect(consumer.currentLag(zero)).toBe(0)
  })

  test('a record that is too large, an unknown partition, and a topic that cannot be are refused with their names', async () => {
    const topic = await newTopic(1)
    await using producer = createProducer({ ...address, key: string, value: string, maxRequestSize: 4_000_000, maxBlockMs: 5000 })
    await expect(producer.send({ topic, value: 'x'.repeat(2_000_000) })).rejects.toMatchObject({ code: 'MESSAGE_TOO_LARGE', at: { topic } })
    await expect(producer.send({ topic, value: 'x', partition: 7 })).rejects.toThrow(/has only partition 0, not 7/)
    await expect(producer.send({ topic: 'no spaces please', value: 'x' })).rejects.toMatchObject({ code: 'INVALID_TOPIC_EXCEPTION' })
    expect(await producer.send({ topic, value: 'fine' })).toMatchObject({ partition: 0, offset: 0 })
  })
})
