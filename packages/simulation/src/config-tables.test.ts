import { adminConfig } from '@logwerk/admin'
import { brokerConfig } from '@logwerk/broker'
import { consumerConfig } from '@logwerk/consumer'
import { producerConfig } from '@logwerk/producer'
import { type ConfigTable, resolveConfig } from '@logwerk/runtime'
import { describe, expect, test } from 'vitest'

/** Options that are of type INT in the `ConfigDef`s of Kafka 4.4; many of them travel as an int32. */
const INTS = new Set(
  `request.timeout.ms default.api.timeout.ms retries max.request.size batch.size delivery.timeout.ms
   max.in.flight.requests.per.connection compression.gzip.level compression.lz4.level compression.zstd.level
   session.timeout.ms heartbeat.interval.ms max.poll.interval.ms max.poll.records auto.commit.interval.ms
   fetch.min.bytes fetch.max.wait.ms fetch.max.bytes max.partition.fetch.bytes
   node.id num.partitions message.max.bytes log.segment.bytes socket.request.max.bytes max.connections
   max.incremental.fetch.session.cache.slots producer.id.expiration.ms group.initial.rebalance.delay.ms
   group.min.session.timeout.ms group.max.session.timeout.ms group.max.size offset.metadata.max.bytes
   offsets.retention.minutes offsets.topic.num.partitions`.split(/\s+/),
)
const INT32_MAX = 0x7fff_ffff

const tables: readonly [string, ConfigTable, Record<string, unknown>][] = [
  ['createProducer', producerConfig, {}],
  ['createConsumer', consumerConfig, {}],
  ['createAdmin', adminConfig, {}],
  ['openBroker', brokerConfig, {}],
]

describe.each(tables)('%s', (owner, table, required) => {
  const ints = Object.entries(table).filter(([, option]) => INTS.has(option.kafkaKey ?? ''))

  const known = Object.entries(table).filter(([, option]) => option.kafkaKey !== undefined)

  test.each(known)('%s is the name of Kafka in camel case (D6), and of nothing else', (name, { kafkaKey }) => {
    expect(name).toBe(kafkaKey?.replace(/\.([a-z])/g, (_, letter: string) => letter.toUpperCase()))
  })

  test.each(Object.entries(table))('%s takes its own default, and says what it is for in whole sentences', (name, option) => {
    expect(option.complaint(option.default), name).toBeNull()
    expect(option.doc).toMatch(/^['A-Z\d].*\.\)?$/)
  })

  test('has options that are int32 in Kafka', () => {
    expect(ints.length).toBeGreaterThan(0)
  })

  test.each(ints)('%s goes no further than in Kafka', (name, { max = INT32_MAX }) => {
    expect(() => resolveConfig(owner, table, { ...required, [name]: INT32_MAX + 1 })).toThrow(
      expect.objectContaining({ code: 'INVALID_CONFIG', message: expect.stringContaining(`option "${name}" must be between`) }),
    )
    expect(resolveConfig(owner, table, { ...required, [name]: max })).toHaveProperty(name, max)
  })
})
