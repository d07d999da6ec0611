import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Broker, openBroker } from '@logwerk/broker'
import { batchesOf, fetchApi } from '@logwerk/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  codecs,
  expectedRecords,
  type ForeignClient,
  franzClient,
  javaClient,
  librdkafkaClient,
  PARTITION_COUNT,
} from './foreign-client.ts'
import { freePort } from './free-port.ts'
import { RawConnection } from './raw-connection.ts'

// Foreign clients against our broker: each creates topics, produces with every codec it has, idempotently, and everybody reads it back by
// assignment. The other direction, our clients against the real Kafka, is elsewhere.

const RECORD_COUNT = 600
const prefixes = ['java', 'librdkafka', 'franz'] as const

const dataDir = mkdtempSync(join(tmpdir(), 'logwerk-foreign-'))
let broker: Broker
let clients: Readonly<Record<(typeof prefixes)[number], ForeignClient>>

beforeAll(async () => {
  const [java, librdkafka, franz] = await Promise.all([javaClient(), librdkafkaClient(), franzClient()])
  clients = { java, librdkafka, franz }
  broker = await openBroker({ dataDir, port: await freePort(), fsync: 'os' })
})

afterAll(async () => {
  await broker?.close()
  rmSync(dataDir, { recursive: true, force: true })
})

function server(): string {
  return broker.bootstrapServers[0]!
}

/** The codecs of all batches of a topic. */
async function storedCodecs(topic: string): Promise<string[]> {
  const connection = await RawConnection.open(server())
  const partitions = Array.from({ length: PARTITION_COUNT }, (_, partition) => ({ partition, fetchOffset: 0, partitionMaxBytes: 1 << 24 }))
  const response = await connection.ask(fetchApi, 12, { maxWaitMs: 0, minBytes: 1, topics: [{ topic, partitions }] })
  connection.close()
  const found = response.responses[0]!.partitions.flatMap(({ records }) => [...batchesOf(records!)])
  expect(found.every(batch => batch.hasProducerId && batch.isCrcValid())).toBe(true)
  return [...new Set(found.map(batch => batch.compressionType))]
}

describe.each(prefixes)('%s', prefix => {
  test('creates topics and produces with every codec, idempotently', async () => {
    await clients[prefix].produce(server(), prefix, RECORD_COUNT)
    for (const codec of codecs) expect(await storedCodecs(`${prefix}-${codec}`), codec).toEqual([codec])
  })
})

describe('after the broker has been closed and opened again', () => {
  beforeAll(async () => {
    const { port } = broker
    await broker.close()
    broker = await openBroker({ dataDir, port, fsync: 'os' })
  })

  describe.each(prefixes)('%s reads by assignment', reader => {
    test.each(prefixes)('what %s has written', async writer => {
      const topics = codecs.map(codec => `${writer}-${codec}`)
      const records = await clients[reader].fetch(server(), topics)
      for (const topic of topics) expect(records.filter(([name]) => name === topic)).toEqual(expectedRecords(topic, RECORD_COUNT))
      expect(records).toHaveLength(RECORD_COUNT * topics.length)
    })
  })
})
