import { apiVersions, fetchApi, frameOf, metadata, produce } from '@logwerk/protocol'
import { createInProcessNetwork, randomBelow, type World } from '@logwerk/runtime'
import { createSimulation } from '@logwerk/runtime/simulated'
import { describe, expect, test } from 'vitest'
import { AnswersInFlight } from './answers-in-flight.ts'
import { ClientConnection } from './client-connection.ts'
import { MemoryBudget } from './memory-budget.ts'
import { headerBytes, RawClient, requestBytes } from './raw-client.test-support.ts'
import type { Router } from './router.ts'
import { batchOf, TCP, TestBroker } from './test-broker.test-support.ts'

const seedCount = Number(process.env['LOGWERK_SEEDS'] ?? 10)

const software = { clientSoftwareName: 'raw', clientSoftwareVersion: '1' }
const listening = { port: 9092, host: 'localhost' } as const

function fetchOf(topic: string, maxWaitMs: number) {
  return { maxWaitMs, minBytes: 1, topics: [{ topic, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 << 20 }] }] }
}

function produceOf(topic: string, records: Uint8Array, acks = -1) {
  return { acks, timeoutMs: 1000, topicData: [{ name: topic, partitionData: [{ index: 0, records }] }] }
}

/** Why the broker closed the connection, as its log tells it. */
async function reasonFor(broker: TestBroker, client: RawClient): Promise<string> {
  await broker.run(client.whenClosed())
  expect(client.unclaimedCount, 'answers before the close').toBe(0)
  const line = broker.simulation.log.at(-1)!
  return `${line.message} ${JSON.stringify(line.fields, (_key, value) => (value instanceof Error ? value.message : value))}`
}

describe('what cannot be answered closes the connection without an answer, and the log says why', () => {
  test('an unknown API key', async () => {
    const broker = await TestBroker.open()
    const client = await broker.connect()
    client.sendFrame(headerBytes(1234, 0))
    expect(await reasonFor(broker, client)).toContain('1234')
  })

  test.each([
    ['Produce', 0, 2],
    ['Produce', 0, 14],
    ['Fetch', 1, 3],
    ['Metadata', 3, 14],
    ['Metadata', 3, -1],
  ])('version of %s (key %i) that is not spoken: %i', async (name, apiKey, version) => {
    const broker = await TestBroker.open()
    const client = await broker.connect()
    client.sendFrame(Buffer.concat([headerBytes(apiKey, version), Buffer.alloc(64)]))
    expect(await reasonFor(broker, client)).toBe(
      `connection closed: the version is not offered ${JSON.stringify({ client: 'localhost:2', api: name, version, clientId: 'raw' })}`,
    )
  })

  test('a body that is cut short, wherever', async () => {
    const broker = await TestBroker.open()
    const whole = requestBytes(metadata, 12, { topics: [{ name: 'orders' }] })
    const headerLength = 4 + 4 + 2 + 3 + 1
    for (let length = headerLength; length < whole.length; length++) {
      const client = await broker.connect()
      client.sendFrame(whole.subarray(0, length))
      expect(await reasonFor(broker, client)).toContain('the request is malformed')
    }
  })

  test('a header that is cut short, wherever', async () => {
    const broker = await TestBroker.open()
    const whole = requestBytes(metadata, 12, { topics: null })
    for (let length = 0; length < 4 + 4 + 2 + 3 + 1; length++) {
      const client = await broker.connect()
      client.sendFrame(whole.subarray(0, length))
      expect(await reasonFor(broker, client)).toContain('the request has no readable header')
    }
  })

  test('a frame larger than socket.request.max.bytes, before it has come', async () => {
    const broker = await TestBroker.open({ socketRequestMaxBytes: 1000 })
    const client = await broker.connect()
    client.sendBytes(Buffer.from('000003e9', 'hex'))
    expect(await reasonFor(broker, client)).toContain('a frame of 1001 bytes is outside 0 to 1000')
  })

  test('a negative frame length', async () => {
    const broker = await TestBroker.open()
    const client = await broker.connect()
    client.sendBytes(Buffer.from('ffffffff', 'hex'))
    expect(await reasonFor(broker, client)).toContain('a frame of -1 bytes')
  })

  test('a client that speaks HTTP', async () => {
    const broker = await TestBroker.open()
    const client = await broker.connect()
    client.sendBytes(Buffer.from('GET / HTTP/1.1\r\n\r\n'))
    expect(await reasonFor(broker, client)).toContain('this looks like HTTP')
  })
})

test('what was sent behind a request that closes the connection is not carried out', async () => {
  const broker = await TestBroker.open()
  await broker.createTopic('orders')
  const client = await broker.connect()
  client.sendFrame(headerBytes(1234, 0))
  client.tell(produce, 12, produceOf('orders', batchOf(['a'])))
  await broker.run(client.whenClosed())
  expect(await broker.values('orders')).toEqual([])
})

test('an answer that cannot be sent ends its connection, with a log line, and not the process', async () => {
  const simulation = createSimulation({ seed: 1 })
  const { world } = simulation
  const network = createInProcessNetwork(world.clock)
  // Longer than the length field can say.
  const chunks = [{ length: 2 ** 31 } as Uint8Array]
  const router = { route: () => Promise.resolve({ kind: 'respond', chunks }) } as unknown as Router
  const limits = { maxFrameBytes: 1000, maxIdleMs: 1000, budget: new MemoryBudget(1000), answers: new AnswersInFlight(1000) }
  await network.listen(TCP, connection => {
    new ClientConnection(world, connection, router, { ...limits, advertise: local => local }, () => {})
  })
  const client = await simulation.runUntil(RawClient.connect(network, TCP))
  client.tell(apiVersions, 3, software)
  await simulation.runUntil(client.whenClosed())
  expect(simulation.log).toMatchObject([{ level: 'error', message: 'an answer could not be sent' }])
  expect(limits.budget.usedBytes).toBe(0)
})

test('bytes after a complete body are ignored', async () => {
  const broker = await TestBroker.open()
  const correlationId = 5
  broker.client.sendFrame(Buffer.concat([requestBytes(apiVersions, 3, software, { correlationId }), Buffer.from('rest')]))
  const response = await broker.run(broker.client.answer(apiVersions, 3, correlationId))
  expect(response.errorCode).toBe('NONE')
})

test('a null client id is fine', async () => {
  const broker = await TestBroker.open()
  broker.client.sendFrame(requestBytes(apiVersions, 3, software, { clientId: null }))
  expect((await broker.run(broker.client.answer(apiVersions, 3, 1))).errorCode).toBe('NONE')
})

describe('one request in flight per connection', () => {
  test('a request behind a long poll is answered after it, in order', async () => {
    const broker = await TestBroker.open()
    await broker.createTopic('empty')
    const begunMs = broker.simulation.clock.monotonicMs()
    const fetching = broker.client.ask(fetchApi, 4, fetchOf('empty', 1500))
    const asking = broker.client.ask(apiVersions, 3, software)
    await broker.run(asking)
    expect(broker.simulation.clock.monotonicMs() - begunMs).toBe(1500)
    expect((await fetching).responses[0]!.partitions[0]!.errorCode).toBe('NONE')
  })

  test('another connection does not wait', async () => {
    const broker = await TestBroker.open()
    await broker.createTopic('empty')
    const other = await broker.connect()
    const begunMs = broker.simulation.clock.monotonicMs()
    broker.client.tell(fetchApi, 4, fetchOf('empty', 1500))
    await broker.run(other.ask(apiVersions, 3, software))
    expect(broker.simulation.clock.monotonicMs()).toBe(begunMs)
  })

  test('a thousand requests at once are answered in their order', async () => {
    const broker = await TestBroker.open(listening)
    const client = await broker.connectFrom('client')
    const correlationIds = Array.from({ length: 1000 }, () => client.tell(apiVersions, 3, software))
    for (const correlationId of correlationIds) await broker.run(client.answer(apiVersions, 3, correlationId))
    expect(client.unclaimedCount).toBe(0)
  })

  test('while a request is being answered its connection is not read', async () => {
    const broker = await TestBroker.open(listening)
    await broker.createTopic('empty')
    const client = await broker.connectFrom('client')
    client.tell(fetchApi, 4, fetchOf('empty', 5000))
    for (let count = 0; count < 14_000; count++) client.tell(apiVersions, 3, software)
    await broker.simulation.advance(4000)
    const queuedBytes = client.connection.queuedBytes
    expect(queuedBytes).toBeGreaterThan(0)
    await broker.simulation.advance(10_000)
    expect(client.connection.queuedBytes).toBe(0)
    expect(client.unclaimedCount).toBe(14_001)
  })
})

describe('a client that does not read its answers', () => {
  async function stuck(options: { readonly connectionsMaxIdleMs?: number; readonly maxConnections?: number } = {}) {
    const broker = await TestBroker.open({ ...listening, ...options })
    const client = await broker.connectFrom('client')
    client.connection.pause()
    const correlationIds = Array.from({ length: 14_000 }, () => client.tell(apiVersions, 3, software))
    await broker.simulation.advance(1000)
    return { broker, client, correlationIds }
  }

  test('is not read from either, so that its answers do not pile up', async () => {
    const { client } = await stuck()
    expect(client.connection.queuedBytes).toBeGreaterThan(50_000)
  })

  test('is not read from either when its requests come one by one', async () => {
    const broker = await TestBroker.open(listening)
    await broker.createTopic('big')
    await broker.produce('big', 0, batchOf(['x'.repeat(900_000)]))
    const client = await broker.connectFrom('client')
    client.connection.pause()
    client.tell(fetchApi, 4, fetchOf('big', 0))
    await broker.simulation.advance(100)
    for (let round = 0; round < 100; round++) {
      for (let count = 0; count < 200; count++) client.tell(apiVersions, 3, software)
      await broker.simulation.advance(10)
    }
    expect(client.connection.queuedBytes).toBeGreaterThan(50_000)
  })

  test('gets every answer in order when it reads on', async () => {
    const { broker, client, correlationIds } = await stuck()
    client.connection.resume()
    await broker.simulation.advance(10_000)
    expect(client.unclaimedCount).toBe(14_000)
    for (const correlationId of correlationIds) await client.answer(apiVersions, 3, correlationId)
  })

  test('is cut off once it has been idle for connections.max.idle.ms', async () => {
    const { broker, client } = await stuck({ connectionsMaxIdleMs: 60_000 })
    await broker.simulation.advance(60_000)
    expect(client.isClosed).toBe(false)
    await broker.simulation.advance(10_000)
    expect(broker.logged).toContain('connection closed: it was idle')
    expect(broker.simulation.network.connections()).toEqual([])
  })
})

test('a client that does not hang up after the broker has done so is cut off, and its place is free again', async () => {
  // One connection is the in-process one of the test.
  const broker = await TestBroker.open({ ...listening, maxConnections: 2 })
  const rude = await broker.connectFrom('client')
  // A client that does not read its answers does not see the end behind them either.
  rude.connection.pause()
  rude.tell(apiVersions, 3, software)
  rude.sendFrame(headerBytes(1234, 0))
  await broker.simulation.advance(5000)
  const next = await broker.connectFrom('other')
  expect((await broker.run(next.ask(apiVersions, 3, software))).errorCode).toBe('NONE')
})

describe('idle connections (connections.max.idle.ms)', () => {
  test('are closed, with a log line', async () => {
    const broker = await TestBroker.open({ connectionsMaxIdleMs: 60_000 })
    const client = await broker.connect()
    await broker.run(client.ask(apiVersions, 3, software))
    await broker.simulation.advance(59_000)
    expect(client.isClosed).toBe(false)
    await broker.run(client.ask(apiVersions, 3, software))
    await broker.simulation.advance(59_000)
    expect(client.isClosed).toBe(false)
    await broker.simulation.advance(1001)
    expect(client.isClosed).toBe(true)
    expect(broker.logged).toContain('connection closed: it was idle')
  })

  test('waiting for a long poll is not idleness', async () => {
    const broker = await TestBroker.open({ connectionsMaxIdleMs: 10_000 })
    await broker.createTopic('empty')
    const response = await broker.ask(fetchApi, 4, fetchOf('empty', 60_000))
    expect(response.responses).toHaveLength(1)
  })

  test('a long poll beyond the limit is looked at now and then, not all the time', async () => {
    const simulation = createSimulation({ seed: 1 })
    const { clock } = simulation.world
    let timerCount = 0
    const counting: World['clock'] = {
      nowMs: () => clock.nowMs(),
      monotonicMs: () => clock.monotonicMs(),
      soon: task => clock.soon(task),
      setTimer: (...timer) => {
        timerCount++
        return clock.setTimer(...timer)
      },
    }
    const broker = await TestBroker.open({ connectionsMaxIdleMs: 10_000, world: { ...simulation.world, clock: counting } }, simulation)
    await broker.createTopic('empty')
    timerCount = 0
    await broker.ask(fetchApi, 4, fetchOf('empty', 60_000))
    expect(timerCount).toBeLessThan(30)
    await simulation.advance(9000)
    expect(broker.client.isClosed).toBe(false)
    await simulation.advance(1001)
    expect(broker.client.isClosed).toBe(true)
  })
})

describe('bounds', () => {
  test('beyond max.connections a connection is closed at once, with a log line', async () => {
    const broker = await TestBroker.open({ maxConnections: 2 })
    const second = await broker.connect()
    const third = await broker.connect()
    await broker.run(third.whenClosed())
    expect(broker.logged).toContain('a connection was refused: maxConnections is reached')
    expect((await broker.run(second.ask(apiVersions, 3, software))).errorCode).toBe('NONE')
    second.close()
    await broker.run(second.whenClosed())
    const fourth = await broker.connect()
    expect((await broker.run(fourth.ask(apiVersions, 3, software))).errorCode).toBe('NONE')
  })

  test('with queued.max.request.bytes in flight, connections are not read until others are answered', async () => {
    const simulation = createSimulation({ seed: 3 })
    const broker = await TestBroker.open({ ...listening, dataDir: '/data', queuedMaxRequestBytes: 500_000 }, simulation)
    await broker.createTopic('big')
    const writer = await broker.connectFrom('writer')
    const other = await broker.connectFrom('other')
    simulation.disk.settings.syncDelay = { minMs: 10_000, maxMs: 10_000 }
    const writing = writer.ask(produce, 12, produceOf('big', batchOf(['x'.repeat(600_000)])))
    await simulation.advance(1000)
    // The request that shows that the memory is used up is still answered: refusing it would only bring it back.
    await simulation.runUntil(other.ask(apiVersions, 3, software), { limitMs: 1000 })
    const later = other.ask(apiVersions, 3, software)
    await simulation.advance(5000)
    expect(other.unclaimedCount).toBe(0)
    await expect(simulation.runUntil(later, { limitMs: 1000 })).rejects.toThrow('has not settled')
    expect((await simulation.runUntil(writing)).responses[0]!.partitionResponses[0]!.errorCode).toBe('NONE')
    expect((await simulation.runUntil(later, { limitMs: 1000 })).errorCode).toBe('NONE')
  })

  test('requests of which a part has come count as well, and all of them get through in the end', async () => {
    const simulation = createSimulation({ seed: 5 })
    const broker = await TestBroker.open({ ...listening, queuedMaxRequestBytes: 1_000_000 }, simulation)
    await broker.createTopic('big', 10)
    const frame = (index: number) => {
      const records = batchOf(['x'.repeat(700_000)])
      const bytes = requestBytes(produce, 12, { acks: -1, timeoutMs: 1, topicData: [{ name: 'big', partitionData: [{ index, records }] }] })
      return Buffer.concat(frameOf([bytes]))
    }
    const frames = Array.from({ length: 10 }, (_, index) => frame(index))
    const clients: RawClient[] = []
    for (const index of frames.keys()) clients.push(await broker.connectFrom(`client-${index}`))
    // All but the last byte of each: nothing can be answered.
    for (const [index, client] of clients.entries()) client.sendBytes(frames[index]!.subarray(0, -1))
    await simulation.advance(10_000)
    const heldBytes = clients.reduce((sum, { connection }, index) => sum + frames[index]!.length - connection.queuedBytes, 0)
    // Two were admitted; of the others the broker has what comes before it knows how large they are, and the network what is on its way.
    expect(heldBytes).toBeGreaterThan(1_400_000)
    expect(heldBytes).toBeLessThan(2 * 701_000 + 8 * 330_000)
    // The client that gives up gives back.
    clients[0]!.connection.destroy()
    for (const [index, client] of clients.entries()) client.sendBytes(frames[index]!.subarray(-1))
    for (const client of clients.slice(1)) {
      expect((await simulation.runUntil(client.answer(produce, 12, 1))).responses[0]!.partitionResponses[0]!.errorCode).toBe('NONE')
    }
  })

  test('requests of all sizes in pieces of all sizes get through a small memory, whoever gives up in between', async () => {
    for (let seed = 1; seed <= seedCount; seed++) {
      const simulation = createSimulation({ seed })
      const { random } = simulation.world
      simulation.disk.settings.syncDelay = { minMs: 0, maxMs: 20 }
      const broker = await TestBroker.open({ ...listening, dataDir: '/data', queuedMaxRequestBytes: 300_000 }, simulation)
      await broker.createTopic('big')
      const answers: Promise<string>[] = []
      for (let index = 0; index < 6; index++) {
        const client = await broker.connectFrom(`client-${index}`)
        const requests = Array.from({ length: 4 }, () => batchOf(['x'.repeat(randomBelow(random, 250_000))]))
        const stream = Buffer.concat(requests.flatMap(records => frameOf([requestBytes(produce, 12, produceOf('big', records))])))
        const givesUp = index < 2
        const end = givesUp ? randomBelow(random, stream.length) : stream.length
        for (let at = 0; at < end; ) {
          const next = Math.min(end, at + 1 + randomBelow(random, 150_000))
          client.sendBytes(stream.subarray(at, next))
          at = next
          await simulation.advance(randomBelow(random, 3))
        }
        if (givesUp) client.connection.destroy()
        else {
          for (const _ of requests)
            answers.push(client.answer(produce, 12, 1).then(({ responses }) => responses[0]!.partitionResponses[0]!.errorCode))
        }
      }
      const codes = await simulation.runUntil(Promise.all(answers), { limitMs: 60_000 })
      expect(new Set(codes), `seed ${seed}`).toEqual(new Set(['NONE']))
    }
  })

  test('a client that does not read its answers does not hold the memory of what it sends behind', async () => {
    const simulation = createSimulation({ seed: 6 })
    const broker = await TestBroker.open({ ...listening, queuedMaxRequestBytes: 500_000 }, simulation)
    await broker.createTopic('big')
    await broker.produce('big', 0, batchOf(['x'.repeat(900_000)]))
    const stuck = await broker.connectFrom('client')
    stuck.connection.pause()
    stuck.tell(fetchApi, 4, fetchOf('big', 0))
    await simulation.advance(1000)
    stuck.tell(produce, 12, produceOf('big', batchOf(['y'.repeat(900_000)])))
    await simulation.advance(1000)
    const other = await broker.connectFrom('other')
    for (let count = 0; count < 3; count++) await simulation.runUntil(other.ask(apiVersions, 3, software), { limitMs: 1000 })
    stuck.connection.resume()
    await simulation.advance(10_000)
    expect(stuck.unclaimedCount).toBe(2)
  })

  test('answers that nobody takes are bounded: beyond queuedMaxResponseBytes a fetch gets one batch, and more again when they are taken', async () => {
    const simulation = createSimulation({ seed: 7 })
    const broker = await TestBroker.open({ ...listening, queuedMaxResponseBytes: 500_000 }, simulation)
    await broker.createTopic('big')
    const batchBytes = batchOf(['x'.repeat(100_000)]).length
    for (let count = 0; count < 10; count++) await broker.produce('big', 0, batchOf(['x'.repeat(100_000)]))
    const fetched = async (client: RawClient, maxWaitMs = 0) => {
      const response = await simulation.runUntil(client.ask(fetchApi, 4, { ...fetchOf('big', maxWaitMs), minBytes: 300_000 }))
      return response.responses[0]!.partitions[0]!.records!.length / batchBytes
    }
    const lively = await broker.connectFrom('lively')
    expect(await fetched(lively)).toBe(4)
    const stuck = [await broker.connectFrom('stuck'), await broker.connectFrom('stuck')]
    for (const client of stuck) {
      client.connection.pause()
      client.tell(fetchApi, 4, fetchOf('big', 0))
    }
    await simulation.advance(1000)
    // At once, although it is less than it asked for: what it waited for would not fit.
    const begunMs = simulation.clock.monotonicMs()
    expect(await fetched(lively, 60_000)).toBe(1)
    expect(simulation.clock.monotonicMs() - begunMs).toBeLessThan(1000)
    stuck[0]!.connection.destroy()
    stuck[1]!.connection.resume()
    await simulation.advance(1000)
    // The room that counts is the one at the time of the answer.
    const late = await broker.connectFrom('late')
    const atEnd = [{ partition: 0, fetchOffset: 10, partitionMaxBytes: 1 << 20 }]
    const waiting = late.ask(fetchApi, 4, { maxWaitMs: 60_000, minBytes: 400_000, topics: [{ topic: 'big', partitions: atEnd }] })
    await simulation.advance(100)
    const filling = await broker.connectFrom('stuck')
    filling.connection.pause()
    filling.tell(fetchApi, 4, fetchOf('big', 0))
    await simulation.advance(100)
    for (let count = 0; count < 4; count++) await broker.produce('big', 0, batchOf(['x'.repeat(100_000)]))
    expect((await simulation.runUntil(waiting)).responses[0]!.partitions[0]!.records).toHaveLength(batchBytes)
    filling.connection.destroy()
    await simulation.advance(1000)
    expect(await fetched(lively)).toBe(4)
  })

  test('a connection that ends gives back the memory of its requests', async () => {
    const simulation = createSimulation({ seed: 4 })
    const broker = await TestBroker.open({ ...listening, queuedMaxRequestBytes: 300_000 }, simulation)
    await broker.createTopic('empty')
    for (let round = 0; round < 5; round++) {
      const client = await broker.connectFrom('client')
      client.tell(fetchApi, 4, fetchOf('empty', 600_000))
      // One write, so that both come before the connection is paused.
      client.sendFrame(requestBytes(produce, 12, produceOf('empty', Buffer.alloc(200_000))))
      await simulation.advance(1000)
      simulation.network.cut(({ client: name }) => name === 'client')
      await simulation.advance(1000)
    }
    const other = await broker.connectFrom('other')
    for (let count = 0; count < 3; count++) await simulation.runUntil(other.ask(apiVersions, 3, software), { limitMs: 1000 })
    expect(other.isClosed).toBe(false)
  })
})

describe('when the broker closes', () => {
  test('a request under way is answered before its connection is closed', async () => {
    const broker = await TestBroker.open({ ...listening, dataDir: '/data' })
    await broker.createTopic('orders')
    broker.simulation.disk.settings.syncDelay = { minMs: 500, maxMs: 500 }
    const client = await broker.connectFrom('client')
    const answer = client.ask(produce, 12, produceOf('orders', batchOf(['a'])))
    await broker.simulation.advance(100)
    const closing = broker.broker.close()
    expect((await broker.run(answer)).responses[0]!.partitionResponses[0]!.errorCode).toBe('NONE')
    await broker.run(client.whenClosed())
    await broker.run(closing)
  })

  test('a long poll ends, and requests behind it are not answered', async () => {
    const broker = await TestBroker.open(listening)
    await broker.createTopic('empty')
    const client = await broker.connectFrom('client')
    const polling = client.ask(fetchApi, 4, fetchOf('empty', 600_000))
    const behind = client.ask(apiVersions, 3, software).catch((error: Error) => error.message)
    await broker.simulation.advance(100)
    const begunMs = broker.simulation.clock.monotonicMs()
    const closing = broker.broker.close()
    expect((await broker.run(polling)).responses).toHaveLength(1)
    expect(await broker.run(behind)).toBe('the broker closed the connection')
    await broker.run(closing)
    expect(broker.simulation.clock.monotonicMs() - begunMs).toBeLessThan(2000)
  })

  test('it does not wait for ever for a client that does not hang up', async () => {
    const broker = await TestBroker.open(listening)
    const client = await broker.connectFrom('client')
    client.connection.pause()
    await broker.run(broker.broker.close())
    expect(broker.simulation.network.connections()).toEqual([])
  })
})
