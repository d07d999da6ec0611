import { describe, expect, test } from 'vitest'
import type { Random } from '../random.ts'
import { bytesOfUuid } from '../uuid.ts'
import { SeededRandom } from './random.ts'

const draw = (random: Random, count: number) => Array.from({ length: count }, () => random.uint32())

/** How far the most lopsided bit, or pair of a bit and its predecessor, is from being even; 0 is perfect, 0.5 is a constant. */
function lopsidedness(next: () => number, count = 20_000): number {
  const ones = new Array<number>(32).fill(0)
  const changes = new Array<number>(32).fill(0)
  let last = 0
  for (let index = 0; index < count; index++) {
    const value = next()
    for (let bit = 0; bit < 32; bit++) {
      ones[bit]! += (value >>> bit) & 1
      changes[bit]! += ((value ^ last) >>> bit) & 1
    }
    last = value
  }
  return Math.max(...[...ones, ...changes].map(seen => Math.abs(seen / count - 0.5)))
}

// Four standard deviations of a fair coin thrown 20,000 times, for the largest of 64, and some room.
const FAIR = 0.02

describe('SeededRandom', () => {
  test('gives the same sequence for the same seed', () => {
    expect(draw(new SeededRandom(7), 100)).toEqual(draw(new SeededRandom(7), 100))
  })

  test('keeps its sequence over releases, so that a reported seed replays', () => {
    expect(draw(new SeededRandom(42), 3)).toEqual([493_916_874, 1_775_168_930, 1_520_103_039])
  })

  test('gives unlike sequences for neighbouring, negative and large seeds', () => {
    const seeds = [0, 1, 2, -1, 2 ** 32, 2 ** 32 + 1, 2 ** 53 - 1, -(2 ** 53 - 1)]
    const firsts = seeds.map(seed => new SeededRandom(seed).uint32())
    expect(new Set(firsts).size).toBe(seeds.length)
  })

  test('refuses a seed that is not a safe integer', () => {
    expect(() => new SeededRandom(0.5)).toThrow('a seed is a safe integer')
    expect(() => new SeededRandom(Number.NaN)).toThrow('a seed is a safe integer')
  })

  test.each([0, 1, 42, 123_456_789])('is even in every bit (seed %d)', seed => {
    const random = new SeededRandom(seed)
    expect(lopsidedness(() => random.uint32())).toBeLessThan(FAIR)
  })

  test('is even from seed to seed', () => {
    let seed = 0
    expect(lopsidedness(() => new SeededRandom(seed++).uint32())).toBeLessThan(FAIR)
  })

  test('the measure of evenness sees poor generators', () => {
    let counter = 0
    expect(lopsidedness(() => counter++ >>> 0)).toBeGreaterThan(FAIR)
    let congruential = 1
    expect(lopsidedness(() => (congruential = Math.imul(congruential, 5) >>> 0))).toBeGreaterThan(FAIR)
  })

  test('a fork depends on seed and name, not on what was drawn before', () => {
    const fresh = new SeededRandom(1)
    const used = new SeededRandom(1)
    draw(used, 10)
    expect(draw(used.fork('disk'), 10)).toEqual(draw(fresh.fork('disk'), 10))
    expect(draw(fresh.fork('disk'), 10)).not.toEqual(draw(fresh.fork('network'), 10))
    expect(draw(fresh.fork('disk'), 10)).not.toEqual(draw(new SeededRandom(2).fork('disk'), 10))
    expect(draw(fresh.fork('disk').fork('a'), 10)).not.toEqual(draw(fresh.fork('a'), 10))
  })

  test('fills bytes of any length', () => {
    for (let length = 0; length < 10; length++) expect(new SeededRandom(3).bytes(length)).toHaveLength(length)
    expect(new Set(new SeededRandom(3).bytes(1000)).size).toBeGreaterThan(200)
  })

  test('makes version 4 UUIDs that do not start with a dash', () => {
    const random = new SeededRandom(5)
    const uuids = Array.from({ length: 500 }, () => random.uuid())
    expect(new Set(uuids).size).toBe(500)
    for (const uuid of uuids) {
      expect(uuid).not.toMatch(/^-/)
      const bytes = bytesOfUuid(uuid)
      expect(bytes[6]! >> 4).toBe(4)
      expect(bytes[8]! >> 6).toBe(2)
    }
  })
})
