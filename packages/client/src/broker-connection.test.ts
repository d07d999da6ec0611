import { apiVersions, findCoordinator, heartbeat, listOffsets, metadata } from '@logwerk/protocol'
import { type KafkaError, TimeoutError } from '@logwerk/runtime'
import { describe, expect, test } from 'vitest'
import { BrokerConnection } from './broker-connection.ts'
import { HANG_UP, ScriptedCluster, SILENCE } from './scripted-broker.test-support.ts'

const LIMITS = { clientId: 'test', setupTimeoutMs: 10_000, requestTimeoutMs: 30_000 }

async function withBroker(seed = 1) {
  const cluster = new ScriptedCluster(seed)
  const broker = await cluster.start(1)
  const { simulation } = cluster
  const open = (options: { signal?: AbortSignal } = {}) =>
    BrokerConnection.open(simulation.world, { ...LIMITS, endpoint: broker.endpoint, ...options })
  return { cluster, simulation, broker, open }
}

const failure = (promise: Promise<unknown>): Promise<KafkaError> =>
  promise.then(
    () => {
      throw new Error('it did not fail')
    },
    error => error,
  )

describe('versions', () => {
  test('are agreed on in one round trip with a broker of our time', async () => {
    const { simulation, broker, open } = await withBroker()
    broker.versions.set(metadata.key, [0, 9])
    const connection = await simulation.runUntil(open())
    expect(broker.asked.map(({ api, version, request }) => [api.name, version, request])).toEqual([
      ['ApiVersions', 4, { clientSoftwareName: 'logwerk', clientSoftwareVersion: '0.1.0', clusterId: null, nodeId: -1 }],
    ])
    expect(connection.versionOf(metadata)).toBe(9)
    expect(connection.versionOf(metadata, 4)).toBe(4)
    expect(connection.offers(metadata, 9)).toBe(true)
    expect(connection.offers(metadata, 10)).toBe(false)
  })

  test.each([
    ['names its range', 2],
    ['only says that it knows version 0', 0],
  ])('an older broker %s in an answer of version 0, and is asked again (KIP-511)', async (_, max) => {
    const { simulation, broker, open } = await withBroker()
    broker.versions.set(apiVersions.key, [0, max])
    const connection = await simulation.runUntil(open())
    expect(broker.asked.map(({ version }) => version)).toEqual([4, max])
    expect(connection.versionOf(metadata)).toBe(metadata.versions[1])
  })

  test('that do not overlap are an error that names both sides; what is not offered is another', async () => {
    const { simulation, broker, open } = await withBroker()
    broker.versions.set(metadata.key, [90, 92])
    const connection = await simulation.runUntil(open())
    expect(() => connection.versionOf(metadata)).toThrow('the broker at b1:9092 speaks Metadata 90 to 92, and this client 0 to 13')
    expect(() => connection.versionOf(heartbeat)).toThrow('the broker at b1:9092 does not offer Heartbeat')
    expect((await simulation.runUntil(failure(connection.send(heartbeat, { groupId: 'g', generationId: 1, memberId: 'm' })))).code).toBe(
      'UNSUPPORTED_VERSION',
    )
    // Neither is the end of the connection.
    expect(connection.isClosed).toBe(false)
  })

  test('a refusal to name them is passed on', async () => {
    const { simulation, broker, open } = await withBroker()
    broker.on(apiVersions, () => ({ errorCode: 'CLUSTER_AUTHORIZATION_FAILED' as const, apiKeys: [] }))
    const error = await simulation.runUntil(failure(open()))
    expect(error).toMatchObject({ code: 'CLUSTER_AUTHORIZATION_FAILED' })
    expect(error.message).toContain('the broker at b1:9092 refused to name its versions')
  })
})

describe('somebody else at that address', () => {
  test.each([
    ['HTTP', 'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n', /NOT_KAFKA.*b1:9092.*looks like HTTP/],
    ['a TLS alert', '\x15\x03\x03\x00\x02\x02\x46', /NOT_KAFKA.*looks like TLS/],
    ['a greeting', 'SSH-2.0-OpenSSH_9.7\r\n', /NOT_KAFKA.*check the port/],
    ['a frame that is no answer', '\x00\x00\x00\x06\x00\x00\x00\x00\xff\xff', /NOT_KAFKA/],
    ['an answer to another question', '\x00\x00\x00\x06\x00\x00\x00\x63\x00\x00', /NOT_KAFKA.*answered request 99 where 0 was next/],
    ['a negative length', '\xff\xff\xff\xff', /NOT_KAFKA/],
  ])('%s: the error says so at once', async (_, bytes, text) => {
    const { simulation, broker, open } = await withBroker()
    broker.garbage = Buffer.from(bytes, 'latin1')
    const error = await simulation.runUntil(failure(open()))
    expect(`${error.code} ${error.message}`).toMatch(text)
    expect(error.retriable).toBe(false)
    expect(error.at).toEqual({ broker: 'b1:9092' })
    expect(simulation.clock.monotonicMs()).toBeLessThan(100)
  })

  test('who hangs up without a word may be a broker that starts or stops: the error may pass', async () => {
    const { simulation, broker, open } = await withBroker()
    broker.garbage = Buffer.alloc(0)
    const error = await simulation.runUntil(failure(open()))
    expect(error).toMatchObject({ code: 'NOT_KAFKA', retriable: true })
    expect(error.message).toContain('b1:9092')
  })

  test('who says nothing runs out of the time for opening', async () => {
    const { simulation, broker, open } = await withBroker()
    broker.on(apiVersions, () => SILENCE)
    const error = await simulation.runUntil(failure(open()))
    expect(error).toBeInstanceOf(TimeoutError)
    expect(error.message).toBe(
      'the broker at b1:9092 did not answer ApiVersions in time; check the port, and whether this listener wants TLS or SASL',
    )
    expect(simulation.clock.monotonicMs()).toBeGreaterThanOrEqual(10_000)
    expect(simulation.clock.monotonicMs()).toBeLessThan(10_100)
  })

  test('nobody: the error names the address and the cause', async () => {
    const { simulation, broker, open } = await withBroker()
    await simulation.runUntil(broker.refuse())
    const error = await simulation.runUntil(failure(open()))
    expect(error).toMatchObject({ code: 'NETWORK_EXCEPTION', retriable: true })
    expect(error.message).toMatch(/b1:9092.*ECONNREFUSED/)
  })
})

describe('requests', () => {
  test('are answered in order, several at a time', async () => {
    const { simulation, broker, open } = await withBroker()
    broker.on(findCoordinator, ({ coordinatorKeys: [key = ''] }) => ({
      coordinators: [{ key, nodeId: 1, host: 'h', port: 1, errorCode: 'NONE' as const, errorMessage: null }],
    }))
    const connection = await simulation.runUntil(open())
    const order: string[] = []
    const asked = ['a', 'b', 'c', 'd', 'e'].map(async key => {
      const answer = await connection.send(findCoordinator, { coordinatorKeys: [key] })
      order.push(answer.coordinators[0]!.key)
    })
    expect(connection.inFlightCount).toBe(5)
    await simulation.runUntil(Promise.all(asked))
    expect(order).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(connection.inFlightCount).toBe(0)
    expect(broker.asked.map(({ correlationId }) => correlationId)).toEqual([0, 1, 2, 3, 4, 5])
  })

  test('that get no answer in time end the connection, and fail what waits behind them', async () => {
    const { simulation, broker, open } = await withBroker()
    broker.on(metadata, () => SILENCE)
    const connection = await simulation.runUntil(open())
    const since = simulation.clock.monotonicMs()
    const first = failure(connection.send(metadata, { topics: [] }))
    await simulation.advance(20_000)
    const second = failure(connection.send(metadata, { topics: [] }))
    expect(await simulation.runUntil(first)).toMatchObject({ code: 'REQUEST_TIMED_OUT', retriable: true, at: { broker: 'b1:9092' } })
    expect(simulation.clock.monotonicMs() - since).toBe(30_000)
    expect((await second).code).toBe('REQUEST_TIMED_OUT')
    expect(connection.isClosed).toBe(true)
  })

  test('a short one after a long one runs out of its own time', async () => {
    const { simulation, broker, open } = await withBroker()
    const connection = await simulation.runUntil(open())
    await simulation.runUntil(connection.send(metadata, { topics: [] }, { timeoutMs: 300_000 }))
    broker.on(metadata, () => SILENCE)
    const since = simulation.clock.monotonicMs()
    await simulation.runUntil(failure(connection.send(metadata, { topics: [] }, { timeoutMs: 1000 })))
    expect(simulation.clock.monotonicMs() - since).toBe(1000)
  })

  test('a short one behind a long one gets its time when it is its turn to be answered', async () => {
    const { simulation, broker, open } = await withBroker()
    let release = () => {}
    broker.on(metadata, async () => {
      await new Promise<void>(resolve => {
        release = resolve
      })
      return { brokers: [], topics: [] }
    })
    const connection = await simulation.runUntil(open())
    const long = connection.send(metadata, { topics: [] }, { timeoutMs: 300_000 })
    const short = failure(connection.send(metadata, { topics: [] }, { timeoutMs: 1000 }))
    await simulation.advance(60_000)
    release()
    await simulation.runUntil(long)
    expect((await simulation.runUntil(short)).code).toBe('REQUEST_TIMED_OUT')
    expect(simulation.clock.monotonicMs()).toBeLessThan(60_100)
  })

  test('fail with the connection, which names the broker', async () => {
    const { simulation, broker, open } = await withBroker()
    broker.on(metadata, () => HANG_UP)
    const connection = await simulation.runUntil(open())
    let closes = 0
    connection.onClose(() => closes++)
    const error = await simulation.runUntil(failure(connection.send(metadata, { topics: [] })))
    expect(error).toMatchObject({ code: 'NETWORK_EXCEPTION', retriable: true })
    expect(error.message).toContain('the connection to the broker at b1:9092 is lost')
    expect(connection.isClosed).toBe(true)
    connection.onClose(() => closes++)
    expect(closes).toBe(2)
    expect((await failure(connection.send(metadata, { topics: [] }))).code).toBe('NETWORK_EXCEPTION')
    expect(() => connection.sendWithoutAnswer(metadata, { topics: [] })).toThrow('is lost')
  })

  test('of which the first is met by hanging up may have needed SASL, a later one not', async () => {
    const { simulation, broker, open } = await withBroker()
    const served = await simulation.runUntil(open())
    await simulation.runUntil(served.send(metadata, { topics: [] }))
    const fresh = await simulation.runUntil(open())
    broker.on(metadata, () => HANG_UP)
    const errors = [served, fresh].map(connection => failure(connection.send(metadata, { topics: [] })))
    expect((await simulation.runUntil(Promise.all(errors))).map(({ message }) => message.includes('wants SASL'))).toEqual([false, true])
  })

  test('an answer out of step is the end of the connection, and may pass', async () => {
    const { simulation, broker, open } = await withBroker()
    const connection = await simulation.runUntil(open())
    broker.correlationShift = 1
    const error = await simulation.runUntil(failure(connection.send(metadata, { topics: [] })))
    expect(error).toMatchObject({ code: 'NETWORK_EXCEPTION', retriable: true })
    expect(error.message).toContain('it answered request 2 where 1 was next')
    expect(connection.isClosed).toBe(true)
  })

  test('an answer that cannot be read fails its request alone for good, and the others for now', async () => {
    const { simulation, broker, open } = await withBroker()
    const connection = await simulation.runUntil(open())
    const [first, second] = [failure(connection.send(metadata, { topics: [] })), failure(connection.send(metadata, { topics: [] }))]
    // Correlation id 1, a tagged-field count, and then a list of brokers that is cut short.
    broker.connections[0]!.write([Buffer.from('\x00\x00\x00\x0a\x00\x00\x00\x01\x00\x00\x00\x00\x00\x05', 'latin1')])
    expect(await simulation.runUntil(first)).toMatchObject({ code: 'MALFORMED_MESSAGE', retriable: false })
    expect((await second).message).toMatch(/its answer to Metadata could not be read/)
  })

  test('an answer to nothing is the end of the connection', async () => {
    const { simulation, broker, open } = await withBroker()
    const connection = await simulation.runUntil(open())
    broker.connections[0]!.write([Buffer.from('\x00\x00\x00\x04\x00\x00\x00\x07', 'latin1')])
    await simulation.advance(10)
    expect(connection.isClosed).toBe(true)
  })

  test('more than a thousand in flight are refused one by one', async () => {
    const { simulation, broker, open } = await withBroker()
    broker.on(metadata, () => SILENCE)
    const connection = await simulation.runUntil(open())
    const waiting = Array.from({ length: 1000 }, () => failure(connection.send(metadata, { topics: [] })))
    const error = await failure(connection.send(metadata, { topics: [] }))
    expect(error.message).toBe('Metadata was not sent: 1000 requests to the broker at b1:9092 wait for an answer already')
    expect(connection.isClosed).toBe(false)
    connection.close()
    await Promise.all(waiting)
  })

  test('a request that does not fit its schema is rejected and leaves the connection as it is', async () => {
    const { simulation, open } = await withBroker()
    const connection = await simulation.runUntil(open())
    await expect(connection.send(metadata, { topics: [{ name: 7 as unknown as string }] })).rejects.toThrow()
    expect((await simulation.runUntil(connection.send(metadata, { topics: [] }))).brokers).toHaveLength(1)
  })
})

describe('the end', () => {
  test('close fails what waits, and is idempotent', async () => {
    const { simulation, broker, open } = await withBroker()
    broker.on(metadata, () => SILENCE)
    const connection = await simulation.runUntil(open())
    const waiting = failure(connection.send(metadata, { topics: [] }))
    connection.close()
    connection.close()
    expect((await waiting).message).toContain('it was closed here')
    await simulation.advance(1000)
    expect(simulation.network.connections()).toEqual([])
  })

  test('what needs no answer still leaves at a close', async () => {
    const { simulation, broker, open } = await withBroker()
    broker.on(listOffsets, () => SILENCE)
    const connection = await simulation.runUntil(open())
    for (let index = 0; index < 2000; index++) {
      connection.sendWithoutAnswer(listOffsets, { replicaId: -1, topics: [{ name: `topic ${index}`, partitions: [] }] })
    }
    connection.close()
    await simulation.advance(5000)
    expect(broker.count(listOffsets)).toBe(2000)
    expect(simulation.network.connections()).toEqual([])
  })

  test('but not for ever, if the broker has stopped reading', async () => {
    const { simulation, broker, open } = await withBroker()
    const connection = await simulation.runUntil(open())
    broker.connections[0]!.pause()
    for (let index = 0; index < 40; index++) connection.sendWithoutAnswer(metadata, { topics: [{ name: 'x'.repeat(20_000) }] })
    connection.close()
    await simulation.advance(1000)
    expect(simulation.network.connections()).toHaveLength(1)
    await simulation.advance(2000)
    broker.connections[0]!.resume()
    await simulation.advance(100)
    expect(simulation.network.connections()).toEqual([])
  })

  test('an abort while opening ends it, at every stage', async () => {
    for (let delayMs = 0; delayMs < 12; delayMs++) {
      const { simulation, broker, open } = await withBroker(delayMs)
      broker.on(apiVersions, () => SILENCE)
      const controller = new AbortController()
      const opening = failure(open({ signal: controller.signal }))
      await simulation.advance(delayMs)
      controller.abort(new Error('enough'))
      expect((await simulation.runUntil(opening)).message).toBe('enough')
      await simulation.advance(100)
      expect(simulation.network.connections()).toEqual([])
    }
  })

  test('an abort after opening is nobody’s business', async () => {
    const { simulation, open } = await withBroker()
    const controller = new AbortController()
    const connection = await simulation.runUntil(open({ signal: controller.signal }))
    controller.abort()
    expect(connection.isClosed).toBe(false)
  })
})

test('congestion is told, and its end', async () => {
  const { simulation, broker, open } = await withBroker()
  broker.on(metadata, () => SILENCE)
  const connection = await simulation.runUntil(open())
  let drains = 0
  connection.onDrain(() => drains++)
  broker.connections[0]!.pause()
  expect(connection.isCongested).toBe(false)
  let room = true
  for (let index = 0; index < 60; index++) room = connection.sendWithoutAnswer(metadata, { topics: [{ name: 'x'.repeat(30_000) }] })
  expect(room).toBe(false)
  expect(connection.isCongested).toBe(true)
  broker.connections[0]!.resume()
  await simulation.runUntil(() => drains > 0)
  expect(connection.isCongested).toBe(false)
})
