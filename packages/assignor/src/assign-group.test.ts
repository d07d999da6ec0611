import { KafkaError } from '@logwerk/runtime'
import { describe, expect, test } from 'vitest'
import { assignGroup } from './assign-group.ts'
import type { Assignor, AssignorMember, GroupAssignment, TopicPartitions } from './assignor.ts'
import { assignorOf } from './built-in.ts'
import { rangeAssignor } from './range-assignor.ts'

const cluster = { partitionsOf: (topic: string) => (topic === 'orders' ? { partitionCount: 2 } : undefined) }
const members: AssignorMember[] = ['a', 'b'].map(memberId => ({
  memberId,
  groupInstanceId: null,
  topics: ['orders', 'missing'],
  ownedPartitions: [],
  generationId: -1,
  userData: null,
  rackId: null,
}))

const answering = (shares: Record<string, TopicPartitions[]>): Assignor => ({
  name: 'mine',
  supportedProtocols: ['eager'],
  assign: (): GroupAssignment => new Map(Object.entries(shares)),
})

describe('assignGroup', () => {
  test('has an entry for a member that was left out', () => {
    const all = [{ topic: 'orders', partitions: [0, 1] }]
    expect(Object.fromEntries(assignGroup(answering({ a: all }), cluster, members))).toEqual({ a: all, b: [] })
  })

  test.each<[string, Record<string, TopicPartitions[]>]>([
    [
      'gave orders-1 to member "a" and again to member "b"',
      { a: [{ topic: 'orders', partitions: [1] }], b: [{ topic: 'orders', partitions: [0, 1] }] },
    ],
    ['gave partition 2 of topic orders, which has 2 partitions', { a: [{ topic: 'orders', partitions: [2] }] }],
    ['gave partition 0 of topic missing, which has 0 partitions', { a: [{ topic: 'missing', partitions: [0] }] }],
    ['gave topic bills to member "a", which does not subscribe to it', { a: [{ topic: 'bills', partitions: [0] }] }],
    ['named member "c", which is not in the group', { c: [] }],
  ])('%s', (what, shares) => {
    expect(() => assignGroup(answering(shares), cluster, members)).toThrow(`assignor "mine" ${what}`)
  })

  test.each([undefined, null, {}, []])('answered with something else than a Map of members: %j', answer => {
    const forgetful: Assignor = { name: 'mine', supportedProtocols: ['eager'], assign: () => answer as unknown as GroupAssignment }
    expect(() => assignGroup(forgetful, cluster, members)).toThrow(expect.objectContaining({ code: 'ILLEGAL_STATE' }))
    expect(() => assignGroup(forgetful, cluster, members)).toThrow('assignor "mine" answered with something else than a Map')
  })

  test('what an assignor throws is the cause', () => {
    const cause = new Error('no plan')
    const failing: Assignor = {
      name: 'mine',
      supportedProtocols: ['eager'],
      assign: () => {
        throw cause
      },
    }
    try {
      assignGroup(failing, cluster, members)
      expect.unreachable()
    } catch (error) {
      expect(error).toBeInstanceOf(KafkaError)
      expect(error).toMatchObject({ message: 'assignor "mine" failed: no plan', cause })
    }
  })

  test('a group without a topic that exists', () => {
    const nowhere = { partitionsOf: () => undefined }
    for (const name of ['range', 'roundrobin', 'sticky', 'cooperative-sticky'])
      expect(Object.fromEntries(assignGroup(assignorOf(name), nowhere, members)), name).toEqual({ a: [], b: [] })
  })
})

describe('assignorOf', () => {
  test("knows protocol names and Java's class names", () => {
    expect(assignorOf('range')).toBe(rangeAssignor)
    expect(assignorOf('org.apache.kafka.clients.consumer.RangeAssignor')).toBe(rangeAssignor)
    expect(assignorOf('org.apache.kafka.clients.consumer.CooperativeStickyAssignor').name).toBe('cooperative-sticky')
  })

  test('an unknown name', () => {
    expect(() => assignorOf('round-robin')).toThrow('unknown assignor "round-robin"; did you mean "roundrobin"?')
    expect(() => assignorOf('x'.repeat(20))).toThrow('there are range, roundrobin, sticky, cooperative-sticky')
  })
})
