import {
  type AnyApi,
  createPartitions,
  createTopics,
  deleteTopics,
  describeGroups,
  findCoordinator,
  incrementalAlterConfigs,
  listGroups,
  type OffsetCommitRequest,
  type OffsetFetchRequest,
  offsetCommit,
  offsetFetch,
} from '@logwerk/protocol'
import { beforeEach, expect, test } from 'vitest'
import type { Admin } from './admin.ts'
import { ScriptedCluster } from './scripted-cluster.test-support.ts'

let cluster: ScriptedCluster
beforeEach(async () => {
  cluster = await ScriptedCluster.start([1])
  cluster.topics.set('orders', [1])
  cluster.on(findCoordinator, ({ coordinatorKeys }) => ({
    errorMessage: null,
    coordinators: coordinatorKeys.map(key => ({
      key,
      nodeId: 1,
      host: 'broker-1',
      port: 9092,
      errorCode: 'NONE' as const,
      errorMessage: null,
    })),
  }))
})

const OFFSET = { partitionIndex: 0, committedOffset: 17, metadata: '', errorCode: 'NONE' as const }

test('offsets are fetched by name: never in a version that goes by topic id', async () => {
  cluster.on(offsetFetch, ({ groups }) => ({
    groups: groups.map(({ groupId }) => ({ groupId, topics: [{ name: 'orders', partitions: [OFFSET] }] })),
  }))
  const offsets = await cluster.run(cluster.admin().listGroupOffsets('g'))
  expect(offsets).toEqual([{ topic: 'orders', partition: 0, offset: 17, leaderEpoch: -1, metadata: '' }])
  expect(cluster.seen.at(-1)?.version).toBe(9)
})

test('a broker older than Kafka 3.0 is asked about one group', async () => {
  cluster.limit(offsetFetch, 7)
  cluster.on(offsetFetch, () => ({ topics: [{ name: 'orders', partitions: [OFFSET] }] }))
  const offsets = await cluster.run(cluster.admin().listGroupOffsets('g', { partitions: [{ topic: 'orders', partition: 0 }] }))
  expect(offsets[0]?.offset).toBe(17)
  expect(cluster.seen.at(-1)!.request as OffsetFetchRequest).toMatchObject({ groupId: 'g' })
})

test('offsets are committed by name, as no member', async () => {
  cluster.on(offsetCommit, ({ topics }) => ({
    topics: topics.map(({ name }) => ({ name, partitions: [{ partitionIndex: 0, errorCode: 'NONE' as const }] })),
  }))
  await cluster.run(cluster.admin().alterGroupOffsets('g', [{ topic: 'orders', partition: 0, offset: 5 }]))
  const { version, request } = cluster.seen.at(-1)!
  expect(version).toBe(9)
  expect(request as OffsetCommitRequest).toMatchObject({ generationIdOrMemberEpoch: -1, memberId: '', groupInstanceId: null })
})

test('a dead group is one that does not exist, also for a broker that does not say so', async () => {
  cluster.limit(describeGroups, 5)
  cluster.on(describeGroups, ({ groups }) => ({
    groups: groups.map(groupId => ({
      errorCode: 'NONE' as const,
      groupId,
      groupState: 'Dead',
      protocolType: '',
      protocolData: '',
      members: [],
    })),
  }))
  await expect(cluster.run(cluster.admin().describeGroups(['g']))).rejects.toMatchObject({
    code: 'GROUP_ID_NOT_FOUND',
    at: { groupId: 'g' },
  })
})

test('a broker that cannot filter groups is not asked to', async () => {
  cluster.limit(listGroups, 3)
  cluster.on(listGroups, () => ({ errorCode: 'NONE' as const, groups: [{ groupId: 'g', protocolType: 'consumer' }] }))
  const admin = cluster.admin()
  await expect(cluster.run(admin.listGroups({ states: ['Stable'] }))).rejects.toMatchObject({ code: 'UNSUPPORTED_VERSION' })
  expect(await cluster.run(admin.listGroups({ protocolTypes: ['consumer'] }))).toMatchObject([{ groupId: 'g', state: '', type: '' }])
  expect(await cluster.run(admin.listGroups({ protocolTypes: ['connect'] }))).toEqual([])
})

test('a broker that cannot change single configs gets an error that says since when one can', async () => {
  cluster.on(incrementalAlterConfigs, () => null)
  cluster.limit(incrementalAlterConfigs, -1)
  const changes = [{ type: 'topic' as const, name: 'orders', set: { 'retention.ms': 1 } }]
  await expect(cluster.run(cluster.admin().incrementalAlterConfigs(changes))).rejects.toMatchObject({
    code: 'UNSUPPORTED_VERSION',
    message: expect.stringContaining('from Kafka 2.3 on'),
  })
})

test('topics are created and deleted at the controller; a lost answer leaves a doubt that the error tells', async () => {
  cluster = await ScriptedCluster.start([1, 2])
  let isCreated = false
  cluster.on(createTopics, ({ topics }) => {
    const isFirst = !isCreated
    isCreated = true
    if (isFirst) return null
    return { topics: topics.map(({ name }) => ({ name, errorCode: 'TOPIC_ALREADY_EXISTS' as const, errorMessage: null, configs: [] })) }
  })
  cluster.on(deleteTopics, ({ topics }) => ({ responses: topics.map(({ name }) => ({ name, errorCode: 'NONE' as const })) }))
  const admin = cluster.admin()
  await expect(cluster.run(admin.createTopics([{ name: 'a' }]))).rejects.toMatchObject({
    code: 'TOPIC_ALREADY_EXISTS',
    message: expect.stringContaining('an earlier attempt of this call got no answer'),
  })
  await cluster.run(admin.deleteTopics(['a']))
  expect(cluster.nodesAsked(createTopics)).toEqual([2, 2])
  expect(cluster.nodesAsked(deleteTopics)).toEqual([2])
})

test('a controller that has moved is looked for again, by every call that changes something', async () => {
  cluster = await ScriptedCluster.start([1, 2])
  // Node 2 was the controller until a moment ago, and says so when it is asked.
  const codeFrom = (nodeId: number) => {
    cluster.controller = 1
    return nodeId === 1 ? ('NONE' as const) : ('NOT_CONTROLLER' as const)
  }
  cluster.on(createTopics, ({ topics }, { nodeId }) => ({
    topics: topics.map(({ name }) => ({ name, errorCode: codeFrom(nodeId), errorMessage: null, configs: [] })),
  }))
  cluster.on(deleteTopics, ({ topics }, { nodeId }) => ({ responses: topics.map(({ name }) => ({ name, errorCode: codeFrom(nodeId) })) }))
  cluster.on(createPartitions, ({ topics }, { nodeId }) => ({
    results: topics.map(({ name }) => ({ name, errorCode: codeFrom(nodeId), errorMessage: null })),
  }))
  cluster.on(incrementalAlterConfigs, ({ resources }, { nodeId }) => ({
    responses: resources.map(({ resourceType, resourceName }) => ({
      resourceType,
      resourceName,
      errorCode: codeFrom(nodeId),
      errorMessage: null,
    })),
  }))
  const changes: readonly [AnyApi, (admin: Admin) => Promise<unknown>][] = [
    [createTopics, admin => admin.createTopics([{ name: 'a' }])],
    [deleteTopics, admin => admin.deleteTopics(['a'])],
    [createPartitions, admin => admin.createPartitions([{ name: 'a', partitions: 9 }])],
    [incrementalAlterConfigs, admin => admin.incrementalAlterConfigs([{ type: 'topic', name: 'a', set: { 'retention.ms': 1 } }])],
  ]
  for (const [api, change] of changes) {
    cluster.controller = 2
    const admin = cluster.admin()
    await cluster.run(change(admin))
    expect(cluster.nodesAsked(api)).toEqual([2, 1])
    await admin.close()
  }
})
