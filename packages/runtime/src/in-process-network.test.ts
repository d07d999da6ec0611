import { describe, expect, test } from 'vitest'
import { createInProcessNetwork } from './in-process-network.ts'
import type { Connection, Network } from './network.ts'
import { createSimulation, type Simulation } from './simulated/index.ts'

// What every network does is in network-contract.test.ts; here is what only this one promises.

async function connect(simulation: Simulation, network: Network, port: number): Promise<readonly [client: Connection, server: Connection]> {
  const accepted: Connection[] = []
  const { address } = await simulation.runUntil(network.listen({ host: 'localhost', port }, connection => accepted.push(connection)))
  const client = await simulation.runUntil(network.connect(address))
  return [client, accepted[0]!]
}

function setUp() {
  const simulation = createSimulation({ seed: 1 })
  return { simulation, network: createInProcessNetwork(simulation.world.clock) }
}

describe('createInProcessNetwork', () => {
  test('joins only those who share it, by the exact host and port', async () => {
    const { simulation, network } = setUp()
    await simulation.runUntil(network.listen({ host: 'localhost', port: 9092 }, () => {}))
    const other = createInProcessNetwork(simulation.world.clock)
    await expect(simulation.runUntil(other.connect({ host: 'localhost', port: 9092 }))).rejects.toThrow(
      'cannot connect to localhost:9092: nobody listens there in this process',
    )
    await expect(simulation.runUntil(network.connect({ host: '127.0.0.1', port: 9092 }))).rejects.toThrow('nobody listens there')
    await simulation.runUntil(network.connect({ host: 'localhost', port: 9092 }))
  })

  test('picks ports from 1, per host', async () => {
    const { simulation, network } = setUp()
    const ports: number[] = []
    for (const host of ['a', 'a', 'b', 'a'])
      ports.push((await simulation.runUntil(network.listen({ host, port: 0 }, () => {}))).address.port)
    expect(ports).toEqual([1, 2, 1, 3])
  })

  test('takes no time: connecting, bytes and closing all happen now', async () => {
    const { simulation, network } = setUp()
    const [client, server] = await connect(simulation, network, 1)
    const closes: (Error | null)[] = []
    server.onClose(error => closes.push(error))
    server.onData(
      () => new Uint8Array(10),
      () => {},
    )
    client.write([new Uint8Array(1000)])
    client.close()
    await simulation.settle()
    expect(closes).toEqual([null])
    expect(simulation.clock.monotonicMs()).toBe(0)
  })

  test.each([
    ['nothing', 0, 0],
    ['bytes of the one who destroys', 5, 0],
    ['bytes for the one who destroys', 0, 5],
  ])('after destroy the peer gets an error only if bytes were lost: %s', async (_, fromClient, fromServer) => {
    const { simulation, network } = setUp()
    const [client, server] = await connect(simulation, network, 1)
    const closes: (Error | null)[] = []
    server.onClose(error => closes.push(error))
    client.write([new Uint8Array(fromClient)])
    server.write([new Uint8Array(fromServer)])
    client.destroy()
    await simulation.settle()
    expect(closes).toHaveLength(1)
    if (fromClient + fromServer === 0) expect(closes[0]).toBeNull()
    else expect(closes[0]).toMatchObject({ code: 'NETWORK_EXCEPTION' })
    expect([client.queuedBytes, server.queuedBytes]).toEqual([0, 0])
  })

  test('two sides that answer each other for ever do not hold up anybody else', async () => {
    const { simulation, network } = setUp()
    const room = new Uint8Array(10)
    for (const [index, end] of (await connect(simulation, network, 1)).entries()) {
      end.onData(
        () => room,
        () => void end.write([Uint8Array.of(1)]),
      )
      if (index === 0) end.write([Uint8Array.of(1)])
    }
    const [client, server] = await connect(simulation, network, 2)
    let read = 0
    server.onData(
      () => room,
      count => {
        read += count
      },
    )
    client.write([new Uint8Array(1000)])
    await simulation.runUntil(() => read === 1000)
  })

  test('a reader that makes the other side write more gets that at the next turn', async () => {
    const { simulation, network } = setUp()
    const [client, server] = await connect(simulation, network, 1)
    const turns: number[] = []
    let turn = 0
    server.onData(
      () => new Uint8Array(10),
      count => {
        expect(count).toBe(1)
        turns.push(turn)
        client.write([Uint8Array.of(1)])
      },
    )
    client.write([Uint8Array.of(1)])
    const count = () => {
      turn++
      if (turns.length < 5) simulation.world.clock.soon(count)
    }
    count()
    await simulation.runUntil(() => turns.length >= 5)
    expect(new Set(turns).size).toBe(5)
  })

  test('copies straight into the buffers of the reader', async () => {
    const { simulation, network } = setUp()
    const [client, server] = await connect(simulation, network, 1)
    const room = new Uint8Array(1 << 20)
    const reads: number[] = []
    server.onData(
      () => room,
      count => reads.push(count),
    )
    client.write([new Uint8Array(300_000).fill(1), new Uint8Array(200_000).fill(2)])
    client.write([new Uint8Array(100_000).fill(3)])
    await simulation.settle()
    expect(reads).toEqual([600_000])
    expect([room[0], room[299_999], room[300_000], room[599_999], room[600_000]]).toEqual([1, 1, 2, 3, 0])
  })

  test('has no port left when all are taken', async () => {
    const { simulation, network } = setUp()
    for (let port = 1; port <= 65_535; port++) void network.listen({ host: 'h', port }, () => {})
    const failure = await simulation.runUntil(network.listen({ host: 'h', port: 0 }, () => {})).catch(error => error)
    expect(failure.code).toBe('ADDRESS_IN_USE')
  })
})
