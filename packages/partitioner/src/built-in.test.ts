import { NO_HEADERS } from '@logwerk/runtime'
import { SeededRandom } from '@logwerk/runtime/simulated'
import { describe, expect, test } from 'vitest'
import crc32Vectors from '../golden/crc32.json' with { type: 'json' }
import murmur2Vectors from '../golden/murmur2.json' with { type: 'json' }
import { javaDefault } from './java-default.ts'
import { librdkafkaConsistentRandom } from './librdkafka-consistent-random.ts'
import { choosePartition, type PartitionInput } from './partitioner.ts'
import { roundRobin } from './round-robin.ts'

const seed = 7
const random = new SeededRandom(seed)

function record(keyBytes: Uint8Array | null, partitionCount: number, available: readonly number[], topic = 'orders'): PartitionInput {
  return { topic, key: null, keyBytes, value: null, valueBytes: null, headers: NO_HEADERS, partitionCount, availablePartitions: available }
}

describe('javaDefault', () => {
  test("puts 400 keys where Java's producer puts them, whoever has a leader", () => {
    for (const { keyHex, partitions } of murmur2Vectors) {
      for (const [count, partition] of Object.entries(partitions)) {
        expect(choosePartition(javaDefault, record(Buffer.from(keyHex, 'hex'), Number(count), [0])), keyHex).toBe(partition)
      }
    }
  })

  test('has no opinion without a key', () => expect(choosePartition(javaDefault, record(null, 3, [0, 1, 2]))).toBeNull())
})

describe('librdkafkaConsistentRandom', () => {
  const partitioner = librdkafkaConsistentRandom({ random })

  test('puts 50 keys where librdkafka puts them', () => {
    for (const { keyHex, partitions } of crc32Vectors.vectors) {
      for (const [count, partition] of Object.entries(partitions)) {
        expect(choosePartition(partitioner, record(Buffer.from(keyHex, 'hex'), Number(count), [0])), keyHex).toBe(partition)
      }
    }
  })

  test.each([
    ['no key', null],
    ['an empty key', new Uint8Array(0)],
  ])('%s is drawn from the partitions with a leader', (_, key) => {
    const drawn = new Set(Array.from({ length: 200 }, () => choosePartition(partitioner, record(key, 6, [1, 4, 5]))))
    expect([...drawn].sort()).toEqual([1, 4, 5])
  })

  test('and from all when none has a leader', () => {
    const drawn = new Set(Array.from({ length: 200 }, () => choosePartition(partitioner, record(null, 3, []))))
    expect([...drawn].sort()).toEqual([0, 1, 2])
  })
})

describe('roundRobin', () => {
  test('takes turns over the partitions with a leader, each topic for itself', () => {
    const partitioner = roundRobin()
    const next = (topic: string, available: readonly number[]) => choosePartition(partitioner, record(null, 4, available, topic))
    expect([next('a', [0, 2, 3]), next('a', [0, 2, 3]), next('b', [0, 1]), next('a', [0, 2, 3]), next('a', [0, 2, 3])]).toEqual([
      0, 2, 0, 3, 0,
    ])
    expect(next('b', [0, 1])).toBe(1)
  })

  test('goes over all partitions when none has a leader', () => {
    const partitioner = roundRobin()
    expect(Array.from({ length: 4 }, () => choosePartition(partitioner, record(null, 3, [])))).toEqual([0, 1, 2, 0])
  })
})
