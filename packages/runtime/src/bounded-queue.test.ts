import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AssertionError } from './assert.ts'
import { BoundedQueue } from './bounded-queue.ts'

test('behaves as an array of bounded length does', () => {
  // More pushes than shifts, so that the ring grows past its first size, also while it is wrapped around.
  const steps = fc.array(fc.constantFrom('push', 'push', 'push', 'shift', 'shift'), { maxLength: 300, size: 'max' })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 70 }), steps, (capacity, commands) => {
      const queue = new BoundedQueue<number>(capacity)
      const model: number[] = []
      let next = 0
      for (const command of commands) {
        if (command === 'push') {
          const fits = model.length < capacity
          if (fits) model.push(next)
          expect(queue.push(next++)).toBe(fits)
        } else {
          expect(queue.shift()).toBe(model.shift())
        }
        expect(queue.size).toBe(model.length)
        expect(queue.peek()).toBe(model[0])
      }
      const rest: (number | undefined)[] = []
      while (queue.size > 0) rest.push(queue.shift())
      expect(rest).toEqual(model)
    }),
  )
})

test('grows while it is wrapped around', () => {
  const queue = new BoundedQueue<number>(100)
  for (let item = 0; item < 16; item++) queue.push(item)
  for (let item = 0; item < 10; item++) queue.shift()
  for (let item = 16; item < 60; item++) queue.push(item)
  expect(Array.from({ length: queue.size }, () => queue.shift())).toEqual(Array.from({ length: 50 }, (_, index) => index + 10))
})

test('takes undefined as an item', () => {
  const queue = new BoundedQueue<string | undefined>(2)
  queue.push(undefined)
  queue.push('b')
  expect(queue.push('c')).toBe(false)
  expect(queue.shift()).toBeUndefined()
  expect(queue.size).toBe(1)
  expect(queue.shift()).toBe('b')
})

test('makes no room beforehand for a capacity that is never used', () => {
  const queue = new BoundedQueue<number>(Number.MAX_SAFE_INTEGER)
  expect(queue.push(1)).toBe(true)
  expect(queue.capacity).toBe(Number.MAX_SAFE_INTEGER)
})

test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('cannot hold %d items', capacity => {
  expect(() => new BoundedQueue(capacity)).toThrow(AssertionError)
})
