import { createConsumer, createProducer, json, openBroker, string } from 'logwerk'

interface Order {
  readonly item: string
  readonly cents: number
}

// Everything in this process and in memory. Against a cluster: { bootstrapServers: ['kafka-1:9092'] } in place of { broker }.
await using broker = await openBroker()
await using producer = createProducer({ broker, key: string, value: json<Order>() })
await using consumer = createConsumer({ broker, groupId: 'billing', autoOffsetReset: 'earliest', key: string, value: json<Order>() })

await producer.send({ topic: 'orders', key: 'table-4', value: { item: 'espresso', cents: 290 } })
await producer.send({ topic: 'orders', key: 'table-7', value: { item: 'cake', cents: 450 } })

let cents = 0
await consumer.subscribe(['orders'])
for await (const { key, value, offset } of consumer) {
  cents += value?.cents ?? 0
  console.log(`orders@${offset}: ${key} has ordered ${value?.item}`)
  if (offset === 1) break
}
console.log(`to be paid: ${(cents / 100).toFixed(2)}`)
if (cents !== 740) throw new Error(`expected 740 cents, not ${cents}`)
