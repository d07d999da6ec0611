import { describe, expect, test } from 'vitest'
import { GroupHarness, stableGroup } from './group-harness.test-support.ts'
import { onHeartbeat } from './on-heartbeat.ts'
import { onUnload } from './on-load.ts'

describe('codes of Heartbeat, as measured', () => {
  test('unknown group or member: UNKNOWN_MEMBER_ID; stale generation: ILLEGAL_GENERATION; no group id: INVALID_GROUP_ID', () => {
    expect(new GroupHarness().heartbeat('a', 1)).toBe('UNKNOWN_MEMBER_ID')
    const { harness, ids, generationId } = stableGroup(1)
    expect(harness.heartbeat('stranger', generationId)).toBe('UNKNOWN_MEMBER_ID')
    expect(harness.heartbeat(ids[0]!, generationId + 1)).toBe('ILLEGAL_GENERATION')
    expect(onHeartbeat(null, { groupId: '', memberId: 'a', generationId: 1, groupInstanceId: null }).response.errorCode).toBe(
      'INVALID_GROUP_ID',
    )
  })

  test('PreparingRebalance: REBALANCE_IN_PROGRESS; CompletingRebalance and Stable: none; Empty: UNKNOWN_MEMBER_ID', () => {
    const { harness, ids, generationId } = stableGroup(2)
    expect(harness.heartbeat(ids[1]!, generationId)).toBe('NONE')
    harness.join({ memberId: ids[0]! })
    expect(harness.heartbeat(ids[1]!, generationId)).toBe('REBALANCE_IN_PROGRESS')
    harness.join({ memberId: ids[1]! })
    expect(harness.group?.state).toBe('completingRebalance')
    expect(harness.heartbeat(ids[1]!, generationId + 1)).toBe('NONE')
    harness.leave({ memberId: ids[0]! }, { memberId: ids[1]! })
    expect(harness.group?.state).toBe('empty')
    expect(harness.heartbeat(ids[1]!, generationId + 2)).toBe('UNKNOWN_MEMBER_ID')
  })

  test('Dead: COORDINATOR_NOT_AVAILABLE', () => {
    const { harness, ids, generationId } = stableGroup(1)
    harness.take(onUnload(harness.group!, harness.nowMs, harness.rules))
    expect(harness.heartbeat(ids[0]!, generationId)).toBe('COORDINATOR_NOT_AVAILABLE')
    expect(harness.timers.size).toBe(0)
  })
})

describe('the session', () => {
  test('ends when nothing was heard of a member for its session timeout, and its group rebalances', () => {
    const { harness, ids, generationId } = stableGroup(2)
    harness.advance(5000)
    harness.heartbeat(ids[0]!, generationId)
    harness.advance(4999)
    expect(harness.group?.state).toBe('stable')
    harness.advance(1)
    expect([...harness.group!.members.keys()]).toEqual([ids[0]])
    expect(harness.heartbeat(ids[0]!, generationId)).toBe('REBALANCE_IN_PROGRESS')
    expect(harness.join({ memberId: ids[0]! }).response).toMatchObject({ errorCode: 'NONE', generationId: generationId + 1 })
  })

  test('goes on through a rebalance as long as the member sends heartbeats', () => {
    const { harness, ids, generationId } = stableGroup(2)
    harness.join({ memberId: ids[0]! })
    for (let seconds = 0; seconds < 50; seconds += 5) {
      harness.advance(5000)
      expect(harness.heartbeat(ids[1]!, generationId)).toBe('REBALANCE_IN_PROGRESS')
    }
    expect(harness.join({ memberId: ids[1]! }).response?.errorCode).toBe('NONE')
  })

  test('is kept alive by a commit too', () => {
    const { harness, ids, generationId } = stableGroup(1)
    for (let seconds = 0; seconds < 30; seconds += 5) {
      harness.advance(5000)
      expect(harness.commit(ids[0]!, generationId, seconds)).toBe('NONE')
    }
    expect(harness.group?.state).toBe('stable')
  })

  test('that ends last leaves an empty group: next generation, no protocol, stored', () => {
    const { harness } = stableGroup(2)
    harness.advance(10_000)
    expect(harness.group).toMatchObject({ state: 'empty', generationId: 2, protocolName: null, leaderId: null, protocolType: 'consumer' })
    expect(harness.records.at(-1)).toMatchObject({ value: { generation: 2, protocol: null, leader: null, members: [] } })
    expect(harness.timers.size).toBe(0)
  })

  test('begins anew for every member when a coordinator takes over', () => {
    const { harness, ids, generationId } = stableGroup(2)
    harness.advance(9000)
    harness.restart()
    harness.advance(9999)
    expect(harness.group).toMatchObject({ state: 'stable', generationId })
    expect(harness.heartbeat(ids[0]!, generationId)).toBe('NONE')
    harness.advance(1)
    expect([...harness.group!.members.keys()]).toEqual([ids[0]])
  })
})
