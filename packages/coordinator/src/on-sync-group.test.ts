import { expect, test } from 'vitest'
import { assignmentsOf, GroupHarness, protocol, stableGroup } from './group-harness.test-support.ts'

const bytes = (text: string) => new Uint8Array(Buffer.from(text))

function joinedGroup() {
  const harness = new GroupHarness({ initialRebalanceDelayMs: 100 })
  const [a, b] = [harness.enter().memberId, harness.enter().memberId]
  harness.advance(200)
  return { harness, a, b }
}

test('members wait for the leader, and each gets its own assignment; the group is stored before', () => {
  const { harness, a, b } = joinedGroup()
  const follower = harness.sync(b, 1)
  expect(follower.response).toBeNull()
  expect(harness.records).toEqual([])
  const leader = harness.sync(a, 1, { [a]: 'one', [b]: 'two' })
  expect(leader.response).toEqual({ errorCode: 'NONE', protocolType: 'consumer', protocolName: 'range', assignment: bytes('one') })
  expect(follower.response).toMatchObject({ errorCode: 'NONE', assignment: bytes('two') })
  expect(harness.records).toMatchObject([
    { type: 'GROUP_METADATA', value: { generation: 1, protocol: 'range', leader: a, members: [{ memberId: a }, { memberId: b }] } },
  ])
  expect(harness.group?.state).toBe('stable')
})

test('a member that asks when the group is stable gets its assignment at once', () => {
  const { harness, a, b } = joinedGroup()
  harness.sync(a, 1, { [a]: 'one', [b]: 'two' })
  expect(harness.sync(b, 1).response).toMatchObject({ errorCode: 'NONE', assignment: bytes('two') })
})

test('members that the leader forgot get an empty assignment, and a warning is logged', () => {
  const { harness, a, b } = joinedGroup()
  harness.sync(a, 1, { [a]: 'one', stranger: 'three' })
  expect(harness.sync(b, 1).response).toMatchObject({ errorCode: 'NONE', assignment: bytes('') })
  expect(harness.logged).toContain('the leader left members without an assignment')
})

test('codes: unknown group and member 25, stale generation 22, other protocol 23, rebalance 27, no group id 24', () => {
  expect(new GroupHarness().sync('a', 1).response?.errorCode).toBe('UNKNOWN_MEMBER_ID')
  const { harness, ids, generationId } = stableGroup(2)
  expect(harness.sync('stranger', generationId).response?.errorCode).toBe('UNKNOWN_MEMBER_ID')
  expect(harness.sync(ids[0]!, generationId - 1).response?.errorCode).toBe('ILLEGAL_GENERATION')
  expect(harness.sync(ids[0]!, generationId, {}, { protocolName: 'sticky' }).response?.errorCode).toBe('INCONSISTENT_GROUP_PROTOCOL')
  expect(harness.sync(ids[0]!, generationId, {}, { protocolType: 'connect' }).response?.errorCode).toBe('INCONSISTENT_GROUP_PROTOCOL')
  harness.join({ memberId: ids[0]! })
  expect(harness.sync(ids[1]!, generationId).response?.errorCode).toBe('REBALANCE_IN_PROGRESS')
})

test('a rebalance that begins while members wait sends them back to join', () => {
  const { harness, a, b } = joinedGroup()
  const waiting = harness.sync(b, 1)
  harness.join({ memberId: a, protocols: [protocol('range', ['other'])] })
  expect(waiting.response?.errorCode).toBe('REBALANCE_IN_PROGRESS')
  expect(harness.group?.state).toBe('preparingRebalance')
})

test('a request repeated without its answer takes the place of the first', () => {
  const { harness, a, b } = joinedGroup()
  const lost = harness.sync(b, 1)
  const again = harness.sync(b, 1)
  expect(lost.response?.errorCode).toBe('REBALANCE_IN_PROGRESS')
  harness.sync(a, 1, assignmentsOf([a, b], 1))
  expect(again.response?.errorCode).toBe('NONE')
})

test('members that never ask for their assignment are out after the rebalance timeout, also of a stable group', () => {
  const { harness, a, b } = joinedGroup()
  harness.sync(a, 1, assignmentsOf([a, b], 1))
  for (let seconds = 0; seconds < 59; seconds += 5) {
    harness.advance(5000)
    harness.heartbeat(a, 1)
    harness.heartbeat(b, 1)
  }
  expect([...harness.group!.members.keys()]).toEqual([a])
  expect(harness.group?.state).toBe('preparingRebalance')
})

test('a member that waits for the leader outlives its session, and begins a new one with its answer', () => {
  const { harness, a, b } = joinedGroup()
  const waiting = harness.sync(b, 1)
  for (let seconds = 0; seconds < 20; seconds += 5) {
    harness.advance(5000)
    harness.heartbeat(a, 1)
  }
  expect(waiting.response).toBeNull()
  harness.sync(a, 1, assignmentsOf([a, b], 1))
  expect(waiting.response?.errorCode).toBe('NONE')
  harness.advance(9999)
  expect(harness.group?.members.has(b)).toBe(true)
  harness.heartbeat(a, 1)
  harness.advance(1)
  expect(harness.group?.members.has(b)).toBe(false)
})
