import {
  deleteRecords,
  describeGroups,
  findCoordinator,
  type ListOffsetsRequest,
  listGroups,
  listOffsets,
  offsetFetch,
} from '@logwerk/protocol'
import { beforeEach, expect, test } from 'vitest'
import { byTopic } from './routing.ts'
import { ScriptedCluster } from './scripted-cluster.test-support.ts'

let cluster: ScriptedCluster
beforeEach(async () => {
  cluster = await ScriptedCluster.start([1, 2, 3])
  cluster.topics.set('orders', [1, 2, 1])
})

/** Answers 100 + the partition's number; partitions that `refuses` names get its error. */
function offsetsOf(request: ListOffsetsRequest, refuses: (partition: number) => boolean = () => false) {
  return {
    topics: request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({
        partitionIndex,
        errorCode: refuses(partitionIndex) ? ('NOT_LEADER_OR_FOLLOWER' as const) : ('NONE' as const),
        offset: 100 + partitionIndex,
      })),
    })),
  }
}

function latest(...partitions: number[]) {
  return partitions.map(partition => ({ topic: 'orders', partition, at: 'latest' as const }))
}

function coordinatorIs(nodeOf: (groupId: string) => number): void {
  cluster.on(findCoordinator, ({ coordinatorKeys }) => ({
    errorMessage: null,
    coordinators: coordinatorKeys.map(key => ({
      key,
      nodeId: nodeOf(key),
      host: `broker-${nodeOf(key)}`,
      port: 9092,
      errorCode: 'NONE' as const,
      errorMessage: null,
    })),
  }))
}

test('partitions are grouped in the order in which they come', () => {
  const items = latest(2, 0)
  expect(byTopic([...items, { topic: 'other', partition: 7, at: 'latest' as const }], ({ partition }) => partition)).toEqual([
    { name: 'orders', partitions: [2, 0] },
    { name: 'other', partitions: [7] },
  ])
})

test('partitions are asked about at their leaders, one request for each', async () => {
  cluster.on(listOffsets, request => offsetsOf(request))
  const offsets = await cluster.run(cluster.admin().listOffsets(latest(0, 1, 2)))
  expect(offsets.map(({ partition, offset }) => [partition, offset])).toEqual([
    [0, 100],
    [1, 101],
    [2, 102],
  ])
  expect(cluster.nodesAsked(listOffsets).sort()).toEqual([1, 2])
})

test('a partition named twice is asked about in two requests', async () => {
  cluster.on(listOffsets, request => offsetsOf(request))
  const offsets = await cluster.run(cluster.admin().listOffsets([...latest(0), { topic: 'orders', partition: 0, at: 'earliest' }]))
  expect(offsets).toHaveLength(2)
  const asked = cluster.seen
    .filter(({ name }) => name === 'ListOffsets')
    .map(({ request }) => (request as ListOffsetsRequest).topics[0]!.partitions)
  expect(asked.map(partitions => partitions.map(({ timestamp }) => timestamp)).sort()).toEqual([[-1], [-2]])
})

test('a partition whose leader moved is asked about again, where it is now; the others are not', async () => {
  cluster.on(listOffsets, (request, { nodeId }) => {
    if (nodeId === 2) cluster.topics.set('orders', [1, 3, 1])
    return offsetsOf(request, () => nodeId === 2)
  })
  const offsets = await cluster.run(cluster.admin().listOffsets(latest(0, 1)))
  expect(offsets.map(({ offset }) => offset)).toEqual([100, 101])
  expect(cluster.nodesAsked(listOffsets)).toEqual(expect.arrayContaining([1, 2, 3]))
  expect(cluster.nodesAsked(listOffsets)).toHaveLength(3)
})

test('a lost connection fails the items of that broker alone, and they are tried again', async () => {
  let cuts = 0
  cluster.on(listOffsets, (request, { nodeId }) => (nodeId === 2 && cuts++ === 0 ? null : offsetsOf(request)))
  const offsets = await cluster.run(cluster.admin().listOffsets(latest(0, 1)))
  expect(offsets.map(({ offset }) => offset)).toEqual([100, 101])
  expect(cluster.nodesAsked(listOffsets).filter(node => node === 1)).toHaveLength(1)
})

test('a partition without a leader is waited for', async () => {
  cluster.topics.set('orders', [1, -1])
  cluster.on(listOffsets, request => offsetsOf(request))
  cluster.simulation.clock.setTimer(300, () => cluster.topics.set('orders', [1, 3]))
  const offsets = await cluster.run(cluster.admin().listOffsets(latest(0, 1)))
  expect(offsets.map(({ offset }) => offset)).toEqual([100, 101])
  expect(cluster.nodesAsked(listOffsets).sort()).toEqual([1, 3])
})

test('a partition that stays without a leader ends in a timeout that says so, and the others are done', async () => {
  cluster.topics.set('orders', [1, -1])
  cluster.on(deleteRecords, ({ topics }) => ({
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex, offset }) => ({ partitionIndex, lowWatermark: offset, errorCode: 'NONE' as const })),
    })),
  }))
  const records = [0, 1].map(partition => ({ topic: 'orders', partition, beforeOffset: 5 }))
  await expect(cluster.run(cluster.admin().deleteRecords(records, { timeoutMs: 2000 }))).rejects.toMatchObject({
    code: 'REQUEST_TIMED_OUT',
    message: expect.stringMatching(/1 of 2 failed, the other one is done: orders-1: .*within 2000 ms: orders-1: .*LEADER_NOT_AVAILABLE/),
  })
})

test('a broker too old to look for the largest timestamp is not asked for it', async () => {
  cluster.limit(listOffsets, 6)
  cluster.on(listOffsets, request => offsetsOf(request))
  const queries = [...latest(0), { topic: 'orders', partition: 2, at: 'maxTimestamp' as const }]
  await expect(cluster.run(cluster.admin().listOffsets(queries))).rejects.toMatchObject({
    code: 'UNSUPPORTED_VERSION',
    message: expect.stringMatching(/1 of 2 failed: orders-2: broker 1 .*Kafka 3\.0/),
  })
})

test('a coordinator is remembered, and looked for again when it has moved', async () => {
  let coordinator = 2
  coordinatorIs(() => coordinator)
  cluster.on(offsetFetch, ({ groups }, { nodeId }) => ({
    groups: groups.map(({ groupId }) => ({
      groupId,
      topics: [],
      errorCode: nodeId === coordinator ? ('NONE' as const) : ('NOT_COORDINATOR' as const),
    })),
  }))
  const admin = cluster.admin()
  await cluster.run(admin.listGroupOffsets('g'))
  await cluster.run(admin.listGroupOffsets('g'))
  expect(cluster.nodesAsked(findCoordinator)).toHaveLength(1)
  coordinator = 3
  await cluster.run(admin.listGroupOffsets('g'))
  expect(cluster.nodesAsked(findCoordinator)).toHaveLength(2)
  expect(cluster.nodesAsked(offsetFetch)).toEqual([2, 2, 2, 3])
})

test('groups are listed by all brokers, and whoever lists one is asked about it without a search', async () => {
  cluster.on(listGroups, (_, { nodeId }) => ({
    errorCode: 'NONE' as const,
    groups: [{ groupId: `g${4 - nodeId}`, protocolType: 'consumer', groupState: 'Stable', groupType: 'classic' }],
  }))
  cluster.on(describeGroups, ({ groups }) => ({
    groups: groups.map(groupId => ({
      errorCode: 'NONE' as const,
      groupId,
      groupState: 'Empty',
      protocolType: 'consumer',
      protocolData: '',
      members: [],
    })),
  }))
  cluster.on(findCoordinator, () => null)
  const admin = cluster.admin()
  const listed = await cluster.run(admin.listGroups())
  expect(listed.map(({ groupId, coordinator }) => [groupId, coordinator])).toEqual([
    ['g1', 3],
    ['g2', 2],
    ['g3', 1],
  ])
  const described = await cluster.run(admin.describeGroups(['g3', 'g1']))
  expect(described.map(({ groupId, coordinator }) => [groupId, coordinator])).toEqual([
    ['g3', 1],
    ['g1', 3],
  ])
  expect(cluster.nodesAsked(findCoordinator)).toEqual([])
})

test('a group is looked for again when its coordinator hangs up', async () => {
  let coordinator = 2
  coordinatorIs(() => coordinator)
  cluster.on(describeGroups, ({ groups }, { nodeId }) => {
    if (nodeId === 2) {
      coordinator = 3
      return null
    }
    return {
      groups: groups.map(groupId => ({
        errorCode: 'NONE' as const,
        groupId,
        groupState: 'Empty',
        protocolType: '',
        protocolData: '',
        members: [],
      })),
    }
  })
  const [group] = await cluster.run(cluster.admin().describeGroups(['g']))
  expect(group?.coordinator).toBe(3)
})
