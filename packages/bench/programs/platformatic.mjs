// @platformatic/kafka: `send` with arrays and acks -1 (its default without idempotence is 1); the stream of `consume`. IDEMPOTENT=1
// turns idempotence on, which is off by default.
import { Consumer, MessagesStreamModes, Producer } from '@platformatic/kafka'
import { bootstrap, codec, measureLatency, mode, produceArrays, tally, topic } from './common.mjs'

const base = { clientId: 'bench', bootstrapBrokers: bootstrap.split(',') }

if (mode === 'consume') {
  const consumer = new Consumer({
    ...base,
    groupId: `platformatic-${process.pid}-${Date.now()}`,
    highWaterMark: 1024,
    // Its default of 5 s would be waited out before the last records come.
    maxWaitTime: 500,
  })
  const read = tally()
  const stream = await consumer.consume({ topics: [topic], mode: MessagesStreamModes.EARLIEST, autocommit: false })
  stream.on('data', message => read.add(message.value.length))
  await read.done
  process.exit(0)
}
const producer = new Producer({ ...base, idempotent: process.env.IDEMPOTENT === '1' })
const send = messages => producer.send({ messages, acks: -1, compression: codec })
if (mode === 'latency') await measureLatency(send, { topic })
else await produceArrays(send, { topic })
await producer.close()
