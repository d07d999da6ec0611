import { type Broker, openBroker } from '@logwerk/broker'
import { clientConfig, KafkaClient, type KafkaClientOptions } from '@logwerk/client'
import { createCodecs } from '@logwerk/compression'
import { createProducer, type Producer } from '@logwerk/producer'
import { batchesOf, fetchApi } from '@logwerk/protocol'
import { randomBelow } from '@logwerk/runtime'
import { createSimulation, type SeededRandom, type Simulation } from '@logwerk/runtime/simulated'
import { beforeAll, describe, expect, test } from 'vitest'
import { checkDelivery, type SentRecord } from './delivery-check.ts'

// An idempotent producer and the embedded broker on a durable disk, under every fault at once. Each seed is another run of it.

const SEEDS = Number(process.env['LOGWERK_SEEDS'] ?? 20)
const STEPS = 60
const PROBE = 'probe'
/** Batches above this are refused, and split by the producer; a record of this size alone cannot be helped. */
const MAX_BATCH_BYTES = 3000
const POISON_BYTES = 4000
const TOPICS: Readonly<Record<string, number>> = { t: 2, u: 1 }
const LOGS = Object.entries(TOPICS).flatMap(([topic, count]) => Array.from({ length: count }, (_, partition) => ({ topic, partition })))
const codecs = createCodecs({ native: () => null })

// Nothing of a simulation may wait for the real world.
beforeAll(() => codecs.ready())

class Chaos {
  readonly simulation: Simulation
  readonly sent: SentRecord[] = []
  /** Ids of records that the broker cannot take. */
  readonly poison = new Set<string>()
  /** Records have the time to outlive every fault. */
  readonly patient: boolean
  readonly #random: SeededRandom
  readonly #producer: Producer<string | Uint8Array, string | Uint8Array>
  #broker: Broker | null = null

  constructor(seed: number) {
    this.simulation = createSimulation({ seed })
    this.#random = this.simulation.random('chaos')
    const { network } = this.simulation
    network.settings.delay = { minMs: 0, maxMs: this.#pick([1, 5, 40]) }
    this.simulation.machine('b')
    this.patient = this.#below(3) > 0
    this.#producer = createProducer({
      world: this.simulation.world,
      bootstrapServers: ['b:9092'],
      lingerMs: this.#pick([0, 5, 50]),
      batchSize: this.#pick([0, 300, 16_384]),
      maxBatchFillBytes: this.#pick([0, 1000, 262_144]),
      bufferMemory: this.#pick([20_000, 33_554_432]),
      compressionType: this.#pick(['none', 'none', 'none', 'none', 'gzip', 'lz4']),
      requestTimeoutMs: this.#pick([500, 5000]),
      deliveryTimeoutMs: this.patient ? 600_000 : 6000,
      maxBlockMs: 600_000,
      reconnectBackoffMaxMs: 200,
    })
  }

  async run(): Promise<string[]> {
    await this.#start()
    for (let step = 0; step < STEPS; step++) await this.#step()
    await this.#calm()
    await this.simulation.runUntil(this.#producer.flush())
    // Whatever came before, it is in the past.
    for (const { topic, partition } of LOGS) await this.simulation.runUntil(this.#producer.send({ topic, partition, value: PROBE }))
    await this.simulation.runUntil(this.#producer.close())
    return checkDelivery(this.sent, await this.#logs())
  }

  async #step(): Promise<void> {
    const { simulation } = this
    const machine = simulation.machine('b')
    const { disk } = machine
    switch (
      this.#pick(['send', 'send', 'send', 'send', 'wait', 'wait', 'cut', 'silence', 'partition', 'heal', 'kill', 'crash', 'sync', 'fail'])
    ) {
      case 'send':
        this.#send(1 + this.#below(60))
        return await simulation.advance(this.#below(20))
      case 'wait':
        return await simulation.advance(this.#below(400))
      case 'cut':
        simulation.network.cut()
        return
      case 'silence':
        if (this.#below(3) === 0) simulation.network.silence()
        return
      case 'partition':
        simulation.network.partition('localhost', 'b')
        return await simulation.advance(this.#below(300))
      case 'heal':
        simulation.network.heal()
        return
      case 'kill':
        machine.kill()
        return await this.#restart()
      case 'crash':
        machine.crash()
        return await this.#restart()
      case 'sync':
        disk.settings.syncDelay = { minMs: 0, maxMs: this.#pick([0, 2, 200]) }
        return
      case 'fail': {
        const operation = this.#pick(['datasync', 'write'])
        disk.fail(operation, { nth: 1 + this.#below(5), path: path => LOGS.some(({ topic }) => path.includes(`/${topic}-`)) })
        await simulation.advance(this.#below(500))
        disk.heal()
        // A log whose disk has failed takes nothing more until the broker is opened anew.
        if (operation === 'datasync') machine.crash()
        else machine.kill()
        return await this.#restart()
      }
    }
  }

  #send(count: number): void {
    for (let index = 0; index < count; index++) {
      const { topic, partition } = this.#pick(LOGS)
      const record: SentRecord = { log: `${topic}-${partition}`, id: `${this.sent.length}`, fates: [] }
      const sizeBytes = this.#pick([0, 0, 20, 20, 500, 500, 1000, this.#below(10) === 0 ? POISON_BYTES : 20])
      if (sizeBytes === POISON_BYTES) this.poison.add(record.id)
      const value = `${record.id} ${'x'.repeat(sizeBytes)}`
      const taken = this.#producer.enqueue({ topic, partition, value }, (error, metadata) => {
        record.fates.push(error === null ? metadata!.offset : null)
      })
      if (!taken) return
      this.sent.push(record)
    }
  }

  async #restart(): Promise<void> {
    await this.simulation.advance(this.#below(300))
    this.simulation.machine('b').restart()
    await this.#start()
  }

  async #start(): Promise<void> {
    const { simulation } = this
    const { world } = simulation.machine('b')
    const opening = openBroker({
      world,
      dataDir: '/data',
      host: 'b',
      port: 9092,
      allowRemote: true,
      numPartitions: TOPICS['t']!,
      messageMaxBytes: MAX_BATCH_BYTES,
    })
    this.#broker = await simulation.runUntil(opening)
  }

  /** All faults are over. */
  async #calm(): Promise<void> {
    const { simulation } = this
    const { disk } = simulation.machine('b')
    simulation.network.heal()
    disk.heal()
    disk.settings.syncDelay = { minMs: 0, maxMs: 2 }
    await simulation.runUntil(this.#broker!.close())
    await this.#start()
  }

  async #logs(): Promise<Map<string, string[]>> {
    const defaults = Object.fromEntries(Object.entries(clientConfig).map(([name, option]) => [name, option.default]))
    const client = new KafkaClient(this.simulation.world, {
      ...(defaults as unknown as KafkaClientOptions),
      bootstrap: [{ host: 'b', port: 9092 }],
      allowAutoTopicCreation: false,
    })
    const logs = new Map<string, string[]>()
    for (const { topic, partition } of LOGS) {
      const ids: string[] = []
      for (let end = false; !end; ) {
        const answer = await this.simulation.runUntil(
          client.sendToAny(
            fetchApi,
            {
              maxWaitMs: 0,
              minBytes: 0,
              topics: [{ topic, partitions: [{ partition, fetchOffset: ids.length, partitionMaxBytes: 1 << 20 }] }],
            },
            { maxVersion: 12 },
          ),
        )
        const found = answer.responses[0]?.partitions[0]
        expect(found?.errorCode).toBe('NONE')
        end = found?.records === null || found?.records.length === 0
        for (const batch of batchesOf(found?.records ?? Buffer.alloc(0))) {
          expect(batch.baseOffset).toBe(ids.length)
          for (const { value } of batch.records(batch.payload(codecs))) ids.push(String(value).split(' ')[0]!)
        }
      }
      expect(ids.pop()).toBe(PROBE)
      logs.set(`${topic}-${partition}`, ids)
    }
    client.close()
    return logs
  }

  #below(bound: number): number {
    return randomBelow(this.#random, bound)
  }

  #pick<const T>(options: readonly T[]): T {
    return options[this.#below(options.length)]!
  }
}

describe('whatever happens, what an idempotent producer was told is so', () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    test(`seed ${seed}`, async () => {
      const chaos = new Chaos(seed)
      expect(await chaos.run()).toEqual([])
      expect(chaos.sent.length).toBeGreaterThan(0)
      if (chaos.patient) expect(chaos.sent.filter(({ id, fates }) => fates[0] === null && !chaos.poison.has(id))).toEqual([])
    })
  }
})
