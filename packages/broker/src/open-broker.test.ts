import { joinGroup, metadata, syncGroup } from '@logwerk/protocol'
import { KafkaError, messageOf, type World } from '@logwerk/runtime'
import { createSimulation } from '@logwerk/runtime/simulated'
import { describe, expect, test } from 'vitest'
import { countedTimers } from './counted-timers.test-support.ts'
import { type OpenBrokerOptions, openBroker } from './open-broker.ts'
import { batchOf, TestBroker } from './test-broker.test-support.ts'

/** What opening a broker fails with, as `CODE message`. */
async function failureOf(options: OpenBrokerOptions, simulation = createSimulation({ seed: 1 })): Promise<string> {
  try {
    await simulation.runUntil(openBroker({ world: simulation.world, ...options }))
  } catch (error) {
    return `${error instanceof KafkaError ? error.code : 'not a KafkaError'} ${messageOf(error)}`
  }
  return 'opened'
}

describe('options', () => {
  test('a misspelt one is named, with the one that was meant', async () => {
    const failure = await failureOf({ datadir: '/data' } as OpenBrokerOptions)
    expect(failure).toMatch(/^INVALID_CONFIG openBroker: .*datadir.*did you mean.*dataDir/)
  })

  test.each([
    [{ port: 70_000 }, 'port'],
    [{ nodeId: -1 }, 'nodeId'],
    [{ fsync: 'sometimes' }, 'fsync'],
    [{ numPartitions: 0 }, 'numPartitions'],
    [{ clusterId: 'not a cluster id' }, 'clusterId'],
  ])('%j is refused', async (options, name) => {
    expect(await failureOf(options as OpenBrokerOptions)).toMatch(new RegExp(`^INVALID_CONFIG openBroker: .*${name}`))
  })
})

describe('listening beyond this machine', () => {
  test.each(['0.0.0.0', '::', '192.168.1.5', 'example.org'])(
    'on %s is refused without allowRemote, and the message says what to do',
    async host => {
      expect(await failureOf({ port: 9092, host })).toBe(
        `INVALID_CONFIG openBroker: the address ${host} can be reached by other machines, and nothing authenticates them; listen on 127.0.0.1, or set allowRemote: true if the network is trusted`,
      )
    },
  )

  test.each(['127.0.0.1', 'localhost', '::1'])('%s is this machine', async host => {
    expect(await failureOf({ port: 9092, host })).toBe('opened')
  })

  test('is possible with it', async () => {
    expect(await failureOf({ port: 9092, host: '0.0.0.0', allowRemote: true })).toBe('opened')
  })

  test('an address without a port does not matter', async () => {
    expect(await failureOf({ host: '0.0.0.0' })).toBe('opened')
  })
})

describe('the data directory', () => {
  test('a second process on it is refused, and its data is left alone', async () => {
    const broker = await TestBroker.open({ dataDir: '/data' })
    await broker.createTopic('orders')
    const second = broker.simulation.machine('localhost').startProcess()
    await expect(broker.run(openBroker({ world: second.world, dataDir: '/data' }))).rejects.toMatchObject({ code: 'DIRECTORY_LOCKED' })
    expect((await broker.produce('orders', 0, batchOf(['a']))).errorCode).toBe('NONE')
  })

  test('that holds something else is refused', async () => {
    const simulation = createSimulation({ seed: 1 })
    simulation.files.makeDirectory('/home')
    simulation.files.open('/home/letter.txt', 'create').close()
    expect(await failureOf({ dataDir: '/home' }, simulation)).toMatch(
      /^INVALID_CONFIG \/home is neither empty nor a data directory .*letter\.txt/,
    )
  })

  test('of another node is refused', async () => {
    const broker = await TestBroker.open({ dataDir: '/data' })
    await broker.run(broker.broker.close())
    expect(await failureOf({ dataDir: '/data', nodeId: 2 }, broker.simulation)).toMatch(
      /^INVALID_CONFIG .*belongs to node 1, and this is node 2/,
    )
  })

  test('is free again when the broker could not listen', async () => {
    const first = await TestBroker.open({ port: 9092, host: 'localhost' })
    expect(await failureOf({ dataDir: '/data', port: 9092, host: 'localhost' }, first.simulation)).toMatch(/^ADDRESS_IN_USE/)
    expect(await failureOf({ dataDir: '/data', port: 9093, host: 'localhost' }, first.simulation)).toBe('opened')
  })

  test('that cannot be closed properly does not hide why the broker could not listen', async () => {
    const first = await TestBroker.open({ port: 9092, host: 'localhost' })
    const { simulation } = first
    const { disk, world } = simulation
    // By the time the port is asked for the disk is full.
    const network: World['network'] = {
      connect: (to, options) => world.network.connect(to, options),
      listen: (at, onConnection) => {
        disk.settings.capacityBytes = 0
        return world.network.listen(at, onConnection)
      },
    }
    const options = { dataDir: '/data', port: 9092, host: 'localhost' } as const
    expect(await failureOf({ ...options, world: { ...world, network } }, simulation)).toMatch(/^ADDRESS_IN_USE/)
    expect(simulation.log).toContainEqual(
      expect.objectContaining({
        level: 'error',
        message: 'what a start that failed had opened could not be closed properly',
        fields: { error: expect.objectContaining({ osCode: 'ENOSPC' }) },
      }),
    )
    disk.settings.capacityBytes = Number.POSITIVE_INFINITY
    expect(await failureOf({ ...options, port: 9093 }, simulation)).toBe('opened')
  })

  test('none: nothing is written, and everything is gone with the broker', async () => {
    const broker = await TestBroker.open()
    await broker.createTopic('orders')
    await broker.produce('orders', 0, batchOf(['a']))
    expect(broker.simulation.disk.contents().size).toBe(0)
    expect(broker.broker.dataDir).toBeNull()
    await broker.restartCleanly()
    expect((await broker.describe('orders')).errorCode).toBe('UNKNOWN_TOPIC_OR_PARTITION')
  })

  test('the cluster id is made once and stays', async () => {
    const broker = await TestBroker.open({ dataDir: '/data' })
    const { clusterId } = broker.broker
    expect(clusterId).toMatch(/^[\w-]{22}$/)
    await broker.restartCleanly()
    expect(broker.broker.clusterId).toBe(clusterId)
  })

  test('a cluster id can be given', async () => {
    const broker = await TestBroker.open({ clusterId: 'AAAAAAAAAAAAAAAAAAAABA' })
    expect((await broker.ask(metadata, 12, { topics: [] })).clusterId).toBe('AAAAAAAAAAAAAAAAAAAABA')
  })
})

test('a broker that could not listen leaves nothing running behind it, also with groups to look after', async () => {
  const simulation = createSimulation({ seed: 1 })
  const { world, timerCount } = countedTimers(simulation.world)
  const options = { dataDir: '/data', port: 9092, host: 'localhost', world } as const
  const broker = await TestBroker.open(options, simulation)
  const member = await broker.connect()
  const joined = await broker.run(member.ask(joinGroup, 2, joining))
  const { generationId, memberId } = joined
  const assignments = [{ memberId, assignment: Buffer.alloc(0) }]
  const synced = await broker.run(member.ask(syncGroup, 2, { groupId: 'billing', generationId, memberId, assignments }))
  expect(synced.errorCode).toBe('NONE')
  await broker.restartCleanly()
  expect(timerCount(), 'while it runs, among them the one of the session').toBeGreaterThan(3)
  await broker.run(broker.broker.close())
  expect(timerCount(), 'after a close').toBe(0)
  const other = await TestBroker.open({ port: 9092, host: 'localhost' }, simulation)
  expect(await failureOf(options, simulation)).toMatch(/^ADDRESS_IN_USE/)
  expect(timerCount(), 'after a failure').toBe(0)
  await broker.run(other.broker.close())
})

const joining = {
  groupId: 'billing',
  sessionTimeoutMs: 10_000,
  rebalanceTimeoutMs: 10_000,
  memberId: '',
  protocolType: 'consumer',
  protocols: [{ name: 'range', metadata: Buffer.alloc(0) }],
}

describe('close', () => {
  test('may be called again, and at once', async () => {
    const broker = await TestBroker.open({ port: 9092, host: 'localhost' })
    const closing = broker.broker.close()
    expect(broker.broker.close()).toBe(closing)
    await broker.run(closing)
    await broker.run(Promise.resolve(broker.broker[Symbol.asyncDispose]()))
  })

  test('frees port and directory', async () => {
    const options = { dataDir: '/data', port: 9092, host: 'localhost' } as const
    const broker = await TestBroker.open(options)
    await broker.run(broker.broker.close())
    expect(await failureOf(options, broker.simulation)).toBe('opened')
  })

  test('frees port and directory, and cuts clients off, also if the groups cannot be closed', async () => {
    const options = { dataDir: '/data', port: 9092, host: 'localhost', offsetsRetentionCheckIntervalMs: 12_345 } as const
    const simulation = createSimulation({ seed: 1 })
    const { clock } = simulation.world
    // Of all timers only the one that looks after the groups' offsets cannot be cancelled.
    const broken: World['clock'] = {
      nowMs: () => clock.nowMs(),
      monotonicMs: () => clock.monotonicMs(),
      soon: task => clock.soon(task),
      setTimer: (delayMs, task, timerOptions) => {
        const timer = clock.setTimer(delayMs, task, timerOptions)
        const cancel = () => {
          timer.cancel()
          throw new Error('this timer is broken')
        }
        return delayMs === options.offsetsRetentionCheckIntervalMs ? { cancel } : timer
      },
    }
    const broker = await TestBroker.open({ ...options, world: { ...simulation.world, clock: broken } }, simulation)
    await expect(broker.run(broker.broker.close())).rejects.toThrow('this timer is broken')
    expect(broker.client.isClosed).toBe(true)
    expect(await failureOf(options, simulation)).toBe('opened')
  })

  test('does not lose what was acknowledged, in no mode, and the next start is a clean one', async () => {
    for (const fsync of ['batch', 'interval', 'os'] as const) {
      const broker = await TestBroker.open({ dataDir: '/data', fsync })
      await broker.createTopic('orders')
      await broker.produce('orders', 0, batchOf(['a']))
      await broker.run(broker.broker.close())
      await broker.restartAfter('crash')
      expect(await broker.values('orders'), fsync).toEqual(['0:a'])
      expect((await broker.describe('orders')).partitions[0]!.leaderEpoch, fsync).toBe(0)
    }
  })
})
