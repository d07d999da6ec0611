import { consumerProtocolAssignment, encodeVersioned } from '@logwerk/protocol'
import { expect, test } from 'vitest'
import { partitionsOf } from './group-lag.ts'
import { descriptionOf } from './groups.ts'

const MEMBER = { memberId: 'm', groupInstanceId: null, clientId: 'c', clientHost: '/10.0.0.7', memberMetadata: Buffer.alloc(0) }

function assignmentIn(protocolType: string, memberAssignment: Uint8Array) {
  const group = {
    errorCode: 'NONE',
    errorMessage: null,
    groupId: 'g',
    groupState: 'Stable',
    protocolData: 'range',
    authorizedOperations: 0,
  } as const
  return descriptionOf({ ...group, protocolType, members: [{ ...MEMBER, memberAssignment }] }, 1).members[0]!.assignment
}

const assigned = encodeVersioned(consumerProtocolAssignment, 1, {
  assignedPartitions: [
    { topic: 'orders', partitions: [2, 0] },
    { topic: 'refunds', partitions: [1] },
  ],
})

test('the assignment of a consumer is its partitions', () => {
  expect(assignmentIn('consumer', assigned)).toEqual([
    { topic: 'orders', partition: 2 },
    { topic: 'orders', partition: 0 },
    { topic: 'refunds', partition: 1 },
  ])
})

test('a version that is newer than the newest known one is read as that', () => {
  const newer = Buffer.from(assigned)
  newer.writeInt16BE(9, 0)
  expect(assignmentIn('consumer', newer)).toHaveLength(3)
})

test('nothing is assigned during a rebalance; nonsense and foreign protocols cannot be read', () => {
  expect(assignmentIn('consumer', Buffer.alloc(0))).toEqual([])
  expect(assignmentIn('consumer', Buffer.from([0, 1, 0x7f, 0xff]))).toBeNull()
  expect(assignmentIn('connect', assigned)).toBeNull()
})

test('the lag is about all that is committed or assigned, in order', () => {
  const member = {
    memberId: 'm',
    groupInstanceId: null,
    clientId: 'c',
    host: '',
    assignment: [
      { topic: 'b', partition: 0 },
      { topic: 'a', partition: 10 },
    ],
  }
  const committed = [
    { topic: 'a', partition: 10, offset: 5, leaderEpoch: -1, metadata: '' },
    { topic: 'a', partition: 9, offset: 0, leaderEpoch: -1, metadata: '' },
  ]
  expect(partitionsOf(committed, [member, { ...member, assignment: null }])).toEqual([
    { topic: 'a', partition: 9, committedOffset: 0, member: null },
    { topic: 'a', partition: 10, committedOffset: 5, member },
    { topic: 'b', partition: 0, committedOffset: null, member },
  ])
})
