import { ZERO_UUID } from '@logwerk/runtime'
import { describe, expect, test } from 'vitest'
import { dropOffsets } from './drop-offsets.ts'
import { fetchAllOffsets, fetchOffsets } from './fetch-offsets.ts'
import { GroupHarness, ORDERS_ID, protocol, stableGroup } from './group-harness.test-support.ts'
import { onOffsetDelete } from './on-delete.ts'

const OTHER_ID = 'AAAAAAAAAAAAAAAAAAAAAg'
const RETENTION_MS = 7 * 24 * 3_600_000

function committedIn(harness: GroupHarness, name = 'orders', topicId = ORDERS_ID) {
  return fetchOffsets(harness.group, [{ name, topicId, isUnknownId: false, partitionIndexes: [0] }])[0]!.partitions[0]!
}

describe('OffsetCommit', () => {
  test('of a member is stored with its metadata, epoch and topic id', () => {
    const { harness, ids, generationId } = stableGroup(1)
    const partition = { committedMetadata: 'mark', committedLeaderEpoch: 3 }
    expect(harness.commit(ids[0]!, generationId, 42, { partition })).toBe('NONE')
    expect(harness.records.at(-1)).toMatchObject({
      type: 'OFFSET_COMMIT',
      topic: 'orders',
      partition: 0,
      value: { offset: 42, leaderEpoch: 3, metadata: 'mark', commitTimestamp: harness.nowMs, expireTimestamp: -1, topicId: ORDERS_ID },
    })
    expect(committedIn(harness)).toMatchObject({ committedOffset: 42, committedLeaderEpoch: 3, metadata: 'mark', errorCode: 'NONE' })
  })

  test('generation -1 with an empty member id is a simple consumer, and makes a group without members', () => {
    const harness = new GroupHarness()
    expect(harness.commit('', -1, 5)).toBe('NONE')
    expect(harness.group).toMatchObject({ state: 'empty', protocolType: null, generationId: 0 })
    expect(committedIn(harness).committedOffset).toBe(5)
  })

  test('of a simple consumer into a group with members is UNKNOWN_MEMBER_ID', () => {
    expect(stableGroup(1).harness.commit('', -1, 5)).toBe('UNKNOWN_MEMBER_ID')
  })

  test('of a generation in a group that does not exist is GROUP_ID_NOT_FOUND from version 9 on, ILLEGAL_GENERATION before', () => {
    expect(new GroupHarness().commit('a', 1, 5, { apiVersion: 9 })).toBe('GROUP_ID_NOT_FOUND')
    expect(new GroupHarness().commit('a', 1, 5, { apiVersion: 8 })).toBe('ILLEGAL_GENERATION')
  })

  test('codes by state: PreparingRebalance accepts, CompletingRebalance is REBALANCE_IN_PROGRESS', () => {
    const { harness, ids, generationId } = stableGroup(2)
    expect(harness.commit('stranger', generationId, 5)).toBe('UNKNOWN_MEMBER_ID')
    expect(harness.commit(ids[0]!, generationId - 1, 5)).toBe('ILLEGAL_GENERATION')
    harness.join({ memberId: ids[0]! })
    expect(harness.group?.state).toBe('preparingRebalance')
    expect(harness.commit(ids[1]!, generationId, 5)).toBe('NONE')
    harness.join({ memberId: ids[1]! })
    expect(harness.group?.state).toBe('completingRebalance')
    expect(harness.commit(ids[1]!, generationId + 1, 5)).toBe('REBALANCE_IN_PROGRESS')
  })

  test('metadata above offset.metadata.max.bytes is OFFSET_METADATA_TOO_LARGE, for that partition only', () => {
    const harness = new GroupHarness()
    expect(harness.commit('', -1, 5, { partition: { committedMetadata: 'x'.repeat(4096) } })).toBe('NONE')
    expect(harness.commit('', -1, 6, { partition: { committedMetadata: 'x'.repeat(4097) } })).toBe('OFFSET_METADATA_TOO_LARGE')
    expect(committedIn(harness).committedOffset).toBe(5)
  })

  test('an unknown topic or partition is UNKNOWN_TOPIC_OR_PARTITION, an unknown id UNKNOWN_TOPIC_ID, without a look at the group', () => {
    const harness = new GroupHarness()
    expect(harness.commit('a', 1, 5, { topic: { partitionCount: 0 } })).toBe('UNKNOWN_TOPIC_OR_PARTITION')
    expect(harness.commit('a', 1, 5, { partition: { partitionIndex: 6 } })).toBe('UNKNOWN_TOPIC_OR_PARTITION')
    expect(harness.commit('a', 1, 5, { topic: { partitionCount: 0, ifUnknown: 'UNKNOWN_TOPIC_ID' } })).toBe('UNKNOWN_TOPIC_ID')
    expect(harness.group).toBeNull()
  })

  test('a retention time of its own (up to version 4) is stored as a time of expiry', () => {
    const harness = new GroupHarness()
    harness.commit('', -1, 5, { retentionTimeMs: 60_000, apiVersion: 4 })
    expect(harness.records[0]).toMatchObject({ value: { expireTimestamp: harness.nowMs + 60_000 } })
    harness.advance(59_999)
    harness.expire()
    expect(committedIn(harness).committedOffset).toBe(5)
    harness.advance(1)
    harness.expire()
    expect(harness.group).toBeNull()
  })

  test('a retention time beyond all numbers is as long as there are numbers', () => {
    const harness = new GroupHarness()
    expect(harness.commit('', -1, 5, { retentionTimeMs: Number.MAX_SAFE_INTEGER, apiVersion: 4 })).toBe('NONE')
    expect(harness.records[0]).toMatchObject({ value: { expireTimestamp: Number.MAX_SAFE_INTEGER } })
  })
})

describe('OffsetFetch', () => {
  test('of nothing committed is -1, an empty string and no error', () => {
    expect(committedIn(new GroupHarness())).toEqual({
      partitionIndex: 0,
      committedOffset: -1,
      committedLeaderEpoch: -1,
      metadata: '',
      errorCode: 'NONE',
    })
  })

  test('by an id that no topic has is UNKNOWN_TOPIC_ID', () => {
    const [topic] = fetchOffsets(null, [{ name: '', topicId: OTHER_ID, isUnknownId: true, partitionIndexes: [0] }])
    expect(topic!.partitions).toMatchObject([{ errorCode: 'UNKNOWN_TOPIC_ID', committedOffset: -1 }])
  })

  test('of a topic that was created anew finds nothing of the old one, whatever the log still holds', () => {
    const harness = new GroupHarness()
    harness.commit('', -1, 5)
    expect(committedIn(harness, 'orders', OTHER_ID).committedOffset).toBe(-1)
    expect(committedIn(harness, 'orders', ZERO_UUID).committedOffset).toBe(-1)
    expect(fetchAllOffsets(harness.group, () => OTHER_ID)).toEqual([])
  })

  test('trusts the name where a Kafka before 4.1 stored no id', () => {
    const harness = new GroupHarness()
    harness.commit('', -1, 5, { topic: { topicId: ZERO_UUID } })
    expect(committedIn(harness).committedOffset).toBe(5)
  })

  test('of all topics lists what is committed', () => {
    const harness = new GroupHarness()
    harness.commit('', -1, 5)
    harness.commit('', -1, 6, { partition: { partitionIndex: 2 } })
    expect(fetchAllOffsets(harness.group, () => ORDERS_ID)).toMatchObject([
      {
        name: 'orders',
        topicId: ORDERS_ID,
        partitions: [
          { partitionIndex: 0, committedOffset: 5 },
          { partitionIndex: 2, committedOffset: 6 },
        ],
      },
    ])
    expect(fetchAllOffsets(null, () => ORDERS_ID)).toEqual([])
  })
})

describe('OffsetDelete', () => {
  const deleteOrders = (harness: GroupHarness, partitionCount = 6) => {
    const step = onOffsetDelete(harness.group, 'billing', [{ name: 'orders', partitionCount, partitionIndexes: [0, 1] }])
    harness.take(step)
    return step.response
  }

  test('of a topic that a member reads is GROUP_SUBSCRIBED_TO_TOPIC', () => {
    const { harness, ids, generationId } = stableGroup(1)
    harness.commit(ids[0]!, generationId, 5)
    const codes = deleteOrders(harness).topics[0]!.partitions.map(partition => partition.errorCode)
    expect(codes).toEqual(['GROUP_SUBSCRIBED_TO_TOPIC', 'GROUP_SUBSCRIBED_TO_TOPIC'])
    expect(committedIn(harness).committedOffset).toBe(5)
  })

  test('of a topic that nobody reads any more deletes, and is stored', () => {
    const { harness, ids, generationId } = stableGroup(1, {}, { protocols: [protocol('range', ['payments'])] })
    harness.commit(ids[0]!, generationId, 5)
    expect(deleteOrders(harness).topics[0]!.partitions[0]).toEqual({ partitionIndex: 0, errorCode: 'NONE' })
    expect(committedIn(harness).committedOffset).toBe(-1)
    expect(harness.records.at(-1)).toMatchObject({ type: 'OFFSET_COMMIT', value: null })
  })

  test('codes: unknown group GROUP_ID_NOT_FOUND, unknown partition UNKNOWN_TOPIC_OR_PARTITION, other members NON_EMPTY_GROUP', () => {
    expect(deleteOrders(new GroupHarness()).errorCode).toBe('GROUP_ID_NOT_FOUND')
    expect(onOffsetDelete(null, '', []).response.errorCode).toBe('INVALID_GROUP_ID')
    const simple = new GroupHarness()
    simple.commit('', -1, 5)
    expect(deleteOrders(simple, 1).topics[0]!.partitions.map(partition => partition.errorCode)).toEqual([
      'NONE',
      'UNKNOWN_TOPIC_OR_PARTITION',
    ])
    const { harness } = stableGroup(1, {}, { protocolType: 'connect' })
    expect(deleteOrders(harness).errorCode).toBe('NON_EMPTY_GROUP')
  })

  test('while nothing is known of what the members read, everything counts as read', () => {
    const { harness, ids, generationId } = stableGroup(1, {}, { protocols: [{ name: 'range', metadata: Buffer.from('nonsense') }] })
    harness.commit(ids[0]!, generationId, 5)
    expect(deleteOrders(harness).topics[0]!.partitions[0]?.errorCode).toBe('GROUP_SUBSCRIBED_TO_TOPIC')
  })
})

describe('a deleted topic', () => {
  test('takes its committed offsets with it at once, whatever the group is doing', () => {
    const { harness, ids, generationId } = stableGroup(1)
    harness.commit(ids[0]!, generationId, 5)
    harness.join({ memberId: ids[0]! })
    harness.take(dropOffsets(harness.group, topic => topic === 'orders'))
    expect(committedIn(harness).committedOffset).toBe(-1)
    expect(harness.replayed()!.offsets.size).toBe(0)
  })
})

describe('expiry (offsets.retention.minutes)', () => {
  test('counts from the moment at which the group became empty, and the group goes with its last offset', () => {
    const { harness, ids, generationId } = stableGroup(1)
    harness.commit(ids[0]!, generationId, 5)
    harness.advance(5000)
    harness.leave({ memberId: ids[0]! })
    harness.advance(RETENTION_MS - 1)
    harness.expire()
    expect(committedIn(harness).committedOffset).toBe(5)
    harness.advance(1)
    harness.expire()
    expect(harness.group).toBeNull()
    expect(harness.records.slice(-2)).toMatchObject([
      { type: 'OFFSET_COMMIT', value: null },
      { type: 'GROUP_METADATA', value: null },
    ])
    expect(harness.replayed()).toBeNull()
  })

  test('counts from the commit for a group that never had members', () => {
    const harness = new GroupHarness()
    harness.commit('', -1, 5)
    harness.advance(1000)
    harness.commit('', -1, 6, { partition: { partitionIndex: 1 } })
    harness.advance(RETENTION_MS - 1000)
    harness.expire()
    expect(committedIn(harness).committedOffset).toBe(-1)
    expect(harness.group?.offsets.get('orders')?.size).toBe(1)
  })

  test('does not touch what a stable group reads, only what it does not read any more', () => {
    const { harness, ids, generationId } = stableGroup(1)
    harness.commit(ids[0]!, generationId, 5)
    harness.commit(ids[0]!, generationId, 6, { topic: { name: 'old' } })
    harness.timers.clear()
    harness.advance(RETENTION_MS)
    harness.expire()
    expect([...harness.group!.offsets.keys()]).toEqual(['orders'])
  })

  test('waits while a group rebalances', () => {
    const { harness, ids, generationId } = stableGroup(1)
    harness.commit(ids[0]!, generationId, 6, { topic: { name: 'old' } })
    harness.join()
    harness.join({ memberId: ids[0]! })
    expect(harness.group?.state).toBe('preparingRebalance')
    harness.timers.clear()
    harness.advance(RETENTION_MS)
    harness.expire()
    expect([...harness.group!.offsets.keys()]).toEqual(['old'])
  })

  test('removes an empty group without offsets, but not while somebody is about to join', () => {
    const { harness, ids } = stableGroup(1)
    harness.leave({ memberId: ids[0]! })
    harness.join()
    harness.expire()
    expect(harness.group?.state).toBe('empty')
    harness.advance(10_000)
    harness.expire()
    expect(harness.group).toBeNull()
  })
})

describe('DeleteGroups', () => {
  test('an unknown group is GROUP_ID_NOT_FOUND, one with members NON_EMPTY_GROUP', () => {
    expect(new GroupHarness().delete()).toBe('GROUP_ID_NOT_FOUND')
    expect(stableGroup(1).harness.delete()).toBe('NON_EMPTY_GROUP')
  })

  test('an empty one goes with its offsets, its timers, and the ids it gave out', () => {
    const { harness, ids, generationId } = stableGroup(1)
    harness.commit(ids[0]!, generationId, 5)
    harness.leave({ memberId: ids[0]! })
    const { memberId } = harness.join().response!
    expect(harness.delete()).toBe('NONE')
    expect(harness.group).toBeNull()
    expect(harness.replayed()).toBeNull()
    expect(harness.timers.size).toBe(0)
    expect(harness.join({ memberId }).response?.errorCode).toBe('UNKNOWN_MEMBER_ID')
  })
})
