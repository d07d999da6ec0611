import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Random, randomBelow, randomFraction } from './random.ts'
import { SeededRandom } from './simulated/index.ts'

const RUNS = Number(process.env['LOGWERK_SEEDS'] ?? 50)

/** Answers with the given numbers, in turn. */
function scripted(...values: number[]): Random & { readonly left: () => number } {
  const unused = () => {
    throw new Error('only uint32 is asked for')
  }
  return { uint32: () => values.shift() ?? unused(), bytes: unused, uuid: unused, left: () => values.length }
}

describe('randomBelow', () => {
  test('stays in [0, bound), and reaches both ends', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 20 }), (seed, bound) => {
        const random = new SeededRandom(seed)
        const seen = new Set(Array.from({ length: 1000 }, () => randomBelow(random, bound)))
        expect([...seen].sort((a, b) => a - b)).toEqual(Array.from({ length: bound }, (_, index) => index))
      }),
      { numRuns: RUNS },
    )
  })

  test('draws again where a remainder would favour the small numbers', () => {
    // 2^32 is 3 * 1,431,655,765 + 1: the largest number has no two others to share with.
    const random = scripted(0xffff_ffff, 5)
    expect(randomBelow(random, 3)).toBe(2)
    expect(random.left()).toBe(0)
    expect(randomBelow(scripted(0xffff_fffe), 3)).toBe(2)
  })

  test('knows the smallest and the largest bound', () => {
    expect(randomBelow(scripted(0xffff_ffff), 1)).toBe(0)
    expect(randomBelow(scripted(0xffff_ffff), 2 ** 32)).toBe(0xffff_ffff)
  })

  test.each([0, -1, 1.5, Number.NaN, 2 ** 32 + 1, Number.POSITIVE_INFINITY])('does not draw for ever below %d', bound => {
    expect(() => randomBelow(new SeededRandom(1), bound)).toThrow('a bound is a whole number from 1 to 2^32')
  })
})

test('randomFraction is in [0, 1)', () => {
  expect(randomFraction(scripted(0))).toBe(0)
  expect(randomFraction(scripted(0x8000_0000))).toBe(0.5)
  expect(randomFraction(scripted(0xffff_ffff))).toBeLessThan(1)
  expect(randomFraction(scripted(0xffff_ffff))).toBeGreaterThan(0.9999)
})
