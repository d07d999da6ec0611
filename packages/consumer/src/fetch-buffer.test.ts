import { createCodecs } from '@logwerk/compression'
import { beforeEach, describe, expect, test } from 'vitest'
import { batchAt, markerAt } from './batches.test-support.ts'
import { plainBytes } from './bytes-deserializer.ts'
import { FetchBuffer } from './fetch-buffer.ts'
import { type PartitionState, SubscriptionState } from './subscription-state.ts'

let subscription: SubscriptionState
let buffer: FetchBuffer<Uint8Array, Uint8Array>
let roomCount: number
beforeEach(() => {
  subscription = new SubscriptionState()
  roomCount = 0
  buffer = new FetchBuffer({
    format: { key: plainBytes, value: plainBytes },
    codecs: createCodecs({ native: () => null }),
    checkCrcs: true,
    onRoom: () => roomCount++,
  })
})

function partition(number: number, offset: number): PartitionState {
  const [state] = subscription.add([{ topic: 'orders', partition: number }])
  state!.jumpTo(offset)
  return state!
}

const chunk = (...batches: Buffer[]) => Buffer.concat(batches)
const taken = (limit = 100) =>
  buffer.take(limit)?.records.map(record => `${record.partition}:${record.offset}=${Buffer.from(record.value!)}`) ?? []
const offsets = (records: readonly { offset: number }[]) => records.map(({ offset }) => offset)

describe('records', () => {
  test('come batch by batch, at most as many as asked for, and the position follows', () => {
    const state = partition(0, 0)
    buffer.add(state, chunk(batchAt(0, ['a', 'b', 'c']), batchAt(3, ['d'])), null)
    expect(taken(2)).toEqual(['0:0=a', '0:1=b'])
    expect(state.position).toEqual({ offset: 2, offsetEpoch: 0 })
    expect(taken(2)).toEqual(['0:2=c'])
    expect(taken(2)).toEqual(['0:3=d'])
    expect(taken(2)).toEqual([])
    expect(state.position?.offset).toBe(4)
    expect([buffer.byteCount, state.bufferedBytes, roomCount]).toEqual([0, 0, 1])
  })

  test('come one by one, and the buffer knows from where', () => {
    buffer.add(partition(0, 0), batchAt(0, ['a', 'b']), null)
    const other = partition(1, 0)
    buffer.add(other, batchAt(0, ['c']), null)
    expect(buffer.takenFrom).toBeNull()
    const seen: string[] = []
    for (let record = buffer.takeOne(); record !== null; record = buffer.takeOne()) {
      seen.push(`${record.partition}:${record.offset}`)
      expect(buffer.takenFrom).toMatchObject({ topic: 'orders', partition: record.partition, position: { offset: record.offset + 1 } })
    }
    expect(seen).toEqual(['0:0', '0:1', '1:0'])
    expect(buffer.takenFrom).toBe(other)
  })

  test('before the position are left out: a fetch gives whole batches', () => {
    const state = partition(0, 2)
    buffer.add(state, batchAt(0, ['a', 'b', 'c', 'd']), null)
    expect(taken()).toEqual(['0:2=c', '0:3=d'])
  })

  test('behind the last one of a batch may be a gap, which the position leaps', () => {
    const state = partition(0, 0)
    const batch = batchAt(0, ['a', 'b'])
    // As compaction leaves it: the last offset delta stands, the records are fewer.
    batch.writeInt32BE(9, 23)
    const unchecked = new FetchBuffer({
      format: { key: plainBytes, value: plainBytes },
      codecs: createCodecs({ native: () => null }),
      checkCrcs: false,
      onRoom: () => {},
    })
    unchecked.add(state, batch, null)
    expect(offsets(unchecked.take(10)!.records)).toEqual([0, 1])
    expect(state.position?.offset).toBe(10)
  })

  test('one by one are the same', () => {
    const state = partition(0, 0)
    buffer.add(state, chunk(batchAt(0, ['a', 'b']), batchAt(2, ['c'])), null)
    const seen: number[] = []
    for (let record = buffer.takeOne(); record !== null; record = buffer.takeOne()) seen.push(record.offset)
    expect(seen).toEqual([0, 1, 2])
  })

  test('may be looked at without taking them', () => {
    const state = partition(0, 0)
    buffer.add(state, batchAt(0, ['a', 'b']), null)
    expect(offsets(buffer.peek(1))).toEqual([0])
    expect(state.position?.offset).toBe(0)
    expect(taken()).toEqual(['0:0=a', '0:1=b'])
    expect(buffer.peek(1)).toEqual([])
  })

  test('of paused and leaving partitions stay, the others come', () => {
    const [paused, leaving, other] = [partition(0, 0), partition(1, 0), partition(2, 0)]
    for (const state of [paused, leaving, other]) buffer.add(state, batchAt(0, ['a']), null)
    paused.paused = true
    leaving.leaving = true
    expect(taken()).toEqual(['2:0=a'])
    expect(taken()).toEqual([])
    paused.paused = false
    expect(taken()).toEqual(['0:0=a'])
  })
})

describe('what is void goes', () => {
  test('after a jump', () => {
    const state = partition(0, 0)
    buffer.add(state, batchAt(0, ['a', 'b']), null)
    expect(taken(1)).toEqual(['0:0=a'])
    state.jumpTo(0)
    expect(taken()).toEqual([])
    expect([buffer.byteCount, state.bufferedBytes]).toEqual([0, 0])
  })

  test('when its partition went and came back', () => {
    buffer.add(partition(0, 0), batchAt(0, ['a']), null)
    subscription.clear()
    partition(0, 0)
    buffer.prune()
    expect(buffer.byteCount).toBe(0)
  })

  test('when paused partitions keep too much: they are fetched again from where they were', () => {
    const [paused, other] = [partition(0, 0), partition(1, 0)]
    buffer.add(paused, batchAt(0, ['a', 'b']), null)
    buffer.add(other, batchAt(0, ['a']), null)
    expect(taken(1)).toEqual(['0:0=a'])
    paused.fetchOffset = 2
    paused.paused = true
    buffer.releasePaused()
    expect(paused).toMatchObject({ fetchOffset: 1, position: { offset: 1 }, bufferedBytes: 0 })
    expect(taken()).toEqual(['1:0=a'])
    paused.paused = false
    buffer.add(paused, batchAt(0, ['a', 'b']), null)
    expect(taken()).toEqual(['0:1=b'])
  })
})

describe('a batch that cannot be read', () => {
  test('is told with its place after all before it; the position stays, and so does what the user holds', () => {
    const state = partition(0, 0)
    const bad = batchAt(2, ['c', 'd'])
    bad[bad.length - 2]! ^= 1
    buffer.add(state, chunk(batchAt(0, ['a', 'b']), bad, batchAt(4, ['e'])), null)
    state.fetchOffset = 5
    expect(taken()).toEqual(['0:0=a', '0:1=b'])
    const { jumps } = state
    expect(() => buffer.take(10)).toThrow(
      expect.objectContaining({ code: 'CORRUPT_MESSAGE', retriable: false, at: { topic: 'orders', partition: 0, offset: 2 } }),
    )
    expect(state).toMatchObject({ position: { offset: 2 }, fetchOffset: 2, jumps })
    expect(taken()).toEqual([])
    state.jumpTo(4)
    buffer.add(state, batchAt(4, ['e']), null)
    expect(taken()).toEqual(['0:4=e'])
  })
})

describe('transactions', () => {
  test('that were aborted, and markers, are not seen, and the position goes behind them', () => {
    const state = partition(0, 0)
    const bytes = chunk(batchAt(0, ['a', 'b'], 7), batchAt(2, ['c'], 8), markerAt(3, 'ABORT', 7), markerAt(4, 'COMMIT', 8))
    buffer.add(state, bytes, [{ producerId: 7, firstOffset: 0 }])
    expect(taken()).toEqual(['0:2=c'])
    expect(taken()).toEqual([])
    expect(state.position?.offset).toBe(5)
  })

  test('that nobody sees count as finished, as long as nothing before them is open', () => {
    const state = partition(0, 0)
    buffer.add(state, chunk(batchAt(0, ['a'], 7), markerAt(1, 'ABORT', 7)), [{ producerId: 7, firstOffset: 0 }])
    expect(taken()).toEqual([])
    expect(state.finishedOffset).toBe(2)
    buffer.add(state, chunk(batchAt(2, ['b'], 7), markerAt(3, 'COMMIT', 7)), [])
    expect(taken()).toEqual(['0:2=b'])
    expect(taken()).toEqual([])
    // The record is still in hand.
    expect([state.finishedOffset, state.position?.offset]).toEqual([2, 4])
  })

  test('are all seen without read_committed, but for the markers', () => {
    const state = partition(0, 0)
    buffer.add(state, chunk(batchAt(0, ['a'], 7), markerAt(1, 'ABORT', 7), batchAt(2, ['b'])), null)
    expect([...taken(), ...taken()]).toEqual(['0:0=a', '0:2=b'])
  })
})
