import { alterConfigs, configResourceTypes, configSources, createPartitions, deleteTopics, describeConfigs } from '@logwerk/protocol'
import { ZERO_UUID } from '@logwerk/runtime'
import { createSimulation } from '@logwerk/runtime/simulated'
import { describe, expect, test } from 'vitest'
import { RawClient } from './raw-client.test-support.ts'
import { batchOf, TCP, TestBroker } from './test-broker.test-support.ts'
import { Workload } from './workload.test-support.ts'

async function ownConfigs(broker: TestBroker, resourceName: string) {
  const { results } = await broker.ask(describeConfigs, 4, {
    resources: [{ resourceType: configResourceTypes.TOPIC, resourceName, configurationKeys: null }],
  })
  return results[0]!.configs.filter(({ configSource }) => configSource === configSources.TOPIC).map(({ name, value }) => `${name}=${value}`)
}

describe.each(['kill', 'crash', 'clean'] as const)('after a restart (%s)', end => {
  const restart = (broker: TestBroker) => (end === 'clean' ? broker.restartCleanly() : broker.restartAfter(end))

  test('topics, their ids, partitions and configs are as they were', async () => {
    const broker = await TestBroker.open({ dataDir: '/data' })
    const orders = await broker.createTopic('orders', 2, { 'cleanup.policy': 'compact', 'segment.ms': '5000' })
    const gone = await broker.createTopic('gone')
    await broker.ask(createPartitions, 3, {
      topics: [{ name: 'orders', count: 5, assignments: null }],
      timeoutMs: 1000,
      validateOnly: false,
    })
    await broker.ask(alterConfigs, 2, {
      resources: [{ resourceType: configResourceTypes.TOPIC, resourceName: 'orders', configs: [{ name: 'segment.ms', value: '6000' }] }],
      validateOnly: false,
    })
    await broker.ask(deleteTopics, 6, { topics: [{ name: 'gone', topicId: ZERO_UUID }], timeoutMs: 1000 })
    const again = await broker.createTopic('gone', 3)
    await restart(broker)
    expect(await broker.describe('orders')).toMatchObject({ errorCode: 'NONE', topicId: orders })
    expect((await broker.describe('orders')).partitions).toHaveLength(5)
    expect(await ownConfigs(broker, 'orders')).toEqual(['segment.ms=6000'])
    expect(await broker.describe('gone')).toMatchObject({ topicId: again })
    expect((await broker.describe('gone')).partitions).toHaveLength(3)
    expect(again).not.toBe(gone)
  })

  test('records are there, and a batch that was acknowledged is known when it comes again', async () => {
    const broker = await TestBroker.open({ dataDir: '/data' })
    await broker.createTopic('orders')
    const batch = (baseSequence: number) => batchOf([`v${baseSequence}`], { producerId: 7, producerEpoch: 0, baseSequence })
    for (let sequence = 0; sequence < 3; sequence++) await broker.produce('orders', 0, batch(sequence))
    await restart(broker)
    expect(await broker.produce('orders', 0, batch(2))).toMatchObject({ errorCode: 'NONE', baseOffset: 2 })
    expect(await broker.produce('orders', 0, batch(3))).toMatchObject({ errorCode: 'NONE', baseOffset: 3 })
    expect((await broker.produce('orders', 0, batch(5))).errorCode).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
    expect(await broker.values('orders')).toEqual(['0:v0', '1:v1', '2:v2', '3:v3'])
  })
})

test('a topic that a crash left half made does not keep later starts from being clean ones', async () => {
  const broker = await TestBroker.open({ dataDir: '/data' })
  await broker.createTopic('orders')
  broker.simulation.files.makeDirectory('/data/half-made-0')
  await broker.restartAfter('kill')
  await broker.restartCleanly()
  const { leaderEpoch } = (await broker.describe('orders')).partitions[0]!
  await broker.restartCleanly()
  expect((await broker.describe('orders')).partitions[0]!.leaderEpoch).toBe(leaderEpoch)
  expect(broker.simulation.files.list('/data').filter(name => name.startsWith('half'))).toEqual([
    expect.stringMatching(/^half-made-0\.\w{22}-stray$/),
  ])
})

test('clients connect again', async () => {
  const broker = await TestBroker.open({ dataDir: '/data', port: 9092, host: 'localhost' })
  const client = await broker.connectFrom('client')
  await broker.restartAfter('kill')
  await broker.run(client.whenClosed())
  const again = await broker.run(RawClient.connect(broker.simulation.machine('client').world.network, TCP))
  expect(again.isClosed).toBe(false)
})

describe('whatever step of the disk is the last one, what was acknowledged is there after the restart', () => {
  /** Disk steps of the whole workload, opening included. */
  async function stepCount(): Promise<number> {
    const simulation = createSimulation({ seed: 5 })
    const workload = new Workload(simulation)
    await simulation.runUntil(workload.run())
    expect(workload.acknowledged.length).toBeGreaterThan(15)
    return simulation.disk.steps
  }

  test.each(['kill', 'crash'] as const)('%s', async by => {
    const steps = await stepCount()
    for (let step = 1; step <= steps; step++) {
      const simulation = createSimulation({ seed: step })
      simulation.disk.crashAtStep(step, { by })
      const workload = new Workload(simulation)
      const machine = simulation.machine('localhost')
      await simulation.runUntil(Promise.race([workload.run(), machine.whenDown()]))
      simulation.disk.heal()
      if (machine.running) machine.kill()
      machine.restart()
      await simulation.runUntil(workload.check(`${by} at step ${step} of ${steps}`))
    }
  })
})
