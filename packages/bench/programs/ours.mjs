// Logwerk. API=simple takes `sendBatch` and the record iterator, which make a promise per record; otherwise `enqueue` and `batches`.
//
// BOOTSTRAP is addresses, or `embedded memory`, or `embedded batch|interval|os DIRECTORY` for a broker in this process, which listens
// on no port.
import { openBroker } from '@logwerk/broker'
import { createConsumer } from '@logwerk/consumer'
import { createProducer } from '@logwerk/producer'
import {
  bootstrap,
  codec,
  count,
  measureLatency,
  mode,
  payload,
  produceArrays,
  reportProduced,
  stopwatch,
  tally,
  topic,
} from './common.mjs'

const simple = process.env.API === 'simple'
const [where, fsync, dataDir] = bootstrap.split(' ')
const broker = where !== 'embedded' ? null : await openBroker({ numPartitions: 6, ...(dataDir === undefined ? {} : { fsync, dataDir }) })
const target = broker === null ? { bootstrapServers: bootstrap.split(',') } : { broker }

if (mode === 'latency') await latency()
else if (mode === 'consume') {
  if (broker !== null) await produce(() => {})
  await consume()
} else if (simple) await produceSimply()
else await produce(reportProduced)
await broker?.close()

async function produce(reportFigures) {
  const producer = createProducer({ ...target, compressionType: codec })
  // Connects: the peers do so before their first send too.
  await producer.partitionsFor(topic)
  let failedCount = 0
  let failure = null
  const delivered = error => {
    if (error === null) return
    failedCount++
    failure ??= error
  }
  const elapsed = stopwatch()
  for (let index = 0; index < count; ) {
    if (producer.enqueue({ topic, value: payload(index) }, delivered)) index++
    else await producer.ready()
  }
  await producer.flush()
  const figures = elapsed()
  if (failure !== null) throw new Error(`${failedCount} of ${count} records were not delivered`, { cause: failure })
  await producer.close()
  reportFigures(figures)
}

async function produceSimply() {
  const producer = createProducer({ ...target, compressionType: codec })
  await producer.partitionsFor(topic)
  await produceArrays(records => producer.sendBatch(records), { topic })
  await producer.close()
}

async function latency() {
  const producer = createProducer({ ...target, lingerMs: 0 })
  await measureLatency(([record]) => producer.send(record), { topic })
  await producer.close()
}

async function consume() {
  const consumer = createConsumer({
    ...target,
    groupId: `ours-${process.pid}-${Date.now()}`,
    autoOffsetReset: 'earliest',
    enableAutoCommit: false,
  })
  const read = tally()
  await consumer.subscribe([topic])
  if (simple) {
    for await (const record of consumer) {
      read.add(record.value.length)
      if (read.isDone) break
    }
  } else {
    for await (const batch of consumer.batches()) {
      for (const record of batch.records) read.add(record.value.length)
      if (read.isDone) break
    }
  }
  await consumer.close()
}
