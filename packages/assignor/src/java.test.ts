import { describe, expect, test } from 'vitest'
// Made with Kafka 4.4.0 by packages/interop/java/Assignors.java.
import rows from '../golden/java.json' with { type: 'json' }
import type { Assignor, AssignorMember, GroupAssignment, TopicPartitions } from './assignor.ts'
import { assignorOf } from './built-in.ts'
import { cooperativeStickyAssignor } from './cooperative-sticky-assignor.ts'
import { stickyAssignor } from './sticky-assignor.ts'
import { cooperativeClaimOf, decodeStickyUserData, encodeStickyUserData } from './sticky-user-data.ts'

type Shares = Readonly<Record<string, readonly number[]>>
interface Scenario {
  readonly assignor: string
  readonly topics: Readonly<Record<string, number>>
  readonly members: Readonly<
    Record<string, { groupInstanceId: string | null; topics: string[]; stickyHex?: string; cooperativeHex?: string }>
  >
  readonly assignment: Readonly<Record<string, Shares>>
}
const scenarios = rows as unknown as Scenario[]

const membersOf = (scenario: Scenario): AssignorMember[] =>
  Object.entries(scenario.members).map(([memberId, { groupInstanceId, topics, stickyHex }]) => ({
    memberId,
    groupInstanceId,
    topics,
    ownedPartitions: [],
    generationId: -1,
    userData: stickyHex === undefined ? null : Buffer.from(stickyHex, 'hex'),
    rackId: null,
  }))

const run = (assignor: Assignor, { topics, ...scenario }: Scenario): GroupAssignment =>
  assignor.assign(
    { partitionsOf: topic => (Object.hasOwn(topics, topic) ? { partitionCount: topics[topic]! } : undefined) },
    membersOf({ topics, ...scenario }),
  )

const listed = (shares: Shares): TopicPartitions[] => Object.entries(shares).map(([topic, partitions]) => ({ topic, partitions }))

test.each(['range', 'roundrobin'])('%s gives every member what Java gives it', name => {
  const own = scenarios.filter(scenario => scenario.assignor === name)
  expect(own).toHaveLength(40)
  for (const scenario of own) {
    const expected = Object.fromEntries(Object.entries(scenario.assignment).map(([member, shares]) => [member, listed(shares)]))
    expect(Object.fromEntries(run(assignorOf(name), scenario)), JSON.stringify(scenario)).toEqual(expected)
  }
})

describe('sticky, in groups that changed since their last assignment', () => {
  const own = scenarios.filter(scenario => scenario.assignor === 'sticky')

  test('is at least as even as Java, and where it is as even it moves no more', () => {
    expect(own).toHaveLength(40)
    for (const scenario of own) {
      const java = new Map(Object.entries(scenario.assignment).map(([member, shares]) => [member, listed(shares)]))
      const ours = run(stickyAssignor, scenario)
      const label = JSON.stringify(scenario)
      expect(placedCount(ours), label).toBe(placedCount(java))
      expect(unevenness(ours), label).toBeLessThanOrEqual(unevenness(java))
      if (unevenness(ours) === unevenness(java)) expect(keptCount(scenario, ours), label).toBeGreaterThanOrEqual(keptCount(scenario, java))
    }
  })

  const data = own.flatMap(scenario => Object.values(scenario.members).filter(member => member.stickyHex !== undefined))

  test("Java's user data is read, and ours is Java's", () => {
    expect(data.length).toBeGreaterThan(40)
    for (const { stickyHex, cooperativeHex } of data) {
      const claim = decodeStickyUserData(Buffer.from(stickyHex!, 'hex'))
      expect(claim.generationId).toBe(7)
      // Java writes the topics in the order of a hash map: ours in the same order is the same bytes.
      expect(Buffer.from(encodeStickyUserData(claim)).toString('hex')).toBe(stickyHex)
      const sent = cooperativeStickyAssignor.subscriptionUserData?.({ topics: [], assignment: [], generationId: 7 })
      expect(Buffer.from(sent!).toString('hex')).toBe(cooperativeHex)
      const [member] = membersOf(own[0]!)
      expect(cooperativeClaimOf({ ...member!, userData: Buffer.from(cooperativeHex!, 'hex') }).generationId).toBe(7)
    }
  })
})

function placedCount(assignment: GroupAssignment): number {
  return [...assignment.values()].flat().reduce((sum, { partitions }) => sum + partitions.length, 0)
}

/** The sum of squared shares: the smaller the more even. */
function unevenness(assignment: GroupAssignment): number {
  return [...assignment.values()].reduce((sum, share) => sum + placedCount(new Map([['', share]])) ** 2, 0)
}

/** Partitions that stay with their previous owner. */
function keptCount(scenario: Scenario, assignment: GroupAssignment): number {
  let kept = 0
  for (const { memberId, userData } of membersOf(scenario)) {
    const before = new Set(
      decodeStickyUserData(userData).partitions.flatMap(({ topic, partitions }) => partitions.map(p => `${topic}-${p}`)),
    )
    for (const { topic, partitions } of assignment.get(memberId) ?? []) kept += partitions.filter(p => before.has(`${topic}-${p}`)).length
  }
  return kept
}
