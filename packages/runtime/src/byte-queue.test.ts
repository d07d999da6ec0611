import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AssertionError } from './assert.ts'
import { ByteQueue } from './byte-queue.ts'

describe('ByteQueue', () => {
  test('gives the bytes back in order, however they came and leave', () => {
    const step = fc.oneof(
      fc.uint8Array({ maxLength: 20 }).map(bytes => ({ push: bytes })),
      fc.nat(30).map(length => ({ move: length })),
      fc.nat(30).map(length => ({ take: length })),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), steps => {
        const queue = new ByteQueue()
        let waiting: number[] = []
        for (const one of steps) {
          if ('push' in one) {
            queue.push(one.push)
            waiting.push(...one.push)
          } else if ('move' in one) {
            const into = new Uint8Array(one.move)
            const count = queue.moveInto(into)
            expect(count).toBe(Math.min(one.move, waiting.length))
            expect([...into.subarray(0, count)]).toEqual(waiting.slice(0, count))
            waiting = waiting.slice(count)
          } else {
            const count = Math.min(one.take, waiting.length)
            expect([...queue.take(count)]).toEqual(waiting.slice(0, count))
            waiting = waiting.slice(count)
          }
          expect(queue.byteCount).toBe(waiting.length)
        }
      }),
    )
  })

  test('keeps its order through thousands of chunks', () => {
    const queue = new ByteQueue()
    const out: number[] = []
    for (let index = 0; index < 5000; index++) {
      queue.push(Uint8Array.of(index & 0xff, index >> 8))
      // Leaves the queue longer and longer, so that it has to move up.
      if (index % 2 === 0) out.push(...queue.take(2))
    }
    while (queue.byteCount > 0) out.push(...queue.take(1))
    expect(out).toEqual(Array.from({ length: 5000 }, (_, index) => [index & 0xff, index >> 8]).flat())
  })

  test('does not copy what waits', () => {
    const queue = new ByteQueue()
    const chunk = Uint8Array.of(1, 2, 3)
    queue.push(chunk)
    chunk[1] = 9
    expect([...queue.take(3)]).toEqual([1, 9, 3])
  })

  test('is empty after clear', () => {
    const queue = new ByteQueue()
    queue.push(Uint8Array.of(1, 2, 3))
    queue.take(1)
    queue.clear()
    expect(queue.byteCount).toBe(0)
    queue.push(Uint8Array.of(7))
    expect([...queue.take(1)]).toEqual([7])
  })

  test('does not give more than it has', () => {
    const queue = new ByteQueue()
    queue.push(Uint8Array.of(1))
    expect(() => queue.take(2)).toThrow(AssertionError)
  })
})
