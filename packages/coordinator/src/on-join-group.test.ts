import { describe, expect, test } from 'vitest'
import { assignmentsOf, GroupHarness, protocol, stableGroup } from './group-harness.test-support.ts'

describe('a member without an id', () => {
  test('is sent away with MEMBER_ID_REQUIRED and an id of client id and UUID, from version 4 on', () => {
    const harness = new GroupHarness()
    expect(harness.join({ apiVersion: 4 }).response).toMatchObject({ errorCode: 'MEMBER_ID_REQUIRED', memberId: 'app-uuid-1' })
    const joined = harness.join({ memberId: 'app-uuid-1' })
    harness.advance(0)
    expect(joined.response).toMatchObject({ errorCode: 'NONE', generationId: 1, memberId: 'app-uuid-1', leader: 'app-uuid-1' })
  })

  test('enters at once before version 4', () => {
    const harness = new GroupHarness()
    const joined = harness.join({ apiVersion: 3 })
    harness.advance(0)
    expect(joined.response).toMatchObject({ errorCode: 'NONE', generationId: 1, memberId: 'app-uuid-1' })
  })

  test('leaves nothing behind if it never comes back', () => {
    const harness = new GroupHarness()
    harness.join()
    expect(harness.group).not.toBeNull()
    harness.advance(10_000)
    expect(harness.group).toBeNull()
    expect(harness.records).toEqual([])
    expect(harness.timers.size).toBe(0)
  })

  test('holds up a rebalance until it comes back or its session ends', () => {
    const { harness, ids } = stableGroup(1)
    harness.join()
    const rejoined = harness.join({ memberId: ids[0]! })
    expect(rejoined.response).toBeNull()
    harness.advance(10_000)
    expect(rejoined.response).toMatchObject({ errorCode: 'NONE', generationId: 2 })
  })
})

describe('codes', () => {
  test('an empty group id is INVALID_GROUP_ID', () => {
    const harness = new GroupHarness()
    expect(harness.join({ groupId: '' }).response?.errorCode).toBe('INVALID_GROUP_ID')
  })

  test('a session timeout outside of group.min and max.session.timeout.ms is INVALID_SESSION_TIMEOUT', () => {
    const harness = new GroupHarness()
    expect(harness.join({ sessionTimeoutMs: 5999 }).response?.errorCode).toBe('INVALID_SESSION_TIMEOUT')
    expect(harness.join({ sessionTimeoutMs: 1_800_001 }).response?.errorCode).toBe('INVALID_SESSION_TIMEOUT')
    expect(harness.join({ sessionTimeoutMs: 6000 }).response?.errorCode).toBe('MEMBER_ID_REQUIRED')
    expect(harness.join({ sessionTimeoutMs: 1_800_000 }).response?.errorCode).toBe('MEMBER_ID_REQUIRED')
  })

  test('a member id that nobody gave out is UNKNOWN_MEMBER_ID, with and without a group', () => {
    expect(new GroupHarness().join({ memberId: 'made-up' }).response?.errorCode).toBe('UNKNOWN_MEMBER_ID')
    expect(stableGroup(1).harness.join({ memberId: 'made-up' }).response?.errorCode).toBe('UNKNOWN_MEMBER_ID')
  })

  test('no protocols, no common one, or another type is INCONSISTENT_GROUP_PROTOCOL', () => {
    const empty = new GroupHarness()
    expect(empty.join({ protocols: [] }).response?.errorCode).toBe('INCONSISTENT_GROUP_PROTOCOL')
    expect(empty.join({ protocolType: '' }).response?.errorCode).toBe('INCONSISTENT_GROUP_PROTOCOL')
    expect(empty.group).toBeNull()
    const { harness } = stableGroup(1)
    expect(harness.join({ protocols: [protocol('sticky')] }).response?.errorCode).toBe('INCONSISTENT_GROUP_PROTOCOL')
    expect(harness.join({ protocolType: 'connect' }).response?.errorCode).toBe('INCONSISTENT_GROUP_PROTOCOL')
  })

  test('a member more than group.max.size is GROUP_MAX_SIZE_REACHED, and the others do not notice', () => {
    const { harness, ids, generationId } = stableGroup(2, { maxSize: 2 })
    expect(harness.join().response).toMatchObject({ errorCode: 'GROUP_MAX_SIZE_REACHED', memberId: '' })
    expect(harness.group).toMatchObject({ state: 'stable', generationId })
    expect(harness.join({ memberId: ids[1]! }).response?.errorCode).toBe('NONE')
  })

  test('a group that became too large loses the last ones to rejoin', () => {
    const { harness, ids } = stableGroup(3)
    harness.rules = { ...harness.rules, maxSize: 2 }
    harness.restart()
    expect(harness.group?.state).toBe('preparingRebalance')
    const [first, second, third] = ids.map(memberId => harness.join({ memberId }))
    expect(third!.response?.errorCode).toBe('GROUP_MAX_SIZE_REACHED')
    expect(first!.response).toMatchObject({ errorCode: 'NONE', generationId: 2 })
    expect(second!.response).toMatchObject({ errorCode: 'NONE', generationId: 2 })
  })
})

describe('the join barrier', () => {
  test('waits for all members, and gives the members to the leader only', () => {
    const { harness, ids } = stableGroup(2)
    const newcomer = harness.enter()
    expect(harness.heartbeat(ids[0]!, 1)).toBe('REBALANCE_IN_PROGRESS')
    const first = harness.join({ memberId: ids[0]! })
    expect([newcomer.response, first.response]).toEqual([null, null])
    const second = harness.join({ memberId: ids[1]! })
    for (const { response } of [first, second, newcomer])
      expect(response).toMatchObject({ errorCode: 'NONE', generationId: 2, leader: ids[0] })
    expect(first.response!.members.map(member => member.memberId)).toEqual([...ids, newcomer.memberId])
    expect(second.response!.members).toEqual([])
    expect(newcomer.response!.members).toEqual([])
  })

  test('goes on without dynamic members that do not come within the longest rebalance timeout', () => {
    const { harness, ids } = stableGroup(2, {}, { rebalanceTimeoutMs: 30_000, sessionTimeoutMs: 60_000 })
    const newcomer = harness.enter({ rebalanceTimeoutMs: 20_000, sessionTimeoutMs: 60_000 })
    const first = harness.join({ memberId: ids[0]!, rebalanceTimeoutMs: 30_000, sessionTimeoutMs: 60_000 })
    harness.advance(29_999)
    expect(first.response).toBeNull()
    harness.advance(1)
    expect(first.response).toMatchObject({ errorCode: 'NONE', generationId: 2 })
    expect(newcomer.response).toMatchObject({ errorCode: 'NONE', generationId: 2 })
    expect([...harness.group!.members.keys()]).toEqual([ids[0], newcomer.memberId])
    expect(harness.heartbeat(ids[1]!, 2)).toBe('UNKNOWN_MEMBER_ID')
  })

  test('elects another leader if the old one does not come', () => {
    const { harness, ids } = stableGroup(2, {}, { sessionTimeoutMs: 60_000 })
    const newcomer = harness.enter()
    const second = harness.join({ memberId: ids[1]! })
    harness.advance(60_000)
    expect(second.response).toMatchObject({ errorCode: 'NONE', leader: ids[1] })
    expect(second.response!.members.map(member => member.memberId)).toEqual([ids[1], newcomer.memberId])
  })

  test('answers the first of two requests of one member too', () => {
    const { harness, ids } = stableGroup(2)
    const lost = harness.join({ memberId: ids[0]! })
    const again = harness.join({ memberId: ids[0]! })
    expect(lost.response?.errorCode).toBe('REBALANCE_IN_PROGRESS')
    harness.join({ memberId: ids[1]! })
    expect(again.response).toMatchObject({ errorCode: 'NONE', generationId: 2 })
  })

  test('tells a new member that nobody waits for it any more after five minutes', () => {
    const { harness, ids } = stableGroup(1, {}, { rebalanceTimeoutMs: 600_000, sessionTimeoutMs: 1_000_000 })
    const newcomer = harness.enter()
    expect(harness.heartbeat(ids[0]!, 1)).toBe('REBALANCE_IN_PROGRESS')
    harness.advance(300_000)
    expect(newcomer.response).toMatchObject({ errorCode: 'UNKNOWN_MEMBER_ID', memberId: '' })
    expect([...harness.group!.members.keys()]).toEqual(ids)
  })
})

describe('the delay of an initial rebalance (group.initial.rebalance.delay.ms)', () => {
  test('is none by default', () => {
    const harness = new GroupHarness()
    const joined = harness.enter()
    harness.advance(0)
    expect(joined.response).toMatchObject({ errorCode: 'NONE', generationId: 1 })
  })

  test('holds the first member back, and is extended while members arrive', () => {
    const harness = new GroupHarness({ initialRebalanceDelayMs: 3000 })
    const first = harness.enter()
    harness.advance(2900)
    const second = harness.enter()
    harness.advance(2900)
    expect(first.response).toBeNull()
    const third = harness.enter()
    harness.advance(3199)
    expect(first.response).toBeNull()
    harness.advance(1)
    for (const { response } of [first, second, third]) expect(response).toMatchObject({ errorCode: 'NONE', generationId: 1 })
    expect(harness.group?.members.size).toBe(3)
  })

  test('is never extended beyond the rebalance timeout', () => {
    const harness = new GroupHarness({ initialRebalanceDelayMs: 3000 })
    const first = harness.enter({ rebalanceTimeoutMs: 7000 })
    for (let second = 0; second < 7; second++) {
      expect(first.response).toBeNull()
      harness.advance(1000)
      if (second < 6) harness.enter({ rebalanceTimeoutMs: 7000 })
    }
    expect(first.response).toMatchObject({ errorCode: 'NONE', generationId: 1 })
  })

  test('is for empty groups only', () => {
    const { harness, ids } = stableGroup(1, { initialRebalanceDelayMs: 0 })
    harness.rules = { ...harness.rules, initialRebalanceDelayMs: 3000 }
    const newcomer = harness.enter()
    harness.join({ memberId: ids[0]! })
    expect(newcomer.response).toMatchObject({ errorCode: 'NONE', generationId: 2 })
  })
})

describe('the protocol of a generation', () => {
  test('is the one with the most votes among those that all members know', () => {
    const harness = new GroupHarness({ initialRebalanceDelayMs: 100 })
    const members = [
      harness.enter({ protocols: [protocol('only-mine'), protocol('range'), protocol('sticky')] }),
      harness.enter({ protocols: [protocol('sticky'), protocol('range')] }),
      harness.enter({ protocols: [protocol('sticky'), protocol('range'), protocol('mine-too')] }),
    ]
    harness.advance(200)
    for (const { response } of members) expect(response).toMatchObject({ protocolType: 'consumer', protocolName: 'sticky' })
  })

  test('is the one voted for first among equals', () => {
    const harness = new GroupHarness({ initialRebalanceDelayMs: 100 })
    const first = harness.enter({ protocols: [protocol('range'), protocol('sticky')] })
    harness.enter({ protocols: [protocol('sticky'), protocol('range')] })
    harness.advance(200)
    expect(first.response?.protocolName).toBe('range')
  })

  test('gives the leader what each member sent for it', () => {
    const harness = new GroupHarness({ initialRebalanceDelayMs: 100 })
    const first = harness.enter({ protocols: [protocol('sticky', ['a']), protocol('range', ['b'])] })
    harness.enter({ protocols: [protocol('range', ['c'])] })
    harness.advance(200)
    expect(first.response!.members.map(({ metadata }) => Buffer.from(metadata))).toEqual([
      protocol('range', ['b']).metadata,
      protocol('range', ['c']).metadata,
    ])
  })
})

describe('a member that joins again', () => {
  test('gets the generation at once while the group is stable, if it is no leader and nothing changed', () => {
    const { harness, ids, generationId } = stableGroup(2)
    expect(harness.join({ memberId: ids[1]! }).response).toMatchObject({ errorCode: 'NONE', generationId, members: [] })
    expect(harness.group?.state).toBe('stable')
  })

  test('causes a rebalance if it is the leader', () => {
    const { harness, ids } = stableGroup(2)
    expect(harness.join({ memberId: ids[0]! }).response).toBeNull()
    expect(harness.group?.state).toBe('preparingRebalance')
  })

  test('causes a rebalance if its metadata changed', () => {
    const { harness, ids } = stableGroup(2)
    expect(harness.join({ memberId: ids[1]!, protocols: [protocol('range', ['orders', 'payments'])] }).response).toBeNull()
    expect(harness.group?.state).toBe('preparingRebalance')
  })

  test('gets the same answer again while the leader assigns', () => {
    const harness = new GroupHarness()
    const leader = harness.enter()
    harness.advance(0)
    const again = harness.join({ memberId: leader.memberId })
    expect(again.response).toEqual(leader.response)
    expect(again.response!.members).toHaveLength(1)
    expect(harness.group).toMatchObject({ state: 'completingRebalance', generationId: 1 })
  })

  test('causes a rebalance while the leader assigns, if its metadata changed', () => {
    const harness = new GroupHarness()
    const leader = harness.enter()
    harness.advance(0)
    const changed = harness.join({ memberId: leader.memberId, protocols: [protocol('range', ['payments'])] })
    expect(changed.response).toMatchObject({ errorCode: 'NONE', generationId: 2 })
  })
})

describe('a static member (KIP-345)', () => {
  const staticGroup = () => {
    const harness = new GroupHarness({ initialRebalanceDelayMs: 100 })
    const [a, b] = ['a', 'b'].map(groupInstanceId => harness.join({ groupInstanceId }))
    harness.advance(200)
    const [first, second] = [a!.response!.memberId, b!.response!.memberId]
    harness.sync(second, 1)
    harness.sync(first, 1, assignmentsOf([first, second], 1))
    return { harness, first, second }
  }

  test('needs no second request, and its id begins with the instance id', () => {
    const harness = new GroupHarness()
    const joined = harness.join({ groupInstanceId: 'a' })
    harness.advance(0)
    expect(joined.response).toMatchObject({ errorCode: 'NONE', memberId: 'a-uuid-1', leader: 'a-uuid-1' })
    expect(joined.response!.members[0]).toMatchObject({ groupInstanceId: 'a' })
  })

  test('keeps its assignment and the generation when it comes back, under a new id that is stored', () => {
    const { harness, second } = staticGroup()
    const stored = harness.records.length
    const back = harness.join({ groupInstanceId: 'b' })
    const memberId = back.response!.memberId
    expect(memberId).not.toBe(second)
    expect(back.response).toMatchObject({ errorCode: 'NONE', generationId: 1, skipAssignment: false, members: [] })
    expect(harness.sync(memberId, 1).response).toMatchObject({ errorCode: 'NONE', assignment: new Uint8Array(Buffer.from(`1/${second}`)) })
    expect(harness.group).toMatchObject({ state: 'stable', generationId: 1 })
    expect(harness.records.length).toBe(stored + 1)
    expect([...harness.replayed()!.members.keys()]).toContain(memberId)
  })

  test('fences the process before it: FENCED_INSTANCE_ID with the instance id, UNKNOWN_MEMBER_ID without', () => {
    const { harness, second } = staticGroup()
    harness.join({ groupInstanceId: 'b' })
    expect(harness.heartbeat(second, 1, 'b')).toBe('FENCED_INSTANCE_ID')
    expect(harness.heartbeat(second, 1)).toBe('UNKNOWN_MEMBER_ID')
    expect(harness.sync(second, 1, {}, { groupInstanceId: 'b' }).response?.errorCode).toBe('FENCED_INSTANCE_ID')
    expect(harness.commit(second, 1, 5, { groupInstanceId: 'b' })).toBe('FENCED_INSTANCE_ID')
    expect(harness.join({ memberId: second, groupInstanceId: 'b' }).response?.errorCode).toBe('FENCED_INSTANCE_ID')
    expect(harness.leave({ memberId: second, groupInstanceId: 'b' }).members).toMatchObject([{ errorCode: 'FENCED_INSTANCE_ID' }])
  })

  test('is told to skip the assignment if it led, from version 9 on', () => {
    const { harness } = staticGroup()
    const back = harness.join({ groupInstanceId: 'a' }).response!
    expect(back).toMatchObject({ errorCode: 'NONE', generationId: 1, skipAssignment: true, leader: back.memberId })
    expect(back.members).toHaveLength(2)
  })

  test('does not learn before version 9 that it leads', () => {
    const { harness, first } = staticGroup()
    const back = harness.join({ groupInstanceId: 'a', apiVersion: 8 }).response!
    expect(back).toMatchObject({ errorCode: 'NONE', generationId: 1, skipAssignment: false, leader: first, members: [] })
    expect(harness.group?.leaderId).toBe(back.memberId)
  })

  test('causes a rebalance if the protocol changes with it', () => {
    const harness = new GroupHarness()
    const joined = harness.join({ groupInstanceId: 'a', protocols: [protocol('range')] })
    harness.advance(0)
    harness.sync(joined.response!.memberId, 1, assignmentsOf([joined.response!.memberId], 1))
    const back = harness.join({ groupInstanceId: 'a', protocols: [protocol('range'), protocol('sticky')] })
    expect(back.response).toMatchObject({ errorCode: 'NONE', generationId: 1, protocolName: 'range' })
    const changed = harness.join({ groupInstanceId: 'a', protocols: [protocol('sticky'), protocol('range')] })
    expect(changed.response).toMatchObject({ errorCode: 'NONE', generationId: 2, protocolName: 'sticky' })
  })

  test('causes a rebalance while the leader assigns: it may be assigning to the old id', () => {
    const { harness, first } = staticGroup()
    harness.join({ memberId: first, groupInstanceId: 'a', protocols: [protocol('range', ['new'])] })
    harness.join({ groupInstanceId: 'b' })
    expect(harness.group).toMatchObject({ state: 'completingRebalance', generationId: 2 })
    const waiting = harness.sync(harness.group!.leaderId === first ? [...harness.group!.members.keys()].at(-1)! : first, 2)
    expect(waiting.response).toBeNull()
    harness.join({ groupInstanceId: 'b' })
    expect(harness.group).toMatchObject({ state: 'preparingRebalance', generationId: 2 })
    expect(waiting.response?.errorCode).toMatch(/FENCED_INSTANCE_ID|REBALANCE_IN_PROGRESS/)
  })

  test('that waits for its answer is fenced by the one after it', () => {
    const harness = new GroupHarness({ initialRebalanceDelayMs: 1000 })
    const old = harness.join({ groupInstanceId: 'a' })
    const back = harness.join({ groupInstanceId: 'a' })
    expect(old.response).toMatchObject({ errorCode: 'FENCED_INSTANCE_ID', members: [] })
    harness.advance(2000)
    expect(back.response).toMatchObject({ errorCode: 'NONE', generationId: 1 })
    expect(harness.group?.members.size).toBe(1)
  })

  test('belongs to the next generation even if it did not come, as long as its session lasts', () => {
    const harness = new GroupHarness({ initialRebalanceDelayMs: 100 })
    const patient = { sessionTimeoutMs: 60_000, rebalanceTimeoutMs: 5000 }
    const [sleeper, dynamic] = [harness.join({ groupInstanceId: 'a', ...patient }), harness.enter(patient)]
    harness.advance(200)
    const rejoined = harness.join({ memberId: dynamic.memberId, ...patient, protocols: [protocol('range', ['new'])] })
    harness.advance(5000)
    expect(rejoined.response).toMatchObject({ errorCode: 'NONE', generationId: 2, leader: dynamic.memberId })
    expect(rejoined.response!.members.map(member => member.groupInstanceId)).toEqual(['a', null])
    expect(harness.group?.members.has(sleeper.response!.memberId)).toBe(true)
  })

  test('that comes back without having asked for its assignment still has to ask for it', () => {
    const harness = new GroupHarness({ initialRebalanceDelayMs: 100 })
    const [leader, follower] = ['a', 'b'].map(groupInstanceId => harness.join({ groupInstanceId, sessionTimeoutMs: 600_000 }))
    harness.advance(200)
    const ids = [leader!.response!.memberId, follower!.response!.memberId]
    harness.sync(ids[0]!, 1, assignmentsOf(ids, 1))
    const { memberId } = harness.join({ groupInstanceId: 'b', sessionTimeoutMs: 600_000 }).response!
    harness.advance(60_000)
    expect(harness.group?.members.has(memberId)).toBe(false)
    expect(harness.group?.state).toBe('preparingRebalance')
  })

  test('stays in the group through a rebalance that it sleeps through, until its session ends', () => {
    const { harness, first, second } = staticGroup()
    harness.rules = { ...harness.rules, maxSessionTimeoutMs: 1_800_000 }
    const rejoined = harness.join({
      memberId: first,
      groupInstanceId: 'a',
      sessionTimeoutMs: 1_000_000,
      protocols: [protocol('range', ['new'])],
    })
    harness.advance(9_999)
    expect(rejoined.response).toBeNull()
    expect(harness.group?.members.has(second)).toBe(true)
    harness.advance(1)
    expect(rejoined.response).toMatchObject({ errorCode: 'NONE', generationId: 2 })
    expect(harness.group?.members.has(second)).toBe(false)
  })
})
