import { KafkaError } from '@logwerk/runtime'
import { describe, expect, test } from 'vitest'
import { type ClassicGroup, newClassicGroup } from './classic-group.ts'
import type { CommittedOffset } from './committed-offsets.ts'
import { decodeGroupRecord, encodeGroupRecord, type GroupRecord, groupRecordOf, groupTombstoneOf, offsetRecordOf } from './group-records.ts'

/** Pairs of hexadecimal digits, and what explains them behind two spaces. */
function bytesOf(annotated: string): Buffer {
  const lines = annotated.split('\n').map(line => line.trim().split(/\s{2,}/)[0] ?? '')
  return Buffer.from(lines.join('').replaceAll(' ', ''), 'hex')
}

const committed: CommittedOffset = {
  offset: 42,
  leaderEpoch: 7,
  metadata: 'mark',
  commitTimestampMs: 1_767_225_600_000,
  expireTimestampMs: -1,
  topicId: 'AAECAwQFBgcICQoLDA0ODw',
}

const member = {
  memberId: 'a-1',
  groupInstanceId: 'a',
  clientId: 'app',
  clientHost: '/127.0.0.1',
  rebalanceTimeoutMs: 300_000,
  sessionTimeoutMs: 45_000,
  protocols: [{ name: 'range', metadata: new Uint8Array([0, 1, 2]) }],
  assignment: new Uint8Array([9, 8]),
  awaitingJoin: null,
  awaitingSync: null,
  isNew: false,
}

const empty: ClassicGroup = { ...newClassicGroup('billing', 1_767_225_600_000), generationId: 6, protocolType: 'consumer' }
const stable: ClassicGroup = {
  ...empty,
  state: 'stable',
  generationId: 5,
  protocolName: 'range',
  leaderId: 'a-1',
  members: new Map([['a-1', member]]),
}

const OFFSET_KEY = `
  00 01                             type 1: an offset
  00 07 62 69 6c 6c 69 6e 67        billing
  00 06 6f 72 64 65 72 73           orders
  00 00 00 03                       partition`

const GROUP_KEY = `
  00 02                             type 2: a group
  00 07 62 69 6c 6c 69 6e 67        billing`

// Bytes: GroupCoordinatorRecordSerde and GroupCoordinatorRecordHelpers of Kafka 4.4.0.
const goldens: readonly (readonly [string, GroupRecord, key: string, value: string | null])[] = [
  [
    'a committed offset, version 4',
    offsetRecordOf('billing', { topic: 'orders', partition: 3, committed }),
    OFFSET_KEY,
    `
    00 04                             version
    00 00 00 00 00 00 00 2a           offset
    00 00 00 07                       leader epoch
    05 6d 61 72 6b                    metadata
    00 00 01 9b 76 da a8 00           commit timestamp
    01 00 10                          one tagged field: 0, 16 bytes
    00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f  topic id`,
  ],
  [
    'one without topic id and leader epoch',
    offsetRecordOf('billing', {
      topic: 'orders',
      partition: 3,
      committed: { ...committed, leaderEpoch: -1, metadata: '', topicId: 'AAAAAAAAAAAAAAAAAAAAAA' },
    }),
    OFFSET_KEY,
    `
    00 04                             version
    00 00 00 00 00 00 00 2a           offset
    ff ff ff ff                       leader epoch: unknown
    01                                metadata: empty
    00 00 01 9b 76 da a8 00           commit timestamp
    00                                no tagged fields`,
  ],
  [
    'one with a retention time of its own, version 1',
    offsetRecordOf('billing', {
      topic: 'orders',
      partition: 3,
      committed: { ...committed, expireTimestampMs: 1_767_225_660_000 },
    }),
    OFFSET_KEY,
    `
    00 01                             version
    00 00 00 00 00 00 00 2a           offset
    00 04 6d 61 72 6b                 metadata
    00 00 01 9b 76 da a8 00           commit timestamp
    00 00 01 9b 76 db 92 60           expire timestamp`,
  ],
  ['a deleted offset', offsetRecordOf('billing', { topic: 'orders', partition: 3, committed: null }), OFFSET_KEY, null],
  [
    'a stable group, version 3',
    groupRecordOf(stable),
    GROUP_KEY,
    `
    00 03                             version
    00 08 63 6f 6e 73 75 6d 65 72     protocol type
    00 00 00 05                       generation
    00 05 72 61 6e 67 65              protocol
    00 03 61 2d 31                    leader
    00 00 01 9b 76 da a8 00           since
    00 00 00 01                       one member
    00 03 61 2d 31                    member id
    00 01 61                          group instance id
    00 03 61 70 70                    client id
    00 0a 2f 31 32 37 2e 30 2e 30 2e 31  client host
    00 04 93 e0                       rebalance timeout
    00 00 af c8                       session timeout
    00 00 00 03 00 01 02              subscription
    00 00 00 02 09 08                 assignment`,
  ],
  [
    'an empty group',
    groupRecordOf(empty),
    GROUP_KEY,
    `
    00 03                             version
    00 08 63 6f 6e 73 75 6d 65 72     protocol type
    00 00 00 06                       generation
    ff ff                             protocol: null
    ff ff                             leader: null
    00 00 01 9b 76 da a8 00           since
    00 00 00 00                       no members`,
  ],
  ['a deleted group', groupTombstoneOf('billing'), GROUP_KEY, null],
]

describe.each(goldens)('%s', (_, record, key, value) => {
  test('is written as Kafka 4.4 writes it', () => {
    expect(encodeGroupRecord(record)).toEqual({ key: bytesOf(key), value: value === null ? null : bytesOf(value) })
  })

  test('is written again as it was read', () => {
    const decoded = decodeGroupRecord(bytesOf(key), value === null ? null : bytesOf(value))
    expect(decoded.type).toBe(record.type)
    expect(encodeGroupRecord(decoded as GroupRecord)).toEqual(encodeGroupRecord(record))
  })
})

test('offsets of the oldest brokers have type 0 and the same fields', () => {
  const key = bytesOf(OFFSET_KEY)
  key[1] = 0
  expect(decodeGroupRecord(key, null)).toMatchObject({ type: 'OFFSET_COMMIT', groupId: 'billing', topic: 'orders', partition: 3 })
})

test('records of the newer group protocols are told apart', () => {
  expect(decodeGroupRecord(bytesOf('00 03 00 01 67'), null)).toEqual({ type: 'OTHER', keyType: 3 })
})

test('a value of a later version, and bytes that are no record, are errors', () => {
  const later = bytesOf('00 05 00')
  expect(() => decodeGroupRecord(bytesOf(OFFSET_KEY), later)).toThrow(KafkaError)
  expect(() => decodeGroupRecord(bytesOf('00 01 00 07 62'), null)).toThrow(KafkaError)
})
