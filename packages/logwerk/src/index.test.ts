import { expect, test } from 'vitest'
import { createAdmin, createConsumer, createProducer, int32, json, openBroker, string } from './index.ts'

test('one import is enough: a broker in this process, a topic, typed records in and out', async () => {
  await using broker = await openBroker()
  await using admin = createAdmin({ broker })
  await admin.createTopics([{ name: 'orders', partitions: 3 }])
  await using producer = createProducer({ broker, key: int32, value: json<{ total: number }>() })
  await producer.sendBatch([1, 2, 3].map(id => ({ topic: 'orders', key: id, value: { total: 10 * id } })))

  await using consumer = createConsumer({ broker, groupId: 'billing', key: int32, value: string, autoOffsetReset: 'earliest' })
  await consumer.subscribe(['orders'])
  const totals = new Map<number | null, string | null>()
  for await (const { key, value } of consumer) if (totals.set(key, value).size === 3) break
  expect([...totals].sort()).toEqual([
    [1, '{"total":10}'],
    [2, '{"total":20}'],
    [3, '{"total":30}'],
  ])
})
