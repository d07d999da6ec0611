import { expect, test } from 'vitest'
import { BufferPool } from './buffer-pool.ts'

test('a buffer given back is the next one of its size', () => {
  const pool = new BufferPool(1 << 20)
  const buffer = pool.take(16_384)
  expect(buffer.length).toBe(16_384)
  pool.give(buffer)
  expect(pool.take(20_000)).not.toBe(buffer)
  expect(pool.take(16_000)).toBe(buffer)
  expect(pool.take(16_000)).not.toBe(buffer)
})

test('sizes are powers of two, and 1 KiB at least', () => {
  const pool = new BufferPool(1 << 20)
  expect([1, 1024, 1025, 65_536, 65_537].map(size => pool.take(size).length)).toEqual([1024, 1024, 2048, 65_536, 131_072])
})

test('no more is kept than allowed, and nothing of an odd size', () => {
  const pool = new BufferPool(5000)
  const [first, second] = [pool.take(4096), pool.take(4096)]
  pool.give(first)
  pool.give(second)
  expect(pool.take(4096)).toBe(first)
  expect(pool.take(4096)).not.toBe(second)
  const odd = Buffer.alloc(3000)
  pool.give(odd)
  expect(pool.take(2048)).not.toBe(odd)
  const small = Buffer.alloc(512)
  pool.give(small)
  expect(pool.take(1)).not.toBe(small)
})
