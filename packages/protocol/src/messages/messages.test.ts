import { isDeepStrictEqual } from 'node:util'
import { KafkaError } from '@logwerk/runtime'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codeThrownBy, encoded } from '../golden.test-support.ts'
import { arbitraryMessage, defaultOf } from '../schema/arbitrary-message.test-support.ts'
import type { Message } from '../schema/message.ts'
import { MessageReader } from '../schema/message-reader.ts'
import { MessageWriter } from '../schema/message-writer.ts'
import { apis } from './apis.ts'
import {
  configRecord,
  featureLevelRecord,
  partitionChangeRecord,
  partitionRecord,
  producerIdsRecord,
  removeTopicRecord,
  topicRecord,
} from './cluster-metadata.ts'
import { consumerProtocolAssignment, consumerProtocolSubscription } from './consumer-protocol.ts'
import { controlRecordTypeSchema, endTxnMarker } from './control-record.ts'
import { groupMetadataKey, groupMetadataValue, offsetCommitKey, offsetCommitValue } from './offsets-topic.ts'

type AnyMessage = Message<unknown, unknown>

const messages: readonly AnyMessage[] = [
  ...Object.values(apis).flatMap(api => [api.request, api.response]),
  offsetCommitKey,
  offsetCommitValue,
  groupMetadataKey,
  groupMetadataValue,
  topicRecord,
  partitionRecord,
  configRecord,
  partitionChangeRecord,
  removeTopicRecord,
  featureLevelRecord,
  producerIdsRecord,
  consumerProtocolSubscription,
  consumerProtocolAssignment,
  controlRecordTypeSchema,
  endTxnMarker,
]

/** Random values for each version of each message. */
const { LOGWERK_SEEDS = '50' } = process.env
const SEEDS = Number(LOGWERK_SEEDS)
const random = { numRuns: SEEDS, seed: 20_261_121 }

describe.each(messages.map(message => [message.name, message] as const))('%s', (_, message) => {
  const [first, last] = message.versions
  const versions = Array.from({ length: last - first + 1 }, (_, index) => first + index)

  test('comes back from its bytes with all defaults', () => {
    for (const version of versions) {
      const value = defaultOf(message.schema)
      checkRoundTrip(message, version, value)
      expect(encoded(message, version, {})).toEqual(encoded(message, version, value))
    }
  })

  test('comes back from its bytes with any values', () => {
    for (const version of versions) {
      fc.assert(
        fc.property(arbitraryMessage(message, version), value => checkRoundTrip(message, version, value)),
        random,
      )
    }
  })

  test('is malformed when cut short, wherever it is cut', () => {
    for (const version of versions) {
      const codec = message.codec(version)
      for (const value of fc.sample(arbitraryMessage(message, version), { seed: random.seed, numRuns: Math.ceil(SEEDS / 10) })) {
        const bytes = encoded(message, version, value)
        for (let length = 0; length < bytes.length; length++) {
          const code = codeThrownBy(() => codec.decode(new MessageReader(bytes, 0, length)))
          if (code !== 'MALFORMED_MESSAGE') expect.fail(`version ${version} cut to ${length} of ${bytes.length} bytes: ${code}`)
        }
      }
    }
  })

  test('is malformed or another message with hostile bytes, and no larger than they are', () => {
    for (const version of versions) {
      fc.assert(
        fc.property(arbitraryMessage(message, version), fc.array(damage, { minLength: 1, maxLength: 4 }), (value, damages) => {
          const bytes = encoded(message, version, value)
          for (const one of damages) applyDamage(bytes, one)
          checkHostile(message, version, bytes)
        }),
        random,
      )
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 64 }), bytes => checkHostile(message, version, Buffer.from(bytes))),
        random,
      )
    }
  })
})

test('the metadata of 200,000 partitions is read; 24 MB that would become a gigabyte of objects are not', () => {
  const partition = { errorCode: 'NONE', partitionIndex: 1, leaderId: 1, leaderEpoch: 1, replicaNodes: [1, 2, 3], isrNodes: [1, 2, 3] }
  const partitions = Array.from({ length: 200_000 }, () => ({ ...partition, offlineReplicas: [] }))
  const value = { brokers: [], controllerId: 1, topics: [{ errorCode: 'NONE', name: 'large', isInternal: false, partitions }] }
  const bytes = encoded(apis.metadata.response as AnyMessage, 13, value)
  const decoded = apis.metadata.response.codec(13).decode(new MessageReader(bytes))
  expect(decoded.topics[0]!.partitions.length).toBe(200_000)

  const protocols = Array.from({ length: 3 }, () => ({ name: '', metadata: Buffer.alloc(0) }))
  const three = encoded(apis.joinGroup.request as AnyMessage, 9, { ...defaultOf(apis.joinGroup.request.schema)!, protocols })
  // The count stands in front of three elements of three bytes each; behind them the reason and the tagged fields.
  const at = three.length - 12
  expect(three.subarray(at).toString('hex')).toBe('04010100010100010100' + '0000')
  const count = 8_000_000
  const writer = new MessageWriter()
  writer.writeBytes(three.subarray(0, at))
  writer.writeUnsignedVarint(count + 1)
  const hostile = Buffer.concat([writer.bytes(), Buffer.alloc(3 * count).fill(three.subarray(at + 1, at + 4)), three.subarray(-2)])
  expect(codeThrownBy(() => apis.joinGroup.request.codec(9).decode(new MessageReader(hostile)))).toBe('MALFORMED_MESSAGE')
})

function checkRoundTrip(message: AnyMessage, version: number, value: unknown): void {
  const bytes = encoded(message, version, value)
  const reader = new MessageReader(Buffer.concat([bytes, Buffer.from('ffffffffff', 'hex')]))
  const decoded = message.codec(version).decode(reader)
  // A hundred times faster than the matcher, which is for the report.
  if (!isDeepStrictEqual(decoded, value)) expect(decoded, `version ${version}`).toStrictEqual(value)
  if (reader.position !== bytes.length) expect(reader.position, `version ${version}`).toBe(bytes.length)
}

/** Bytes that lie about lengths: int32 and int16 maxima, minus one, minus two, the largest varint. */
const LIES = ['7fffffff', '80000000', 'fffffffe', 'ffffffff0f', 'ffffffff07', '7fff', 'ffff', '8000', 'ff7f', '00'].map(hex =>
  Buffer.from(hex, 'hex'),
)

type Damage = { readonly at: number; readonly bit: number } | { readonly at: number; readonly lie: Buffer }

const damage: fc.Arbitrary<Damage> = fc.oneof(
  fc.record({ at: fc.nat(), bit: fc.nat({ max: 7 }) }),
  fc.record({ at: fc.nat(), lie: fc.constantFrom(...LIES) }),
)

function applyDamage(bytes: Buffer, one: Damage): void {
  if (bytes.length === 0) return
  const at = one.at % bytes.length
  if ('bit' in one) bytes[at]! ^= 1 << one.bit
  else one.lie.copy(bytes, at)
}

function checkHostile(message: AnyMessage, version: number, bytes: Buffer): void {
  const codec = message.codec(version)
  const reader = new MessageReader(bytes)
  let value: unknown
  try {
    value = codec.decode(reader)
  } catch (error) {
    if (error instanceof KafkaError && error.code === 'MALFORMED_MESSAGE') return
    throw error
  }
  if (reader.position > bytes.length) expect.fail(`read ${reader.position} of ${bytes.length} bytes`)
  const elements = elementCountOf(value)
  if (elements > bytes.length) expect.fail(`${bytes.length} bytes became ${elements} array elements`)
  // Whoever passes on what was read, a broker that echoes a topic's name for one, must not fail in the attempt.
  checkRoundTrip(message, version, value)
}

function elementCountOf(value: unknown): number {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return 0
  let count = Array.isArray(value) ? value.length : 0
  for (const inner of Object.values(value)) count += elementCountOf(inner)
  return count
}
