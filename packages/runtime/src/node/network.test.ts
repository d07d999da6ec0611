import dns from 'node:dns'
import net from 'node:net'
import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { KafkaError } from '../errors.ts'
import type { Connection, Endpoint, Listener, Network } from '../network.ts'
import { nodeClock } from './clock.ts'
import { nodeNetwork, nodeResolve } from './network.ts'

// The contract of network-contract.test.ts, which runs in virtual time, over real sockets.

const RUNS = Math.ceil(Number(process.env['LOGWERK_SEEDS'] ?? 50) / 5)
const HOST = '127.0.0.1'

const open: { destroy(): void }[] = []
const listening: Listener[] = []
afterEach(async () => {
  vi.restoreAllMocks()
  for (const connection of open.splice(0)) connection.destroy()
  for (const listener of listening.splice(0)) await listener.close()
})

async function listen(onConnection: (connection: Connection) => void, at: Endpoint = { host: HOST, port: 0 }): Promise<Listener> {
  const listener = await nodeNetwork.listen(at, connection => {
    open.push(connection)
    onConnection(connection)
  })
  listening.push(listener)
  return listener
}

async function connect(to: Endpoint, network: Network = nodeNetwork): Promise<Connection> {
  const connection = await network.connect(to)
  open.push(connection)
  return connection
}

/** Two ends of one connection. Nothing is read before `onData`, so the first lines of a test come in time. */
async function pair(network?: Network) {
  let accept: (connection: Connection) => void = () => {}
  const accepted = new Promise<Connection>(resolve => {
    accept = resolve
  })
  const { address } = await listen(connection => accept(connection))
  const client = await connect(address, network)
  return { client, server: await accepted, address }
}

/** Both directions: a client's bytes go into its own buffers, a server's are copied once. */
const sides = [
  ['to a server', async () => pair().then(({ client, server }) => [client, server] as const)],
  ['to a client', async () => pair().then(({ client, server }) => [server, client] as const)],
] as const

function numbers(count: number, from = 0): Uint8Array {
  const bytes = new Uint8Array(count)
  for (let index = 0; index < count; index++) bytes[index] = (from + index) % 251
  return bytes
}

/** Collects what arrives through a buffer of `roomBytes`; `until` resolves when so many bytes are there. */
function collect(connection: Connection, roomBytes = 65_536, onPiece: (total: number) => void = () => {}) {
  const room = new Uint8Array(roomBytes)
  const pieces: Buffer[] = []
  let total = 0
  let waiting: { readonly byteCount: number; readonly resolve: () => void } | null = null
  connection.onData(
    () => room,
    count => {
      pieces.push(Buffer.from(room.subarray(0, count)))
      total += count
      onPiece(total)
      if (waiting !== null && total >= waiting.byteCount) waiting.resolve()
    },
  )
  return {
    pieces,
    bytes: () => Buffer.concat(pieces),
    until(byteCount: number): Promise<void> {
      if (total >= byteCount) return Promise.resolve()
      return new Promise(resolve => {
        waiting = { byteCount, resolve }
      })
    },
  }
}

const closeOf = (connection: Connection) => new Promise<Error | null>(resolve => connection.onClose(resolve))

/** Long enough for everything that is under way on this machine: some whole exchanges over a connection of their own. */
async function someExchanges(): Promise<void> {
  const { client, server } = await pair()
  const there = collect(server)
  const back = collect(client)
  for (let count = 1; count <= 5; count++) {
    client.write([numbers(1)])
    await there.until(count)
    server.write([numbers(1)])
    await back.until(count)
  }
  client.destroy()
}

async function failureOf(promise: Promise<unknown>): Promise<KafkaError> {
  const failure = await promise.then(
    () => null,
    error => error,
  )
  expect(failure).toBeInstanceOf(KafkaError)
  return failure
}

describe('connections', () => {
  test('each end knows the address of the other', async () => {
    const { client, server, address } = await pair()
    expect(address.port).toBeGreaterThan(0)
    expect(client.remote).toEqual(address)
    expect(server.local).toEqual(address)
    expect(server.remote).toEqual(client.local)
  })

  test('both ends ask the system to look after a peer that says nothing (SO_KEEPALIVE)', async () => {
    const keptAlive = vi.spyOn(net.Socket.prototype, 'setKeepAlive')
    const { client, server } = await pair()
    const ports = keptAlive.mock.contexts.map(socket => (socket as net.Socket).localPort)
    expect(ports.sort()).toEqual([client.local.port, server.local.port].sort())
    expect(keptAlive.mock.calls).toEqual([[true], [true]])
  })

  test('all bytes arrive in order through any writes, pauses and buffers, both ways', async () => {
    await checkTraffic(nodeNetwork)
  })

  test('the check of traffic sees two chunks change places', async () => {
    const failure = await checkTraffic({
      ...nodeNetwork,
      async connect(to, options) {
        const connection = await nodeNetwork.connect(to, options)
        const write = connection.write.bind(connection)
        connection.write = ([first, second, ...rest]) =>
          write(first === undefined || second === undefined ? [first ?? new Uint8Array(0)] : [second, first, ...rest])
        return connection
      },
    }).catch(error => error)
    expect(String(failure.cause)).toContain('the bytes differ')
  })
})

describe.each(sides)('bytes on their way %s', (_, ends) => {
  test('wait for a reader that comes late', async () => {
    const [from, to] = await ends()
    from.write([numbers(10), numbers(0), numbers(10, 10)])
    await someExchanges()
    const seen = collect(to, 3)
    await seen.until(20)
    expect([...seen.bytes()]).toEqual([...numbers(20)])
    expect(seen.pieces.every(piece => piece.length <= 3)).toBe(true)
  })

  test('a second reader is an error of the caller', async () => {
    const [, to] = await ends()
    collect(to)
    expect(() => collect(to)).toThrow('onData is called once per connection')
  })

  test('stop at a pause, but for what had been read already, and all come after resume', async () => {
    const [from, to] = await ends()
    const total = 1_000_000
    const seen = collect(to, 1000, count => {
      if (count === 5000) to.pause()
    })
    from.write([numbers(total)])
    await seen.until(5000)
    await someExchanges()
    const paused = seen.bytes().length
    // What one read of the system brings, and no more.
    expect(paused).toBeLessThanOrEqual(5000 + 65_536)
    await someExchanges()
    expect(seen.bytes().length).toBe(paused)
    to.resume()
    await seen.until(total)
    expect(seen.bytes().equals(numbers(total))).toBe(true)
  })

  test('a pause before the reader holds too', async () => {
    const [from, to] = await ends()
    to.pause()
    const seen = collect(to)
    from.write([numbers(10)])
    await someExchanges()
    expect(seen.pieces).toEqual([])
    to.resume()
    await seen.until(10)
  })

  test('write asks for a pause while much is queued; onDrain comes once the queue has emptied after that', async () => {
    const [from, to] = await ends()
    let drains = 0
    const drained = new Promise<void>(resolve => {
      from.onDrain(() => {
        drains++
        expect(from.queuedBytes).toBe(0)
        resolve()
      })
    })
    expect(from.write([numbers(10)])).toBe(true)
    await someExchanges()
    expect(drains).toBe(0)
    to.pause()
    const seen = collect(to)
    const chunk = numbers(1_000_000)
    let written = 10
    for (let full = false; !full; written += chunk.length) full = !from.write([chunk])
    // More than the system could still take from here.
    for (let more = 0; more < 12; more++, written += chunk.length) expect(from.write([chunk])).toBe(false)
    expect(from.queuedBytes).toBeGreaterThanOrEqual(1 << 20)
    await someExchanges()
    expect(drains).toBe(0)
    to.resume()
    await Promise.all([drained, seen.until(written)])
    expect(seen.bytes().length).toBe(written)
    expect(drains).toBe(1)
  })

  test('are all sent by close, which then closes both sides without an error, once', async () => {
    const [from, to] = await ends()
    const closes: (Error | null)[] = []
    for (const end of [from, to, to]) end.onClose(error => closes.push(error))
    const seen = collect(to)
    const closed = Promise.all([closeOf(from), closeOf(to)])
    from.write([numbers(3_000_000)])
    from.close()
    from.close()
    expect(from.write([numbers(5)])).toBe(true)
    expect(await closed).toEqual([null, null])
    expect(seen.bytes().equals(numbers(3_000_000))).toBe(true)
    from.destroy()
    to.close()
    to.destroy()
    await someExchanges()
    expect(closes).toEqual([null, null, null])
  })

  test('arrive before the end of a side that closes meanwhile', async () => {
    const [from, to] = await ends()
    const seen = collect(to)
    const closed = Promise.all([closeOf(from), closeOf(to)])
    collect(from)
    from.write([numbers(500_000)])
    to.close()
    expect(await closed).toEqual([null, null])
    expect(seen.bytes().equals(numbers(500_000))).toBe(true)
  })

  test('do not keep a side open that closes without reading, or while it pauses', async () => {
    for (const reads of [false, true]) {
      const [from, to] = await ends()
      if (reads) collect(to)
      to.pause()
      collect(from)
      from.write([numbers(1000)])
      await someExchanges()
      const closed = Promise.all([closeOf(from), closeOf(to)])
      to.close()
      to.pause()
      expect(await closed).toEqual([null, null])
    }
  })

  test('are dropped by destroy, of which the peer hears', async () => {
    const [from, to] = await ends()
    collect(to)
    const atPeer = closeOf(to)
    const closes: (Error | null)[] = []
    from.onClose(error => closes.push(error))
    from.write([numbers(8_000_000)])
    from.destroy()
    from.destroy()
    expect([from.queuedBytes, closes.length]).toEqual([0, 0])
    expect(from.write([numbers(1)])).toBe(true)
    await atPeer
    await someExchanges()
    expect(closes).toEqual([null])
    to.write([numbers(1)])
    expect(to.queuedBytes).toBe(0)
  })

  test('are not read after destroy, in the middle of a delivery either', async () => {
    const [from, to] = await ends()
    from.write([numbers(100)])
    await someExchanges()
    const seen = collect(to, 1, () => to.destroy())
    await closeOf(to)
    expect(seen.pieces).toHaveLength(1)
  })

  test('onClose of a closed connection comes at the next turn, with the same outcome', async () => {
    const [from, to] = await ends()
    collect(to)
    from.close()
    const first = await closeOf(to)
    const late: (Error | null)[] = []
    to.onClose(error => late.push(error))
    const again = closeOf(to)
    expect(late).toEqual([])
    expect(await again).toBe(first)
    expect(late).toEqual([null])
  })

  test('that were lost are told as an error', async () => {
    const [from, to] = await ends()
    const closed = closeOf(from)
    collect(from)
    to.write([numbers(10)])
    // The peer goes without having read: the system resets the connection.
    from.write([numbers(3_000_000)])
    await someExchanges()
    to.destroy()
    expect(await closed).toMatchObject({ code: expect.stringMatching(/^(ECONNRESET|EPIPE)$/) })
  })
})

describe('connect', () => {
  test('refused, it names the endpoint and the cause, and may be tried again', async () => {
    const listener = await listen(() => {})
    await listener.close()
    const failure = await failureOf(nodeNetwork.connect(listener.address))
    const endpoint = `${HOST}:${listener.address.port}`
    expect(failure).toMatchObject({ code: 'NETWORK_EXCEPTION', retriable: true, at: { broker: endpoint } })
    expect(failure.message).toBe(`cannot connect to ${endpoint}: connect ECONNREFUSED ${endpoint}`)
    expect(failure.cause).toMatchObject({ code: 'ECONNREFUSED' })
    await listen(() => {}, listener.address)
    await connect(listener.address)
  })

  test('refused by every address of a host, it names them all', async () => {
    const listener = await listen(() => {})
    await listener.close()
    const { port } = listener.address
    vi.spyOn(dns, 'lookup').mockImplementation(((_host: string, _options: unknown, done: (...answer: unknown[]) => void) => {
      const addresses = ['127.0.0.1', '127.0.0.2'].map(address => ({ address, family: 4 }))
      process.nextTick(done, null, [...addresses, { address: '::1', family: 6 }])
    }) as unknown as typeof dns.lookup)
    const failure = await failureOf(nodeNetwork.connect({ host: 'broker.test', port }))
    expect(failure.message).toMatch(
      new RegExp(`^cannot connect to broker\\.test:${port}: connect E[A-Z]+ 127\\.0\\.0\\.1:${port}.*; connect E`),
    )
  })

  test('gives up after timeoutMs, or when its signal aborts', async () => {
    // A host whose name is looked up for ever.
    vi.spyOn(dns, 'lookup').mockImplementation((() => {}) as unknown as typeof dns.lookup)
    const to = { host: 'broker.test', port: 9092 }
    const failure = await failureOf(nodeNetwork.connect(to, { timeoutMs: 5 }))
    expect(failure).toMatchObject({ code: 'NETWORK_EXCEPTION', retriable: true })
    expect(failure.message).toBe('cannot connect to broker.test:9092: no answer within 5 ms')
    await expect(nodeNetwork.connect(to, { signal: AbortSignal.abort('before') })).rejects.toBe('before')
    const controller = new AbortController()
    const connecting = nodeNetwork.connect(to, { signal: controller.signal, timeoutMs: Number.POSITIVE_INFINITY })
    controller.abort('meanwhile')
    await expect(connecting).rejects.toBe('meanwhile')
  })

  test('once connected, neither signal nor timeout ends the connection', async () => {
    const { address } = await listen(connection => void collect(connection))
    const controller = new AbortController()
    const connection = await nodeNetwork.connect(address, { signal: controller.signal, timeoutMs: 2000 })
    open.push(connection)
    let closed = false
    connection.onClose(() => {
      closed = true
    })
    controller.abort('too late')
    await someExchanges()
    expect(closed).toBe(false)
  })

  test('to a port that is none is refused', async () => {
    const failure = await failureOf(nodeNetwork.connect({ host: HOST, port: 70_000 }))
    expect(failure.code).toBe('NETWORK_EXCEPTION')
    expect(failure.message).toMatch(/^cannot connect to 127\.0\.0\.1:70000: .*65536/)
  })
})

describe('listen', () => {
  test('a port is taken until its listener closes, connections or not; 0 picks a free one', async () => {
    const accepted: Connection[] = []
    const first = await listen(connection => accepted.push(connection))
    const second = await listen(() => {})
    expect(second.address.port).not.toBe(first.address.port)
    const failure = await failureOf(listen(() => {}, first.address))
    expect(failure).toMatchObject({ code: 'ADDRESS_IN_USE', retriable: false })
    expect(failure.message).toBe(`${HOST}:${first.address.port} is in use by another process; choose another port, or 0 for a free one`)
    const client = await connect(first.address)
    while (accepted.length === 0) await someExchanges()
    await first.close()
    await failureOf(nodeNetwork.connect(first.address))
    await listen(() => {}, first.address)
    await first.close()
    await connect(first.address)
    const seen = collect(accepted[0]!)
    client.write([numbers(3)])
    await seen.until(3)
  })

  test.each([-1, 65_536, 1.5, Number.NaN])('does not listen on port %d', async port => {
    const failure = await failureOf(nodeNetwork.listen({ host: HOST, port }, () => {}))
    expect(failure.code).toBe('INVALID_CONFIG')
    expect(failure.message).toContain(`cannot listen on ${HOST}:${port}: `)
  })

  test('an address of another machine is a fault in the configuration', async () => {
    const failure = await failureOf(nodeNetwork.listen({ host: '192.0.2.1', port: 0 }, () => {}))
    expect(failure.code).toBe('INVALID_CONFIG')
    expect(failure.message).toContain('cannot listen on 192.0.2.1:0: ')
  })
})

describe('nodeResolve', () => {
  test('gives the addresses of a host', async () => {
    expect(await nodeResolve(HOST)).toEqual([HOST])
    const local = await nodeResolve('localhost')
    expect(local.some(address => address === HOST || address === '::1')).toBe(true)
  })

  test('names the host that nobody knows', async () => {
    const host = 'x'.repeat(300)
    const failure = await failureOf(nodeResolve(host))
    expect(failure).toMatchObject({ code: 'NETWORK_EXCEPTION', retriable: true, at: { broker: host } })
    expect(failure.message).toContain(`cannot resolve ${host}: `)
  })
})

async function checkTraffic(network: Network): Promise<void> {
  const writes = fc.array(fc.record({ from: fc.nat(1), sizes: fc.array(fc.nat(30_000), { maxLength: 4 }), turns: fc.nat(3) }), {
    maxLength: 20,
    size: 'max',
  })
  const readers = fc.array(fc.record({ roomBytes: fc.integer({ min: 1, max: 40_000 }), pauseEvery: fc.integer({ min: 1, max: 20 }) }), {
    minLength: 2,
    maxLength: 2,
  })
  await fc.assert(
    fc.asyncProperty(writes, readers, async (steps, [atClient, atServer]) => {
      const { client, server } = await pair(network)
      const ends = [client, server] as const
      const sent: Uint8Array[][] = [[], []]
      const seen = [atClient!, atServer!].map(({ roomBytes, pauseEvery }, side) => {
        const end = ends[side]!
        let pieces = 0
        return collect(end, Math.max(roomBytes, 100), () => {
          if (++pieces % pauseEvery !== 0) return
          end.pause()
          nodeClock.soon(() => end.resume())
        })
      })
      const closed = Promise.all([closeOf(client), closeOf(server)])
      let from = 0
      for (const step of steps) {
        const chunks = step.sizes.map(size => {
          from += size
          return numbers(size, from)
        })
        sent[step.from]!.push(...chunks)
        ends[step.from]!.write(chunks)
        for (let turn = 0; turn < step.turns; turn++) await new Promise<void>(resolve => nodeClock.soon(resolve))
      }
      client.close()
      expect(await closed).toEqual([null, null])
      for (const side of [0, 1]) {
        if (!seen[1 - side]!.bytes().equals(Buffer.concat(sent[side]!))) throw new Error(`side ${side}: the bytes differ`)
      }
    }),
    // What a socket does is not the same the next time: a smaller example would be another one.
    { numRuns: RUNS, endOnFailure: true },
  )
}
