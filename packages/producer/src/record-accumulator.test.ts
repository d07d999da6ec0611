import { RecordBatchView } from '@logwerk/protocol'
import { RecordTooLargeError } from '@logwerk/runtime'
import { createSimulation } from '@logwerk/runtime/simulated'
import { describe, expect, test } from 'vitest'
import { UNIDENTIFIED } from './producer-identity.ts'
import { type AccumulatorOptions, RecordAccumulator } from './record-accumulator.ts'

const OPTIONS: AccumulatorOptions = {
  batchSize: 500,
  maxBatchFillBytes: 2000,
  maxRequestSize: 10_000,
  bufferMemory: 100_000,
  maxInFlightRequestsPerConnection: 5,
}

function accumulatorOf(options: Partial<AccumulatorOptions> = {}) {
  const accumulator = new RecordAccumulator({ ...OPTIONS, ...options }, createSimulation({ seed: 1 }).clock)
  const queue = accumulator.queueOf('t', 0)
  const append = (valueBytes: number, headers: { key: string; value: Buffer | null }[] = []) =>
    accumulator.append(queue, 1, null, Buffer.alloc(valueBytes, 'x'), headers)
  return { accumulator, queue, append }
}

const bytesIn = (accumulator: RecordAccumulator) => [...accumulator.incomplete].reduce((sum, { heldBytes }) => sum + heldBytes, 0)

test('a waiting batch fills beyond its size, up to the limit', () => {
  const { accumulator, queue, append } = accumulatorOf()
  const first = append(400)
  expect([accumulator.isBatchFull(queue), accumulator.isLastBatchFull(queue)]).toEqual([false, false])
  append(400)
  expect([accumulator.isBatchFull(queue), accumulator.isLastBatchFull(queue)]).toEqual([true, true])
  for (let index = 0; index < 2; index++) expect(append(400)).toBe(first)
  // With one more of its kind it would pass 2000, so the next record begins another.
  expect(accumulator.wouldOpenBatch(queue)).toBe(true)
  expect(append(400)).not.toBe(first)
  expect([accumulator.isBatchFull(queue), accumulator.isLastBatchFull(queue)]).toEqual([true, false])
  expect(queue.waiting.map(({ recordCount }) => recordCount)).toEqual([4, 1])
})

test('memory counts what batches hold, and is free when all are released', () => {
  const { accumulator, queue, append } = accumulatorOf({ bufferMemory: 3000 })
  while (!accumulator.isFull) append(300)
  expect(accumulator.usedBytes).toBeGreaterThanOrEqual(3000)
  expect(accumulator.usedBytes).toBe(bytesIn(accumulator))
  expect([...accumulator.active]).toEqual([queue])
  for (const batch of [...accumulator.incomplete]) {
    queue.waiting.shift()
    accumulator.release(batch)
  }
  expect([accumulator.usedBytes, accumulator.active.size, accumulator.incomplete.size]).toEqual([0, 0, 0])
})

describe('a record that is too large', () => {
  test.each([
    ['alone', 0],
    ['behind others', 3],
  ])('is refused %s, and leaves everything as it was', (_, before) => {
    const { accumulator, queue, append } = accumulatorOf()
    for (let index = 0; index < before; index++) append(100)
    const usedBytes = accumulator.usedBytes
    expect(() => append(10_000)).toThrow(RecordTooLargeError)
    expect(() => append(10_000)).toThrow('t-0: the record takes 10072 bytes, and maxRequestSize is 10000; raise it')
    expect(accumulator.usedBytes).toBe(usedBytes)
    expect(queue.waiting.map(({ recordCount }) => recordCount)).toEqual(before === 0 ? [] : [3])
    expect(accumulator.active.size).toBe(before === 0 ? 0 : 1)
    append(100)
    expect(queue.waiting.map(({ recordCount }) => recordCount)).toEqual([before + 1])
  })

  test('is so too if it alone takes more than the buffer', () => {
    const { append } = accumulatorOf({ bufferMemory: 5000 })
    expect(() => append(6000)).toThrow('the record takes 6070 bytes, and bufferMemory is 5000')
  })

  test('has its size and limit', () => {
    const { append } = accumulatorOf()
    try {
      append(10_000)
      expect.unreachable()
    } catch (error) {
      expect(error).toMatchObject({ code: 'MESSAGE_TOO_LARGE', sizeBytes: 10_072, limitBytes: 10_000, at: { topic: 't', partition: 0 } })
    }
  })
})

test('a record that does not fit behind the others begins a batch of its own', () => {
  const { queue, append } = accumulatorOf()
  append(1000)
  append(9000)
  append(100)
  expect(queue.waiting.map(({ recordCount }) => recordCount)).toEqual([1, 1, 1])
})

test('a record whose headers cannot be written leaves nothing behind', () => {
  const { accumulator, queue, append } = accumulatorOf()
  expect(() => append(10, [{ key: undefined as unknown as string, value: null }])).toThrow(TypeError)
  expect(queue.waiting).toEqual([])
  expect(accumulator.active.size).toBe(0)
})

describe('values written in place', () => {
  const by = {
    calls: 0,
    serializeInto(value: string, writer: { writeUtf8(text: string): number }, context: { headers: { key: string; value: null }[] }) {
      this.calls++
      if (value === 'bad') throw new Error('bad value')
      context.headers.push({ key: 'schema', value: null })
      writer.writeUtf8(value)
    },
  }

  test('may fail, and leave nothing behind', () => {
    const { accumulator, queue } = accumulatorOf()
    expect(() => accumulator.appendInto(queue, 1, null, 'bad', by, { headers: [] }, [])).toThrow('bad value')
    expect([queue.waiting.length, accumulator.usedBytes, accumulator.incomplete.size]).toEqual([0, 0, 0])
  })

  test('have their headers once, also where the record moves to another batch', () => {
    const { accumulator, queue } = accumulatorOf()
    for (const size of [500, 9400]) {
      const headers: { key: string; value: null }[] = []
      accumulator.appendInto(queue, 1, null, 'x'.repeat(size), by, { headers }, headers)
    }
    expect(queue.waiting).toHaveLength(2)
    const last = queue.waiting[1]!
    queue.waiting.splice(0, 1)
    queue.next(UNIDENTIFIED)
    queue.take(last)
    const view = new RecordBatchView(last.seal(undefined, undefined))
    expect(view.records(view.bytes.subarray(61)).map(({ headers }) => headers.length)).toEqual([1])
  })

  test('are refused when too large, behind others too', () => {
    const { accumulator, queue, append } = accumulatorOf()
    append(500)
    expect(() => accumulator.appendInto(queue, 1, null, 'x'.repeat(20_000), by, { headers: [] }, [])).toThrow(RecordTooLargeError)
    expect(queue.waiting.map(({ recordCount }) => recordCount)).toEqual([1])
  })
})

test('a split keeps records, sequences, callbacks and memory', () => {
  const { accumulator, queue } = accumulatorOf()
  const heard: (number | undefined)[] = []
  for (let index = 0; index < 5; index++) {
    const batch = accumulator.append(queue, 100 + index, null, Buffer.from(`${index}`), [])
    if (index !== 1) batch.addCallback((_, metadata) => heard.push(metadata?.offset), 100 + index)
  }
  const [batch] = queue.waiting
  queue.next(UNIDENTIFIED)
  queue.take(batch!)
  let done = false
  batch!.onDone(() => {
    done = true
  })
  const view = new RecordBatchView(batch!.seal(undefined, undefined))
  const parts = accumulator.split(batch!, view.records(view.bytes.subarray(61)))
  accumulator.release(batch!)
  expect(parts.map(({ recordCount, baseSequence }) => [recordCount, baseSequence])).toEqual([
    [3, 0],
    [2, 3],
  ])
  expect(accumulator.usedBytes).toBe(bytesIn(accumulator))
  parts[0]!.succeed(10, -1, () => {})
  expect(done).toBe(false)
  parts[1]!.succeed(20, -1, () => {})
  expect(done).toBe(true)
  expect(heard).toEqual([10, 12, 20, 21])
})

test('the parts of a split go on with 0 after the last sequence', () => {
  const { accumulator, queue } = accumulatorOf()
  for (let index = 0; index < 4; index++) accumulator.append(queue, 1, null, Buffer.from(`${index}`), [])
  const [batch] = queue.waiting
  batch!.baseSequence = 0x7fff_fffe
  const view = new RecordBatchView(batch!.seal(undefined, undefined))
  const parts = accumulator.split(batch!, view.records(view.bytes.subarray(61)))
  expect(parts.map(({ baseSequence }) => baseSequence)).toEqual([0x7fff_fffe, 0])
})

test('a partition with a small record holds a small buffer, whatever the batch size', () => {
  const { accumulator } = accumulatorOf({ batchSize: 1 << 20, maxRequestSize: 1 << 20, bufferMemory: 1 << 25 })
  for (let partition = 0; partition < 1000; partition++) {
    accumulator.append(accumulator.queueOf('t', partition), 1, null, Buffer.from('x'), [])
  }
  const buffers = [...accumulator.incomplete].reduce((sum, { builder }) => sum + builder.writer.buffer.length, 0)
  expect(buffers).toBeLessThanOrEqual(1000 * 1024)
})

test('the next batch begins with the room that the last one needed', () => {
  const { queue, append } = accumulatorOf({ maxBatchFillBytes: 8000 })
  for (let index = 0; index < 12; index++) append(500)
  const [batch] = queue.waiting
  queue.next(UNIDENTIFIED)
  queue.take(batch!)
  append(10)
  expect(queue.waiting[0]!.builder.writer.buffer.length).toBe(8192)
})
