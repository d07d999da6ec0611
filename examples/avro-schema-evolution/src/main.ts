import { openBroker } from '@logwerk/broker'
import { createConsumer } from '@logwerk/consumer'
import { createProducer } from '@logwerk/producer'
import { type AvroReader, avro } from '@logwerk/serde-avro'

const first = {
  type: 'record',
  name: 'Order',
  fields: [
    { name: 'id', type: 'string' },
    { name: 'cents', type: 'int' },
  ],
} as const

/** A year later: cents have outgrown 32 bits, and there are currencies. The default is what old orders get. */
const second = {
  type: 'record',
  name: 'Order',
  fields: [
    { name: 'id', type: 'string' },
    { name: 'cents', type: 'long' },
    { name: 'currency', type: 'string', default: 'EUR' },
  ],
} as const

// With this framing every record names the schema it was written with, so one topic can hold both.
const oldProgram = avro(first, { framing: 'single-object' })
const newProgram = avro(second, { framing: 'single-object', writers: [first] })

await using broker = await openBroker()

// Readers are upgraded first: the new one reads what the old writer still sends.
await using oldProducer = createProducer({ broker, value: oldProgram })
await oldProducer.send({ topic: 'orders', value: { id: 'A', cents: 1999 } })
await using newProducer = createProducer({ broker, value: newProgram })
await newProducer.send({ topic: 'orders', value: { id: 'B', cents: 5_000_000_000n, currency: 'USD' } })

async function readTwo<V>(name: string, value: AvroReader<V>): Promise<V[]> {
  await using consumer = createConsumer({ broker, value })
  consumer.assign([{ topic: 'orders', partition: 0 }])
  await consumer.seekToBeginning()
  const orders: V[] = []
  for await (const { value: order } of consumer) if (orders.push(order!) === 2) break
  console.log(name, orders)
  return orders
}

const [a, b] = await readTwo('the new program reads', newProgram)
if (a?.cents !== 1999n || a.currency !== 'EUR' || b?.currency !== 'USD') throw new Error('the old order was not read as a new one')

// The old program has never heard of the second schema, and says so instead of guessing.
const failure = await readTwo('the old program reads', oldProgram).catch((error: Error) => error)
if (!(failure instanceof Error)) throw new Error('the old program read what it cannot know')
console.log(`the old program says: ${failure.message}`)
