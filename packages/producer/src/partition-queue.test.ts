import { describe, expect, test } from 'vitest'
import { PartitionQueue } from './partition-queue.ts'
import { ProducerBatch } from './producer-batch.ts'
import { type ProducerStamp, UNIDENTIFIED } from './producer-identity.ts'

const STAMP: ProducerStamp = { producerId: 7, producerEpoch: 0 }
const LATER: ProducerStamp = { producerId: 7, producerEpoch: 1 }

/** A queue with batches of two records each that wait. */
function queueOf(batchCount: number, maxInFlight = 5) {
  const queue = new PartitionQueue('t', 0, maxInFlight)
  const batches = Array.from({ length: batchCount }, () => {
    const batch = new ProducerBatch(queue, Buffer.alloc(200), 0)
    for (const value of ['a', 'b']) batch.adopt(0, null, Buffer.from(value), [])
    queue.waiting.push(batch)
    return batch
  })
  return { queue, batches }
}

/** Takes out what may leave. */
function drain(queue: PartitionQueue, stamp: ProducerStamp | null): ProducerBatch[] {
  const drained: ProducerBatch[] = []
  for (let batch = queue.next(stamp); batch !== null; batch = queue.next(stamp)) {
    queue.take(batch)
    drained.push(batch)
  }
  return drained
}

/** A queue whose broker has stored a batch, so that several may be in flight. */
function establishedQueueOf(batchCount: number, maxInFlight = 5) {
  const made = queueOf(batchCount + 1, maxInFlight)
  const [first] = drain(made.queue, STAMP)
  made.queue.stored(first!)
  made.queue.inFlight.delete(first!)
  return { queue: made.queue, batches: made.batches.slice(1) }
}

const sequences = (batches: readonly ProducerBatch[]) => batches.map(({ baseSequence }) => baseSequence)

describe('what leaves', () => {
  test('is the oldest batch, as many at once as allowed', () => {
    const { queue, batches } = establishedQueueOf(7, 3)
    expect(drain(queue, STAMP)).toEqual(batches.slice(0, 3))
    expect(sequences(batches)).toEqual([2, 4, 6, -1, -1, -1, -1])
    queue.inFlight.delete(batches[0]!)
    expect(drain(queue, STAMP)).toEqual([batches[3]])
  })

  test('is one batch until the broker has stored one: it takes any sequence for the first of an unknown producer', () => {
    const { queue, batches } = queueOf(3)
    expect(drain(queue, STAMP)).toEqual([batches[0]])
    queue.stored(batches[0]!)
    queue.inFlight.delete(batches[0]!)
    expect(drain(queue, STAMP)).toEqual([batches[1], batches[2]])
  })

  test('is limited only by the number in flight without idempotence', () => {
    const { queue, batches } = queueOf(3, 2)
    expect(drain(queue, UNIDENTIFIED)).toEqual([batches[0], batches[1]])
    expect(batches[0]!.seal(undefined, undefined).readBigInt64BE(43)).toBe(-1n)
  })

  test('is nothing without a producer id', () => {
    expect(queueOf(1).queue.next(null)).toBeNull()
  })

  test('is nothing new while a batch has to be sent again, and those one by one in their order', () => {
    const { queue, batches } = establishedQueueOf(4)
    const [first, second, third] = drain(queue, STAMP)
    queue.putBack(third!)
    expect(queue.next(STAMP)).toBeNull()
    queue.putBack(first!)
    queue.putBack(second!)
    expect(queue.retries).toEqual([first, second, third])
    queue.inFlight.delete(batches[3]!)
    expect(drain(queue, STAMP)).toEqual([first])
    queue.inFlight.delete(first!)
    expect(drain(queue, STAMP)).toEqual([second])
    expect(sequences([first!, second!, third!])).toEqual([2, 4, 6])
  })
})

describe('of the five batches that a broker remembers, the oldest is never one whose fate is unknown:', () => {
  test('while a batch is sent again nothing new leaves that could push it out', () => {
    const { queue, batches } = establishedQueueOf(8)
    const [first, ...others] = drain(queue, STAMP)
    for (const other of others) queue.inFlight.delete(other)
    queue.putBack(first!)
    expect(drain(queue, STAMP)).toEqual([first])
    queue.inFlight.delete(first!)
    expect(drain(queue, STAMP)).toEqual(batches.slice(5))
  })

  test('nor while its answer is awaited, and later ones are acknowledged by another leader', () => {
    const { queue, batches } = establishedQueueOf(8)
    const [first, second, third] = drain(queue, STAMP)
    queue.inFlight.delete(second!)
    queue.inFlight.delete(third!)
    expect(drain(queue, STAMP)).toEqual([])
    queue.inFlight.delete(first!)
    expect(drain(queue, STAMP)).toEqual(batches.slice(5))
  })

  test('the numbers that are given back count no longer', () => {
    const { queue, batches } = establishedQueueOf(6)
    const fifth = drain(queue, STAMP).at(-1)!
    queue.inFlight.delete(fifth)
    queue.unnumber(fifth)
    expect(drain(queue, STAMP)).toEqual([batches[5]])
  })
})

test('sequences go on with 0 after 2147483647, in the middle of a batch too', () => {
  const { queue, batches } = establishedQueueOf(4)
  // Giving the number back is the way to begin from any.
  batches[0]!.baseSequence = 0x7fff_fffd
  queue.unnumber(batches[0]!)
  expect(sequences(drain(queue, STAMP))).toEqual([0x7fff_fffd, 0x7fff_ffff, 1, 3])
  expect(queue.isNumberedLast(batches[3]!)).toBe(true)
  expect(batches.map(batch => queue.hasEarlier(batch))).toEqual([false, true, true, true])
})

test('order holds over the end of the sequences', () => {
  const { queue, batches } = establishedQueueOf(3)
  const [first, second, third] = drain(queue, STAMP)
  first!.baseSequence = 0x7fff_fffe
  second!.baseSequence = 0
  third!.baseSequence = 2
  expect(queue.hasEarlier(second!)).toBe(true)
  expect(queue.hasEarlier(first!)).toBe(false)
  queue.putBack(third!, first!, second!)
  expect(queue.retries).toEqual(batches)
})

describe('a new epoch', () => {
  test('begins when nothing of the old one is in flight, and counts from 0', () => {
    const { queue, batches } = establishedQueueOf(3, 2)
    drain(queue, STAMP)
    expect(queue.next(LATER)).toBeNull()
    queue.inFlight.clear()
    expect(drain(queue, LATER)).toEqual([batches[2]])
    expect([batches[2]!.baseSequence, batches[2]!.stamp]).toEqual([0, LATER])
  })

  test('numbers anew what was surely not stored', () => {
    const { queue } = establishedQueueOf(2)
    const [first, second] = drain(queue, STAMP)
    queue.putBack(first!, second!)
    expect(queue.next(LATER)).toBe(first)
    expect(sequences([first!, second!])).toEqual([0, 2])
    expect(first!.stamp).toBe(LATER)
  })

  test('waits for what may have been stored, which keeps its numbers', () => {
    const { queue } = establishedQueueOf(2)
    const [first, second] = drain(queue, STAMP)
    second!.outcomeUnknown = true
    queue.putBack(first!, second!)
    expect(drain(queue, LATER)).toEqual([first])
    expect([first!.baseSequence, first!.stamp]).toEqual([2, STAMP])
    // The broker says that the first is not there: then the second cannot be.
    queue.notStoredFrom(first!)
    queue.putBack(first!)
    expect(drain(queue, LATER)).toEqual([first])
    expect([first!.baseSequence, first!.stamp, second!.baseSequence, second!.stamp]).toEqual([0, LATER, 2, LATER])
  })

  test('goes on with what may have been stored also while there is no new one', () => {
    const { queue } = establishedQueueOf(2)
    const [first, second] = drain(queue, STAMP)
    first!.outcomeUnknown = true
    queue.putBack(first!, second!)
    expect(drain(queue, null)).toEqual([first])
    queue.inFlight.delete(first!)
    expect(queue.next(null)).toBeNull()
  })

  test('begins with one batch at a time again', () => {
    const { queue } = establishedQueueOf(3)
    expect(drain(queue, LATER)).toHaveLength(1)
  })
})

test('numbers of the last batch can be had back', () => {
  const { queue, batches } = establishedQueueOf(3)
  const [first, second] = drain(queue, STAMP)
  queue.inFlight.clear()
  expect(queue.isNumberedLast(first!)).toBe(false)
  expect(queue.isNumberedLast(batches[2]!)).toBe(true)
  queue.unnumber(batches[2]!)
  expect(queue.isNumberedLast(second!)).toBe(true)
  queue.waiting.push(batches[2]!)
  drain(queue, STAMP)
  expect(batches[2]!.baseSequence).toBe(6)
})
