import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { AssignorMember } from './assignor.ts'
import { cooperativeClaimOf, decodeStickyUserData, encodeStickyUserData } from './sticky-user-data.ts'

const nothing = { partitions: [], generationId: -1 }
const bytes = (text: string) => Buffer.from(text.replaceAll(/\s/g, ''), 'hex')
const member: AssignorMember = {
  memberId: 'm1',
  groupInstanceId: null,
  topics: ['t1'],
  ownedPartitions: [{ topic: 't1', partitions: [3] }],
  generationId: -1,
  userData: null,
  rackId: null,
}

// Bytes of Java are in java.test.ts; this one case spells them out.
const version0 = '00000001  0002 7431  00000002 00000000 00000003'

test('version 1 ends with the generation, version 0 before it', () => {
  const partitions = [{ topic: 't1', partitions: [0, 3] }]
  expect(decodeStickyUserData(bytes(`${version0} 00000007`))).toEqual({ partitions, generationId: 7 })
  expect(decodeStickyUserData(bytes(version0))).toEqual({ partitions, generationId: -1 })
})

test.each([
  ['none', null],
  ['empty', bytes('')],
  ['a count beyond the end', bytes('7fffffff')],
  ['a negative count', bytes('ffffffff')],
  ['a negative length', bytes('00000001 ffff')],
  ['a partition count beyond the end', bytes('00000001 0002 7431 7fffffff 00000000')],
])('%s is no claim', (_, userData) => expect(decodeStickyUserData(userData)).toEqual(nothing))

test('any bytes are a claim or none', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), userData => {
      expect(Array.isArray(decodeStickyUserData(userData).partitions)).toBe(true)
    }),
  )
  const whole = bytes(`${version0} 00000007`)
  for (let length = 0; length < whole.length - 4; length++) expect(decodeStickyUserData(whole.subarray(0, length))).toEqual(nothing)
})

test('what is written does not hang on a buffer of its writer', () => {
  const userData = encodeStickyUserData({ partitions: [{ topic: 'ü', partitions: [1] }], generationId: 2 })
  expect(userData.buffer.byteLength).toBe(userData.length)
  expect(decodeStickyUserData(userData)).toEqual({ partitions: [{ topic: 'ü', partitions: [1] }], generationId: 2 })
})

test.each([
  ['the subscription', { generationId: 9, userData: bytes('00000007') }, 9],
  ["Java's user data", { userData: bytes('00000007') }, 7],
  ["librdkafka's user data", { userData: bytes(`${version0} 00000007`) }, 7],
  ['neither', {}, -1],
  ['user data that cannot be read', { userData: bytes('0007') }, -1],
])('a cooperative member has its generation from %s', (_, fields, generationId) => {
  expect(cooperativeClaimOf({ ...member, ...fields })).toEqual({ partitions: member.ownedPartitions, generationId })
})
