import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'

const PARTITION_COUNT = 6

/** Makes topics and looks at them. */
export interface Topics {
  /** Six partitions. */
  create(topic: string): Promise<void>
  delete(topics: readonly string[]): Promise<void>
  /** Records in the topic, taken from its offsets. */
  recordCount(topic: string): Promise<number>
  close(): Promise<void>
}

/** The part of kafkajs that is used here: none of the clients that are compared should vouch for itself, so one does it for all. */
interface KafkaJs {
  readonly Kafka: new (options: { brokers: string[]; logLevel: number }) => { admin(): Admin }
}
interface Admin {
  connect(): Promise<void>
  createTopics(request: { waitForLeaders: boolean; topics: { topic: string; numPartitions: number }[] }): Promise<boolean>
  fetchTopicMetadata(request: {
    topics: string[]
  }): Promise<{ readonly topics: readonly { readonly partitions: readonly { readonly leader: number }[] }[] }>
  deleteTopics(request: { topics: string[] }): Promise<void>
  fetchTopicOffsets(topic: string): Promise<{ readonly low: string; readonly high: string }[]>
  disconnect(): Promise<void>
}

const LOG_NOTHING = 0
const CREATED_AFTER_MS = 20_000
const LOOK_AGAIN_MS = 50

/** Connects to the broker. `peers` is where kafkajs is installed. */
export async function openTopics(peers: string, bootstrap: string): Promise<Topics> {
  const module: { readonly default: KafkaJs } = await import(pathToFileURL(join(peers, 'node_modules/kafkajs/index.js')).href)
  const admin = new module.default.Kafka({ brokers: bootstrap.split(','), logLevel: LOG_NOTHING }).admin()
  await admin.connect().catch(error => {
    throw new Error(`no Kafka broker answers at ${bootstrap}: start one, or leave --bootstrap out (${String(error)})`)
  })
  return {
    async create(topic) {
      await admin.createTopics({ waitForLeaders: false, topics: [{ topic, numPartitions: PARTITION_COUNT }] })
      await untilLed(admin, topic)
    },
    async delete(topics) {
      if (topics.length > 0) await admin.deleteTopics({ topics: [...topics] })
    },
    async recordCount(topic) {
      const partitions = await admin.fetchTopicOffsets(topic)
      return partitions.reduce((sum, { low, high }) => sum + Number(high) - Number(low), 0)
    },
    close: () => admin.disconnect(),
  }
}

/** A new topic is not known to the broker at once, and has no leaders at first; no client shall be the one to wait for them. */
async function untilLed(admin: Admin, topic: string): Promise<void> {
  const deadlineMs = performance.now() + CREATED_AFTER_MS
  for (;;) {
    try {
      const partitions = (await admin.fetchTopicMetadata({ topics: [topic] })).topics.flatMap(found => found.partitions)
      if (partitions.length === PARTITION_COUNT && partitions.every(({ leader }) => leader >= 0)) return
    } catch (error) {
      if (performance.now() > deadlineMs) throw error
    }
    if (performance.now() > deadlineMs) throw new Error(`the new topic ${topic} has no leaders after ${CREATED_AFTER_MS / 1000} s`)
    await delay(LOOK_AGAIN_MS)
  }
}
