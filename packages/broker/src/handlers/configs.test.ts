import {
  alterConfigs,
  configOperations,
  configResourceTypes,
  configSources,
  configTypes,
  describeConfigs,
  incrementalAlterConfigs,
} from '@logwerk/protocol'
import { describe, expect, test } from 'vitest'
import { batchOf, TestBroker } from '../test-broker.test-support.ts'

const { TOPIC, BROKER } = configResourceTypes
const { SET, DELETE, APPEND, SUBTRACT } = configOperations

async function describeOne(
  broker: TestBroker,
  resourceName: string,
  { type = TOPIC as number, keys = null as readonly string[] | null, includeSynonyms = true, includeDocumentation = false } = {},
) {
  const { results } = await broker.ask(describeConfigs, 4, {
    resources: [{ resourceType: type, resourceName, configurationKeys: keys }],
    includeSynonyms,
    includeDocumentation,
  })
  return results[0]!
}

/** The topic's own values. */
async function own(broker: TestBroker, topic = 'orders') {
  const { configs } = await describeOne(broker, topic)
  return Object.fromEntries(
    configs.filter(({ configSource }) => configSource === configSources.TOPIC).map(({ name, value }) => [name, value]),
  )
}

async function replaceAll(broker: TestBroker, configs: Readonly<Record<string, string | null>>, { validateOnly = false } = {}) {
  const { responses } = await broker.ask(alterConfigs, 2, {
    resources: [
      { resourceType: TOPIC, resourceName: 'orders', configs: Object.entries(configs).map(([name, value]) => ({ name, value })) },
    ],
    validateOnly,
  })
  return responses[0]!
}

async function change(
  broker: TestBroker,
  configs: readonly (readonly [name: string, configOperation: number, value: string | null])[],
  { validateOnly = false, topic = 'orders' } = {},
) {
  const { responses } = await broker.ask(incrementalAlterConfigs, 1, {
    resources: [
      {
        resourceType: TOPIC,
        resourceName: topic,
        configs: configs.map(([name, configOperation, value]) => ({ name, configOperation, value })),
      },
    ],
    validateOnly,
  })
  return responses[0]!
}

describe('DescribeConfigs', () => {
  test('a default has source 5, and its synonym is the broker’s name of it', async () => {
    const broker = await TestBroker.open()
    await broker.createTopic('orders')
    const { configs } = await describeOne(broker, 'orders', { keys: ['max.message.bytes'] })
    expect(configs).toEqual([
      {
        name: 'max.message.bytes',
        value: '1048588',
        readOnly: false,
        configSource: configSources.DEFAULT,
        isSensitive: false,
        configType: configTypes.INT,
        documentation: null,
        synonyms: [{ name: 'message.max.bytes', value: '1048588', source: configSources.DEFAULT }],
      },
    ])
  })

  test('a value of the broker has source 4, one of the topic source 1, and synonyms tell what lies below', async () => {
    const broker = await TestBroker.open({ messageMaxBytes: 5000 })
    await broker.createTopic('orders')
    await broker.createTopic('own', 1, { 'max.message.bytes': '6000' })
    expect((await describeOne(broker, 'orders', { keys: ['max.message.bytes'] })).configs).toMatchObject([
      {
        value: '5000',
        configSource: configSources.STATIC_BROKER,
        synonyms: [
          { name: 'message.max.bytes', value: '5000', source: configSources.STATIC_BROKER },
          { name: 'message.max.bytes', value: '1048588', source: configSources.DEFAULT },
        ],
      },
    ])
    expect((await describeOne(broker, 'own', { keys: ['max.message.bytes'] })).configs).toMatchObject([
      {
        value: '6000',
        configSource: configSources.TOPIC,
        synonyms: [
          { name: 'max.message.bytes', value: '6000', source: configSources.TOPIC },
          { name: 'message.max.bytes', value: '5000', source: configSources.STATIC_BROKER },
          { name: 'message.max.bytes', value: '1048588', source: configSources.DEFAULT },
        ],
      },
    ])
  })

  test('every config has a type, and its documentation if asked for', async () => {
    const broker = await TestBroker.open()
    await broker.createTopic('orders')
    const { configs } = await describeOne(broker, 'orders', { includeDocumentation: true, includeSynonyms: false })
    expect(configs.length).toBeGreaterThan(30)
    for (const { name, configType, documentation, synonyms } of configs) {
      expect(configType, name).not.toBe(configTypes.UNKNOWN)
      expect(documentation, name).toBeTruthy()
      expect(synonyms, name).toEqual([])
    }
  })

  test('the broker’s options are read-only, under Kafka’s names where it has them', async () => {
    const broker = await TestBroker.open({ numPartitions: 3 })
    const { configs } = await describeOne(broker, '1', { type: BROKER })
    expect(configs.find(({ name }) => name === 'num.partitions')).toMatchObject({
      value: '3',
      readOnly: true,
      configSource: configSources.STATIC_BROKER,
      configType: configTypes.INT,
    })
    expect(configs.find(({ name }) => name === 'message.max.bytes')).toMatchObject({ configSource: configSources.DEFAULT })
    expect(configs.find(({ name }) => name === 'logwerk.fsync')).toMatchObject({ value: 'batch' })
    expect(configs.find(({ name }) => name === 'logwerk.data.dir')).toMatchObject({ value: null, configSource: configSources.DEFAULT })
    expect(configs.find(({ name }) => name === 'auto.create.topics.enable')).toMatchObject({ configType: configTypes.BOOLEAN })
    expect(configs.find(({ name }) => name === 'connections.max.idle.ms')).toMatchObject({ configType: configTypes.LONG })
  })

  test('unknown topics, bad names, other brokers and other kinds of resources', async () => {
    const broker = await TestBroker.open()
    expect(await describeOne(broker, 'nothing')).toMatchObject({ errorCode: 'UNKNOWN_TOPIC_OR_PARTITION', configs: [] })
    expect(await describeOne(broker, 'a b')).toMatchObject({ errorCode: 'INVALID_TOPIC_EXCEPTION' })
    expect(await describeOne(broker, '2', { type: BROKER })).toMatchObject({ errorCode: 'INVALID_REQUEST' })
    expect(await describeOne(broker, 'x', { type: 99 })).toMatchObject({ errorCode: 'INVALID_REQUEST' })
  })
})

describe('AlterConfigs replaces all', () => {
  test('what is not named goes back to its default', async () => {
    const broker = await TestBroker.open()
    await broker.createTopic('orders', 1, { 'cleanup.policy': 'compact', 'segment.ms': '5000' })
    expect((await replaceAll(broker, { 'segment.ms': '6000' })).errorCode).toBe('NONE')
    expect(await own(broker)).toEqual({ 'segment.ms': '6000' })
  })

  test('validateOnly writes nothing', async () => {
    const broker = await TestBroker.open()
    await broker.createTopic('orders', 1, { 'segment.ms': '5000' })
    expect((await replaceAll(broker, {}, { validateOnly: true })).errorCode).toBe('NONE')
    expect(await own(broker)).toEqual({ 'segment.ms': '5000' })
  })

  test('one bad value, and nothing changes', async () => {
    const broker = await TestBroker.open()
    await broker.createTopic('orders', 1, { 'segment.ms': '5000' })
    const refused = await replaceAll(broker, { 'cleanup.policy': 'compact', 'segment.bytes': 'many' })
    expect(refused.errorCode).toBe('INVALID_CONFIG')
    expect(refused.errorMessage).toContain('invalid value many for configuration segment.bytes: it must be a whole number of 32 bits')
    expect(await own(broker)).toEqual({ 'segment.ms': '5000' })
  })

  test('a null value is INVALID_REQUEST', async () => {
    const broker = await TestBroker.open()
    await broker.createTopic('orders')
    expect((await replaceAll(broker, { 'segment.ms': null })).errorCode).toBe('INVALID_REQUEST')
  })

  test('the same resource twice is refused both times', async () => {
    const broker = await TestBroker.open()
    await broker.createTopic('orders')
    const resource = { resourceType: TOPIC, resourceName: 'orders', configs: [{ name: 'segment.ms', value: '5000' }] }
    const { responses } = await broker.ask(alterConfigs, 2, { resources: [resource, resource], validateOnly: false })
    expect(responses.map(({ errorCode }) => errorCode)).toEqual(['INVALID_REQUEST', 'INVALID_REQUEST'])
    expect(await own(broker)).toEqual({})
  })
})

describe('IncrementalAlterConfigs', () => {
  test('SET and DELETE leave the rest as it is', async () => {
    const broker = await TestBroker.open()
    await broker.createTopic('orders', 1, { 'cleanup.policy': 'compact', 'segment.ms': '5000' })
    const changed = await change(broker, [
      ['segment.ms', DELETE, null],
      ['segment.bytes', SET, '2000000'],
    ])
    expect(changed.errorCode).toBe('NONE')
    expect(await own(broker)).toEqual({ 'cleanup.policy': 'compact', 'segment.bytes': '2000000' })
  })

  test('APPEND adds to a list, beginning with the default, and once only', async () => {
    const broker = await TestBroker.open()
    await broker.createTopic('orders')
    await change(broker, [['cleanup.policy', APPEND, 'compact']])
    expect(await own(broker)).toEqual({ 'cleanup.policy': 'delete,compact' })
    await change(broker, [['cleanup.policy', APPEND, 'compact']])
    expect(await own(broker)).toEqual({ 'cleanup.policy': 'delete,compact' })
  })

  test('values that contradict each other are INVALID_CONFIG, also where they come one after the other', async () => {
    const broker = await TestBroker.open()
    await broker.createTopic('orders', 1, { 'max.compaction.lag.ms': '5000' })
    const refused = await change(broker, [['min.compaction.lag.ms', SET, '5001']])
    expect(refused.errorCode).toBe('INVALID_CONFIG')
    expect(refused.errorMessage).toBe('conflict topic config setting min.compaction.lag.ms (5001) > max.compaction.lag.ms (5000)')
    const changes = [
      ['min.compaction.lag.ms', SET, '5001'],
      ['max.compaction.lag.ms', DELETE, null],
    ] as const
    expect((await change(broker, changes)).errorCode).toBe('NONE')
    expect(await own(broker)).toEqual({ 'min.compaction.lag.ms': '5001' })
    const both = { 'min.compaction.lag.ms': '2', 'max.compaction.lag.ms': '1' }
    await expect(broker.createTopic('other', 1, both)).rejects.toThrow('INVALID_CONFIG')
  })

  test('SUBTRACT takes from a list', async () => {
    const broker = await TestBroker.open()
    await broker.createTopic('orders', 1, { 'cleanup.policy': 'delete,compact' })
    await change(broker, [['cleanup.policy', SUBTRACT, 'delete']])
    expect(await own(broker)).toEqual({ 'cleanup.policy': 'compact' })
  })

  test.each([
    ['APPEND to what is no list', [['segment.ms', APPEND, '1']], 'INVALID_CONFIG'],
    ['an unknown config', [['segment.time', SET, '1']], 'INVALID_CONFIG'],
    ['SET to null', [['segment.ms', SET, null]], 'INVALID_REQUEST'],
    ['an operation that does not exist', [['cleanup.policy', 9, 'delete']], 'INVALID_REQUEST'],
    [
      'a config twice',
      [
        ['segment.ms', SET, '1'],
        ['segment.ms', DELETE, null],
      ],
      'INVALID_REQUEST',
    ],
  ] as const)('%s is refused, and nothing changes', async (_name, configs, errorCode) => {
    const broker = await TestBroker.open()
    await broker.createTopic('orders')
    const refused = await change(broker, configs)
    expect(refused.errorCode).toBe(errorCode)
    expect(refused.errorMessage).toBeTruthy()
    expect(await own(broker)).toEqual({})
  })

  test('DELETE of what is not set, or is no config, changes nothing', async () => {
    const broker = await TestBroker.open()
    await broker.createTopic('orders')
    const configs = [
      ['segment.time', DELETE, null],
      ['segment.ms', DELETE, null],
    ] as const
    expect((await change(broker, configs)).errorCode).toBe('NONE')
    expect(await own(broker)).toEqual({})
  })

  test('validateOnly writes nothing', async () => {
    const broker = await TestBroker.open()
    await broker.createTopic('orders')
    expect((await change(broker, [['segment.ms', SET, '1']], { validateOnly: true })).errorCode).toBe('NONE')
    expect(await own(broker)).toEqual({})
  })

  test('an unknown topic', async () => {
    const broker = await TestBroker.open()
    expect((await change(broker, [['segment.ms', SET, '1']], { topic: 'nothing' })).errorCode).toBe('UNKNOWN_TOPIC_OR_PARTITION')
  })

  test('options of the broker cannot be changed while it runs, and the answer says what to do', async () => {
    const broker = await TestBroker.open()
    const { responses } = await broker.ask(incrementalAlterConfigs, 1, {
      resources: [{ resourceType: BROKER, resourceName: '1', configs: [{ name: 'num.partitions', configOperation: SET, value: '3' }] }],
      validateOnly: false,
    })
    expect(responses).toMatchObject([{ errorCode: 'INVALID_REQUEST', resourceType: BROKER, resourceName: '1' }])
    expect(responses[0]!.errorMessage).toContain('give broker options when it starts')
  })
})

test('a changed config counts from the next request on', async () => {
  const broker = await TestBroker.open()
  await broker.createTopic('orders')
  const batch = () => batchOf(['x'.repeat(500)])
  expect((await broker.produce('orders', 0, batch())).errorCode).toBe('NONE')
  await change(broker, [['max.message.bytes', SET, '400']])
  expect((await broker.produce('orders', 0, batch())).errorCode).toBe('MESSAGE_TOO_LARGE')
})
