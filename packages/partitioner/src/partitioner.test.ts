import { KafkaError, NO_HEADERS } from '@logwerk/runtime'
import { describe, expect, test } from 'vitest'
import { hashOf } from './hash-of.ts'
import { manual } from './manual.ts'
import { murmur2, toPartition } from './murmur2.ts'
import { announceNewBatch, choosePartition, isPartitioner, type Partitioner, type PartitionInput } from './partitioner.ts'

interface Order {
  readonly customer: string
}

const input: PartitionInput<string, Order> = {
  topic: 'orders',
  key: 'acme:17',
  keyBytes: Buffer.from('acme:17'),
  value: { customer: 'acme' },
  valueBytes: Buffer.from('{"customer":"acme"}'),
  headers: NO_HEADERS,
  partitionCount: 6,
  availablePartitions: [0, 1, 2, 3, 4, 5],
}

describe('the answer of a partitioner', () => {
  const answering = (answer: unknown): Partitioner => ({ name: 'mine', partition: () => answer as number })

  test('-0 is 0', () => expect(choosePartition(answering(-0), input)).toBe(0))

  test.each([0, 5, null])('%s is taken', answer => expect(choosePartition(answering(answer), input)).toBe(answer))

  test.each<[unknown, string]>([
    [6, '6'],
    [-1, '-1'],
    [1.5, '1.5'],
    [Number.NaN, 'NaN'],
    ['1', '"1"'],
    ['x'.repeat(61), `"${'x'.repeat(60)}…"`],
    [1n, 'a bigint (a partition is a number)'],
    [true, 'true'],
    [Object.create(null), 'an object'],
    [[1], 'an array'],
    [undefined, 'undefined ("no opinion" is null)'],
    [Promise.resolve(1), 'a promise (a partitioner cannot wait)'],
  ])('%s is an error that names partitioner, topic, answer and range', (answer, shown) => {
    const error = failureOf(answering(answer))
    expect(error.message).toBe(`topic orders: partitioner "mine" answered ${shown}; the topic has partitions 0 to 5`)
    expect(error).toMatchObject({ code: 'PARTITIONER_FAILED', retriable: false, at: { topic: 'orders' } })
  })

  test('a promise that rejects is dropped', () => {
    // An unhandled rejection would fail the run.
    const later = new Error('later')
    expect(failureOf(answering(Promise.reject(later))).message).toContain('a promise (a partitioner cannot wait)')
    const waits = { name: 'waits', partition: () => 0, onNewBatch: async () => Promise.reject(later) }
    expect(() => announceNewBatch(waits, 'orders', 0)).toThrow('answered a promise (a partitioner cannot wait) to onNewBatch')
  })

  test('the range of a topic with one partition', () => {
    expect(() => choosePartition(answering(1), { ...input, partitionCount: 1 })).toThrow('the topic has only partition 0')
  })

  test('what it throws is the cause', () => {
    const cause = new RangeError('no such tenant')
    function byTenant(): number {
      throw cause
    }
    const error = failureOf(byTenant)
    expect(error.message).toBe('topic orders: partitioner "byTenant" failed: no such tenant')
    expect(error.cause).toBe(cause)
  })

  test('a function without a name', () => {
    expect(
      failureOf(
        (
          () => () =>
            9
        )(),
      ).message,
    ).toMatch(/^topic orders: an anonymous partitioner answered 9/)
  })

  test('manual refuses a record without a partition and names the topic', () => {
    expect(failureOf(manual).message).toBe(
      'topic orders: partitioner "manual" failed: the record has no partition; set its "partition", or configure another partitioner',
    )
  })
})

describe('a new batch', () => {
  test('is announced to a partitioner that wants to hear of it, and to no other', () => {
    const heard: [string, number][] = []
    announceNewBatch(
      { name: 'mine', partition: () => 0, onNewBatch: (topic, partition) => void heard.push([topic, partition]) },
      'orders',
      2,
    )
    announceNewBatch({ name: 'mine', partition: () => 0 }, 'orders', 2)
    announceNewBatch(manual, 'orders', 2)
    expect(heard).toEqual([['orders', 2]])
  })

  test('that makes the partitioner throw is an error that names it', () => {
    const cause = new Error('no turn')
    const failing: Partitioner = {
      name: 'mine',
      partition: () => 0,
      onNewBatch: () => {
        throw cause
      },
    }
    const announce = () => announceNewBatch(failing, 'orders', 0)
    expect(announce).toThrow(KafkaError)
    expect(announce).toThrow('topic orders: partitioner "mine" failed in onNewBatch: no turn')
  })
})

test('a partitioner of any record serves where one of particular records is asked for', () => {
  const any: Partitioner = ({ partitionCount }) => partitionCount - 1
  const ofOrders: Partitioner<string, Order> = any
  expect(choosePartition(ofOrders, input)).toBe(5)
})

test('isPartitioner tells a partitioner from what only looks like one', () => {
  expect(isPartitioner(manual)).toBe(true)
  expect(isPartitioner({ name: 'mine', partition: () => 0, onNewBatch: () => {} })).toBe(true)
  for (const value of [
    null,
    undefined,
    'murmur2',
    {},
    { name: 'mine' },
    { partition: () => 0 },
    { name: 'mine', partition: () => 0, onNewBatch: 1 },
  ])
    expect(isPartitioner(value), JSON.stringify(value)).toBe(false)
})

describe('hashOf', () => {
  const acme = toPartition(murmur2(Buffer.from('acme')), 6)

  test('hashes a string or bytes as the default hashes a key', () => {
    const byCustomer: Partitioner<string, Order> = hashOf(({ value }) => value?.customer ?? null)
    expect(choosePartition(byCustomer, input)).toBe(acme)
    const byTenant: Partitioner = hashOf(({ keyBytes }) => keyBytes?.subarray(0, 4) ?? null)
    expect(choosePartition(byTenant, input)).toBe(acme)
  })

  test('a long string after a short one, and a short one again', () => {
    const byKey: Partitioner<string, Order> = hashOf(({ key }) => key)
    for (const key of ['a', 'é€🦊'.repeat(400), 'b', ''])
      expect(choosePartition(byKey, { ...input, key })).toBe(toPartition(murmur2(Buffer.from(key)), 6))
  })

  test('null is no opinion', () => {
    expect(
      choosePartition(
        hashOf<unknown, unknown>(() => null),
        input,
      ),
    ).toBeNull()
  })

  test('a forgotten field is an error, not one partition for all', () => {
    const byRegion = hashOf<string, Order>(({ value }) => (value as unknown as { region: string }).region)
    expect(failureOf(byRegion).message).toBe(
      'topic orders: partitioner "hashOf" failed: the part to hash must be a string, bytes or null, not undefined',
    )
  })

  test('takes its name from the selecting function, or as given', () => {
    function tenantOf(): string {
      return 'acme'
    }
    expect(hashOf(tenantOf).name).toBe('tenantOf')
    expect(hashOf(() => 'acme', 'byTenant').name).toBe('byTenant')
  })
})

function failureOf(partitioner: Partitioner<string, Order>): KafkaError {
  try {
    choosePartition(partitioner, input)
  } catch (error) {
    if (error instanceof KafkaError) return error
    throw error
  }
  throw new Error('the answer was accepted')
}
