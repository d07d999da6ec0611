import { openBroker } from '@logwerk/broker'
import { createConsumer } from '@logwerk/consumer'
import { createProducer } from '@logwerk/producer'
import { SerdeError, serdeOf } from '@logwerk/serde'

interface Money {
  readonly currency: string
  readonly cents: number
}

/** Three letters of currency, then the cents as a 32-bit integer: seven bytes where JSON takes thirty-one. */
const money = serdeOf({
  name: 'money',
  serialize({ currency, cents }: Money) {
    if (!/^[A-Z]{3}$/.test(currency)) throw new SerdeError('ENCODE', `"${currency}" is no currency of three letters`, { path: 'currency' })
    const bytes = Buffer.alloc(7, currency, 'latin1')
    bytes.writeInt32BE(cents, 3)
    return bytes
  },
  deserialize(data): Money {
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.length)
    return { currency: bytes.toString('latin1', 0, 3), cents: bytes.readInt32BE(3) }
  },
})

await using broker = await openBroker()
await using producer = createProducer({ broker, value: money })
await producer.send({ topic: 'payments', value: { currency: 'EUR', cents: 1999 } })

// What a serde refuses never reaches the broker; the error says where and why.
const refused = await producer.send({ topic: 'payments', value: { currency: 'Euro', cents: 1 } }).catch((error: unknown) => error)
if (!(refused instanceof SerdeError)) throw new Error('the serde let a wrong currency pass')
console.log(`refused: ${refused.message}`)

await using consumer = createConsumer({ broker, groupId: 'books', autoOffsetReset: 'earliest', value: money })
await consumer.subscribe(['payments'])
for await (const { value, valueBytes } of consumer) {
  console.log(`read:    ${value?.cents} cents ${value?.currency} from ${valueBytes?.length} bytes`)
  if (value?.cents !== 1999 || valueBytes?.length !== 7) throw new Error('not what was sent')
  break
}
