import { type Admin, adminFromProperties, createAdmin } from '@logwerk/admin'
import { type Broker, openBroker } from '@logwerk/broker'
import { clientConfig, KafkaClient, whereTo } from '@logwerk/client'
import { createCodecs } from '@logwerk/compression'
import { createProducer } from '@logwerk/producer'
import { consumerProtocolAssignment, consumerProtocolSubscription, encodeVersioned, joinGroup, syncGroup } from '@logwerk/protocol'
import { KafkaError, resolveConfig } from '@logwerk/runtime'
import { createSimulation, type Simulation } from '@logwerk/runtime/simulated'
import { beforeEach, describe, expect, test } from 'vitest'

// WebAssembly is compiled by the platform, in real time: once, before any simulation runs.
await createCodecs({ native: () => null }).ready()

const START_MS = 1_767_225_600_000

let simulation: Simulation
let broker: Broker
let admin: Admin
beforeEach(async () => {
  simulation = createSimulation({ seed: 11 })
  const { world } = simulation
  broker = await run(openBroker({ world }))
  admin = createAdmin({ broker, world, clientId: 'operator' })
})

function run<T>(promise: Promise<T>): Promise<T> {
  return simulation.runUntil(promise)
}

/** What a call rejects with. */
async function refusal(promise: Promise<unknown>): Promise<KafkaError> {
  const error = await run(promise).then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof KafkaError)) throw new Error(`a KafkaError was expected, not ${error}`)
  return error
}

/** Ten records in partition 0 of a topic of three, a millisecond apart. */
async function orders(): Promise<void> {
  await run(admin.createTopics([{ name: 'orders', partitions: 3 }]))
  const producer = createProducer({ broker, world: simulation.world })
  const records = Array.from({ length: 10 }, (_, index) => ({
    topic: 'orders',
    partition: 0,
    value: `${index}`,
    timestamp: START_MS + index,
  }))
  await run(producer.sendBatch(records))
  await run(producer.close())
}

/** Makes the only member of a group, which reads `orders` and is given the partitions. */
async function joinAlone(groupId: string, partitions: number[]): Promise<string> {
  const { world, bootstrap } = whereTo('joinAlone', { broker, world: simulation.world }, [])
  const client = new KafkaClient(world, {
    ...resolveConfig('joinAlone', clientConfig, { clientId: 'member' }),
    bootstrap,
    allowAutoTopicCreation: false,
  })
  const nodeId = await run(client.findGroupCoordinator(groupId))
  const join = (memberId: string) =>
    run(
      client.send(nodeId, joinGroup, {
        groupId,
        sessionTimeoutMs: 45_000,
        rebalanceTimeoutMs: 45_000,
        memberId,
        protocolType: 'consumer',
        protocols: [{ name: 'range', metadata: encodeVersioned(consumerProtocolSubscription, 1, { topics: ['orders'] }) }],
      }),
    )
  const { memberId } = await join('')
  const { generationId, errorCode } = await join(memberId)
  expect(errorCode).toBe('NONE')
  const assignment = encodeVersioned(consumerProtocolAssignment, 1, { assignedPartitions: [{ topic: 'orders', partitions }] })
  await run(
    client.send(nodeId, syncGroup, {
      groupId,
      generationId,
      memberId,
      protocolType: 'consumer',
      protocolName: 'range',
      assignments: [{ memberId, assignment }],
    }),
  )
  client.close()
  return memberId
}

describe('topics', () => {
  test('are created, listed, described, given partitions and deleted', async () => {
    const [orders] = await run(
      admin.createTopics([
        { name: 'orders', partitions: 3 },
        { name: 'assigned', assignments: [[1], [1]] },
      ]),
    )
    expect(orders).toMatchObject({ name: 'orders', partitionCount: 3, replicationFactor: 1 })
    await run(admin.createPartitions([{ name: 'assigned', partitions: 4 }]))
    expect((await run(admin.listTopics())).map(({ name, partitionCount }) => [name, partitionCount])).toEqual([
      ['assigned', 4],
      ['orders', 3],
    ])
    const described = await run(admin.describeTopics(['orders', { id: orders!.id! }]))
    expect(described[0]).toEqual(described[1])
    expect(described[0]?.partitions.map(({ leader, replicas }) => [leader, replicas])).toEqual([
      [1, [1]],
      [1, [1]],
      [1, [1]],
    ])
    await run(admin.deleteTopics(['assigned', { id: orders!.id! }]))
    expect(await run(admin.listTopics())).toEqual([])
  })

  test('that fail are named in one error, and the others are there', async () => {
    await run(admin.createTopics([{ name: 'a' }]))
    const error = await refusal(admin.createTopics([{ name: 'a' }, { name: 'b' }, { name: 'c', replicationFactor: 2 }]))
    expect(error.code).toBe('TOPIC_ALREADY_EXISTS')
    expect(error.at).toEqual({ topic: 'a' })
    expect(error.message).toMatch(/^createTopics: 2 of 3 failed, the other one is done: topic a: .*; topic c: .*INVALID_REPLICATION_FACTOR/)
    const failures = (error.cause as AggregateError).errors as KafkaError[]
    expect(failures.map(({ code, at }) => [code, at.topic])).toEqual([
      ['TOPIC_ALREADY_EXISTS', 'a'],
      ['INVALID_REPLICATION_FACTOR', 'c'],
    ])
    expect((await run(admin.listTopics())).map(({ name }) => name)).toEqual(['a', 'b'])
  })

  test('are only checked with validateOnly', async () => {
    expect(await run(admin.createTopics([{ name: 'a', partitions: 2 }], { validateOnly: true }))).toEqual([
      { name: 'a', id: null, partitionCount: 2, replicationFactor: 1 },
    ])
    expect(await run(admin.listTopics())).toEqual([])
    await run(admin.createTopics([{ name: 'a', partitions: 2 }]))
    await run(admin.createPartitions([{ name: 'a', partitions: 9 }], { validateOnly: true }))
    expect((await refusal(admin.createPartitions([{ name: 'a', partitions: 1 }], { validateOnly: true }))).code).toBe('INVALID_PARTITIONS')
    expect(await run(admin.listTopics())).toMatchObject([{ partitionCount: 2 }])
  })

  test('of which nothing is known are not created by looking', async () => {
    expect(await refusal(admin.describeTopics(['nowhere']))).toMatchObject({ code: 'UNKNOWN_TOPIC_OR_PARTITION', at: { topic: 'nowhere' } })
    expect((await refusal(admin.listOffsets([{ topic: 'nowhere', partition: 0, at: 'latest' }]))).code).toBe('UNKNOWN_TOPIC_OR_PARTITION')
    expect((await refusal(admin.deleteTopics(['nowhere']))).code).toBe('UNKNOWN_TOPIC_OR_PARTITION')
    expect(await run(admin.listTopics())).toEqual([])
  })

  test('with any name at all are told apart', async () => {
    const names = ['__proto__', 'constructor', 'toString']
    await run(admin.createTopics(names.map(name => ({ name }))))
    expect((await run(admin.describeTopics(names))).map(({ name }) => name)).toEqual(names)
  })
})

describe('records', () => {
  test('are found by place and time, several questions to a partition', async () => {
    await orders()
    const at = (spec: 'earliest' | 'latest' | 'maxTimestamp' | { timestamp: number }) => ({ topic: 'orders', partition: 0, at: spec })
    const queries = [at('earliest'), at('latest'), at('maxTimestamp'), at({ timestamp: START_MS + 4 }), at({ timestamp: START_MS + 99 })]
    const found = await run(admin.listOffsets(queries))
    expect(found.map(({ offset, timestamp }) => [offset, timestamp])).toEqual([
      [0, -1],
      [10, -1],
      [9, START_MS + 9],
      [4, START_MS + 4],
      [-1, -1],
    ])
  })

  test('are deleted up to an offset, or all', async () => {
    await orders()
    const deleted = await run(
      admin.deleteRecords([
        { topic: 'orders', partition: 0, beforeOffset: 4 },
        { topic: 'orders', partition: 1, beforeOffset: 'latest' },
      ]),
    )
    expect(deleted.map(({ lowWatermark }) => lowWatermark)).toEqual([4, 0])
    expect(await refusal(admin.deleteRecords([{ topic: 'orders', partition: 0, beforeOffset: 11 }]))).toMatchObject({
      code: 'OFFSET_OUT_OF_RANGE',
      at: { topic: 'orders', partition: 0, offset: 11 },
    })
  })
})

describe('configs', () => {
  test('of one topic may be asked about twice in a call', async () => {
    await run(admin.createTopics([{ name: 'orders' }]))
    const orders = { type: 'topic', name: 'orders' } as const
    const described = await run(
      admin.describeConfigs([
        { ...orders, configNames: ['segment.ms'] },
        { ...orders, configNames: ['segment.bytes', 'segment.ms'] },
      ]),
    )
    expect(described.map(({ configs }) => configs.map(({ name }) => name).sort())).toEqual([
      ['segment.ms'],
      ['segment.bytes', 'segment.ms'],
    ])
  })

  test('are changed one by one', async () => {
    await run(admin.createTopics([{ name: 'orders', configs: { 'max.message.bytes': 9000 } }]))
    await run(
      admin.incrementalAlterConfigs([{ type: 'topic', name: 'orders', set: { 'max.message.bytes': 5000 } }], { validateOnly: true }),
    )
    const configNames = ['max.message.bytes']
    const entry = async () => {
      const [described] = await run(admin.describeConfigs([{ type: 'topic', name: 'orders', configNames }]))
      return described?.configs.map(({ value, source, isDefault, type }) => ({ value, source, isDefault, type }))
    }
    expect(await entry()).toEqual([{ value: '9000', source: 'DYNAMIC_TOPIC_CONFIG', isDefault: false, type: 'INT' }])
    await run(admin.incrementalAlterConfigs([{ type: 'topic', name: 'orders', delete: configNames }]))
    expect(await entry()).toEqual([{ value: '1048588', source: 'DEFAULT_CONFIG', isDefault: true, type: 'INT' }])
    const error = await refusal(
      admin.incrementalAlterConfigs([
        { type: 'topic', name: 'orders', set: { 'no.such.config': 1 } },
        { type: 'topic', name: 'nowhere', set: { 'max.message.bytes': 1 } },
      ]),
    )
    expect(error.message).toMatch(/2 of 2 failed: topic orders: .*no\.such\.config.*; topic nowhere: /)
  })

  test('of a broker come from that broker', async () => {
    const [described] = await run(admin.describeConfigs([{ type: 'broker', name: '1', configNames: ['num.partitions'] }]))
    expect(described?.configs).toMatchObject([{ name: 'num.partitions', value: '1', isReadOnly: true }])
    expect(await refusal(admin.describeConfigs([{ type: 'broker', name: '5' }]))).toMatchObject({ code: 'BROKER_NOT_AVAILABLE' })
  })
})

describe('groups', () => {
  test('have offsets that are set, read and deleted', async () => {
    await orders()
    const partitions = [0, 1].map(partition => ({ topic: 'orders', partition }))
    await run(admin.alterGroupOffsets('billing', [{ ...partitions[0]!, offset: 6, metadata: 'by hand' }]))
    expect(await run(admin.listGroupOffsets('billing', { partitions }))).toEqual([
      { topic: 'orders', partition: 0, offset: 6, leaderEpoch: -1, metadata: 'by hand' },
      { topic: 'orders', partition: 1, offset: null, leaderEpoch: -1, metadata: '' },
    ])
    expect(await run(admin.listGroups())).toEqual([
      { groupId: 'billing', type: 'classic', state: 'Empty', protocolType: '', coordinator: 1 },
    ])
    await run(admin.deleteGroupOffsets('billing', partitions.slice(0, 1)))
    expect(await run(admin.listGroupOffsets('billing'))).toEqual([])
  })

  test('with a member are described, and guard their offsets until it is removed', async () => {
    await orders()
    await run(admin.alterGroupOffsets('billing', [{ topic: 'orders', partition: 0, offset: 6 }]))
    const memberId = await joinAlone('billing', [0, 2])
    const [group] = await run(admin.describeGroups(['billing']))
    expect(group).toMatchObject({ state: 'Stable', protocolType: 'consumer', assignor: 'range', coordinator: 1 })
    const assignment = [0, 2].map(partition => ({ topic: 'orders', partition }))
    expect(group?.members).toMatchObject([{ memberId, clientId: 'member', assignment }])

    const lag = await run(admin.groupLag('billing'))
    expect(
      lag.map(({ partition, committedOffset, logEndOffset, lag: behind, member }) => [
        partition,
        committedOffset,
        logEndOffset,
        behind,
        member?.memberId,
      ]),
    ).toEqual([
      [0, 6, 10, 4, memberId],
      [2, null, 0, null, memberId],
    ])
    const offset = { topic: 'orders', partition: 0, offset: 0 }
    const underMember = await refusal(admin.alterGroupOffsets('billing', [offset]))
    expect(underMember.code).toBe('UNKNOWN_MEMBER_ID')
    expect(underMember.message).toContain('stop them')
    expect((await refusal(admin.deleteGroupOffsets('billing', [offset]))).code).toBe('GROUP_SUBSCRIBED_TO_TOPIC')
    expect((await refusal(admin.deleteGroups(['billing']))).code).toBe('NON_EMPTY_GROUP')

    expect(await run(admin.removeMembersFromGroup('billing'))).toEqual([{ memberId, groupInstanceId: null }])
    await run(admin.alterGroupOffsets('billing', [offset]))
    await run(admin.deleteGroups(['billing']))
    expect(await run(admin.listGroups())).toEqual([])
  })

  test('that do not exist have no offsets, and are otherwise an error that names them', async () => {
    expect(await run(admin.listGroupOffsets('nobody'))).toEqual([])
    for (const call of [() => admin.describeGroups(['nobody']), () => admin.deleteGroups(['nobody']), () => admin.groupLag('nobody')]) {
      expect(await refusal(call())).toMatchObject({ code: 'GROUP_ID_NOT_FOUND', at: { groupId: 'nobody' } })
    }
  })
})

describe('the cluster', () => {
  test('is described with its brokers and what they take', async () => {
    expect(await run(admin.describeCluster())).toMatchObject({ clusterId: broker.clusterId, controller: 1, nodes: [{ id: 1, rack: null }] })
    const apis = await run(admin.describeBrokerApis(1))
    expect(apis.find(({ name }) => name === 'Metadata')).toEqual({ apiKey: 3, name: 'Metadata', minVersion: 0, maxVersion: 13 })
    expect(await refusal(admin.describeBrokerApis(8))).toMatchObject({ code: 'BROKER_NOT_AVAILABLE', at: { broker: 8 } })
  })
})

describe('a call', () => {
  const unreachable = () => createAdmin({ bootstrapServers: ['nowhere:9092'], world: simulation.world, defaultApiTimeoutMs: 3000 })

  test('without a server ends after defaultApiTimeoutMs, or its own timeoutMs, and says why', async () => {
    const began = simulation.clock.monotonicMs()
    const error = await refusal(unreachable().listTopics())
    expect(error.code).toBe('REQUEST_TIMED_OUT')
    expect(error.message).toContain('nowhere:9092')
    expect(simulation.clock.monotonicMs() - began).toBeLessThanOrEqual(3000)
    await refusal(unreachable().createTopics([{ name: 'a' }], { timeoutMs: 500 }))
    expect(simulation.clock.monotonicMs() - began).toBeLessThanOrEqual(3500)
  })

  test('ends with the reason of its signal, also of one that has aborted already', async () => {
    const reason = new Error('enough')
    const controller = new AbortController()
    const calls = [
      unreachable().listTopics({ signal: controller.signal }),
      unreachable().deleteTopics(['a'], { signal: controller.signal }),
    ]
    simulation.clock.setTimer(100, () => controller.abort(reason))
    const ends = await run(Promise.allSettled(calls))
    expect(ends).toMatchObject(calls.map(() => ({ status: 'rejected', reason })))
    await expect(run(admin.listTopics({ signal: controller.signal }))).rejects.toBe(reason)
  })

  test('ends with CLOSED when the admin closes, and after it', async () => {
    const closing = unreachable()
    const call = closing.describeTopics(['a'])
    simulation.clock.setTimer(100, () => void closing.close())
    expect((await refusal(call)).code).toBe('CLOSED')
    await run(closing.close())
    expect((await refusal(closing.listTopics())).code).toBe('CLOSED')
  })

  test('about nothing does nothing', async () => {
    const nothing = unreachable()
    expect(await run(nothing.createTopics([]))).toEqual([])
    expect(await run(nothing.listOffsets([]))).toEqual([])
    expect(await run(nothing.deleteGroups([]))).toBeUndefined()
  })

  test.each<[string, (wrong: never) => Promise<unknown>, unknown, string]>([
    ['no list', wrong => admin.createTopics(wrong), 'orders', 'createTopics takes a list of topics'],
    ['no name', wrong => admin.createTopics(wrong), [{ topic: 'orders' }], 'createTopics: the name of a topic has to be a string'],
    [
      'half a partition',
      wrong => admin.createPartitions(wrong),
      [{ name: 'a', partitions: 1.5 }],
      'topic a: partitions has to be a whole number',
    ],
    ['no topic', wrong => admin.deleteTopics(wrong), [{ name: 'orders' }], 'deleteTopics: a topic that is not given by its name has an id'],
    ['no place', wrong => admin.listOffsets(wrong), [{ topic: 'a', partition: 0, at: 'end' }], "a-0: at has to be 'earliest'"],
    [
      'an offset below 0',
      wrong => admin.deleteRecords(wrong),
      [{ topic: 'a', partition: 0, beforeOffset: -1 }],
      'a-0: beforeOffset has to be',
    ],
    ['an unknown type', wrong => admin.describeConfigs(wrong), [{ type: 'topics', name: 'a' }], '"topics" is no type of a resource'],
    [
      'no member',
      wrong => admin.removeMembersFromGroup('g', { members: wrong }),
      ['m-1'],
      'a member is { memberId } or { groupInstanceId }',
    ],
    ['a group of no name', wrong => admin.groupLag(wrong), 7, 'groupLag: the id of a group has to be a string'],
  ])('with %s is a TypeError', async (_, call, wrong, message) => {
    await expect(run(call(wrong as never))).rejects.toThrow(TypeError)
    await expect(run(call(wrong as never))).rejects.toThrow(message)
  })
})

describe('options', () => {
  test('that are wrong are errors that name them', () => {
    expect(() => createAdmin({})).toThrow('createAdmin: option "bootstrapServers" is missing')
    expect(() => createAdmin({ bootstrapServers: ['x:1'], retryBackofMs: 1 } as never)).toThrow('did you mean "retryBackoffMs"?')
    expect(() => createAdmin({ bootstrapServers: ['x:1'], defaultApiTimeoutMs: -1 })).toThrow('defaultApiTimeoutMs')
  })

  test('come from properties', () => {
    expect(adminFromProperties({ 'bootstrap.servers': 'a:1,b:2', 'default.api.timeout.ms': '5000' })).toEqual({
      bootstrapServers: ['a:1', 'b:2'],
      defaultApiTimeoutMs: 5000,
    })
  })
})
