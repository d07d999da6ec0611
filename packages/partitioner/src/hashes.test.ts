import { expect, test } from 'vitest'
import crc32Vectors from '../golden/crc32.json' with { type: 'json' }
import murmur2Vectors from '../golden/murmur2.json' with { type: 'json' }
import { crc32 } from './crc32.ts'
import { murmur2, toPartition } from './murmur2.ts'

test.each([
  ['', 275646681],
  ['21', -973932308],
  ['abc', 479470107],
  ['foobar', -790332482],
])('murmur2 of %o', (text, hash) => expect(murmur2(Buffer.from(text))).toBe(hash))

test('murmur2 and partitions of 400 keys are those of the Java client', () => {
  expect(murmur2Vectors.length).toBeGreaterThanOrEqual(400)
  for (const { keyHex, murmur2: hash, partitions } of murmur2Vectors) {
    const key = Buffer.from(keyHex, 'hex')
    expect(murmur2(key), keyHex).toBe(hash)
    // A plain Uint8Array, somewhere inside a larger buffer.
    const framed = new Uint8Array([1, 2, 3, ...key, 4])
    expect(murmur2(framed, 3, 3 + key.length), keyHex).toBe(hash)
    for (const [count, partition] of Object.entries(partitions)) expect(toPartition(hash, Number(count)), keyHex).toBe(partition)
  }
})

test("crc32 is Python's, and its partitions librdkafka's", () => {
  expect(crc32Vectors.vectors).toHaveLength(50)
  for (const { keyHex, crc32: crc, partitions } of crc32Vectors.vectors) {
    expect(crc32(Buffer.from(keyHex, 'hex')), keyHex).toBe(crc)
    for (const [count, partition] of Object.entries(partitions)) expect(crc % Number(count), keyHex).toBe(partition)
  }
  expect(crc32(new Uint8Array(0))).toBe(0)
})
