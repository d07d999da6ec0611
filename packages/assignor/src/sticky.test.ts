import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { assignGroup } from './assign-group.ts'
import type { Assignor, AssignorMember, GroupAssignment, TopicPartitions } from './assignor.ts'
import { cooperativeStickyAssignor } from './cooperative-sticky-assignor.ts'
import { placeEqually } from './equal-subscriptions.ts'
import { placeMixed } from './mixed-subscriptions.ts'
import { stickyAssignor } from './sticky-assignor.ts'

/** What a group looks like to its leader: the topics, and what each member subscribes to and had. */
interface Group {
  readonly topics: Readonly<Record<string, number>>
  readonly members: Readonly<Record<string, { readonly topics: readonly string[]; readonly had?: Shares; readonly generationId?: number }>>
}
type Shares = readonly TopicPartitions[]

const clusterOf = ({ topics }: Group) => ({
  partitionsOf: (topic: string) => (Object.hasOwn(topics, topic) ? { partitionCount: topics[topic]! } : undefined),
})

function membersOf(assignor: Assignor, { members }: Group): AssignorMember[] {
  const eager = assignor.supportedProtocols.length === 1
  return Object.entries(members).map(([memberId, { topics, had, generationId = had === undefined ? -1 : 1 }]) => ({
    memberId,
    groupInstanceId: null,
    topics,
    ownedPartitions: eager ? [] : (had ?? []),
    generationId: eager ? -1 : generationId,
    userData: assignor.subscriptionUserData?.({ topics, assignment: had ?? null, generationId }) ?? null,
    rackId: null,
  }))
}

const assign = (assignor: Assignor, group: Group) => assignGroup(assignor, clusterOf(group), membersOf(assignor, group))

/** The same group after the assignment, as it is before the next one. */
const after = (group: Group, assignment: GroupAssignment, generationId = 2): Group => ({
  ...group,
  members: Object.fromEntries(
    Object.entries(group.members).map(([id, { topics }]) => [id, { topics, had: assignment.get(id) ?? [], generationId }]),
  ),
})

const names = (share: Shares = []) => share.flatMap(({ topic, partitions }) => partitions.map(partition => `${topic}-${partition}`))
const sizes = (assignment: GroupAssignment) => [...assignment.values()].map(share => names(share).length)
const unevenness = (shares: readonly number[]) => shares.reduce((sum, size) => sum + size ** 2, 0)
const keptCount = ({ members }: Group, assignment: GroupAssignment) =>
  [...assignment].reduce((sum, [id, share]) => sum + names(share).filter(name => names(members[id]!.had).includes(name)).length, 0)

/** Every partition that somebody may get. */
const subscribedTo = ({ topics, members }: Group) => {
  const wanted = new Set(Object.values(members).flatMap(member => member.topics))
  return Object.entries(topics).flatMap(([topic, count]) =>
    wanted.has(topic) ? Array.from({ length: count }, (_, p) => `${topic}-${p}`) : [],
  )
}

const topicNames = ['a', 'b', 'c', 'd'] as const
const memberIds = ['m1', 'm2', 'm3', 'm4', 'm5', 'm6'] as const

/** A group whose members had anything, also the same partitions, partitions that are gone, and topics that they left. */
const groups = (options: { equal: boolean; maxMembers?: number; maxTopics?: number; maxPartitions?: number }) => {
  const topics = topicNames.slice(0, options.maxTopics ?? 4)
  const ids = memberIds.slice(0, options.maxMembers ?? 6)
  const had = fc.array(fc.record({ topic: fc.constantFrom(...topics), partitions: fc.uniqueArray(fc.nat(6), { maxLength: 5 }) }), {
    maxLength: 4,
  })
  return fc
    .record({
      topics: fc.dictionary(fc.constantFrom(...topics), fc.integer({ min: 1, max: options.maxPartitions ?? 7 }), {
        minKeys: 1,
        noNullPrototype: true,
      }),
      ids: fc.uniqueArray(fc.constantFrom(...ids), { minLength: 1 }),
      subscriptions: fc.array(fc.subarray([...topics, 'missing'], { minLength: 1 }), { minLength: 6, maxLength: 6 }),
      had: fc.array(fc.option(had, { nil: undefined }), { minLength: 6, maxLength: 6 }),
      generations: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 6, maxLength: 6 }),
    })
    .map(
      ({ topics, ids, subscriptions, had, generations }): Group => ({
        topics,
        members: Object.fromEntries(
          ids.map((id, index) => {
            const shares = had[index]
            const subscribed = subscriptions[options.equal ? 0 : index]!
            return [id, { topics: subscribed, ...(shares !== undefined && { had: shares, generationId: generations[index]! }) }]
          }),
        ),
      }),
    )
}
const anyGroup = fc.oneof(groups({ equal: true }), groups({ equal: false }))
const runs = { numRuns: Number(process.env['LOGWERK_SEEDS'] ?? 300) }

describe('sticky', () => {
  test('gives every subscribed partition to exactly one subscriber, whatever the members claim', () => {
    fc.assert(
      fc.property(anyGroup, group => {
        const assignment = assign(stickyAssignor, group)
        expect([...assignment.values()].flatMap(names).sort()).toEqual(subscribedTo(group).sort())
        for (const [id, share] of assignment) for (const { topic } of share) expect(group.members[id]!.topics).toContain(topic)
      }),
      runs,
    )
  })

  test('shares differ by one at most where all subscribe to the same', () => {
    fc.assert(
      fc.property(groups({ equal: true }), group => {
        const shares = sizes(assign(stickyAssignor, group))
        expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1)
      }),
      runs,
    )
  })

  test('no single move would make shares more even where subscriptions differ', () => {
    fc.assert(
      fc.property(groups({ equal: false }), group => {
        const assignment = assign(stickyAssignor, group)
        const sizeOf = (id: string) => names(assignment.get(id)).length
        for (const [id, share] of assignment)
          for (const { topic } of share)
            for (const [other, member] of Object.entries(group.members))
              if (member.topics.includes(topic)) expect(sizeOf(id) - sizeOf(other)).toBeLessThanOrEqual(1)
      }),
      runs,
    )
  })

  test('of all assignments none is more even, and none of the even ones moves less: compared with all of them', () => {
    fc.assert(
      fc.property(fc.oneof(...[true, false].map(equal => groups({ equal, maxMembers: 3, maxTopics: 3, maxPartitions: 2 }))), group => {
        // Each partition of one generation has one claimant here: who wins among several is tested below.
        const claimed = new Set<string>()
        const clean: Group = {
          ...group,
          members: Object.fromEntries(
            Object.entries(group.members).map(([id, { topics, had }]) => {
              const own = (had ?? []).map(({ topic, partitions }) => ({
                topic,
                partitions: partitions.filter(p => !claimed.has(`${topic}-${p}`)),
              }))
              for (const name of names(own)) claimed.add(name)
              return [id, { topics, had: own }]
            }),
          ),
        }
        const assignment = assign(stickyAssignor, clean)
        const best = bestOf(clean)
        expect([unevenness(sizes(assignment)), keptCount(clean, assignment)]).toEqual([best.unevenness, best.kept])
      }),
      runs,
    )
  })

  test('finds the chain that no single move shows', () => {
    const group: Group = {
      topics: { a: 3, b: 3 },
      members: {
        m1: { topics: ['a'], had: [{ topic: 'a', partitions: [0, 1, 2] }] },
        m2: { topics: ['a', 'b'], had: [{ topic: 'b', partitions: [0, 1] }] },
        m3: { topics: ['b'], had: [{ topic: 'b', partitions: [2] }] },
      },
    }
    const assignment = assign(stickyAssignor, group)
    expect(sizes(assignment)).toEqual([2, 2, 2])
    expect(keptCount(group, assignment)).toBe(4)
  })

  test('a second assignment of an unchanged group is the first', () => {
    fc.assert(
      fc.property(anyGroup, group => {
        const first = assign(stickyAssignor, group)
        expect(assign(stickyAssignor, after(group, first))).toEqual(first)
      }),
      runs,
    )
  })

  test('when a member leaves, only its partitions move', () => {
    fc.assert(
      fc.property(groups({ equal: true }), fc.nat(), (group, pick) => {
        const before = assign(stickyAssignor, group)
        const ids = Object.keys(group.members)
        fc.pre(ids.length > 1)
        const { [ids[pick % ids.length]!]: _, ...rest } = after(group, before).members
        const remaining: Group = { ...group, members: rest }
        const assignment = assign(stickyAssignor, remaining)
        for (const id of Object.keys(rest)) for (const name of names(before.get(id))) expect(names(assignment.get(id))).toContain(name)
      }),
      runs,
    )
  })

  test('when a member joins, it gets the smaller share, and nothing moves between the others', () => {
    fc.assert(
      fc.property(groups({ equal: true }), group => {
        const before = assign(stickyAssignor, group)
        const { topics } = Object.values(group.members)[0]!
        const grown: Group = { ...group, members: { ...after(group, before).members, newcomer: { topics } } }
        const assignment = assign(stickyAssignor, grown)
        expect(names(assignment.get('newcomer')).length).toBe(Math.floor(subscribedTo(group).length / assignment.size))
        for (const id of Object.keys(group.members))
          for (const name of names(assignment.get(id))) expect(names(before.get(id))).toContain(name)
      }),
      runs,
    )
  })

  test('who lets go, lets go of some partitions of each topic', () => {
    const all = [0, 1, 2, 3]
    const had = [
      { topic: 'a', partitions: all },
      { topic: 'b', partitions: all },
    ]
    const assignment = assign(stickyAssignor, {
      topics: { a: 4, b: 4 },
      members: { m1: { topics: ['a', 'b'], had }, m2: { topics: ['a', 'b'] } },
    })
    expect(assignment.get('m1')).toEqual([
      { topic: 'a', partitions: [0, 1] },
      { topic: 'b', partitions: [0, 1] },
    ])
  })

  test('does not depend on the order of members, topics and claims', () => {
    fc.assert(
      fc.property(anyGroup, group => {
        const reversed: Group = {
          topics: Object.fromEntries(Object.entries(group.topics).reverse()),
          members: Object.fromEntries(
            Object.entries(group.members)
              .reverse()
              .map(([id, member]) => [
                id,
                { ...member, topics: [...member.topics].reverse(), ...(member.had && { had: [...member.had].reverse() }) },
              ]),
          ),
        }
        expect(Object.fromEntries(assign(stickyAssignor, reversed))).toEqual(Object.fromEntries(assign(stickyAssignor, group)))
      }),
      runs,
    )
  })

  test('the direct way for equal subscriptions is as good as the general one', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.integer({ min: -2, max: 4 }), { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 4 }),
        lists => {
          const holders = lists.map(list => Int32Array.from(list))
          const subscribers = [0, 1, 2, 3, 4]
          const topics = holders.map(({ length }, index) => ({ topic: `t${index}`, partitionCount: length, subscribers }))
          const judge = (owners: readonly Int32Array[]) => {
            const shares = new Array<number>(5).fill(0)
            let kept = 0
            for (const [topic, owner] of owners.entries())
              for (const [partition, member] of owner.entries()) {
                shares[member]!++
                if (holders[topic]![partition] === member) kept++
              }
            return { kept, unevenness: unevenness(shares) }
          }
          expect(judge(placeEqually(holders, subscribers, 5))).toEqual(judge(placeMixed(topics, holders, 5)))
        },
      ),
      runs,
    )
  })
})

describe('claims of several members to one partition', () => {
  const claimants = (first: number, second: number): Group => ({
    topics: { a: 3 },
    members: {
      m1: { topics: ['a'], had: [{ topic: 'a', partitions: [0, 1] }], generationId: first },
      m2: { topics: ['a'], had: [{ topic: 'a', partitions: [1, 2] }], generationId: second },
    },
  })

  test.each([stickyAssignor, cooperativeStickyAssignor])('$name: the higher generation keeps it', assignor => {
    expect(names(assign(assignor, claimants(5, 4)).get('m1'))).toEqual(['a-0', 'a-1'])
    expect(names(assign(assignor, claimants(4, 5)).get('m2'))).toEqual(['a-1', 'a-2'])
  })

  test('cooperative-sticky: of one generation neither keeps it, and it is given away when both have let go', () => {
    const group = claimants(5, 5)
    const first = assign(cooperativeStickyAssignor, group)
    expect([...first.values()].flatMap(names).sort()).toEqual(['a-0', 'a-2'])
    expect([...assign(cooperativeStickyAssignor, after(group, first)).values()].flatMap(names).sort()).toEqual(['a-0', 'a-1', 'a-2'])
  })
})

describe('cooperative-sticky', () => {
  test('withholds exactly what another member still claims, and settles in two assignments', () => {
    fc.assert(
      fc.property(anyGroup, group => {
        const first = assign(cooperativeStickyAssignor, group)
        const placed = new Set([...first.values()].flatMap(names))
        const claimed = new Set(Object.values(group.members).flatMap(member => names(member.had)))
        for (const name of subscribedTo(group)) if (!placed.has(name)) expect(claimed).toContain(name)
        for (const [id, share] of first)
          for (const name of names(share)) {
            const others = Object.entries(group.members).filter(([other, member]) => other !== id && names(member.had).includes(name))
            // Whoever else claims it has missed a rebalance since.
            const own = names(group.members[id]!.had).includes(name) ? group.members[id]!.generationId! : -1
            for (const [, other] of others) expect(other.generationId).toBeLessThan(own)
          }
        const second = assign(cooperativeStickyAssignor, after(group, first))
        expect([...second.values()].flatMap(names).sort()).toEqual(subscribedTo(group).sort())
        for (const [id, share] of first) for (const name of names(share)) expect(names(second.get(id))).toContain(name)
        expect(assign(cooperativeStickyAssignor, after(group, second))).toEqual(second)
      }),
      runs,
    )
  })

  test('ends where sticky would have gone in one step', () => {
    fc.assert(
      fc.property(anyGroup, group => {
        const first = assign(cooperativeStickyAssignor, group)
        const second = assign(cooperativeStickyAssignor, after(group, first))
        expect(unevenness(sizes(second))).toBe(unevenness(sizes(assign(stickyAssignor, group))))
      }),
      runs,
    )
  })

  test('a member that left a topic but still holds a partition of it is waited for', () => {
    const group: Group = {
      topics: { a: 1, b: 1 },
      members: { m1: { topics: ['b'], had: [{ topic: 'a', partitions: [0] }] }, m2: { topics: ['a', 'b'] } },
    }
    expect([...assign(cooperativeStickyAssignor, group).values()].flatMap(names)).toEqual(['b-0'])
  })
})

test('a large group of mixed subscriptions comes out even, and only what has to move does', () => {
  const topics = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`t${index}`, 40]))
  const members = Object.fromEntries(
    Array.from({ length: 120 }, (_, index) => [`m${index}`, { topics: Object.keys(topics).filter((_, topic) => (topic + index) % 7 < 4) }]),
  )
  const group: Group = { topics, members }
  const first = assign(stickyAssignor, group)
  expect(sizes(first)).toEqual(new Array(120).fill(20))
  const { m0: _, m1: __, ...rest } = after(group, first).members
  const shrunk: Group = { topics, members: rest }
  const second = assign(stickyAssignor, shrunk)
  expect(keptCount(shrunk, second)).toBe(118 * 20)
})

/** The least uneven sizes of any assignment, and the most that one of that evenness keeps. */
function bestOf(group: Group): { unevenness: number; kept: number } {
  const partitions = subscribedTo(group)
  const ids = Object.keys(group.members)
  const shares = ids.map(() => 0)
  const best = { unevenness: Infinity, kept: -1 }
  const place = (index: number, kept: number): void => {
    const name = partitions[index]
    if (name === undefined) {
      const now = unevenness(shares)
      if (now < best.unevenness || (now === best.unevenness && kept > best.kept)) Object.assign(best, { unevenness: now, kept })
      return
    }
    for (const [member, id] of ids.entries()) {
      if (!group.members[id]!.topics.includes(name.slice(0, name.indexOf('-')))) continue
      shares[member]!++
      place(index + 1, kept + (names(group.members[id]!.had).includes(name) ? 1 : 0))
      shares[member]!--
    }
  }
  place(0, 0)
  return best
}
