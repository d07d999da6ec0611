// A member of a group, with kafkajs, until its standard input ends; see src/foreign-member.ts for what it prints.
//
// group-member.mjs FOLDER BOOTSTRAP GROUP TOPIC STRATEGY   where kafkajs is installed; of its assignors it has only roundrobin
import { createRequire } from 'node:module'
import { join } from 'node:path'

const [folder, bootstrap, groupId, topic] = process.argv.slice(2)
const { Kafka, logLevel } = createRequire(join(folder, 'package.json'))('kafkajs')

const show = (...line) => process.stdout.write(`${JSON.stringify(line)}\n`)

const kafka = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING })
const consumer = kafka.consumer({ groupId, heartbeatInterval: 500 })
consumer.on(consumer.events.REBALANCING, () => show('holds', []))
consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => show('holds', payload.memberAssignment[topic] ?? []))
consumer.on(consumer.events.CRASH, ({ payload }) => {
  console.error(payload.error)
  process.exit(1)
})
await consumer.connect()
await consumer.subscribe({ topic, fromBeginning: true })
await consumer.run({
  eachMessage: async ({ partition, message }) => {
    show('record', partition, Number(message.offset), message.key.toString(), message.value.toString())
  },
})
for await (const _ of process.stdin);
await consumer.disconnect()
