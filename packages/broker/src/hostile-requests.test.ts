import {
  alterConfigs,
  apiVersions,
  createPartitions,
  createTopics,
  deleteRecords,
  deleteTopics,
  describeCluster,
  describeConfigs,
  fetchApi,
  incrementalAlterConfigs,
  initProducerId,
  listOffsets,
  metadata,
  offsetForLeaderEpoch,
  produce,
} from '@logwerk/protocol'
import { createSimulation } from '@logwerk/runtime/simulated'
import { expect, test } from 'vitest'
import { requestBytes } from './raw-client.test-support.ts'
import { batchOf, TestBroker } from './test-broker.test-support.ts'

const topic = { name: 'orders', topicId: 'AAAAAAAAAAAAAAAAAAAAAA' }
const fetchPartitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }]
const resources = [{ resourceType: 2, resourceName: 'orders', configs: [{ name: 'segment.ms', value: '5000' }] }]

/** A request of each API that this broker answers by itself; groups have their own tests. */
const requests: readonly (readonly [string, () => Buffer])[] = [
  ['ApiVersions', () => requestBytes(apiVersions, 3, { clientSoftwareName: 'raw', clientSoftwareVersion: '1' })],
  ['Metadata', () => requestBytes(metadata, 12, { topics: [{ name: 'orders' }], allowAutoTopicCreation: true })],
  [
    'Produce',
    () => {
      const partitionData = [{ index: 0, records: batchOf(['a', 'b'], { producerId: 1, producerEpoch: 0, baseSequence: 0 }) }]
      return requestBytes(produce, 12, { acks: -1, timeoutMs: 100, topicData: [{ name: 'orders', partitionData }] })
    },
  ],
  [
    'Fetch',
    () =>
      requestBytes(fetchApi, 12, {
        maxWaitMs: 1,
        minBytes: 1,
        sessionEpoch: 0,
        topics: [{ topic: 'orders', partitions: fetchPartitions }],
      }),
  ],
  [
    'Fetch by id',
    () => requestBytes(fetchApi, 17, { maxWaitMs: 1, minBytes: 1, topics: [{ topicId: topic.topicId, partitions: fetchPartitions }] }),
  ],
  [
    'ListOffsets',
    () =>
      requestBytes(listOffsets, 11, { replicaId: -1, topics: [{ name: 'orders', partitions: [{ partitionIndex: 0, timestamp: -1 }] }] }),
  ],
  [
    'OffsetForLeaderEpoch',
    () =>
      requestBytes(offsetForLeaderEpoch, 4, {
        replicaId: -1,
        topics: [{ topic: 'orders', partitions: [{ partition: 0, currentLeaderEpoch: 0, leaderEpoch: 0 }] }],
      }),
  ],
  [
    'CreateTopics',
    () =>
      requestBytes(createTopics, 7, {
        topics: [
          { name: 'new', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [{ name: 'segment.ms', value: '5000' }] },
        ],
        timeoutMs: 1,
      }),
  ],
  [
    'CreatePartitions',
    () =>
      requestBytes(createPartitions, 3, {
        topics: [{ name: 'orders', count: 4, assignments: [{ brokerIds: [1] }] }],
        timeoutMs: 1,
        validateOnly: true,
      }),
  ],
  ['DeleteTopics', () => requestBytes(deleteTopics, 6, { topics: [topic], timeoutMs: 1 })],
  [
    'DeleteRecords',
    () => requestBytes(deleteRecords, 2, { topics: [{ name: 'orders', partitions: [{ partitionIndex: 0, offset: 1 }] }], timeoutMs: 1 }),
  ],
  [
    'DescribeConfigs',
    () => requestBytes(describeConfigs, 4, { resources: [{ resourceType: 2, resourceName: 'orders', configurationKeys: ['segment.ms'] }] }),
  ],
  ['AlterConfigs', () => requestBytes(alterConfigs, 2, { resources, validateOnly: false })],
  [
    'IncrementalAlterConfigs',
    () => {
      const configs = [{ name: 'cleanup.policy', configOperation: 2, value: 'compact' }]
      return requestBytes(incrementalAlterConfigs, 1, { resources: [{ ...resources[0]!, configs }], validateOnly: false })
    },
  ],
  ['InitProducerId', () => requestBytes(initProducerId, 5, { transactionalId: null, transactionTimeoutMs: 1 })],
  ['DescribeCluster', () => requestBytes(describeCluster, 2, { includeClusterAuthorizedOperations: true })],
]

test.each(requests)('%s with any byte wrong is answered or closes the connection, and nothing fails behind it', async (_name, make) => {
  const length = make().length
  const simulation = createSimulation({ seed: 1 })
  const broker = await TestBroker.open({ maxPartitions: 20 }, simulation)
  await broker.createTopic('orders', 2)
  for (let at = 4; at < length; at++) {
    for (const value of [0x00, 0x01, 0x7f, 0x80, 0xff]) {
      const bytes = make()
      bytes[at] = value
      const client = await broker.connect()
      client.sendFrame(bytes)
      await simulation.advance(2)
      client.connection.destroy()
    }
  }
  expect(simulation.log.filter(({ level }) => level === 'error')).toEqual([])
  await broker.createTopic('after')
  expect((await broker.produce('after', 0, batchOf(['a']))).errorCode).toBe('NONE')
  expect(await broker.values('after')).toEqual(['0:a'])
})
