import {
  batchesOf,
  configOperations,
  configResourceTypes,
  createPartitions,
  createTopics,
  deleteRecords,
  deleteTopics,
  describeConfigs,
  fetchApi,
  incrementalAlterConfigs,
  initProducerId,
  metadata,
  produce,
} from '@logwerk/protocol'
import { ZERO_UUID } from '@logwerk/runtime'
import type { Simulation } from '@logwerk/runtime/simulated'
import { expect } from 'vitest'
import { openBroker } from './open-broker.ts'
import { RawClient } from './raw-client.test-support.ts'
import { batchOf, codecs, TCP } from './test-broker.test-support.ts'

/** A bit of everything that changes a broker, from a client on another machine, and the check that what was acknowledged has stayed. */
export class Workload {
  /** What the broker has said is done, in order. */
  readonly acknowledged: string[] = []
  readonly #simulation: Simulation
  #topicIds = new Map<string, string>()
  #partitionCount = 0
  #segmentMs: string | null = null
  #deletedTopic = false
  #logStart = 0
  #values: string[] = []
  #producerIds = new Set<number>()

  constructor(simulation: Simulation) {
    this.#simulation = simulation
  }

  /** Opens a broker and works until everything is done. Never settles if the broker's machine goes down before. */
  async run(): Promise<void> {
    const client = await this.#open()
    for (const name of ['orders', 'doomed']) {
      const { topics } = await client.ask(createTopics, 7, {
        topics: [{ name, numPartitions: 2, replicationFactor: 1, assignments: [], configs: [] }],
        timeoutMs: 1000,
      })
      this.#done(topics[0]!.errorCode, `create ${name}`)
      this.#topicIds.set(name, topics[0]!.topicId)
    }
    this.#partitionCount = 2
    for (let count = 0; count < 4; count++) await this.#produce(client)
    await this.#initProducerId(client)
    const { responses: altered } = await client.ask(incrementalAlterConfigs, 1, {
      resources: [
        {
          resourceType: configResourceTypes.TOPIC,
          resourceName: 'orders',
          configs: [{ name: 'segment.ms', configOperation: configOperations.SET, value: '5000' }],
        },
      ],
      validateOnly: false,
    })
    this.#done(altered[0]!.errorCode, 'alter')
    this.#segmentMs = '5000'
    const { topics: trimmed } = await client.ask(deleteRecords, 2, {
      topics: [{ name: 'orders', partitions: [{ partitionIndex: 0, offset: 2 }] }],
      timeoutMs: 1000,
    })
    this.#done(trimmed[0]!.partitions[0]!.errorCode, 'delete records')
    this.#logStart = 2
    const { results: grown } = await client.ask(createPartitions, 3, {
      topics: [{ name: 'orders', count: 3, assignments: null }],
      timeoutMs: 1000,
      validateOnly: false,
    })
    this.#done(grown[0]!.errorCode, 'grow')
    this.#partitionCount = 3
    const { responses: deleted } = await client.ask(deleteTopics, 6, { topics: [{ name: 'doomed', topicId: ZERO_UUID }], timeoutMs: 1000 })
    this.#done(deleted[0]!.errorCode, 'delete')
    this.#deletedTopic = true
    for (let count = 0; count < 4; count++) await this.#produce(client)
    await this.#initProducerId(client)
  }

  /** Opens a broker on what is left on the disk, and compares. @param when  For the message. */
  async check(when: string): Promise<void> {
    const client = await this.#open()
    const { topics } = await client.ask(metadata, 12, { topics: null })
    const topic = (name: string) => topics.find(found => found.name === name)
    for (const [name, topicId] of this.#topicIds) {
      if (name === 'doomed' && (this.#deletedTopic || topic(name) === undefined)) continue
      expect(topic(name), `${when}: ${name}`).toMatchObject({ errorCode: 'NONE', topicId })
    }
    // What was under way may have happened, or not.
    if (this.#deletedTopic) expect(topic('doomed'), when).toBeUndefined()
    if (!this.#topicIds.has('orders')) return
    const { partitions } = topic('orders')!
    expect(partitions.length, `${when}: partitions`).toBeGreaterThanOrEqual(this.#partitionCount)
    if (this.#segmentMs !== null) {
      const { results } = await client.ask(describeConfigs, 4, {
        resources: [{ resourceType: configResourceTypes.TOPIC, resourceName: 'orders', configurationKeys: ['segment.ms'] }],
      })
      expect(results[0]!.configs[0]!.value, when).toBe(this.#segmentMs)
    }
    await this.#checkRecords(client, when)
    await this.#initProducerId(client)
    await this.#produce(client)
  }

  async #checkRecords(client: RawClient, when: string): Promise<void> {
    // A deletion of the first two may have been under way.
    const fetchOffset = Math.min(this.#values.length, 2)
    const { responses } = await client.ask(fetchApi, 12, {
      maxWaitMs: 0,
      minBytes: 0,
      topics: [{ topic: 'orders', partitions: [{ partition: 0, fetchOffset, partitionMaxBytes: 1 << 20 }] }],
    })
    const { errorCode, records, logStartOffset } = responses[0]!.partitions[0]!
    expect(errorCode, `${when}: fetch`).toBe('NONE')
    expect(logStartOffset, when).toBeGreaterThanOrEqual(this.#logStart)
    const found = [...batchesOf(records!)].flatMap(batch => batch.records(batch.payload(codecs)).map(({ value }) => String(value)))
    const acknowledged = this.#values.slice(fetchOffset)
    expect(found.slice(0, acknowledged.length), `${when}: records`).toEqual(acknowledged)
    // The one that was under way at most.
    expect(found.length, `${when}: records`).toBeLessThanOrEqual(acknowledged.length + 1)
    this.#values = [...this.#values.slice(0, fetchOffset), ...found]
  }

  async #produce(client: RawClient): Promise<void> {
    const value = `v${this.#values.length}`
    const response = await client.ask(produce, 12, {
      acks: -1,
      timeoutMs: 1000,
      topicData: [{ name: 'orders', partitionData: [{ index: 0, records: batchOf([value]) }] }],
    })
    const { errorCode, baseOffset } = response.responses[0]!.partitionResponses[0]!
    this.#done(errorCode, `produce ${value}`)
    expect(baseOffset).toBe(this.#values.length)
    this.#values.push(value)
  }

  async #initProducerId(client: RawClient): Promise<void> {
    const { errorCode, producerId } = await client.ask(initProducerId, 5, { transactionalId: null, transactionTimeoutMs: 0 })
    this.#done(errorCode, `producer id ${producerId}`)
    expect(this.#producerIds.has(producerId), `producer id ${producerId} was given out before`).toBe(false)
    this.#producerIds.add(producerId)
  }

  #done(errorCode: string, what: string): void {
    expect(errorCode, what).toBe('NONE')
    this.acknowledged.push(what)
  }

  async #open(): Promise<RawClient> {
    await openBroker({ world: this.#simulation.world, dataDir: '/data', port: TCP.port, host: TCP.host })
    return RawClient.connect(this.#simulation.machine('client').world.network, TCP)
  }
}
