import { apiVersions, metadata } from '@logwerk/protocol'
import { describe, expect, test } from 'vitest'
import { Connections, type ConnectionsOptions } from './connections.ts'
import { HANG_UP, ScriptedCluster, SILENCE } from './scripted-broker.test-support.ts'

const OPTIONS: ConnectionsOptions = {
  clientId: 'test',
  requestTimeoutMs: 30_000,
  reconnectBackoffMs: 50,
  reconnectBackoffMaxMs: 1000,
  socketConnectionSetupTimeoutMs: 10_000,
  socketConnectionSetupTimeoutMaxMs: 30_000,
  connectionsMaxIdleMs: 540_000,
}

async function withBroker(options: Partial<ConnectionsOptions> = {}) {
  const cluster = new ScriptedCluster()
  const broker = await cluster.start(1)
  const { simulation } = cluster
  return { simulation, broker, at: broker.endpoint, connections: new Connections(simulation.world, { ...OPTIONS, ...options }) }
}

test('a connection is shared, also while it opens; each purpose has its own', async () => {
  const { simulation, broker, at, connections } = await withBroker()
  expect(connections.peek(at)).toBeNull()
  const [first, second] = await simulation.runUntil(Promise.all([connections.get(at), connections.get(at)]))
  expect(second).toBe(first)
  expect(connections.peek(at)).toBe(first)
  expect(connections.peek(at, 'coordinator')).toBeNull()
  expect(await simulation.runUntil(connections.get(at, 'coordinator'))).not.toBe(first)
  expect(broker.connections).toHaveLength(2)
})

test('one that was lost is opened again, after a pause', async () => {
  const { simulation, at, connections } = await withBroker()
  const first = await simulation.runUntil(connections.get(at))
  simulation.network.cut()
  await simulation.settle()
  expect(first.isClosed).toBe(true)
  expect(connections.peek(at)).toBeNull()
  expect(connections.backoffOf(at)).toBe(50)
  const since = simulation.clock.monotonicMs()
  expect(await simulation.runUntil(connections.get(at))).not.toBe(first)
  expect(simulation.clock.monotonicMs() - since).toBeGreaterThanOrEqual(50)
  expect(connections.backoffOf(at)).toBe(0)
})

test('the pause doubles with each failure up to its limit, and begins anew after a success', async () => {
  const { simulation, broker, at, connections } = await withBroker()
  await simulation.runUntil(broker.refuse())
  const pauses: number[] = []
  for (let attempt = 0; attempt < 9; attempt++) {
    await expect(simulation.runUntil(connections.get(at))).rejects.toThrow('ECONNREFUSED')
    pauses.push(connections.backoffOf(at))
  }
  for (const [attempt, pauseMs] of pauses.entries()) {
    const plainMs = Math.min(50 * 2 ** attempt, 1000)
    expect(pauseMs).toBeGreaterThanOrEqual(Math.floor(plainMs * 0.8))
    expect(pauseMs).toBeLessThanOrEqual(Math.min(plainMs * 1.2, 1000))
  }
  await simulation.runUntil(broker.listen())
  await simulation.runUntil(connections.get(at))
  await simulation.runUntil(broker.refuse())
  simulation.network.cut()
  await simulation.settle()
  await expect(simulation.runUntil(connections.get(at))).rejects.toThrow('ECONNREFUSED')
  expect(connections.backoffOf(at)).toBeLessThanOrEqual(60)
})

test('the time to open grows with each failure too', async () => {
  const { simulation, broker, at, connections } = await withBroker({ reconnectBackoffMaxMs: 50 })
  broker.on(apiVersions, () => SILENCE)
  const took: number[] = []
  for (let attempt = 0; attempt < 4; attempt++) {
    const since = simulation.clock.monotonicMs()
    await expect(simulation.runUntil(connections.get(at))).rejects.toThrow('did not answer ApiVersions')
    took.push(simulation.clock.monotonicMs() - since)
  }
  expect(took[0]).toBeLessThan(12_100)
  expect(took[1]).toBeGreaterThan(15_900)
  expect(took[3]).toBeGreaterThan(23_900)
  expect(took[3]).toBeLessThanOrEqual(30_100)
})

describe('idle connections', () => {
  test('are closed after their time, those in use are not', async () => {
    const { simulation, at, connections } = await withBroker({ connectionsMaxIdleMs: 10_000 })
    const [used, idle] = await simulation.runUntil(Promise.all([connections.get(at), connections.get(at, 'coordinator')]))
    for (let second = 0; second < 10; second++) {
      await simulation.advance(1000)
      if (second === 5) await simulation.runUntil(used.send(metadata, { topics: [] }))
    }
    expect([used.isClosed, idle.isClosed]).toEqual([false, true])
    await simulation.advance(5000)
    expect(used.isClosed).toBe(false)
    await simulation.advance(2000)
    expect(used.isClosed).toBe(true)
  })

  test('requests without an answer count as use', async () => {
    const { simulation, broker, at, connections } = await withBroker({ connectionsMaxIdleMs: 10_000 })
    broker.on(metadata, () => SILENCE)
    const connection = await simulation.runUntil(connections.get(at))
    for (let second = 0; second < 30; second++) {
      await simulation.advance(1000)
      connection.sendWithoutAnswer(metadata, { topics: [] })
    }
    expect(connection.isClosed).toBe(false)
  })

  test('a request that waits for its answer keeps its connection, and for a while after', async () => {
    const { simulation, broker, at, connections } = await withBroker({ connectionsMaxIdleMs: 10_000 })
    let answer = () => {}
    broker.on(metadata, async () => {
      await new Promise<void>(resolve => {
        answer = resolve
      })
      return { brokers: [], topics: [] }
    })
    const connection = await simulation.runUntil(connections.get(at))
    const asked = connection.send(metadata, { topics: [] })
    await simulation.advance(25_000)
    answer()
    await simulation.runUntil(asked)
    await simulation.advance(9000)
    expect(connection.isClosed).toBe(false)
    await simulation.advance(12_000)
    expect(connection.isClosed).toBe(true)
  })
})

test('a broker that hangs up on every request is not asked in a loop', async () => {
  const { simulation, broker, at, connections } = await withBroker()
  broker.on(metadata, () => HANG_UP)
  const untilMs = simulation.clock.monotonicMs() + 1000
  while (simulation.clock.monotonicMs() < untilMs) {
    const connection = await simulation.runUntil(connections.get(at))
    await simulation.runUntil(connection.send(metadata, { topics: [] }).catch(() => {}))
  }
  expect(broker.connections.length).toBeLessThan(22)
})

describe('close', () => {
  test.each([
    ['open', 50],
    ['opening', 0],
  ])('ends what is %s, and leaves nothing to run', async (_, delayMs) => {
    const { simulation, broker, at, connections } = await withBroker()
    if (delayMs === 0) broker.on(apiVersions, () => SILENCE)
    const opening = connections.get(at).catch(error => error)
    await simulation.advance(Math.max(delayMs, 10))
    connections.close()
    connections.close()
    if (delayMs === 0) expect(await opening).toMatchObject({ code: 'CLOSED' })
    await expect(connections.get(at)).rejects.toMatchObject({ code: 'CLOSED' })
    await simulation.advance(100)
    expect(simulation.network.connections()).toEqual([])
    await expectNothingLeft(simulation)
  })

  test('ends a pause', async () => {
    const { simulation, broker, at, connections } = await withBroker({ reconnectBackoffMs: 60_000, reconnectBackoffMaxMs: 60_000 })
    await simulation.runUntil(broker.refuse())
    await expect(simulation.runUntil(connections.get(at))).rejects.toThrow()
    const waiting = connections.get(at).catch(error => error)
    await simulation.advance(1000)
    connections.close()
    expect(await simulation.runUntil(waiting)).toMatchObject({ code: 'CLOSED' })
    await expectNothingLeft(simulation)
  })
})

/** Nothing is scheduled: the process could end. */
async function expectNothingLeft(simulation: ScriptedCluster['simulation']): Promise<void> {
  await expect(simulation.runUntil(new Promise(() => {}))).rejects.toThrow('nothing is left to run')
}
