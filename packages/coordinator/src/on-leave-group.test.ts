import { expect, test } from 'vitest'
import { GroupHarness, stableGroup } from './group-harness.test-support.ts'

test('the others rebalance at once when a member leaves', () => {
  const { harness, ids, generationId } = stableGroup(3)
  expect(harness.leave({ memberId: ids[1]! })).toEqual({
    errorCode: 'NONE',
    members: [{ memberId: ids[1], groupInstanceId: null, errorCode: 'NONE' }],
  })
  expect(harness.heartbeat(ids[0]!, generationId)).toBe('REBALANCE_IN_PROGRESS')
  const rejoined = harness.join({ memberId: ids[0]! })
  harness.join({ memberId: ids[2]! })
  expect(rejoined.response).toMatchObject({ errorCode: 'NONE', generationId: generationId + 1 })
})

test('several members leave in one request, each with a code of its own (version 3 on)', () => {
  const { harness, ids } = stableGroup(2)
  const { members } = harness.leave({ memberId: ids[0]! }, { memberId: 'stranger' }, { memberId: ids[1]! })
  expect(members!.map(member => member.errorCode)).toEqual(['NONE', 'UNKNOWN_MEMBER_ID', 'NONE'])
  expect(harness.group).toMatchObject({ state: 'empty', generationId: 2 })
})

test('an unknown group has no members to leave', () => {
  expect(new GroupHarness().leave({ memberId: 'a' })).toEqual({
    errorCode: 'NONE',
    members: [{ memberId: 'a', groupInstanceId: null, errorCode: 'UNKNOWN_MEMBER_ID' }],
  })
})

test('an administrator removes a static member by its instance id alone', () => {
  const harness = new GroupHarness()
  harness.join({ groupInstanceId: 'a' })
  harness.advance(0)
  expect(harness.leave({ memberId: '', groupInstanceId: 'b' }).members).toMatchObject([{ errorCode: 'UNKNOWN_MEMBER_ID' }])
  expect(harness.leave({ memberId: '', groupInstanceId: 'a' }).members).toMatchObject([{ errorCode: 'NONE' }])
  expect(harness.group?.state).toBe('empty')
})

test('whoever leaves while it waits in JoinGroup gets an answer there too', () => {
  const { harness, ids } = stableGroup(2)
  const waiting = harness.join({ memberId: ids[0]! })
  harness.leave({ memberId: ids[0]! })
  expect(waiting.response).toMatchObject({ errorCode: 'UNKNOWN_MEMBER_ID', memberId: '' })
  const other = harness.join({ memberId: ids[1]! })
  expect(other.response).toMatchObject({ errorCode: 'NONE', leader: ids[1] })
})

test('the last one that a rebalance waits for ends it by leaving', () => {
  const { harness, ids } = stableGroup(2)
  const waiting = harness.join({ memberId: ids[0]! })
  expect(waiting.response).toBeNull()
  harness.leave({ memberId: ids[1]! })
  expect(waiting.response).toMatchObject({ errorCode: 'NONE', generationId: 2 })
})

test('an id that was only given out can be given back; the group does not rebalance for it', () => {
  const { harness, generationId } = stableGroup(1)
  const { memberId } = harness.join().response!
  expect(harness.leave({ memberId }).members).toMatchObject([{ errorCode: 'NONE' }])
  expect(harness.group).toMatchObject({ state: 'stable', generationId })
  expect([...harness.timers.keys()].some(name => name.includes(memberId))).toBe(false)
})
