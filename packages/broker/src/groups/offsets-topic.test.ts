import { groupPartition } from '@logwerk/coordinator'
import {
  coordinatorTypes,
  createPartitions,
  deleteTopics,
  describeConfigs,
  findCoordinator,
  offsetCommit,
  RECORDS_AT,
  RecordBatchBuilder,
  RecordBatchView,
  UNSTAMPED,
} from '@logwerk/protocol'
import { resolveConfig, ZERO_UUID } from '@logwerk/runtime'
import { LogDirectory, logConfig } from '@logwerk/storage'
import { describe, expect, test } from 'vitest'
import { batchOf, TestBroker } from '../test-broker.test-support.ts'
import { committed, GROUP } from './test-members.test-support.ts'

const TOPIC = '__consumer_offsets'
const versions = Array.from({ length: findCoordinator.versions[1] + 1 }, (_, version) => version)

async function commit(broker: TestBroker, groupId: string, committedOffset: number) {
  const topics = [{ name: 'orders', partitions: [{ partitionIndex: 0, committedOffset, committedMetadata: null }] }]
  const response = await broker.ask(offsetCommit, 9, { groupId, memberId: '', topics })
  expect(response.topics[0]!.partitions[0]!.errorCode).toBe('NONE')
}

describe('FindCoordinator', () => {
  test.each(versions)('version %i names this broker for a group, and creates the topic', async version => {
    const broker = await TestBroker.open()
    expect((await broker.describe(TOPIC)).errorCode).toBe('UNKNOWN_TOPIC_OR_PARTITION')
    const response = await broker.ask(findCoordinator, version, version < 4 ? { key: GROUP } : { coordinatorKeys: [GROUP, 'other'] })
    const here = { errorCode: 'NONE', nodeId: 1, host: 'embedded', port: 9092 }
    expect(response).toMatchObject(
      version < 4
        ? here
        : {
            coordinators: [
              { key: GROUP, ...here },
              { key: 'other', ...here },
            ],
          },
    )
    expect(await broker.describe(TOPIC)).toMatchObject({ errorCode: 'NONE', isInternal: true, partitions: [{ partitionIndex: 0 }] })
  })

  test.each(versions.slice(1))('version %i tells a transactional producer for good that there are no transactions', async version => {
    const broker = await TestBroker.open()
    const keyType = coordinatorTypes.TRANSACTION
    const response = await broker.ask(findCoordinator, version, version < 4 ? { key: 't', keyType } : { coordinatorKeys: ['t'], keyType })
    const refusal = { errorCode: 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED', nodeId: -1, host: '', port: -1 }
    const answer = version < 4 ? response : response.coordinators[0]
    expect(answer).toMatchObject(refusal)
    expect(answer!.errorMessage).toContain('no transactions in this version')
  })

  test('of share groups, and of a type that does not exist, is INVALID_REQUEST', async () => {
    const broker = await TestBroker.open()
    for (const keyType of [coordinatorTypes.SHARE, 9]) {
      const { coordinators } = await broker.ask(findCoordinator, 6, { coordinatorKeys: ['g'], keyType })
      expect(coordinators).toMatchObject([{ errorCode: 'INVALID_REQUEST' }])
    }
  })

  test('is COORDINATOR_NOT_AVAILABLE while the topic cannot be created', async () => {
    const broker = await TestBroker.open({ maxPartitions: 1 })
    await broker.createTopic('orders')
    const { coordinators } = await broker.ask(findCoordinator, 4, { coordinatorKeys: [GROUP] })
    expect(coordinators).toMatchObject([{ errorCode: 'COORDINATOR_NOT_AVAILABLE', nodeId: -1 }])
    expect(coordinators[0]!.errorMessage).toContain('maxPartitions')
  })
})

describe('__consumer_offsets', () => {
  test('is compacted, and has as many partitions as offsets.topic.num.partitions says', async () => {
    const broker = await TestBroker.open({ offsetsTopicNumPartitions: 50 })
    await broker.ask(findCoordinator, 4, { coordinatorKeys: [GROUP] })
    expect((await broker.describe(TOPIC)).partitions).toHaveLength(50)
    const { results } = await broker.ask(describeConfigs, 4, {
      resources: [{ resourceType: 2, resourceName: TOPIC, configurationKeys: ['cleanup.policy'] }],
    })
    expect(results[0]!.configs).toMatchObject([{ name: 'cleanup.policy', value: 'compact' }])
  })

  test('keeps each group in the partition that Kafka keeps it in, and is read whole at the start', async () => {
    const broker = await TestBroker.open({ dataDir: '/data', offsetsTopicNumPartitions: 50 })
    await broker.createTopic('orders')
    await commit(broker, GROUP, 7)
    await commit(broker, 'other', 8)
    // The partitions of the topic that is there count, whatever the option says by now.
    expect(groupPartition(GROUP, 50)).toBe(9)
    expect((await broker.fetch(TOPIC, 9, 0)).highWatermark).toBe(1)
    expect((await broker.fetch(TOPIC, groupPartition('other', 50), 0)).highWatermark).toBe(1)
    await broker.restartAfter('kill')
    expect(await committed(broker)).toBe(7)
  })

  test('is written by the broker only, and stays', async () => {
    const broker = await TestBroker.open()
    await broker.ask(findCoordinator, 4, { coordinatorKeys: [GROUP] })
    expect((await broker.produce(TOPIC, 0, batchOf(['a']))).errorCode).toBe('INVALID_TOPIC_EXCEPTION')
    const { responses } = await broker.ask(deleteTopics, 6, { topics: [{ name: TOPIC, topicId: ZERO_UUID }], timeoutMs: 1000 })
    expect(responses).toMatchObject([{ errorCode: 'INVALID_TOPIC_EXCEPTION' }])
    const topics = [{ name: TOPIC, count: 2, assignments: null }]
    const { results } = await broker.ask(createPartitions, 3, { topics, timeoutMs: 1000, validateOnly: false })
    expect(results).toMatchObject([{ errorCode: 'INVALID_TOPIC_EXCEPTION' }])
  })

  test('may hold groups of newer protocols, which are left alone, with a warning', async () => {
    const broker = await TestBroker.open({ dataDir: '/data' })
    await broker.createTopic('orders')
    await commit(broker, GROUP, 7)
    await append(broker, Buffer.from('0003000167', 'hex'), Buffer.from('00000000', 'hex'))
    expect(await committed(broker)).toBe(7)
    expect(broker.logged.filter(message => message.startsWith('records of groups were skipped'))).toHaveLength(1)
  })

  test('with a record of a later version is not opened, and the error says where it lies', async () => {
    const broker = await TestBroker.open({ dataDir: '/data' })
    await broker.createTopic('orders')
    await commit(broker, GROUP, 7)
    const later = append(broker, Buffer.from('00020001' + '67', 'hex'), Buffer.from('0063', 'hex'))
    await expect(later).rejects.toMatchObject({ code: 'CORRUPT_LOG', at: { offset: 1 } })
  })
})

/** Closes the broker, puts a record into its topic, and opens it again. */
async function append(broker: TestBroker, key: Buffer, value: Buffer): Promise<void> {
  const { topicId } = await broker.describe(TOPIC)
  await broker.run(broker.broker.close())
  const { world } = broker.simulation
  const directory = LogDirectory.open(world, { path: '/data', nodeId: 1 })
  const log = directory.openPartition({ topic: TOPIC, partition: 0, topicId, config: resolveConfig('test', logConfig, {}) })
  const builder = new RecordBatchBuilder(Buffer.alloc(RECORDS_AT + 64))
  builder.append(world.clock.nowMs(), key, value, [])
  const view = new RecordBatchView(builder.finish(UNSTAMPED))
  await broker.run(log.append({ view, recordCount: 1, lastOffsetDelta: 0, maxTimestamp: world.clock.nowMs(), compressionType: 'none' }))
  await broker.run(directory.close())
  await broker.restartCleanly()
}
