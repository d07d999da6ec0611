import { ZERO_UUID } from '@logwerk/runtime'
import { describe, expect, test } from 'vitest'
import { driftOf, type OurField, type OurMessage } from './drift.ts'
import type { KafkaField, KafkaMessage } from './kafka-schemas.ts'

// A made-up message with everything that a definition may have, as Kafka would write it down and as we do.

const kafkaFields: readonly KafkaField[] = [
  { name: 'GroupId', type: 'string', versions: '0+' },
  { name: 'ErrorCode', type: 'int16', versions: '0+' },
  { name: 'RackId', type: 'string', versions: '2+', nullableVersions: '3+', default: 'null', ignorable: true },
  { name: 'EpochMs', type: 'int64', versions: '0-3', default: '-1' },
  { name: 'TopicId', type: 'uuid', versions: '4+', taggedVersions: '4+', tag: 0, ignorable: true },
  { name: 'HighWatermark', type: 'int64', versions: '4+', taggedVersions: '4+', tag: 1, default: '9223372036854775807' },
  { name: 'MaxBytes', type: 'int32', versions: '0+', default: '0x7fffffff' },
  { name: 'Data', type: 'bytes', versions: '0+' },
  { name: 'Records', type: 'records', versions: '0+', nullableVersions: '0+' },
  { name: 'Forced', type: 'bool', versions: '0+', default: 'true' },
  { name: 'Removed', type: 'int8', versions: '0' },
  { name: 'Endpoints', type: '[]Endpoint', versions: '1+' },
  {
    name: 'Topics',
    type: '[]Topic',
    versions: '0+',
    nullableVersions: '1+',
    fields: [
      { name: 'Name', type: 'string', versions: '0+' },
      { name: 'Partitions', type: '[]int32', versions: '0+' },
      {
        name: 'Leader',
        type: 'Leader',
        versions: '2+',
        nullableVersions: '2+',
        default: 'null',
        fields: [{ name: 'Id', type: 'int32', versions: '2+' }],
      },
    ],
  },
]
const kafka: KafkaMessage = {
  name: 'ExampleRequest',
  type: 'request',
  apiKey: 99,
  validVersions: '1-5',
  flexibleVersions: '4+',
  fields: kafkaFields,
  commonStructs: [{ name: 'Endpoint', fields: [{ name: 'Host', type: 'string', versions: '0+' }] }],
}

const topicFields: Readonly<Record<string, OurField>> = {
  name: { kind: 'string', default: '' },
  partitions: { kind: 'array', default: [], element: { kind: 'int32', default: 0 } },
  leader: { kind: 'struct', default: null, since: 2, nullableSince: 2, fields: { id: { kind: 'int32', default: 0 } } },
}
const fields: Readonly<Record<string, OurField>> = {
  groupId: { kind: 'string', default: '' },
  errorCode: { kind: 'errorCode', default: 'NONE' },
  rackId: { kind: 'string', default: null, since: 2, nullableSince: 3, ignorable: true },
  epochMs: { kind: 'int64', default: -1, until: 3 },
  topicId: { kind: 'uuid', default: ZERO_UUID, since: 4, tag: 0, ignorable: true },
  highWatermark: { kind: 'int64', default: Number.MAX_SAFE_INTEGER, since: 4, tag: 1 },
  maxBytes: { kind: 'int32', default: 0x7fff_ffff },
  data: { kind: 'bytes', default: new Uint8Array(0) },
  records: { kind: 'records', default: null, nullableSince: 0 },
  forced: { kind: 'boolean', default: true },
  endpoints: { kind: 'array', default: [], element: { kind: 'struct', default: {}, fields: { host: { kind: 'string', default: '' } } } },
  topics: { kind: 'array', default: [], nullableSince: 1, element: { kind: 'struct', default: {}, fields: topicFields } },
}
const ours: OurMessage = { name: 'ExampleRequest', versions: [1, 5], flexibleFrom: 4, schema: { kind: 'struct', default: {}, fields } }

function withFields(changed: Readonly<Record<string, OurField>>): OurMessage {
  return { ...ours, schema: { ...ours.schema, fields: changed } }
}

function withField(name: string, change: Partial<OurField>): OurMessage {
  return withFields({ ...fields, [name]: { ...fields[name]!, ...change } })
}

function withTopicField(name: string, change: Partial<OurField>): OurMessage {
  return withField('topics', {
    element: { kind: 'struct', default: {}, fields: { ...topicFields, [name]: { ...topicFields[name]!, ...change } } },
  })
}

function without(field: string): OurMessage {
  return withFields(Object.fromEntries(Object.entries(fields).filter(([name]) => name !== field)))
}

test('finds nothing where there is nothing', () => {
  expect(driftOf(ours, kafka)).toEqual([])
})

describe('finds', () => {
  test.each<[fault: string, OurMessage, difference: string]>([
    ['another name', { ...ours, name: 'Example' }, 'name: Example, but in Kafka ExampleRequest'],
    ['a version too few', { ...ours, versions: [1, 4] }, 'versions: 1-4, but in Kafka 1-5'],
    ['a version too many', { ...ours, versions: [1, 6] }, 'versions: 1-6, but in Kafka 1-5'],
    ['a late flexible version', { ...ours, flexibleFrom: 5 }, 'flexible versions: 5, but in Kafka 4-5'],
    ['no flexible version', { ...ours, flexibleFrom: null }, 'flexible versions: none, but in Kafka 4-5'],
    ['a missing field', without('groupId'), 'ExampleRequest.groupId: missing'],
    ['a field too many', withFields({ ...fields, more: { kind: 'int8', default: 0 } }), 'ExampleRequest.more: Kafka has no such field'],
    [
      'a field that Kafka removed',
      withFields({ ...fields, removed: { kind: 'int8', default: 0 } }),
      'ExampleRequest.removed: Kafka has no such field',
    ],
    ['another type', withField('epochMs', { kind: 'int32' }), 'ExampleRequest.epochMs: type: int32, but in Kafka int64'],
    [
      'a number for an error code',
      withField('errorCode', { kind: 'int16' }),
      'ExampleRequest.errorCode: type: int16, but in Kafka errorCode',
    ],
    ['an early field', withField('rackId', { since: 1 }), 'ExampleRequest.rackId: versions: 1-5, but in Kafka 2-5'],
    ['a field that stays', withField('epochMs', { until: 4 }), 'ExampleRequest.epochMs: versions: 1-4, but in Kafka 1-3'],
    ['null too early', withField('rackId', { nullableSince: 2 }), 'ExampleRequest.rackId: nullable versions: 2-5, but in Kafka 3-5'],
    [
      'null where there is none',
      withField('groupId', { nullableSince: 0 }),
      'ExampleRequest.groupId: nullable versions: 1-5, but in Kafka none',
    ],
    ['another tag', withField('topicId', { tag: 2 }), 'ExampleRequest.topicId: tag: 2, but in Kafka 0'],
    ['a late tag', withField('topicId', { taggedSince: 5 }), 'ExampleRequest.topicId: tagged versions: 5, but in Kafka 4-5'],
    ['another default', withField('epochMs', { default: 0 }), 'ExampleRequest.epochMs: default: 0, but in Kafka -1'],
    [
      'another default of an error code',
      withField('errorCode', { default: 'UNKNOWN_SERVER_ERROR' }),
      'ExampleRequest.errorCode: default: "UNKNOWN_SERVER_ERROR", but in Kafka "NONE"',
    ],
    ['another default of a boolean', withField('forced', { default: false }), 'ExampleRequest.forced: default: false, but in Kafka true'],
    [
      'a default in hexadecimal',
      withField('maxBytes', { default: 0x7fff }),
      'ExampleRequest.maxBytes: default: 32767, but in Kafka 2147483647',
    ],
    ['a default instead of null', withField('rackId', { default: '' }), 'ExampleRequest.rackId: default: "", but in Kafka null'],
    ['bytes that are null by default', withField('data', { default: null }), 'ExampleRequest.data: default: null, but in Kafka 0 bytes'],
    ['a value that is dropped', withField('epochMs', { ignorable: true }), 'ExampleRequest.epochMs: ignorable: true, but in Kafka false'],
    [
      'a value that is not dropped',
      withField('rackId', { ignorable: false }),
      'ExampleRequest.rackId: ignorable: false, but in Kafka true',
    ],
    [
      'a scalar for a list',
      withField('topics', { kind: 'struct', fields: topicFields }),
      'ExampleRequest.topics: type: struct, but in Kafka array of struct',
    ],
    [
      'another type in a list',
      withTopicField('partitions', { element: { kind: 'int64', default: 0 } }),
      'ExampleRequest.topics.partitions: type: array of int64, but in Kafka array of int32',
    ],
    [
      'null in a list',
      withTopicField('partitions', { element: { kind: 'int32', default: 0, nullableSince: 0 } }),
      'ExampleRequest.topics.partitions: elements may be null, but never in Kafka',
    ],
    [
      'a struct that may not be null',
      withTopicField('leader', { default: {} }),
      'ExampleRequest.topics.leader: default: struct, but in Kafka null',
    ],
    [
      'a fault inside a struct',
      withTopicField('leader', { fields: { id: { kind: 'int16', default: 0 } } }),
      'ExampleRequest.topics.leader.id: type: int16, but in Kafka int32',
    ],
    [
      'a fault inside a shared struct',
      withField('endpoints', { element: { kind: 'struct', default: {}, fields: {} } }),
      'ExampleRequest.endpoints.host: missing',
    ],
  ])('%s', (_, faulty, difference) => {
    expect(driftOf(faulty, kafka)).toEqual([difference])
  })

  test('fields in another order', () => {
    const { groupId, errorCode, ...rest } = fields
    expect(driftOf(withFields({ errorCode: errorCode!, groupId: groupId!, ...rest }), kafka)).toEqual([
      expect.stringMatching(/^ExampleRequest: order of the fields: errorCode, groupId/),
    ])
  })

  test('every fault, not just the first', () => {
    const { groupId: _, ...rest } = fields
    expect(driftOf({ ...withFields(rest), flexibleFrom: null }, kafka)).toHaveLength(2)
  })
})

describe('leaves alone', () => {
  test.each<[what: string, OurMessage]>([
    ['a first version that is written down although it is the first', withField('groupId', { since: 1 })],
    ['a last version that is written down although it is the last', withField('groupId', { until: 5 })],
    ['ignorable on a field of all versions', withField('groupId', { ignorable: true })],
  ])('%s', (_, message) => {
    expect(driftOf(message, kafka)).toEqual([])
  })

  test('the order of fields that no version has together', () => {
    const { topicId, ...rest } = fields
    expect(driftOf(withFields({ topicId: topicId!, ...rest }), kafka)).toEqual([])
  })

  test('versions that are not to be spoken', () => {
    expect(driftOf({ ...ours, versions: [1, 4] }, kafka, [1, 2, 3, 4])).toEqual([])
  })
})
