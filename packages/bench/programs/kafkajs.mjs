// kafkajs: `send` with arrays and acks -1; `eachBatch`. IDEMPOTENT=1 turns idempotence on, which is off by default.
import kafkajs from 'kafkajs'
import lz4 from 'lz4-napi'
import { bootstrap, codec, measureLatency, mode, produceArrays, tally, topic } from './common.mjs'

const { CompressionCodecs, CompressionTypes, Kafka, logLevel, Partitioners } = kafkajs
// It brings gzip only; the others are plugged in.
CompressionCodecs[CompressionTypes.LZ4] = () => ({
  compress: encoder => lz4.compressFrame(encoder.buffer),
  decompress: buffer => lz4.decompressFrame(buffer),
})
const kafka = new Kafka({ brokers: bootstrap.split(','), logLevel: logLevel.ERROR })

if (mode === 'consume') {
  const consumer = kafka.consumer({ groupId: `kafkajs-${process.pid}-${Date.now()}` })
  const read = tally()
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachBatch: async ({ batch }) => {
      for (const message of batch.messages) read.add(message.value.length)
    },
  })
  await read.done
  process.exit(0)
}
const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner, idempotent: process.env.IDEMPOTENT === '1' })
await producer.connect()
const compression = codec === 'lz4' ? CompressionTypes.LZ4 : CompressionTypes.None
const send = messages => producer.send({ topic, messages, acks: -1, compression })
if (mode === 'latency') await measureLatency(send)
else await produceArrays(send)
await producer.disconnect()
