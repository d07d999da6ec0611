import { describe, expect, test } from 'vitest'
import { newClassicGroup } from './classic-group.ts'
import { describeGroup, listGroups } from './describe-group.ts'
import { assignmentsOf, GroupHarness, protocol, stableGroup } from './group-harness.test-support.ts'

describe('DescribeGroups', () => {
  test('an unknown group is GROUP_ID_NOT_FOUND and "Dead" in version 6, and only "Dead" in version 5', () => {
    expect(describeGroup(null, 'g', 6)).toMatchObject({
      errorCode: 'GROUP_ID_NOT_FOUND',
      groupState: 'Dead',
      errorMessage: 'Group g not found.',
    })
    expect(describeGroup(null, 'g', 5)).toEqual({
      errorCode: 'NONE',
      groupId: 'g',
      groupState: 'Dead',
      protocolType: '',
      protocolData: '',
      members: [],
    })
  })

  test('a stable group shows its protocol, and what its members sent and got', () => {
    const { harness, ids } = stableGroup(1)
    const described = describeGroup(harness.group, 'billing', 6)
    expect(described).toMatchObject({ errorCode: 'NONE', groupState: 'Stable', protocolType: 'consumer', protocolData: 'range' })
    expect(described.members).toEqual([
      {
        memberId: ids[0],
        groupInstanceId: null,
        clientId: 'app',
        clientHost: '/127.0.0.1',
        memberMetadata: new Uint8Array(protocol().metadata),
        memberAssignment: new Uint8Array(Buffer.from(Object.values(assignmentsOf(ids, 1))[0]!)),
      },
    ])
  })

  test('a group that rebalances shows neither protocol nor metadata', () => {
    const { harness, ids } = stableGroup(2)
    harness.join({ memberId: ids[0]! })
    const described = describeGroup(harness.group, 'billing', 6)
    expect(described).toMatchObject({ groupState: 'PreparingRebalance', protocolData: '' })
    expect(described.members[0]!.memberMetadata).toHaveLength(0)
  })
})

describe('ListGroups', () => {
  const { harness } = stableGroup(1)
  const groups = [harness.group!, newClassicGroup('simple', 0)]
  const listed = (states: string[], types: string[] = []) => listGroups(groups, { states, types }).map(group => group.groupId)

  test('names protocol type, state and type', () => {
    expect(listGroups(groups, { states: [], types: [] })).toEqual([
      { groupId: 'billing', protocolType: 'consumer', groupState: 'Stable', groupType: 'classic' },
      { groupId: 'simple', protocolType: '', groupState: 'Empty', groupType: 'classic' },
    ])
  })

  test('filters by state and by type, in any case', () => {
    expect(listed(['stable'])).toEqual(['billing'])
    expect(listed([' Empty ', 'STABLE'])).toEqual(['billing', 'simple'])
    expect(listed(['Sleeping'])).toEqual([])
    expect(listed([], ['Classic', 'share'])).toEqual(['billing', 'simple'])
    expect(listed([], ['consumer'])).toEqual([])
  })
})

test('a group shows every state that it goes through', () => {
  const harness = new GroupHarness()
  const shown = () => describeGroup(harness.group, 'billing', 5).groupState
  const states = [shown()]
  const { memberId } = harness.join().response!
  states.push(shown())
  harness.join({ memberId })
  states.push(shown())
  harness.advance(0)
  states.push(shown())
  harness.sync(memberId, 1, assignmentsOf([memberId], 1))
  states.push(shown())
  harness.leave({ memberId })
  states.push(shown())
  expect(states).toEqual(['Dead', 'Empty', 'PreparingRebalance', 'CompletingRebalance', 'Stable', 'Empty'])
})
