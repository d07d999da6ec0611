import { type apis, describeGroups, heartbeat, joinGroup, leaveGroup, listGroups, syncGroup } from '@logwerk/protocol'
import { describe, expect, test } from 'vitest'
import { TestBroker } from '../test-broker.test-support.ts'
import { committed, GATHERING, GROUP, joinRequest, stableGroup, TestMember } from './test-members.test-support.ts'

const versionsOf = (api: (typeof apis)[keyof typeof apis]) =>
  Array.from({ length: api.versions[1] - api.versions[0] + 1 }, (_, index) => api.versions[0] + index)

describe('a group over the wire', () => {
  test("forms without Kafka's three seconds, and shows what it is", async () => {
    const broker = await TestBroker.open()
    const startMs = broker.simulation.clock.monotonicMs()
    const [member] = await stableGroup(broker, [{}])
    expect(broker.simulation.clock.monotonicMs() - startMs).toBeLessThan(100)
    const { groups } = await broker.ask(describeGroups, 6, { groups: [GROUP], includeAuthorizedOperations: true })
    expect(groups).toMatchObject([
      {
        errorCode: 'NONE',
        groupState: 'Stable',
        protocolType: 'consumer',
        protocolData: 'range',
        authorizedOperations: 3400,
        members: [{ memberId: member!.memberId, clientId: 'raw', memberAssignment: Buffer.from(member!.memberId) }],
      },
    ])
    expect((await broker.ask(listGroups, 5, {})).groups).toEqual([
      { groupId: GROUP, protocolType: 'consumer', groupState: 'Stable', groupType: 'classic' },
    ])
  })

  test('waits group.initial.rebalance.delay.ms where it is set', async () => {
    const broker = await TestBroker.open({ groupInitialRebalanceDelayMs: 3000 })
    const startMs = broker.simulation.clock.monotonicMs()
    await stableGroup(broker, [{}, {}])
    expect(broker.simulation.clock.monotonicMs() - startMs).toBeGreaterThanOrEqual(3000)
  })

  test.each(versionsOf(joinGroup))('is joined in version %i, also in vain', async version => {
    const broker = await TestBroker.open()
    const refused = await broker.ask(joinGroup, version, joinRequest({ memberId: 'stranger' }))
    expect(refused).toMatchObject({ errorCode: 'UNKNOWN_MEMBER_ID', protocolName: version < 7 ? '' : null, generationId: -1, leader: '' })
    const member = await TestMember.connect(broker)
    const response = await broker.run(member.join(version))
    expect(response).toMatchObject({ errorCode: 'NONE', generationId: 1, protocolName: 'range', leader: member.memberId })
    expect(response.members).toHaveLength(1)
  })

  test.each(versionsOf(syncGroup))('assigns in version %i', async version => {
    const broker = await TestBroker.open()
    const member = await TestMember.connect(broker)
    await broker.run(member.join())
    const { errorCode, assignment } = await broker.run(member.sync([member.memberId], version))
    expect([errorCode, assignment.toString()]).toEqual(['NONE', member.memberId])
  })

  test('SyncGroup without a protocol is INCONSISTENT_GROUP_PROTOCOL from version 5 on', async () => {
    const broker = await TestBroker.open()
    const [member] = await stableGroup(broker, [{}])
    const { memberId, generationId } = member!
    const sync = (version: number) => broker.ask(syncGroup, version, { groupId: GROUP, generationId, memberId, assignments: [] })
    expect((await sync(5)).errorCode).toBe('INCONSISTENT_GROUP_PROTOCOL')
    expect((await sync(4)).errorCode).toBe('NONE')
  })

  test.each(versionsOf(leaveGroup))('is left in version %i', async version => {
    const broker = await TestBroker.open()
    const [member] = await stableGroup(broker, [{}])
    const { memberId } = member!
    const leave = () =>
      broker.ask(leaveGroup, version, version < 3 ? { groupId: GROUP, memberId } : { groupId: GROUP, members: [{ memberId }] })
    const [left, again] = [await leave(), await leave()]
    if (version < 3) expect([left.errorCode, again.errorCode]).toEqual(['NONE', 'UNKNOWN_MEMBER_ID'])
    else expect([left.members[0]?.errorCode, again.errorCode, again.members[0]?.errorCode]).toEqual(['NONE', 'NONE', 'UNKNOWN_MEMBER_ID'])
  })

  test.each(versionsOf(heartbeat))('hears heartbeats in version %i', async version => {
    const broker = await TestBroker.open()
    const [member] = await stableGroup(broker, [{}])
    const { memberId, generationId } = member!
    expect((await broker.ask(heartbeat, version, { groupId: GROUP, generationId, memberId })).errorCode).toBe('NONE')
  })
})

describe('a member whose connection is gone', () => {
  test('stays in the group until its session ends', async () => {
    const broker = await TestBroker.open(GATHERING)
    const [a, b] = await stableGroup(broker)
    b!.client.close()
    await broker.simulation.advance(9000)
    expect(await a!.heartbeat()).toBe('NONE')
    await broker.simulation.advance(1500)
    expect(await a!.heartbeat()).toBe('REBALANCE_IN_PROGRESS')
    expect(await broker.run(a!.join())).toMatchObject({ errorCode: 'NONE', generationId: 2, members: [{ memberId: a!.memberId }] })
  })

  test('while it waits for the others is waited for like any other', async () => {
    const broker = await TestBroker.open(GATHERING)
    const [a, b] = await stableGroup(broker)
    const newcomer = await TestMember.connect(broker)
    newcomer.join().catch(() => {})
    await broker.simulation.advance(100)
    expect(await a!.heartbeat()).toBe('REBALANCE_IN_PROGRESS')
    newcomer.client.close()
    const [first, second] = await broker.run(Promise.all([a!.join(), b!.join()]))
    expect([first.generationId, second.generationId]).toEqual([2, 2])
    expect([first, second].flatMap(response => response.members)).toHaveLength(3)
  })
})

describe.each(['kill', 'crash', 'close'] as const)('after the broker ends by %s and starts again', end => {
  const restart = (broker: TestBroker) => (end === 'close' ? broker.restartCleanly() : broker.restartAfter(end))

  test('a stable group goes on as if nothing had been: generation, members, offsets', async () => {
    const broker = await TestBroker.open({ dataDir: '/data', ...GATHERING })
    await broker.createTopic('orders')
    const [a] = await stableGroup(broker)
    expect(await a!.commit(42)).toBe('NONE')
    await broker.simulation.advance(8000)
    await restart(broker)
    expect(await committed(broker)).toBe(42)
    const { memberId, generationId } = a!
    expect((await broker.ask(heartbeat, 4, { groupId: GROUP, memberId, generationId })).errorCode).toBe('NONE')
    const { groups } = await broker.ask(describeGroups, 6, { groups: [GROUP] })
    expect(groups).toMatchObject([{ groupState: 'Stable', members: [{ clientId: 'raw' }, { clientId: 'raw' }] }])
  })

  test('every member has a whole session before it counts as gone', async () => {
    const broker = await TestBroker.open({ dataDir: '/data', ...GATHERING })
    await stableGroup(broker)
    await broker.simulation.advance(9900)
    await restart(broker)
    await broker.simulation.advance(9000)
    const stateOf = async () => (await broker.ask(describeGroups, 6, { groups: [GROUP] })).groups[0]!.groupState
    expect(await stateOf()).toBe('Stable')
    await broker.simulation.advance(2000)
    expect(await stateOf()).toBe('Empty')
  })

  test('a static member keeps its place', async () => {
    const broker = await TestBroker.open({ dataDir: '/data', ...GATHERING })
    const [before] = await stableGroup(broker, [{ groupInstanceId: 'a' }, { groupInstanceId: 'b' }])
    await restart(broker)
    const back = await TestMember.connect(broker, { groupInstanceId: 'a' })
    expect(await broker.run(back.join())).toMatchObject({ errorCode: 'NONE', generationId: before!.generationId })
    const { assignment } = await broker.run(back.sync())
    expect(assignment.toString()).toBe(before!.memberId)
  })

  test('a rebalance that was under way is none, and its members join anew', async () => {
    const broker = await TestBroker.open({ dataDir: '/data', ...GATHERING })
    const [a] = await stableGroup(broker, [{}])
    const newcomer = await TestMember.connect(broker)
    newcomer.join().catch(() => {})
    await broker.simulation.advance(10)
    await restart(broker)
    const { memberId, generationId } = a!
    expect((await broker.ask(heartbeat, 4, { groupId: GROUP, memberId, generationId })).errorCode).toBe('NONE')
    const { groups } = await broker.ask(describeGroups, 6, { groups: [GROUP] })
    expect(groups).toMatchObject([{ groupState: 'Stable', members: [{ memberId }] }])
  })
})

test('a broker that closes sends those who wait to look for another coordinator', async () => {
  const broker = await TestBroker.open({ groupInitialRebalanceDelayMs: 60_000 })
  const member = await TestMember.connect(broker)
  const joining = member.join()
  await broker.simulation.advance(100)
  const startMs = broker.simulation.clock.monotonicMs()
  const [response] = await broker.run(Promise.all([joining, broker.broker.close()]))
  expect(response.errorCode).toBe('NOT_COORDINATOR')
  expect(broker.simulation.clock.monotonicMs() - startMs).toBeLessThan(1000)
})

test('a session timeout outside of the configured bounds is INVALID_SESSION_TIMEOUT', async () => {
  const broker = await TestBroker.open({ groupMinSessionTimeoutMs: 100, groupMaxSessionTimeoutMs: 200 })
  const codeOf = async (sessionTimeoutMs: number) => (await broker.ask(joinGroup, 9, joinRequest({ sessionTimeoutMs }))).errorCode
  expect([await codeOf(99), await codeOf(100), await codeOf(200), await codeOf(201)]).toEqual([
    'INVALID_SESSION_TIMEOUT',
    'MEMBER_ID_REQUIRED',
    'MEMBER_ID_REQUIRED',
    'INVALID_SESSION_TIMEOUT',
  ])
})

test('bounds that allow no session timeout are refused when the broker opens', async () => {
  await expect(TestBroker.open({ groupMinSessionTimeoutMs: 200, groupMaxSessionTimeoutMs: 100 })).rejects.toMatchObject({
    code: 'INVALID_CONFIG',
  })
})
