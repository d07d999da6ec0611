import { type Admin, createAdmin } from '@logwerk/admin'
import { openBroker } from '@logwerk/broker'
import { createProducer } from '@logwerk/producer'
import { KafkaError, nodeWorld, sleep } from '@logwerk/runtime'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { GroupMember } from './group-member.ts'
import { startRealKafka } from './real-kafka.ts'

/** What a call is tried on: a server, an admin, and what earlier calls left behind. */
interface Stage {
  readonly bootstrapServers: readonly string[]
  readonly admin: Admin
  readonly member: GroupMember
  readonly end: () => Promise<void>
}

interface Call {
  readonly what: string
  readonly run: (stage: Stage) => Promise<unknown>
  /** What it resolves with. */
  readonly gives?: unknown
  /** What it rejects with: a code, and what the message has to name. */
  readonly refuses?: readonly [code: string, ...names: string[]]
}

const ID = expect.stringMatching(/^[A-Za-z0-9_-]{22}$/)
const UNKNOWN_ID = 'AAAAAAAAAAAAAAAAAAAAAQ'
const START_MS = 1_760_000_000_000

function described(partition: number) {
  return { partition, leader: 1, leaderEpoch: 0, replicas: [1], isr: [1], offlineReplicas: [] }
}

async function idOf(admin: Admin, topic: string): Promise<string> {
  const [description] = await admin.describeTopics([topic])
  return description!.id
}

// In order: each call finds what those before it left behind.
const CALLS: readonly Call[] = [
  {
    what: 'describeCluster',
    run: ({ admin }) => admin.describeCluster(),
    gives: {
      clusterId: expect.any(String),
      controller: 1,
      nodes: [{ id: 1, host: '127.0.0.1', port: expect.any(Number), rack: null }],
    },
  },
  {
    what: 'describeBrokerApis',
    run: async ({ admin }) => (await admin.describeBrokerApis(1)).find(({ name }) => name === 'CreateTopics'),
    gives: { apiKey: 19, name: 'CreateTopics', minVersion: 2, maxVersion: 7 },
  },
  {
    what: 'describeBrokerApis of no broker',
    run: ({ admin }) => admin.describeBrokerApis(9),
    refuses: ['BROKER_NOT_AVAILABLE', 'broker 9', 'only 1'],
  },
  {
    what: 'createTopics, only checked',
    run: ({ admin }) => admin.createTopics([{ name: 'orders', partitions: 3 }], { validateOnly: true }),
    gives: [{ name: 'orders', id: null, partitionCount: 3, replicationFactor: 1 }],
  },
  { what: 'which creates nothing', run: ({ admin }) => admin.listTopics(), gives: [] },
  {
    what: 'createTopics',
    run: ({ admin }) =>
      admin.createTopics([
        { name: 'orders', partitions: 3, configs: { 'retention.ms': 100_000_000 } },
        { name: 'assigned', assignments: [[1], [1]] },
      ]),
    gives: [
      { name: 'orders', id: ID, partitionCount: 3, replicationFactor: 1 },
      { name: 'assigned', id: ID, partitionCount: 2, replicationFactor: 1 },
    ],
  },
  {
    what: 'createTopics where some fail',
    run: ({ admin }) =>
      admin.createTopics([
        { name: 'orders' },
        { name: 'fine' },
        { name: 'copied', replicationFactor: 3 },
        { name: 'no/topic' },
        { name: 'odd', configs: { 'no.such.config': 1 } },
        { name: 'none', partitions: 0 },
      ]),
    refuses: [
      'TOPIC_ALREADY_EXISTS',
      '5 of 6 failed, the other one is done',
      'topic orders',
      'topic copied',
      'INVALID_REPLICATION_FACTOR',
      'topic no/topic',
      'INVALID_TOPIC_EXCEPTION',
      'topic odd',
      'INVALID_CONFIG',
      'topic none',
      'INVALID_PARTITIONS',
    ],
  },
  {
    what: 'listTopics',
    run: ({ admin }) =>
      eventually(
        () => admin.listTopics(),
        topics => topics.length === 3,
      ),
    gives: [
      { name: 'assigned', id: ID, isInternal: false, partitionCount: 2 },
      { name: 'fine', id: ID, isInternal: false, partitionCount: 1 },
      { name: 'orders', id: ID, isInternal: false, partitionCount: 3 },
    ],
  },
  {
    what: 'describeTopics by name and id',
    run: async ({ admin }) => admin.describeTopics(['fine', { id: await idOf(admin, 'orders') }, 'fine']),
    gives: [
      { name: 'fine', id: ID, isInternal: false, partitions: [described(0)] },
      { name: 'orders', id: ID, isInternal: false, partitions: [described(0), described(1), described(2)] },
      { name: 'fine', id: ID, isInternal: false, partitions: [described(0)] },
    ],
  },
  {
    what: 'describeTopics of unknown ones',
    run: ({ admin }) => admin.describeTopics(['fine', 'nowhere', { id: UNKNOWN_ID }]),
    refuses: ['UNKNOWN_TOPIC_OR_PARTITION', '2 of 3 failed', 'topic nowhere', UNKNOWN_ID, 'UNKNOWN_TOPIC_ID'],
  },
  { what: 'createPartitions', run: ({ admin }) => admin.createPartitions([{ name: 'fine', partitions: 2 }]), gives: undefined },
  {
    what: 'createPartitions that would be fewer',
    run: ({ admin }) => admin.createPartitions([{ name: 'orders', partitions: 2 }]),
    refuses: ['INVALID_PARTITIONS', 'topic orders'],
  },
  {
    what: 'sending ten records, for what follows',
    run: async ({ bootstrapServers }) => {
      await using producer = createProducer({ bootstrapServers })
      const records = Array.from({ length: 10 }, (_, index) => ({
        topic: 'orders',
        partition: 0,
        value: `${index}`,
        timestamp: START_MS + index,
      }))
      return (await producer.sendBatch(records)).map(({ offset }) => offset)
    },
    gives: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  },
  {
    what: 'listOffsets, one partition asked several things',
    run: ({ admin }) =>
      admin.listOffsets([
        { topic: 'orders', partition: 0, at: 'earliest' },
        { topic: 'orders', partition: 0, at: 'latest' },
        { topic: 'orders', partition: 0, at: 'maxTimestamp' },
        { topic: 'orders', partition: 0, at: { timestamp: START_MS + 4 } },
        { topic: 'orders', partition: 0, at: { timestamp: START_MS + 100 } },
        { topic: 'fine', partition: 1, at: 'latest' },
      ]),
    gives: [
      { topic: 'orders', partition: 0, offset: 0, timestamp: -1, leaderEpoch: 0 },
      { topic: 'orders', partition: 0, offset: 10, timestamp: -1, leaderEpoch: 0 },
      { topic: 'orders', partition: 0, offset: 9, timestamp: START_MS + 9, leaderEpoch: 0 },
      { topic: 'orders', partition: 0, offset: 4, timestamp: START_MS + 4, leaderEpoch: 0 },
      { topic: 'orders', partition: 0, offset: -1, timestamp: -1, leaderEpoch: -1 },
      { topic: 'fine', partition: 1, offset: 0, timestamp: -1, leaderEpoch: 0 },
    ],
  },
  {
    what: 'listOffsets with read_committed',
    run: ({ admin }) => admin.listOffsets([{ topic: 'orders', partition: 0, at: 'latest' }], { isolationLevel: 'read_committed' }),
    gives: [{ topic: 'orders', partition: 0, offset: 10, timestamp: -1, leaderEpoch: 0 }],
  },
  {
    what: 'listOffsets of unknown partitions',
    run: ({ admin }) =>
      admin.listOffsets([
        { topic: 'orders', partition: 7, at: 'latest' },
        { topic: 'nowhere', partition: 0, at: 'latest' },
      ]),
    refuses: ['UNKNOWN_TOPIC_OR_PARTITION', '2 of 2 failed', 'orders-7', 'nowhere-0'],
  },
  {
    what: 'deleteRecords',
    run: ({ admin }) => admin.deleteRecords([{ topic: 'orders', partition: 0, beforeOffset: 4 }]),
    gives: [{ topic: 'orders', partition: 0, lowWatermark: 4 }],
  },
  {
    what: 'deleteRecords beyond the end',
    run: ({ admin }) =>
      admin.deleteRecords([
        { topic: 'orders', partition: 0, beforeOffset: 11 },
        { topic: 'orders', partition: 1, beforeOffset: 'latest' },
      ]),
    refuses: ['OFFSET_OUT_OF_RANGE', '1 of 2 failed, the other one is done', 'orders-0, offset 11'],
  },
  {
    what: 'describeConfigs',
    run: ({ admin }) =>
      admin.describeConfigs([{ type: 'topic', name: 'orders', configNames: ['retention.ms'] }], { includeSynonyms: true }),
    gives: [
      {
        type: 'topic',
        name: 'orders',
        configs: [
          {
            name: 'retention.ms',
            value: '100000000',
            source: 'DYNAMIC_TOPIC_CONFIG',
            isDefault: false,
            isSensitive: false,
            isReadOnly: false,
            type: 'LONG',
            synonyms: expect.arrayContaining([{ name: 'retention.ms', value: '100000000', source: 'DYNAMIC_TOPIC_CONFIG' }]),
            documentation: null,
          },
        ],
      },
    ],
  },
  {
    what: 'describeConfigs of a broker, and where some fail',
    run: ({ admin }) =>
      admin.describeConfigs([
        { type: 'broker', name: '1' },
        { type: 'topic', name: 'nowhere' },
        { type: 'broker', name: '77' },
      ]),
    refuses: ['UNKNOWN_TOPIC_OR_PARTITION', '2 of 3 failed', 'topic nowhere', 'broker 77'],
  },
  {
    what: 'incrementalAlterConfigs',
    run: async ({ admin }) => {
      await admin.incrementalAlterConfigs([
        {
          type: 'topic',
          name: 'orders',
          set: { 'max.message.bytes': 5000 },
          delete: ['retention.ms'],
          append: { 'cleanup.policy': 'compact' },
        },
      ])
      const configNames = ['cleanup.policy', 'max.message.bytes', 'retention.ms']
      const [description] = await eventually(
        () => admin.describeConfigs([{ type: 'topic', name: 'orders', configNames }]),
        ([topic]) => topic!.configs.some(({ value }) => value === '5000'),
      )
      const entries = description!.configs.map(({ name, value, isDefault }) => ({ name, value, isDefault }))
      return entries.sort((a, b) => (a.name < b.name ? -1 : 1))
    },
    gives: [
      { name: 'cleanup.policy', value: 'delete,compact', isDefault: false },
      { name: 'max.message.bytes', value: '5000', isDefault: false },
      { name: 'retention.ms', value: '604800000', isDefault: true },
    ],
  },
  {
    what: 'incrementalAlterConfigs where some fail',
    run: ({ admin }) =>
      admin.incrementalAlterConfigs([
        { type: 'topic', name: 'fine', set: { 'max.message.bytes': 'many' } },
        { type: 'topic', name: 'orders', subtract: { 'cleanup.policy': 'compact' } },
        { type: 'topic', name: 'nowhere', set: { 'retention.ms': 1 } },
      ]),
    refuses: ['INVALID_CONFIG', '2 of 3 failed, the other one is done', 'topic fine', 'max.message.bytes', 'topic nowhere'],
  },
  { what: 'listGroups of none', run: ({ admin }) => admin.listGroups(), gives: [] },
  { what: 'listGroupOffsets of none', run: ({ admin }) => admin.listGroupOffsets('billing'), gives: [] },
  {
    what: 'describeGroups of none',
    run: ({ admin }) => admin.describeGroups(['billing']),
    refuses: ['GROUP_ID_NOT_FOUND', 'group billing'],
  },
  { what: 'groupLag of none', run: ({ admin }) => admin.groupLag('billing'), refuses: ['GROUP_ID_NOT_FOUND', 'group billing'] },
  {
    what: 'alterGroupOffsets',
    run: ({ admin }) =>
      admin.alterGroupOffsets('billing', [
        { topic: 'orders', partition: 0, offset: 6, metadata: 'by hand' },
        { topic: 'fine', partition: 1, offset: 0, leaderEpoch: 0 },
      ]),
    gives: undefined,
  },
  {
    what: 'alterGroupOffsets of an unknown topic',
    run: ({ admin }) =>
      admin.alterGroupOffsets('billing', [
        { topic: 'nowhere', partition: 0, offset: 6 },
        { topic: 'fine', partition: 0, offset: 0 },
      ]),
    refuses: ['UNKNOWN_TOPIC_OR_PARTITION', '1 of 2 failed, the other one is done', 'nowhere-0, group billing'],
  },
  {
    what: 'listGroupOffsets',
    run: ({ admin }) => admin.listGroupOffsets('billing'),
    gives: [
      { topic: 'fine', partition: 0, offset: 0, leaderEpoch: -1, metadata: '' },
      { topic: 'fine', partition: 1, offset: 0, leaderEpoch: 0, metadata: '' },
      { topic: 'orders', partition: 0, offset: 6, leaderEpoch: -1, metadata: 'by hand' },
    ],
  },
  {
    what: 'listGroupOffsets of some partitions',
    run: ({ admin }) =>
      admin.listGroupOffsets('billing', {
        partitions: [
          { topic: 'orders', partition: 1 },
          { topic: 'orders', partition: 0 },
        ],
      }),
    gives: [
      { topic: 'orders', partition: 1, offset: null, leaderEpoch: -1, metadata: '' },
      { topic: 'orders', partition: 0, offset: 6, leaderEpoch: -1, metadata: 'by hand' },
    ],
  },
  {
    what: 'listGroups of those without members',
    run: ({ admin }) => admin.listGroups({ states: ['Empty'], types: ['classic'] }),
    gives: [{ groupId: 'billing', type: 'classic', state: 'Empty', protocolType: '', coordinator: 1 }],
  },
  {
    what: 'describeGroups without members',
    run: ({ admin }) => admin.describeGroups(['billing']),
    gives: [{ groupId: 'billing', state: 'Empty', protocolType: '', assignor: '', coordinator: 1, members: [] }],
  },
  { what: 'a member joining, for what follows', run: ({ member }) => member.join('billing', 'orders', [0, 2]), gives: undefined },
  {
    what: 'describeGroups with a member',
    run: ({ admin }) => admin.describeGroups(['billing']),
    gives: [
      {
        groupId: 'billing',
        state: 'Stable',
        protocolType: 'consumer',
        assignor: 'range',
        coordinator: 1,
        members: [
          {
            memberId: expect.stringContaining('member-'),
            groupInstanceId: null,
            clientId: 'member',
            host: '/127.0.0.1',
            assignment: [
              { topic: 'orders', partition: 0 },
              { topic: 'orders', partition: 2 },
            ],
          },
        ],
      },
    ],
  },
  {
    what: 'groupLag',
    run: async ({ admin }) => (await admin.groupLag('billing')).map(({ member, ...lag }) => ({ ...lag, clientId: member?.clientId })),
    gives: [
      { topic: 'fine', partition: 0, committedOffset: 0, logEndOffset: 0, lag: 0, clientId: undefined },
      { topic: 'fine', partition: 1, committedOffset: 0, logEndOffset: 0, lag: 0, clientId: undefined },
      { topic: 'orders', partition: 0, committedOffset: 6, logEndOffset: 10, lag: 4, clientId: 'member' },
      { topic: 'orders', partition: 2, committedOffset: null, logEndOffset: 0, lag: null, clientId: 'member' },
    ],
  },
  {
    what: 'alterGroupOffsets under a member',
    run: ({ admin }) => admin.alterGroupOffsets('billing', [{ topic: 'orders', partition: 0, offset: 4 }]),
    refuses: ['UNKNOWN_MEMBER_ID', 'orders-0, group billing', 'stop them'],
  },
  {
    what: 'deleteGroupOffsets under a member',
    run: ({ admin }) =>
      admin.deleteGroupOffsets('billing', [
        { topic: 'orders', partition: 0 },
        { topic: 'fine', partition: 0 },
      ]),
    refuses: ['GROUP_SUBSCRIBED_TO_TOPIC', '1 of 2 failed, the other one is done', 'orders-0, group billing'],
  },
  {
    what: 'deleteGroups under a member',
    run: ({ admin }) => admin.deleteGroups(['billing']),
    refuses: ['NON_EMPTY_GROUP', 'group billing'],
  },
  {
    what: 'removeMembersFromGroup of members it does not have',
    run: ({ admin }) => admin.removeMembersFromGroup('billing', { members: [{ memberId: 'x' }, { groupInstanceId: 'y' }] }),
    refuses: ['UNKNOWN_MEMBER_ID', '2 of 2 failed', 'member x', 'instance id y'],
  },
  {
    what: 'removeMembersFromGroup',
    run: ({ admin }) => admin.removeMembersFromGroup('billing', { reason: 'a test' }),
    gives: [{ memberId: expect.stringContaining('member-'), groupInstanceId: null }],
  },
  {
    what: 'describeGroups after it',
    run: async ({ admin }) => (await admin.describeGroups(['billing'])).map(({ state, members }) => ({ state, members })),
    gives: [{ state: 'Empty', members: [] }],
  },
  {
    what: 'deleteGroupOffsets',
    run: async ({ admin }) => {
      await admin.deleteGroupOffsets('billing', [{ topic: 'orders', partition: 0 }])
      return (await admin.listGroupOffsets('billing')).map(({ topic, partition }) => `${topic}-${partition}`)
    },
    gives: ['fine-1'],
  },
  {
    what: 'deleteGroups',
    run: ({ admin }) => admin.deleteGroups(['billing', 'nobody']),
    refuses: ['GROUP_ID_NOT_FOUND', '1 of 2 failed, the other one is done', 'group nobody'],
  },
  { what: 'which leaves none', run: ({ admin }) => admin.listGroups(), gives: [] },
  {
    what: 'deleteTopics',
    run: async ({ admin }) => admin.deleteTopics(['fine', { id: await idOf(admin, 'assigned') }, 'nowhere']),
    refuses: ['UNKNOWN_TOPIC_OR_PARTITION', '1 of 3 failed, the other 2 are done', 'topic nowhere'],
  },
  {
    what: 'listTopics with internal ones',
    run: async ({ admin }) => {
      const topics = await eventually(
        () => admin.listTopics({ includeInternal: true }),
        left => left.length === 2,
      )
      return topics.map(({ name, isInternal }) => ({ name, isInternal }))
    },
    gives: [
      { name: '__consumer_offsets', isInternal: true },
      { name: 'orders', isInternal: false },
    ],
  },
]

/** The first answer that is as it should be, or the last one: a broker learns of changes a moment after the controller. */
async function eventually<T>(ask: () => Promise<T>, isRight: (answer: T) => boolean): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    const answer = await ask()
    if (isRight(answer) || attempt === ATTEMPTS) return answer
    await sleep(nodeWorld.clock, PAUSE_MS)
  }
}

const ATTEMPTS = 100
const PAUSE_MS = 100

async function stageOn(server: { readonly bootstrapServers: readonly string[]; readonly end: () => Promise<void> }): Promise<Stage> {
  const admin = createAdmin({ bootstrapServers: server.bootstrapServers })
  const member = new GroupMember(server.bootstrapServers)
  const end = async () => {
    member.close()
    await admin.close()
    await server.end()
  }
  return { bootstrapServers: server.bootstrapServers, admin, member, end }
}

const TARGETS: readonly [name: string, start: () => Promise<Stage>][] = [
  [
    'the real Kafka',
    async () => {
      const kafka = await startRealKafka()
      return await stageOn({ bootstrapServers: kafka.bootstrapServers, end: async () => kafka.wipe() })
    },
  ],
  [
    'the embedded broker',
    async () => {
      const broker = await openBroker({ port: 0 })
      return await stageOn({ bootstrapServers: broker.bootstrapServers, end: () => broker.close() })
    },
  ],
]

describe.each(TARGETS)('admin calls on %s', (_, start) => {
  let stage: Stage
  beforeAll(async () => {
    stage = await start()
  })
  afterAll(() => stage?.end())

  test.each(CALLS)('$what', async ({ run, gives, refuses }) => {
    if (refuses === undefined) {
      expect(await run(stage)).toEqual(gives)
      return
    }
    const error = await run(stage).then(
      () => null,
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(KafkaError)
    const { code, message } = error as KafkaError
    const [expectedCode, ...names] = refuses
    expect(code).toBe(expectedCode)
    for (const name of names) expect(message).toContain(name)
  })
})
