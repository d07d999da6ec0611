import { describe, expect, test } from 'vitest'
import { KafkaError } from '../errors.ts'
import type { Connection } from '../network.ts'
import { createSimulation, type Simulation } from './index.ts'

interface Pair {
  readonly simulation: Simulation
  readonly client: Connection
  readonly server: Connection
  readonly closes: { readonly client: (Error | null)[]; readonly server: (Error | null)[] }
  /** Sizes of the reads on the server's side, and what they read. */
  readonly reads: number[]
  readonly received: number[]
}

/** Machine `a` connects to machine `b`, port 9092; `b` collects. */
async function connected(seed: number): Promise<Pair> {
  const simulation = createSimulation({ seed })
  const accepted: Connection[] = []
  await simulation.runUntil(simulation.machine('b').world.network.listen({ host: 'b', port: 9092 }, end => accepted.push(end)))
  const client = await simulation.runUntil(simulation.machine('a').world.network.connect({ host: 'b', port: 9092 }))
  const server = accepted[0]!
  const reads: number[] = []
  const received: number[] = []
  const room = new Uint8Array(100_000)
  server.onData(
    () => room,
    count => {
      reads.push(count)
      received.push(...room.subarray(0, count))
    },
  )
  const closes = { client: [] as (Error | null)[], server: [] as (Error | null)[] }
  client.onClose(error => closes.client.push(error))
  server.onClose(error => closes.server.push(error))
  return { simulation, client, server, closes, reads, received }
}

const bytes = (...values: number[]) => Uint8Array.from(values)

describe('packets', () => {
  test('take as long as the settings say', async () => {
    const { simulation, client, received } = await connected(1)
    simulation.network.settings.delay = { minMs: 20, maxMs: 30 }
    for (let round = 1; round <= 20; round++) {
      client.write([bytes(round)])
      await simulation.advance(19)
      expect(received).toHaveLength(round - 1)
      await simulation.advance(11)
      expect(received).toHaveLength(round)
    }
  })

  test('cut the bytes into pieces that the seed decides, single bytes and long runs among them', async () => {
    const sizesOf = async (seed: number) => {
      const { simulation, client, reads, received } = await connected(seed)
      client.write([new Uint8Array(100_000).fill(1), new Uint8Array(100_000).fill(2)])
      await simulation.advance(1000)
      expect(received).toHaveLength(200_000)
      return reads
    }
    const all = new Set<string>()
    for (let seed = 0; seed < 8; seed++) {
      const reads = await sizesOf(seed)
      expect(await sizesOf(seed)).toEqual(reads)
      expect(reads.length).toBeGreaterThan(2)
      all.add(reads.join())
    }
    expect(all.size).toBe(8)
    const sizes = [...all].flatMap(reads => reads.split(',').map(Number))
    expect(Math.min(...sizes)).toBe(1)
    expect(Math.max(...sizes)).toBeGreaterThan(30_000)
  })

  test('carry one byte each where the settings ask for that', async () => {
    const { simulation, client, reads } = await connected(1)
    simulation.network.settings.maxPieceBytes = 1
    client.write([new Uint8Array(100)])
    await simulation.advance(1000)
    expect(reads).toEqual(new Array(100).fill(1))
  })
})

describe('partitions', () => {
  test('hold back what is sent, in both directions, until they heal', async () => {
    const { simulation, client, server, received, closes } = await connected(1)
    const answers: number[] = []
    const room = new Uint8Array(10)
    client.onData(
      () => room,
      count => answers.push(...room.subarray(0, count)),
    )
    simulation.network.partition('b', 'a')
    client.write([bytes(1, 2)])
    server.write([bytes(8, 9)])
    await simulation.advance(60_000)
    expect([received, answers]).toEqual([[], []])
    simulation.network.heal('a', 'b')
    client.write([bytes(3)])
    server.close()
    await simulation.advance(1000)
    expect([received, answers]).toEqual([
      [1, 2, 3],
      [8, 9],
    ])
    expect(closes).toEqual({ client: [null], server: [null] })
  })

  test('leave other machines alone, and need machines that exist', async () => {
    const { simulation, client, received } = await connected(1)
    simulation.machine('c')
    simulation.network.partition('a', 'c')
    client.write([bytes(1)])
    await simulation.advance(1000)
    expect(received).toEqual([1])
    expect(() => simulation.network.partition('a', 'd')).toThrow('there is no machine d: ask for it by machine(name) first (seed 1)')
  })

  test('back up into the sender', async () => {
    const { simulation, client } = await connected(1)
    simulation.network.partition('a', 'b')
    client.write([new Uint8Array(1_000_000)])
    await simulation.advance(60_000)
    expect(client.queuedBytes).toBe(1_000_000 - simulation.network.settings.windowBytes)
    simulation.network.heal()
    await simulation.advance(60_000)
    expect(client.queuedBytes).toBe(0)
  })

  test('let an attempt to connect succeed when they heal in time', async () => {
    const { simulation } = await connected(1)
    simulation.network.partition('a', 'b')
    const connecting = simulation.machine('a').world.network.connect({ host: 'b', port: 9092 })
    await simulation.advance(50_000)
    simulation.network.heal()
    const connection = await simulation.runUntil(connecting)
    expect(connection.remote).toEqual({ host: 'b', port: 9092 })
    // The next attempt after 1, 2, 4, 8, 16 and 32 seconds.
    expect(Math.round(simulation.clock.monotonicMs() / 1000)).toBe(63)
  })

  test('let it fail after two minutes, or after the time that the caller gives it', async () => {
    const { simulation } = await connected(7)
    simulation.network.partition('a', 'b')
    const { network } = simulation.machine('a').world
    const since = simulation.clock.monotonicMs()
    const slow = network.connect({ host: 'b', port: 9092 }).catch(error => error)
    const hasty = await simulation.runUntil(network.connect({ host: 'b', port: 9092 }, { timeoutMs: 1500 }).catch(error => error))
    expect(simulation.clock.monotonicMs()).toBe(since + 1500)
    expect(hasty.message).toBe('cannot connect from a to b:9092: no answer within 1500 ms (seed 7)')
    expect(hasty.code).toBe('NETWORK_EXCEPTION')
    const failure = await simulation.runUntil(slow)
    expect(failure.message).toBe('cannot connect from a to b:9092: no answer (ETIMEDOUT) (seed 7)')
    expect(Math.round((simulation.clock.monotonicMs() - since) / 1000)).toBe(127)
  })

  test('an attempt that is given up leaves no connection behind', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const { simulation, client } = await connected(seed)
      client.destroy()
      await simulation.advance(1000)
      expect(simulation.network.connections()).toEqual([])
      const accepted: Connection[] = []
      await simulation.runUntil(simulation.machine('b').world.network.listen({ host: 'b', port: 1 }, end => accepted.push(end)))
      simulation.network.settings.delay = { minMs: 10, maxMs: 10 }
      const controller = new AbortController()
      const connecting = simulation.machine('a').world.network.connect({ host: 'b', port: 1 }, { signal: controller.signal })
      connecting.catch(() => {})
      // The server has accepted, and its answer is on its way.
      await simulation.runUntil(() => accepted.length === 1)
      controller.abort('enough')
      await expect(simulation.runUntil(connecting)).rejects.toBe('enough')
      const closes: unknown[] = []
      accepted[0]!.onClose(() => closes.push('closed'))
      await simulation.advance(1000)
      expect(closes).toEqual(['closed'])
      expect(simulation.network.connections()).toEqual([])
    }
  })
})

describe('broken connections', () => {
  test('cut resets both sides at once and loses what was on its way', async () => {
    const { simulation, client, server, closes, received } = await connected(1)
    simulation.network.settings.delay = { minMs: 10, maxMs: 10 }
    client.write([bytes(1)])
    await simulation.advance(5)
    expect(simulation.network.cut(connection => connection.client === 'c')).toBe(0)
    expect(simulation.network.cut(connection => connection.client === 'a' && connection.serverEndpoint.port === 9092)).toBe(1)
    await simulation.settle()
    for (const [error] of [closes.client, closes.server]) {
      expect(error).toBeInstanceOf(KafkaError)
      expect((error as KafkaError).code).toBe('NETWORK_EXCEPTION')
      expect(error?.message).toMatch(/^the connection from a port \d+ to b:9092 was reset \(ECONNRESET, seed 1\)$/)
    }
    await simulation.advance(1000)
    expect(received).toEqual([])
    expect(closes.client).toHaveLength(1)
    expect(client.write([bytes(1)])).toBe(true)
    expect([client.queuedBytes, server.queuedBytes]).toEqual([0, 0])
    expect(simulation.network.connections()).toEqual([])
  })

  test('cut fails an attempt to connect that is under way', async () => {
    const { simulation } = await connected(1)
    simulation.network.settings.delay = { minMs: 10, maxMs: 10 }
    const connecting = simulation.machine('a').world.network.connect({ host: 'b', port: 9092 })
    await simulation.runUntil(() => simulation.network.connections().length === 2)
    simulation.network.cut()
    await expect(simulation.runUntil(connecting)).rejects.toThrow('was reset')
  })

  test('a silent connection swallows everything and tells nobody, until it is cut', async () => {
    const { simulation, client, server, closes, received } = await connected(1)
    expect(simulation.network.silence()).toBe(1)
    client.write([bytes(1)])
    server.close()
    await simulation.advance(3_600_000)
    simulation.network.heal()
    await simulation.advance(1000)
    expect([received, closes]).toEqual([[], { client: [], server: [] }])
    // A new connection between the same machines is not silent.
    await simulation.runUntil(simulation.machine('a').world.network.connect({ host: 'b', port: 9092 }))
    simulation.network.cut(connection => connection.clientEndpoint.port === client.local.port)
    await simulation.settle()
    expect([closes.client.length, closes.server.length]).toEqual([1, 1])
    expect(received).toEqual([])
  })

  test('after destroy the peer meets an end or an error, as the seed decides', async () => {
    const outcomes = new Set<string>()
    for (let seed = 0; seed < 30; seed++) {
      const { simulation, client, closes } = await connected(seed)
      client.destroy()
      await simulation.advance(100)
      expect(closes.client).toEqual([null])
      outcomes.add(closes.server[0] === null ? 'end' : 'error')
    }
    expect([...outcomes].sort()).toEqual(['end', 'error'])
  })

  test('the news of a destroy travels as long as any packet, also where it overtakes bytes that are lost by it', async () => {
    const { simulation, client, closes, received } = await connected(1)
    simulation.network.settings.delay = { minMs: 10, maxMs: 10 }
    client.write([bytes(1)])
    await simulation.advance(5)
    simulation.network.settings.delay = { minMs: 100, maxMs: 100 }
    client.destroy()
    await simulation.advance(99)
    expect(closes.server).toEqual([])
    await simulation.advance(1)
    expect(closes.server).toHaveLength(1)
    expect(received).toEqual([])
  })

  test('a server that destroys what it has just accepted: connected first, then closed', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const simulation = createSimulation({ seed })
      const { network } = simulation.machine('b').world
      await simulation.runUntil(network.listen({ host: 'b', port: 1 }, end => end.destroy()))
      const client = await simulation.runUntil(simulation.machine('a').world.network.connect({ host: 'b', port: 1 }))
      const closes: unknown[] = []
      client.onClose(() => closes.push('closed'))
      await simulation.advance(100)
      expect(closes).toEqual(['closed'])
    }
  })

  test('a handler that throws ends the run and names its machine', async () => {
    const { simulation, client } = await connected(5)
    const { network } = simulation.machine('b').world
    await simulation.runUntil(
      network.listen({ host: 'b', port: 1 }, () => {
        throw new Error('no')
      }),
    )
    client.onClose(() => {
      throw new Error('never')
    })
    simulation.network.cut()
    await expect(simulation.advance(10)).rejects.toThrow(/"soon" of process \d+ on a threw: never.*\(seed 5\)/)
    void simulation.machine('a').world.network.connect({ host: 'b', port: 1 })
    await expect(simulation.advance(10)).rejects.toThrow(/threw: no,.*\(seed 5\)/)
  })
})

describe('addresses', () => {
  const connectFails = (simulation: Simulation, machine: string, host: string, port = 9092) =>
    simulation.runUntil(
      simulation
        .machine(machine)
        .world.network.connect({ host, port })
        .catch(error => error.message),
    )
  const listen = (simulation: Simulation, machine: string, host: string, port = 9092) =>
    simulation.runUntil(simulation.machine(machine).world.network.listen({ host, port }, () => {}))
  const connect = (simulation: Simulation, machine: string, host: string, port = 9092) =>
    simulation.runUntil(simulation.machine(machine).world.network.connect({ host, port }))

  test('a name that no machine has is neither reached nor resolved', async () => {
    const simulation = createSimulation({ seed: 3 })
    expect(await connectFails(simulation, 'a', 'nowhere')).toBe(
      'cannot connect from a to nowhere:9092: no machine of the simulation has that name (ENOTFOUND) (seed 3)',
    )
    const failure = await simulation.runUntil(simulation.world.resolve('nowhere').catch(error => error))
    expect(failure.code).toBe('NETWORK_EXCEPTION')
    expect(failure.message).toContain('there are localhost, a (seed 3)')
  })

  test('nobody listens there: refused, with the endpoint', async () => {
    const simulation = createSimulation({ seed: 3 })
    simulation.machine('b')
    expect(await connectFails(simulation, 'a', 'b')).toBe('cannot connect from a to b:9092: nobody listens there (ECONNREFUSED) (seed 3)')
  })

  test('localhost is the machine itself where it listens, and the default machine elsewhere', async () => {
    const simulation = createSimulation({ seed: 3 })
    await listen(simulation, 'localhost', 'localhost')
    expect((await connect(simulation, 'a', 'localhost')).remote.host).toBe('localhost')
    await listen(simulation, 'a', 'localhost')
    expect((await connect(simulation, 'a', 'localhost')).remote.host).toBe('a')
    expect((await connect(simulation, 'a', '127.0.0.1')).remote.host).toBe('a')
    expect(await connectFails(simulation, 'b', '127.0.0.1')).toContain('ECONNREFUSED')
  })

  test('a listener on a loopback address is for its own machine', async () => {
    const simulation = createSimulation({ seed: 3 })
    await listen(simulation, 'b', '127.0.0.1')
    await connect(simulation, 'b', '127.0.0.1')
    expect(await connectFails(simulation, 'a', 'b')).toContain('ECONNREFUSED')
    await listen(simulation, 'b', '0.0.0.0', 9093)
    await connect(simulation, 'a', 'b', 9093)
  })

  test('an address of another machine is no place to listen', async () => {
    const simulation = createSimulation({ seed: 3 })
    simulation.machine('a')
    const failure = await listen(simulation, 'b', 'a').catch(error => error)
    expect(failure.code).toBe('INVALID_CONFIG')
    expect(failure.message).toBe('cannot listen on a:9092: b has no such address; try b (seed 3)')
  })

  test('a host name may stand for several machines', async () => {
    const simulation = createSimulation({ seed: 3 })
    for (const machine of ['b1', 'b2']) await listen(simulation, machine, machine)
    simulation.network.setAddresses('kafka.example.com', ['b2', 'b1'])
    expect(await simulation.runUntil(simulation.world.resolve('kafka.example.com'))).toEqual(['b2', 'b1'])
    expect(await simulation.runUntil(simulation.world.resolve('b1'))).toEqual(['b1'])
    expect((await connect(simulation, 'a', 'kafka.example.com')).remote.host).toBe('b2')
    await listen(simulation, 'b1', 'kafka.example.com', 9093)
  })
})
