import { apiVersions, describeCluster, findCoordinator, metadata } from '@logwerk/protocol'
import { KafkaError, TimeoutError } from '@logwerk/runtime'
import type { Simulation } from '@logwerk/runtime/simulated'
import { describe, expect, test } from 'vitest'
import type { KafkaClientOptions } from './kafka-client.ts'
import { HANG_UP, ScriptedCluster, SILENCE } from './scripted-broker.test-support.ts'

const CLUSTER = { includeClusterAuthorizedOperations: false }
const TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAQ'

/** As many brokers as asked for, and a topic `t` that the first one leads. */
async function withCluster(brokerCount = 1, options: Partial<KafkaClientOptions> = {}, seed = 1) {
  const cluster = new ScriptedCluster(seed)
  for (let nodeId = 1; nodeId <= brokerCount; nodeId++) await cluster.start(nodeId)
  cluster.topics = [{ name: 't', topicId: TOPIC_ID, partitions: [{ leader: 1 }] }]
  const broker = (nodeId: number) => cluster.brokers.get(nodeId)!
  return { cluster, broker, simulation: cluster.simulation, client: cluster.client(options) }
}

const failure = (promise: Promise<unknown>): Promise<KafkaError> =>
  promise.then(
    () => {
      throw new Error('it did not fail')
    },
    error => error,
  )

async function took(simulation: Simulation, promise: Promise<unknown>): Promise<number> {
  const since = simulation.clock.monotonicMs()
  await simulation.runUntil(promise.catch(() => {}))
  return simulation.clock.monotonicMs() - since
}

describe('bootstrap', () => {
  test('any of the addresses will do, and none is asked that need not be', async () => {
    const first = new Set<string>()
    for (let seed = 0; seed < 20; seed++) {
      const { cluster, simulation, client } = await withCluster(3, {}, seed)
      await simulation.runUntil(client.refresh())
      const connected = [...cluster.brokers.values()].filter(({ connections }) => connections.length > 0)
      expect(connected).toHaveLength(1)
      first.add(connected[0]!.endpoint.host)
    }
    expect(first.size).toBe(3)
  })

  test('goes on to the next address where one does not answer or is no broker', async () => {
    for (let seed = 0; seed < 10; seed++) {
      const { broker, simulation, client } = await withCluster(3, {}, seed)
      await simulation.runUntil(broker(1).refuse())
      broker(2).garbage = Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')
      await simulation.runUntil(client.refresh())
      expect(client.metadata.nodes.size).toBe(3)
    }
  })

  test('that reaches nobody names each address and its cause, and may pass', async () => {
    const { broker, simulation, client } = await withCluster(2)
    await simulation.runUntil(Promise.all([broker(1).refuse(), broker(2).refuse()]))
    const error = await simulation.runUntil(failure(client.refresh()))
    expect(error).toMatchObject({ code: 'NETWORK_EXCEPTION', retriable: true })
    expect(error.message).toMatch(/^no broker can be reached: .*b\d:9092: nobody listens there \(ECONNREFUSED\).*; .*b\d:9092/)
  })

  test('that meets no broker at all does not pass', async () => {
    const { broker, simulation, client } = await withCluster(2)
    for (const nodeId of [1, 2]) broker(nodeId).garbage = Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')
    expect(await simulation.runUntil(failure(client.topic('t', 60_000)))).toMatchObject({ code: 'NOT_KAFKA', retriable: false })
    expect(simulation.clock.monotonicMs()).toBeLessThan(1000)
  })

  test('is the way back when all known brokers have gone (KIP-899)', async () => {
    const { cluster, simulation } = await withCluster(2)
    const client = cluster.client({ bootstrap: [{ host: 'entry', port: 9092 }] })
    simulation.network.setAddresses('entry', ['b1'])
    // Known by the names that the brokers give themselves.
    await simulation.runUntil(cluster.brokers.get(1)!.refuse())
    await simulation.runUntil(cluster.brokers.get(2)!.refuse())
    const replacement = await cluster.start(3)
    simulation.network.setAddresses('entry', ['b3'])
    cluster.brokers.delete(1)
    cluster.brokers.delete(2)
    client.metadata.addNode(1, { host: 'b1', port: 9092 })
    client.metadata.addNode(2, { host: 'b2', port: 9092 })
    await simulation.runUntil(client.refresh())
    expect([...client.metadata.nodes.keys()]).toEqual([3])
    expect(replacement.count(metadata)).toBe(1)
  })
})

describe('a topic', () => {
  test('is asked for once by all who want it at the same time', async () => {
    const { broker, simulation, client } = await withCluster()
    const found = await simulation.runUntil(Promise.all([client.topic('t', 1000), client.topic('t', 1000)]))
    expect(found.map(({ name, id }) => [name, id])).toEqual([
      ['t', TOPIC_ID],
      ['t', TOPIC_ID],
    ])
    expect(broker(1).count(metadata)).toBe(1)
    await simulation.runUntil(client.topic('t', 1000))
    expect(broker(1).count(metadata)).toBe(1)
  })

  test('that is wanted while others are asked for is asked for right after', async () => {
    const { cluster, broker, simulation, client } = await withCluster()
    cluster.topics.push({ name: 'u', partitions: [{ leader: 1 }] })
    const first = client.topic('t', 1000)
    await simulation.runUntil(() => broker(1).count(metadata) === 1)
    expect(await took(simulation, client.topic('u', 1000))).toBeLessThan(20)
    await first
    expect(broker(1).count(metadata)).toBe(2)
    expect(client.metadata.topicNames.sort()).toEqual(['t', 'u'])
  })

  test('that is being created is asked for until it is there, with growing pauses', async () => {
    const { cluster, broker, simulation, client } = await withCluster()
    const waiting = client.topic('new', 60_000)
    await simulation.advance(3000)
    const asked = broker(1).count(metadata)
    expect(asked).toBeGreaterThan(4)
    expect(asked).toBeLessThan(9)
    cluster.topics.push({ name: 'new', partitions: [{ leader: 1 }] })
    expect((await simulation.runUntil(waiting)).partitions).toHaveLength(1)
  })

  test('and many others that are not there cost no storm of questions', async () => {
    const { cluster, broker, simulation, client } = await withCluster()
    const waiting = Array.from({ length: 300 }, (_, index) => failure(client.topic(`missing ${index}`, 20_000)))
    const late = client.topic('late', 20_000)
    await simulation.advance(10_000)
    // A single one asks as often.
    expect(broker(1).count(metadata)).toBeLessThan(30)
    cluster.topics.push({ name: 'late', partitions: [{ leader: 1 }] })
    expect(await took(simulation, late)).toBeLessThan(1300)
    await simulation.runUntil(Promise.all(waiting))
  })

  test('that there is not is a timeout that says so', async () => {
    const { simulation, client } = await withCluster()
    const error = await simulation.runUntil(failure(client.topic('missing', 5000)))
    expect(error).toBeInstanceOf(TimeoutError)
    expect(error).toMatchObject({ code: 'UNKNOWN_TOPIC_OR_PARTITION', at: { topic: 'missing' } })
    expect(error.message).toMatch(/^topic missing is not in the metadata after 5000 ms: .*does not exist.*create it or check the name/)
    expect(simulation.clock.monotonicMs()).toBeLessThanOrEqual(5100)
  })

  test('cannot be found without brokers: the timeout names the address and the cause', async () => {
    const { broker, simulation, client } = await withCluster()
    await simulation.runUntil(broker(1).refuse())
    const error = await simulation.runUntil(failure(client.topic('t', 5000)))
    expect(error).toBeInstanceOf(TimeoutError)
    expect(error.message).toMatch(/^topic t is not in the metadata after 5000 ms: cannot connect from localhost to b1:9092: .*ECONNREFUSED/)
    expect(error.cause).toMatchObject({ code: 'NETWORK_EXCEPTION' })
  })

  test('cannot be found while nobody has answered yet: the timeout names who was asked, and blames no topic', async () => {
    const { cluster, broker, simulation } = await withCluster(2)
    for (const nodeId of [1, 2]) broker(nodeId).on(apiVersions, () => SILENCE)
    const client = cluster.client()
    // What is left of a limit, by a clock with fractions.
    const error = await simulation.runUntil(failure(client.topic('t', 2999.996_084)))
    expect(error).toMatchObject({ name: 'TimeoutError', code: 'REQUEST_TIMED_OUT', at: { topic: 't' } })
    expect(error.message).toMatch(/^topic t is not in the metadata after 3000 ms: no answer yet from b\d:9092, b\d:9092; check the address/)
  })

  test('is waited for no longer than asked, whatever hangs', async () => {
    const { broker, simulation, client } = await withCluster()
    broker(1).on(metadata, () => SILENCE)
    expect(await took(simulation, client.topic('t', 700))).toBeLessThanOrEqual(800)
    expect(await took(simulation, client.topic('t', 0))).toBeLessThanOrEqual(1)
  })

  test('that the broker refuses for good is an error at once', async () => {
    const { cluster, simulation, client } = await withCluster()
    cluster.topics.push({ name: 'secret', errorCode: 'TOPIC_AUTHORIZATION_FAILED', partitions: [] })
    const error = await simulation.runUntil(failure(client.topic('secret', 60_000)))
    expect(error).toMatchObject({ code: 'TOPIC_AUTHORIZATION_FAILED', at: { topic: 'secret' } })
    expect(simulation.clock.monotonicMs()).toBeLessThan(100)
  })

  test('waiting for it ends with an abort', async () => {
    const { simulation, client } = await withCluster()
    const controller = new AbortController()
    const waiting = failure(client.topic('missing', 60_000, controller.signal))
    await simulation.advance(2500)
    controller.abort(new Error('enough'))
    expect((await simulation.runUntil(waiting)).message).toBe('enough')
  })
})

describe('a refresh', () => {
  test('comes by itself when the metadata has its age', async () => {
    const { broker, simulation, client } = await withCluster(1, { metadataMaxAgeMs: 10_000 })
    await simulation.runUntil(client.topic('t', 1000))
    await simulation.advance(35_000)
    expect(broker(1).count(metadata)).toBe(4)
  })

  test('asks for the topics of interest, and forgets the others', async () => {
    const { cluster, broker, simulation, client } = await withCluster()
    cluster.topics.push({ name: 'u', partitions: [{ leader: 1 }] })
    client.addInterest(['t', 'u'])
    await simulation.runUntil(client.refresh())
    expect(client.metadata.topicNames.sort()).toEqual(['t', 'u'])
    client.setInterest(['u'])
    await simulation.runUntil(client.refresh())
    expect(client.metadata.topicNames).toEqual(['u'])
    client.removeInterest('u')
    expect(client.metadata.topic('u')).toBeUndefined()
    client.setInterest('all')
    await simulation.runUntil(client.refresh())
    expect(client.metadata.topicNames.sort()).toEqual(['t', 'u'])
    expect(
      broker(1)
        .asked.filter(({ api }) => api === metadata)
        .map(({ request }) => topicsOf(request)),
    ).toEqual([['t', 'u'], ['u'], null])
  })

  test('that was asked for soon comes once, and not within the backoff of the one before', async () => {
    const { broker, simulation, client } = await withCluster()
    await simulation.runUntil(client.refresh())
    const since = simulation.clock.monotonicMs()
    for (let again = 0; again < 50; again++) client.refreshSoon()
    await simulation.advance(50)
    for (let again = 0; again < 50; again++) client.refreshSoon()
    await simulation.advance(200)
    expect(broker(1).count(metadata)).toBe(2)
    expect(broker(1).asked.at(-1)!.atMs - since).toBeGreaterThanOrEqual(100)
  })

  test('that was asked for soon is tried until it succeeds, with growing pauses', async () => {
    const { broker, simulation, client } = await withCluster()
    broker(1).on(metadata, () => HANG_UP)
    client.refreshSoon()
    await simulation.advance(10_000)
    const asked = broker(1).count(metadata)
    expect(asked).toBeGreaterThan(8)
    expect(asked).toBeLessThan(25)
    expect(client.lastRefreshError).toMatchObject({ code: 'NETWORK_EXCEPTION' })
    broker(1).on(metadata, () => ({ brokers: [{ nodeId: 1, host: 'b1', port: 9092 }], topics: [] }))
    await simulation.advance(2000)
    expect(client.lastRefreshError).toBeNull()
    const after = broker(1).count(metadata)
    await simulation.advance(5000)
    expect(broker(1).count(metadata)).toBe(after)
  })

  test('goes to the open connection with the least under way: a broker that hangs does not keep us from hearing of another leader', async () => {
    for (const hung of [1, 2]) {
      const { broker, simulation, client } = await withCluster(2)
      for (const nodeId of [1, 2]) broker(nodeId).on(describeCluster, () => new Promise(() => {}))
      await simulation.runUntil(client.refresh())
      await simulation.runUntil(Promise.all([client.connect(1), client.connect(2)]))
      const stuck = failure(client.send(hung, describeCluster, CLUSTER))
      await simulation.advance(100)
      await simulation.runUntil(client.refresh(), { limitMs: 100 })
      client.close()
      await stuck
    }
  })

  test('tells its listeners, until they leave', async () => {
    const { simulation, client } = await withCluster()
    let heard = 0
    const leave = client.onMetadata(() => heard++)
    await simulation.runUntil(client.refresh())
    leave()
    await simulation.runUntil(client.refresh())
    expect(heard).toBe(1)
  })

  test('answered by a broker that knows none yet, as one that starts does, is no answer', async () => {
    const { broker, simulation, client } = await withCluster()
    await simulation.runUntil(client.topic('t', 1000))
    let starting = true
    broker(1).on(metadata, () => ({
      brokers: starting ? [] : [{ nodeId: 1, host: 'b1', port: 9092 }],
      topics: [{ name: 't', errorCode: 'UNKNOWN_TOPIC_OR_PARTITION' as const, partitions: [] }],
    }))
    expect(await simulation.runUntil(failure(client.refresh()))).toMatchObject({ code: 'BROKER_NOT_AVAILABLE', retriable: true })
    expect([client.metadata.nodes.size, client.metadata.topic('t')?.partitions.length]).toEqual([1, 1])
    starting = false
    await simulation.runUntil(client.refresh())
    expect(client.metadata.topic('t')).toBeUndefined()
  })

  test('whose answer asks to begin anew goes to the bootstrap addresses (KIP-1102)', async () => {
    const { cluster, broker, simulation } = await withCluster(2)
    const client = cluster.client({ bootstrap: [{ host: 'b2', port: 9092 }] })
    client.metadata.addNode(1, { host: 'b1', port: 9092 })
    broker(1).on(metadata, () => ({ errorCode: 'REBOOTSTRAP_REQUIRED' as const, brokers: [], topics: [] }))
    await simulation.runUntil(client.connect(1))
    expect(await simulation.runUntil(failure(client.refresh()))).toMatchObject({ code: 'REBOOTSTRAP_REQUIRED', retriable: true })
    await simulation.runUntil(client.refresh())
    expect([broker(1).count(metadata), broker(2).count(metadata)]).toEqual([1, 1])
  })

  test('that the broker refuses is an error', async () => {
    const { broker, simulation, client } = await withCluster()
    broker(1).on(metadata, () => ({ brokers: [], topics: [], errorCode: 'UNKNOWN_SERVER_ERROR' as const }))
    expect(await simulation.runUntil(failure(client.refresh()))).toMatchObject({ code: 'UNKNOWN_SERVER_ERROR' })
  })
})

test('a purpose of its own for the metadata is a connection of its own: nothing that waits for records holds it up', async () => {
  const { broker, simulation, client } = await withCluster(1, { metadataPurpose: 'coordinator' })
  // A broker answers one request at a time and connection, so what comes behind this one waits for ever.
  broker(1).on(describeCluster, () => new Promise(() => {}))
  await simulation.runUntil(client.refresh())
  const stuck = failure(client.send(1, describeCluster, CLUSTER))
  await simulation.advance(100)
  await simulation.runUntil(client.refresh(), { limitMs: 100 })
  client.close()
  await stuck
})

test('a refresh that somebody wished for while another one was under way, which then failed, is made up for', async () => {
  const { broker, simulation, client } = await withCluster()
  const answer = { brokers: [{ nodeId: 1, ...broker(1).endpoint }], topics: [] }
  let changeCount = 0
  client.onMetadata(() => changeCount++)
  broker(1).on(metadata, () => HANG_UP)
  const failing = failure(client.refresh())
  client.refreshSoon()
  await simulation.runUntil(failing)
  broker(1).on(metadata, () => answer)
  await simulation.advance(5000)
  expect(changeCount).toBe(1)
  client.close()
})

test('more than ten brokers, or topics that are waited for, have Node warn of nothing', async () => {
  const warnings: string[] = []
  const onWarning = ({ message }: Error) => warnings.push(message)
  process.on('warning', onWarning)
  const { simulation, client } = await withCluster(15)
  await simulation.runUntil(client.refresh())
  await simulation.runUntil(Promise.all([...client.metadata.nodes.keys()].map(nodeId => client.connect(nodeId))))
  await simulation.runUntil(Promise.all(Array.from({ length: 15 }, (_, index) => failure(client.topic(`missing ${index}`, 1000)))))
  client.close()
  await simulation.advance(1)
  process.off('warning', onWarning)
  expect(warnings).toEqual([])
})

describe('a node', () => {
  test('is reached at the address that the metadata names; an unknown one is an error', async () => {
    const { broker, simulation, client } = await withCluster(2)
    broker(2).on(describeCluster, () => ({ errorCode: 'NONE' as const, clusterId: 'c', brokers: [] }))
    await simulation.runUntil(client.refresh())
    expect((await simulation.runUntil(client.send(2, describeCluster, CLUSTER))).clusterId).toBe('c')
    expect(client.peek(2)).not.toBeNull()
    expect(client.peek(7)).toBeNull()
    expect(client.backoffOf(7)).toBe(0)
    expect(await failure(client.connect(7))).toMatchObject({ code: 'BROKER_NOT_AVAILABLE', at: { broker: 7 } })
    simulation.network.cut()
    await simulation.settle()
    expect(client.peek(2)).toBeNull()
    expect(client.backoffOf(2)).toBe(50)
  })

  test('the controller is asked, or any broker where none is named', async () => {
    const { cluster, broker, simulation, client } = await withCluster(2)
    for (const nodeId of [1, 2])
      broker(nodeId).on(describeCluster, () => ({ errorCode: 'NONE' as const, clusterId: `${nodeId}`, brokers: [] }))
    expect((await simulation.runUntil(client.sendToController(describeCluster, CLUSTER))).clusterId).toMatch(/[12]/)
    cluster.controllerId = 2
    await simulation.runUntil(client.refresh())
    expect((await simulation.runUntil(client.sendToController(describeCluster, CLUSTER))).clusterId).toBe('2')
  })
})

describe('the coordinator of a group', () => {
  test.each([
    ['an old broker', 3],
    ['one that takes several groups at once', 6],
  ])('is named by %s', async (_, version) => {
    const { broker, simulation, client } = await withCluster(2)
    for (const nodeId of [1, 2]) {
      broker(nodeId).versions.set(findCoordinator.key, [0, version])
      broker(nodeId).on(findCoordinator, ({ key, keyType, coordinatorKeys }) => {
        expect([key, keyType, coordinatorKeys]).toEqual(version < 4 ? ['g', 0, []] : ['', 0, ['g']])
        const found = { nodeId: 2, host: 'b2', port: 9092 }
        return version < 4
          ? { errorMessage: null, ...found }
          : { coordinators: [{ key: 'g', errorCode: 'NONE' as const, errorMessage: null, ...found }] }
      })
    }
    expect(await simulation.runUntil(client.findGroupCoordinator('g'))).toBe(2)
    // Known now, also if the metadata has never been asked for.
    await simulation.runUntil(client.connect(2, 'coordinator'))
  })

  test.each([3, 6])('errors of version %i are named, with the group', async version => {
    const { broker, simulation, client } = await withCluster()
    broker(1).versions.set(findCoordinator.key, [0, version])
    broker(1).on(findCoordinator, () => {
      const refusal = { errorCode: 'COORDINATOR_NOT_AVAILABLE' as const, errorMessage: 'not yet' }
      return version < 4 ? refusal : { coordinators: [{ key: 'g', nodeId: -1, host: '', port: -1, ...refusal }] }
    })
    const error = await simulation.runUntil(failure(client.findGroupCoordinator('g')))
    expect(error).toMatchObject({ code: 'COORDINATOR_NOT_AVAILABLE', retriable: true, at: { groupId: 'g' } })
    expect(error.message).toContain('not yet')
  })

  test('an answer without one is an error', async () => {
    const { broker, simulation, client } = await withCluster()
    broker(1).on(findCoordinator, () => ({ coordinators: [] }))
    expect(await simulation.runUntil(failure(client.findGroupCoordinator('g')))).toMatchObject({ code: 'COORDINATOR_NOT_AVAILABLE' })
  })
})

describe('retrying', () => {
  const passing = () => new KafkaError('COORDINATOR_LOAD_IN_PROGRESS', 'loading')

  test('goes on until it succeeds, with growing pauses (KIP-580)', async () => {
    const { simulation, client } = await withCluster()
    const at: number[] = []
    const result = client.retrying('it', { timeoutMs: 60_000 }, async attempt => {
      at.push(simulation.clock.monotonicMs())
      if (attempt < 6) throw passing()
      return attempt
    })
    expect(await simulation.runUntil(result)).toBe(6)
    for (let attempt = 0; attempt < 6; attempt++) {
      const plainMs = Math.min(100 * 2 ** attempt, 1000)
      expect(at[attempt + 1]! - at[attempt]!).toBeGreaterThanOrEqual(plainMs * 0.8)
      expect(at[attempt + 1]! - at[attempt]!).toBeLessThanOrEqual(plainMs * 1.2)
    }
  })

  test('ends at once for a reason that does not pass', async () => {
    const { simulation, client } = await withCluster()
    const error = new KafkaError('INVALID_GROUP_ID', 'bad')
    expect(await simulation.runUntil(failure(client.retrying('it', { timeoutMs: 60_000 }, () => Promise.reject(error))))).toBe(error)
  })

  test('ends when the time is over, naming the last reason, also in the middle of an attempt', async () => {
    const { simulation, client } = await withCluster()
    const error = await simulation.runUntil(failure(client.retrying('it', { timeoutMs: 2000 }, () => Promise.reject(passing()))))
    expect(error).toBeInstanceOf(TimeoutError)
    expect(error.message).toBe('it did not succeed within 2000 ms: loading')
    expect(error.cause).toMatchObject({ code: 'COORDINATOR_LOAD_IN_PROGRESS' })
    expect(simulation.clock.monotonicMs()).toBeLessThanOrEqual(2000)
    const stuck = failure(client.retrying('it', { timeoutMs: 2000 }, () => new Promise(() => {})))
    expect((await simulation.runUntil(stuck)).message).toBe('it did not succeed within 2000 ms')
  })

  test('asks for the metadata anew after an error that says that it is stale', async () => {
    const { broker, simulation, client } = await withCluster()
    await simulation.runUntil(client.refresh())
    for (const code of ['NOT_CONTROLLER', 'NOT_COORDINATOR'] as const) {
      const before = broker(1).count(metadata)
      const result = client.retrying('it', { timeoutMs: 60_000 }, async attempt => {
        if (attempt < 2) throw new KafkaError(code, 'moved')
      })
      await simulation.runUntil(result)
      await simulation.advance(500)
      expect(broker(1).count(metadata)).toBeGreaterThan(before)
    }
    const before = broker(1).count(metadata)
    await simulation.runUntil(client.retrying('it', { timeoutMs: 1000 }, () => Promise.reject(passing())).catch(() => {}))
    expect(broker(1).count(metadata)).toBe(before)
  })

  test('ends with an abort, in a pause or in an attempt', async () => {
    const { simulation, client } = await withCluster()
    for (const action of [() => Promise.reject(passing()), () => new Promise(() => {})]) {
      const controller = new AbortController()
      const running = failure(client.retrying('it', { timeoutMs: 60_000, signal: controller.signal }, action))
      await simulation.advance(20)
      controller.abort(new Error('enough'))
      expect((await simulation.runUntil(running)).message).toBe('enough')
    }
  })

  test('may go on for ever', async () => {
    const { simulation, client } = await withCluster()
    const result = client.retrying('it', { timeoutMs: Number.POSITIVE_INFINITY, signal: client.signal }, async attempt => {
      if (attempt < 500) throw passing()
    })
    await simulation.runUntil(result, { limitMs: 1_000_000 })
  })
})

describe('close', () => {
  test('ends everything that is under way, and leaves nothing to run', async () => {
    for (let seed = 0; seed < 40; seed++) {
      const { broker, simulation, client } = await withCluster(2, { metadataMaxAgeMs: 20 }, seed)
      if (seed % 3 === 0) broker(1).on(metadata, () => SILENCE)
      if (seed % 3 === 1) await simulation.runUntil(broker(2).refuse())
      const calls: [string, Promise<unknown>][] = [
        ['topic', client.topic('missing', 60_000)],
        ['refresh', client.refresh()],
        ['connect', client.refresh().then(() => client.connect(2))],
        ['coordinator', client.findGroupCoordinator('g')],
        ['retrying', client.retrying('it', { timeoutMs: 60_000 }, () => Promise.reject(new KafkaError('NETWORK_EXCEPTION', 'x')))],
        [
          'stuck',
          client.retrying('it', { timeoutMs: 60_000 }, () =>
            client.sendToAny(metadata, { topics: [] }).then(() => client.topic('u', 60_000)),
          ),
        ],
      ]
      client.refreshSoon()
      const outcomes = calls.map(([name, call]) =>
        call.then(
          () => [name, 'done'],
          (error: KafkaError) => [name, error.code],
        ),
      )
      await simulation.advance(seed * 5)
      client.close()
      client.close()
      expect(client.isClosed).toBe(true)
      for (const [name, code] of await simulation.runUntil(Promise.all(outcomes))) {
        if (name === 'topic' || name === 'retrying' || name === 'stuck') expect([seed, name, code]).toEqual([seed, name, 'CLOSED'])
      }
      await simulation.advance(100)
      expect(simulation.network.connections()).toEqual([])
      await expect(simulation.runUntil(new Promise(() => {}), { limitMs: 1e9 })).rejects.toThrow('nothing is left to run')
    }
  })

  test('refuses what comes after it', async () => {
    const { simulation, client } = await withCluster()
    await simulation.runUntil(client.refresh())
    client.close()
    const calls = [
      client.refresh(),
      client.connect(1),
      client.topic('u', 1000),
      client.sendToAny(metadata, { topics: [] }),
      client.send(1, metadata, { topics: [] }),
    ]
    for (const error of await simulation.runUntil(Promise.all(calls.map(failure)))) expect(error).toMatchObject({ code: 'CLOSED' })
    client.refreshSoon()
    await expect(simulation.runUntil(new Promise(() => {}))).rejects.toThrow('nothing is left to run')
  })
})

function topicsOf(request: unknown): string[] | null {
  const { topics } = request as { topics: { name: string }[] | null }
  return topics === null ? null : topics.map(({ name }) => name).sort()
}
