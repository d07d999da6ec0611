import { type apis, deleteGroups, deleteTopics, listGroups, offsetCommit, offsetDelete, offsetFetch } from '@logwerk/protocol'
import { ZERO_UUID } from '@logwerk/runtime'
import { describe, expect, test } from 'vitest'
import { TestBroker } from '../test-broker.test-support.ts'
import { committed, fetchGroup, GATHERING, GROUP, stableGroup, TestMember } from './test-members.test-support.ts'

const versionsOf = (api: (typeof apis)[keyof typeof apis]) =>
  Array.from({ length: api.versions[1] - api.versions[0] + 1 }, (_, index) => api.versions[0] + index)

async function openWithOrders(options = {}) {
  const broker = await TestBroker.open({ ...GATHERING, ...options })
  return { broker, topicId: await broker.createTopic('orders', 2) }
}

/** Commits without being a member, and answers the codes. */
async function commitAlone(
  broker: TestBroker,
  committedOffset: number,
  topic: { name?: string; topicId?: string } = { name: 'orders' },
  version = 9,
  partitions = [0],
) {
  const response = await broker.ask(offsetCommit, version, {
    groupId: GROUP,
    memberId: '',
    topics: [{ ...topic, partitions: partitions.map(partitionIndex => ({ partitionIndex, committedOffset, committedMetadata: 'mark' })) }],
  })
  return response.topics[0]!.partitions.map(partition => partition.errorCode)
}

describe('offsets', () => {
  test.each(versionsOf(offsetCommit))('are committed in version %i', async version => {
    const { broker, topicId } = await openWithOrders()
    expect(await commitAlone(broker, 42, version >= 10 ? { topicId } : { name: 'orders' }, version)).toEqual(['NONE'])
    expect(await committed(broker)).toBe(42)
  })

  test.each(versionsOf(offsetFetch))('are fetched in version %i: what is there, what is not, and all', async version => {
    const { broker, topicId } = await openWithOrders()
    await commitAlone(broker, 42)
    const topic = version >= 10 ? { topicId, partitionIndexes: [0, 1] } : { name: 'orders', partitionIndexes: [0, 1] }
    const fetchThem = async (topics: (typeof topic)[] | null) =>
      version >= 8
        ? (await fetchGroup(broker, version, topics)).topics
        : (
            await broker.ask(offsetFetch, version, {
              groupId: GROUP,
              topics: topics as { name: string; partitionIndexes: number[] }[] | null,
            })
          ).topics
    expect(await fetchThem([topic])).toMatchObject([
      {
        ...(version >= 10 ? { topicId } : { name: 'orders' }),
        partitions: [
          { partitionIndex: 0, committedOffset: 42, metadata: 'mark', errorCode: 'NONE' },
          { partitionIndex: 1, committedOffset: -1, metadata: '', errorCode: 'NONE' },
        ],
      },
    ])
    if (version < 2) return
    expect(await fetchThem(null)).toMatchObject([{ partitions: [{ partitionIndex: 0, committedOffset: 42 }] }])
  })

  test('of several groups are fetched at once from version 8 on (KIP-709)', async () => {
    const { broker } = await openWithOrders()
    await commitAlone(broker, 42)
    const topics = [{ name: 'orders', partitionIndexes: [0] }]
    const { groups } = await broker.ask(offsetFetch, 8, {
      groups: [
        { groupId: 'nobody', topics },
        { groupId: GROUP, topics: null },
      ],
      requireStable: true,
    })
    expect(groups).toMatchObject([
      { groupId: 'nobody', errorCode: 'NONE', topics: [{ partitions: [{ committedOffset: -1 }] }] },
      { groupId: GROUP, errorCode: 'NONE', topics: [{ partitions: [{ committedOffset: 42 }] }] },
    ])
  })

  test('by an unknown id are UNKNOWN_TOPIC_ID, of an unknown topic or partition UNKNOWN_TOPIC_OR_PARTITION', async () => {
    const { broker, topicId } = await openWithOrders()
    const stranger = 'AAAAAAAAAAAAAAAAAAAABA'
    expect(await commitAlone(broker, 1, { topicId: stranger }, 10)).toEqual(['UNKNOWN_TOPIC_ID'])
    expect(await commitAlone(broker, 1, { topicId }, 10, [0, 2])).toEqual(['NONE', 'UNKNOWN_TOPIC_OR_PARTITION'])
    expect(await commitAlone(broker, 1, { name: 'nothing' })).toEqual(['UNKNOWN_TOPIC_OR_PARTITION'])
    expect(await commitAlone(broker, 1, { name: 'orders' }, 9, [-1, 2])).toEqual([
      'UNKNOWN_TOPIC_OR_PARTITION',
      'UNKNOWN_TOPIC_OR_PARTITION',
    ])
    const { topics } = await fetchGroup(broker, 10, [{ topicId: stranger, partitionIndexes: [0] }])
    expect(topics).toMatchObject([{ topicId: stranger, partitions: [{ errorCode: 'UNKNOWN_TOPIC_ID', committedOffset: -1 }] }])
  })

  test('of a deleted topic are gone at once, and are not those of a topic created anew', async () => {
    const { broker } = await openWithOrders({ dataDir: '/data' })
    await commitAlone(broker, 42)
    await broker.ask(deleteTopics, 6, { topics: [{ name: 'orders', topicId: ZERO_UUID }], timeoutMs: 1000 })
    // The commit and its deletion.
    expect((await broker.fetch('__consumer_offsets', 0, 0)).highWatermark).toBe(2)
    expect(await committed(broker)).toBe(-1)
    await broker.createTopic('orders', 2)
    expect(await committed(broker)).toBe(-1)
    await broker.restartCleanly()
    expect(await committed(broker)).toBe(-1)
  })

  test('of a topic whose deletion the broker did not survive do not come back either', async () => {
    const { broker } = await openWithOrders({ dataDir: '/data' })
    await commitAlone(broker, 42)
    // The log refuses to forget the offsets: the topic is gone, and they are still there.
    broker.simulation.disk.fail('write', { path: path => path.includes('__consumer_offsets') })
    await broker.ask(deleteTopics, 6, { topics: [{ name: 'orders', topicId: ZERO_UUID }], timeoutMs: 1000 })
    broker.simulation.disk.heal()
    expect(broker.logged).toContain('the log refused the records of a group; what they stood for has not happened')
    expect(await committed(broker)).toBe(-1)
    await broker.restartAfter('crash')
    await broker.simulation.advance(100)
    // The commit, and the deletion that the start has made up for.
    expect((await broker.fetch('__consumer_offsets', 0, 0)).highWatermark).toBe(2)
    await broker.createTopic('orders', 2)
    expect(await committed(broker)).toBe(-1)
    const { topics } = await fetchGroup(broker, 9, null)
    expect(topics).toEqual([])
  })

  test('expire offsets.retention.minutes after the group became empty, and the group with them', async () => {
    const { broker } = await openWithOrders({ dataDir: '/data', offsetsRetentionMinutes: 10, offsetsRetentionCheckIntervalMs: 1000 })
    const [member] = await stableGroup(broker, [{}])
    expect(await member!.commit(42)).toBe('NONE')
    // The session ends after ten seconds.
    await broker.simulation.advance(9 * 60_000)
    expect(await committed(broker)).toBe(42)
    await broker.simulation.advance(2 * 60_000)
    expect(await committed(broker)).toBe(-1)
    expect((await broker.ask(listGroups, 5, {})).groups).toEqual([])
    await broker.restartCleanly()
    expect((await broker.ask(listGroups, 5, {})).groups).toEqual([])
  })

  test('are deleted one by one, and with their group', async () => {
    const { broker } = await openWithOrders({ dataDir: '/data' })
    await commitAlone(broker, 42, { name: 'orders' }, 9, [0, 1])
    const partitions = [{ partitionIndex: 0 }, { partitionIndex: 7 }]
    const deleted = await broker.ask(offsetDelete, 0, { groupId: GROUP, topics: [{ name: 'orders', partitions }] })
    expect(deleted).toMatchObject({
      errorCode: 'NONE',
      topics: [{ partitions: [{ errorCode: 'NONE' }, { errorCode: 'UNKNOWN_TOPIC_OR_PARTITION' }] }],
    })
    expect(await committed(broker)).toBe(-1)
    const { results } = await broker.ask(deleteGroups, 3, { groupsNames: [GROUP, 'nobody', GROUP] })
    expect(results).toEqual([
      { groupId: GROUP, errorCode: 'NONE', errorMessage: null },
      { groupId: 'nobody', errorCode: 'GROUP_ID_NOT_FOUND', errorMessage: 'Group nobody not found.' },
    ])
    await broker.restartCleanly()
    expect((await fetchGroup(broker, 9, null)).topics).toEqual([])
    expect((await broker.ask(listGroups, 5, {})).groups).toEqual([])
  })

  test.each(versionsOf(deleteGroups))('a group with members is NON_EMPTY_GROUP in DeleteGroups version %i', async version => {
    const { broker } = await openWithOrders()
    await stableGroup(broker, [{}])
    const { results } = await broker.ask(deleteGroups, version, { groupsNames: [GROUP] })
    expect(results).toMatchObject([{ groupId: GROUP, errorCode: 'NON_EMPTY_GROUP' }])
  })
})

describe('what is answered is durable', () => {
  test('a commit survives a power cut right after its answer', async () => {
    const { broker } = await openWithOrders({ dataDir: '/data' })
    for (let offset = 1; offset <= 5; offset++) {
      expect(await commitAlone(broker, offset)).toEqual(['NONE'])
      await broker.restartAfter('crash')
      expect(await committed(broker)).toBe(offset)
    }
  })

  test('a commit that the disk refused is not shown, and the next one is', async () => {
    const { broker } = await openWithOrders({ dataDir: '/data' })
    await commitAlone(broker, 1)
    broker.simulation.disk.fail('write', { osCode: 'ENOSPC', path: path => path.includes('__consumer_offsets') })
    expect(await commitAlone(broker, 2)).toEqual(['NOT_COORDINATOR'])
    expect(await committed(broker)).toBe(1)
    broker.simulation.disk.heal()
    expect(await commitAlone(broker, 3)).toEqual(['NONE'])
    expect(await committed(broker)).toBe(3)
  })

  test('an assignment that the disk refused was not handed out, and the leader may bring it again', async () => {
    const broker = await TestBroker.open({ dataDir: '/data', ...GATHERING })
    const [a, b] = [await TestMember.connect(broker), await TestMember.connect(broker)]
    await broker.run(Promise.all([a.join(), b.join()]))
    const [leader, follower] = (await broker.run(b.join())).leader === a.memberId ? [a, b] : [b, a]
    const waiting = follower.sync()
    await broker.simulation.advance(10)
    broker.simulation.disk.fail('write', { osCode: 'ENOSPC', path: path => path.includes('__consumer_offsets') })
    expect((await broker.run(leader.sync([a.memberId, b.memberId]))).errorCode).toBe('NOT_COORDINATOR')
    broker.simulation.disk.heal()
    expect((await broker.run(leader.sync([a.memberId, b.memberId]))).errorCode).toBe('NONE')
    expect((await broker.run(waiting)).assignment.toString()).toBe(follower.memberId)
  })

  test('a session that ended while the disk refused ends a little later', async () => {
    const broker = await TestBroker.open({ dataDir: '/data', ...GATHERING })
    await stableGroup(broker, [{}])
    for (let nth = 1; nth <= 3; nth++)
      broker.simulation.disk.fail('write', { nth, osCode: 'ENOSPC', path: path => path.includes('__consumer_offsets') })
    const states = async () => (await broker.ask(listGroups, 5, {})).groups.map(group => group.groupState)
    await broker.simulation.advance(10_500)
    expect(await states()).toEqual(['Stable'])
    await broker.simulation.advance(5000)
    expect(await states()).toEqual(['Empty'])
  })
})
