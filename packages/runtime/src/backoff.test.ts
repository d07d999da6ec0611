import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type BackoffOptions, backoffMs } from './backoff.ts'
import type { Random } from './random.ts'

const HIGHEST = 0xffff_ffff

/** A source that has one number only. */
function always(uint32: number): Random {
  return { uint32: () => uint32, bytes: length => new Uint8Array(length), uuid: () => 'AAAAAAAAAAAAAAAAAAAAAA' }
}

const uint32 = fc.integer({ min: 0, max: HIGHEST })
const options: fc.Arbitrary<BackoffOptions> = fc.record({
  initialMs: fc.integer({ min: 0, max: 100_000 }),
  maxMs: fc.integer({ min: 0, max: 10_000_000 }),
})

test('lies within a fifth of the exponential, and never above the bound (KIP-580)', () => {
  fc.assert(
    fc.property(options, fc.integer({ min: 0, max: 5_000 }), uint32, (given, attempt, draw) => {
      const waitMs = backoffMs(given, attempt, always(draw))
      const plainMs = Math.min(given.maxMs, given.initialMs * 2 ** Math.min(attempt, 100))
      expect(Number.isSafeInteger(waitMs)).toBe(true)
      expect(waitMs).toBeLessThanOrEqual(Math.min(given.maxMs, plainMs * 1.2))
      expect(waitMs).toBeGreaterThanOrEqual(Math.floor(plainMs * 0.8))
    }),
  )
})

test('does not shrink from one attempt to the next, given the same draw', () => {
  fc.assert(
    fc.property(options, fc.nat(80), uint32, (given, attempt, draw) => {
      expect(backoffMs(given, attempt + 1, always(draw))).toBeGreaterThanOrEqual(backoffMs(given, attempt, always(draw)))
    }),
  )
})

test('doubles from the first wait up to the bound', () => {
  const half = always(0x8000_0000)
  const waits = Array.from({ length: 6 }, (_, attempt) => backoffMs({ initialMs: 100, maxMs: 1_000 }, attempt, half))
  expect(waits).toEqual([100, 200, 400, 800, 1_000, 1_000])
})

test('spreads by a fifth to either side', () => {
  const given = { initialMs: 1_000, maxMs: 60_000 }
  expect(backoffMs(given, 0, always(0))).toBe(800)
  expect(backoffMs(given, 0, always(HIGHEST))).toBe(1_199)
  expect(backoffMs(given, 3, always(0))).toBe(6_400)
  expect(backoffMs(given, 3, always(HIGHEST))).toBe(9_599)
})

test('still spreads, downwards, when the bound is reached', () => {
  const given = { initialMs: 100, maxMs: 1_000 }
  for (const attempt of [4, 10, 1_000, Number.MAX_SAFE_INTEGER]) {
    expect(backoffMs(given, attempt, always(0))).toBe(800)
    expect(backoffMs(given, attempt, always(HIGHEST))).toBe(1_000)
  }
})

test('is constant where the first wait is not below the bound', () => {
  for (const draw of [0, HIGHEST]) {
    expect(backoffMs({ initialMs: 100, maxMs: 100 }, 0, always(draw))).toBe(100)
    expect(backoffMs({ initialMs: 5_000, maxMs: 100 }, 7, always(draw))).toBe(100)
  }
})

test('does not wait where the first wait is 0', () => {
  expect(backoffMs({ initialMs: 0, maxMs: 1_000 }, 2_000, always(HIGHEST))).toBe(0)
})
