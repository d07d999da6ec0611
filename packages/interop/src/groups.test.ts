import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Admin, createAdmin } from '@logwerk/admin'
import { type Broker, openBroker } from '@logwerk/broker'
import { type Consumer, createConsumer } from '@logwerk/consumer'
import { createProducer } from '@logwerk/producer'
import { string } from '@logwerk/serde-bytes'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  ForeignMember,
  javaMember,
  kafkajsMember,
  librdkafkaMember,
  type Member,
  type MemberProgram,
  type ReadRecord,
  Watch,
} from './foreign-member.ts'
import { type RealKafka, startRealKafka } from './real-kafka.ts'

// Groups of foreign clients on our broker, and groups that our consumer and Kafka's share, on the real Kafka and on ours.

const PARTITION_COUNT = 6
const KEY_COUNT = 20

const dataDir = mkdtempSync(join(tmpdir(), 'logwerk-groups-'))
const foreigners: ForeignMember[] = []
let broker: Broker
let kafka: RealKafka
let programs: Readonly<Record<'java' | 'librdkafka' | 'kafkajs', MemberProgram>>

beforeAll(async () => {
  const [java, librdkafka, kafkajs] = await Promise.all([javaMember(), librdkafkaMember(), kafkajsMember()])
  programs = { java, librdkafka, kafkajs }
  broker = await openBroker({ dataDir, port: 0 })
  kafka = await startRealKafka()
})

afterAll(async () => {
  for (const member of foreigners) member.kill()
  kafka?.wipe()
  await broker?.close()
  rmSync(dataDir, { recursive: true, force: true })
})

/** A topic of its own, a group of the same name, and everything that a test does with both. */
class Scene {
  readonly name: string
  readonly watch = new Watch()
  readonly #server: string
  readonly #admin: Admin
  #produced = 0

  private constructor(server: string, name: string) {
    this.#server = server
    this.name = name
    this.#admin = createAdmin({ bootstrapServers: [server] })
  }

  static async open(server: string, name: string): Promise<Scene> {
    const scene = new Scene(server, name)
    await scene.#admin.createTopics([{ name, partitions: PARTITION_COUNT }])
    return scene
  }

  foreign(program: MemberProgram, strategy: string): ForeignMember {
    const member = new ForeignMember(program, this.watch, this.#server, this.name, this.name, strategy)
    foreigners.push(member)
    return member
  }

  async ours(strategy: string): Promise<Member> {
    const consumer = createConsumer({
      bootstrapServers: [this.#server],
      groupId: this.name,
      partitionAssignmentStrategy: [strategy],
      autoOffsetReset: 'earliest',
      heartbeatIntervalMs: 500,
      key: string,
      value: string,
    })
    const told = () => this.watch.changed()
    await consumer.subscribe([this.name], { onPartitionsAssigned: told, onPartitionsRevoked: told, onPartitionsLost: told })
    return new OurMember(consumer, this.watch)
  }

  /** Produces records whose values count up for each key. */
  async produce(count: number): Promise<void> {
    const producer = createProducer({ bootstrapServers: [this.#server], key: string, value: string })
    const records = Array.from({ length: count }, (_, index) => {
      const number = this.#produced + index
      return { topic: this.name, key: `key-${number % KEY_COUNT}`, value: `${Math.floor(number / KEY_COUNT)}` }
    })
    await producer.sendBatch(records)
    await producer.close()
    this.#produced += count
  }

  /** Waits until the members share all partitions, so many each. */
  async shared(members: readonly Member[], each: number): Promise<void> {
    await this.watch.until(
      () =>
        `${members.length} members share ${PARTITION_COUNT} partitions, ${each} each; they hold ${JSON.stringify(members.map(({ held }) => held))}`,
      () => new Set(members.flatMap(({ held }) => held)).size === PARTITION_COUNT && members.every(({ held }) => held.length === each),
    )
  }

  /** Waits until so many records have been read. */
  async read(members: readonly Member[], count: number): Promise<void> {
    const readCount = () => members.reduce((sum, { records }) => sum + records.length, 0)
    await this.watch.until(
      () => `${count} records are read; there are ${readCount()}`,
      () => readCount() >= count,
    )
  }

  /** What the group has committed is the end of every partition. */
  async expectAllCommitted(): Promise<void> {
    const lag = await this.#admin.groupLag(this.name)
    expect(lag.map(({ partition, lag }) => [partition, lag])).toEqual(
      Array.from({ length: PARTITION_COUNT }, (_, partition) => [partition, 0]),
    )
  }

  async close(): Promise<void> {
    await this.#admin.close()
  }
}

/** Our consumer, read on and on. */
class OurMember implements Member {
  readonly records: ReadRecord[] = []
  readonly #consumer: Consumer<string, string>
  readonly #loop: Promise<void>

  constructor(consumer: Consumer<string, string>, watch: Watch) {
    this.#consumer = consumer
    this.#loop = (async () => {
      for await (const { partition, offset, key, value } of consumer) {
        this.records.push({ partition, offset, key: key!, value: value! })
        watch.changed()
      }
    })()
    this.#loop.catch(error => watch.failed(error))
  }

  get held(): readonly number[] {
    return this.#consumer.assignment().map(({ partition }) => partition)
  }

  async stop(): Promise<void> {
    await this.#consumer.close()
    await this.#loop
  }
}

/** Every record once, every partition by one member, and each key's values in order. */
function expectShared(parts: readonly (readonly ReadRecord[])[], from: number, count: number): void {
  const all = parts.flat()
  expect(all).toHaveLength(count)
  for (const [index, records] of parts.entries()) {
    const mine = new Set(records.map(({ partition }) => partition))
    for (const other of parts.slice(index + 1)) for (const { partition } of other) expect(mine.has(partition)).toBe(false)
  }
  for (let key = 0; key < KEY_COUNT; key++) {
    const values = all.filter(record => record.key === `key-${key}`).map(({ value }) => Number(value))
    const first = Math.floor(from / KEY_COUNT)
    expect(values).toEqual(Array.from({ length: count / KEY_COUNT }, (_, index) => first + index))
  }
}

describe.each([
  ['java', 'range'],
  ['java', 'cooperative-sticky'],
  ['librdkafka', 'range'],
  ['librdkafka', 'cooperative-sticky'],
  ['kafkajs', 'roundrobin'],
] as const)('a group of %s (%s) on our broker', (client, strategy) => {
  test('shares a topic, keeps the order of keys, commits, and goes on from there after a restart', async () => {
    const scene = await Scene.open(broker.bootstrapServers[0]!, `${client}-${strategy}`)
    const members = [scene.foreign(programs[client], strategy), scene.foreign(programs[client], strategy)]
    await scene.shared(members, 3)
    await scene.produce(400)
    await scene.read(members, 400)
    expectShared(
      members.map(({ records }) => records),
      0,
      400,
    )
    // One after the other: a commit in the middle of a rebalance is refused, and librdkafka does not try it again when it closes.
    await members[0]!.stop()
    await scene.shared([members[1]!], PARTITION_COUNT)
    await members[1]!.stop()
    await scene.expectAllCommitted()
    await scene.produce(200)
    const again = scene.foreign(programs[client], strategy)
    await scene.read([again], 200)
    await again.stop()
    expectShared([again.records], 400, 200)
    await scene.expectAllCommitted()
    await scene.close()
  })
})

describe.each(['ours', 'the real Kafka'])('on %s', where => {
  test.each(['cooperative-sticky', 'range'])(
    'our consumer and a Java consumer share a group (%s), and each takes over when the other one leaves',
    async strategy => {
      const server = where === 'ours' ? broker.bootstrapServers[0]! : kafka.bootstrapServers[0]!
      const scene = await Scene.open(server, `shared-${strategy}`)
      const ours = await scene.ours(strategy)
      await scene.shared([ours], 6)
      const java = scene.foreign(programs.java, strategy)
      await scene.shared([ours, java], 3)
      await scene.produce(400)
      await scene.read([ours, java], 400)
      expectShared([ours.records, java.records], 0, 400)

      await ours.stop()
      await scene.shared([java], 6)
      // All that it was given before it has read, and of what follows nothing is produced yet.
      const before = java.records.length
      await scene.produce(200)
      await scene.read([java], before + 200)
      expectShared([java.records.slice(before)], 400, 200)

      const next = await scene.ours(strategy)
      await scene.shared([java, next], 3)
      await java.stop()
      await scene.shared([next], 6)
      await scene.produce(200)
      await scene.read([next], 200)
      expectShared([next.records], 600, 200)
      await next.stop()
      await scene.expectAllCommitted()
      await scene.close()
    },
  )
})
