import { createAdmin } from '@logwerk/admin'
import { openBroker } from '@logwerk/broker'
import { createConsumer } from '@logwerk/consumer'
import { createProducer } from '@logwerk/producer'
import { string } from '@logwerk/serde-bytes'
import { json } from '@logwerk/serde-json'

interface Reading {
  readonly celsius: number
}
const READINGS = 1000

const given = process.env['KAFKA_BOOTSTRAP_SERVERS']
// Without an address the embedded broker stands in, on a TCP port: the clients below see no difference.
await using embedded = given === undefined ? await openBroker({ port: 0 }) : null
const bootstrapServers = given?.split(',') ?? [...embedded!.bootstrapServers]
console.log(
  `using ${given === undefined ? 'an embedded broker, because KAFKA_BOOTSTRAP_SERVERS is not set,' : 'the cluster'} at ${bootstrapServers}`,
)

await using admin = createAdmin({ bootstrapServers })
const { clusterId, nodes } = await admin.describeCluster()
console.log(`cluster ${clusterId} with ${nodes.length} broker${nodes.length === 1 ? '' : 's'}`)

// A topic of its own, gone afterwards: this may be somebody's cluster.
const topic = `logwerk-example-${Date.now()}`
const groupId = `${topic}-group`
await admin.createTopics([{ name: topic, partitions: 3 }])
try {
  await sendAndRead()
  await admin.deleteGroups([groupId])
} finally {
  await admin.deleteTopics([topic])
}

async function sendAndRead(): Promise<void> {
  await using producer = createProducer({ bootstrapServers, key: string, value: json<Reading>(), compressionType: 'zstd' })
  for (let reading = 0; reading < READINGS; reading++) {
    while (!producer.enqueue({ topic, key: `sensor-${reading % 10}`, value: { celsius: 20 + (reading % 7) } })) await producer.ready()
  }
  await producer.flush()
  console.log(`sent ${READINGS} readings to ${topic}`)

  await using consumer = createConsumer({ bootstrapServers, groupId, autoOffsetReset: 'earliest', key: string, value: json<Reading>() })
  await consumer.subscribe([topic])
  let [count, sum] = [0, 0]
  for await (const { records } of consumer.batches()) {
    for (const { value } of records) sum += value!.celsius
    count += records.length
    if (count >= READINGS) break
  }
  console.log(`read ${count} readings, ${(sum / count).toFixed(1)} °C on average`)
  const expected = Array.from({ length: READINGS }, (_, reading) => 20 + (reading % 7)).reduce((a, b) => a + b)
  if (count !== READINGS || sum !== expected)
    throw new Error(`expected ${READINGS} readings with a sum of ${expected}, not ${count} with ${sum}`)
}
