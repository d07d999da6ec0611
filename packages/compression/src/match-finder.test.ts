import fc from 'fast-check'
import { expect, test } from 'vitest'
import { jsonLines } from './golden.test-support.ts'
import { findMatches, MAX_SEARCH_BYTES, sequences } from './match-finder.ts'

/** Checks what both formats rely on; gives the number of matches. */
function checkMatches(input: Buffer, start: number, end: number): number {
  const filled = findMatches(input, start, end)
  let at = start
  for (let index = 0; index < filled; index += 3) {
    at += sequences[index]!
    const length = sequences[index + 1]!
    const distance = sequences[index + 2]!
    expect(length).toBeGreaterThanOrEqual(4)
    expect(distance).toBeGreaterThan(0)
    expect(at - distance).toBeGreaterThanOrEqual(start)
    // LZ4's end of block conditions.
    expect(at).toBeLessThanOrEqual(end - 12)
    expect(at + length).toBeLessThanOrEqual(end - 5)
    expect(input.compare(input, at - distance, at - distance + length, at, at + length)).toBe(0)
    at += length
  }
  return filled / 3
}

test('matches are true, reach back inside the range, and keep away from its end', () => {
  const repetitive = fc.array(fc.constantFrom(0, 1), { maxLength: 500 }).map(values => Buffer.from(values))
  fc.assert(
    fc.property(repetitive, fc.nat(20), fc.nat(20), (bytes, before, after) => {
      const input = Buffer.concat([bytes.subarray(0, before), bytes, bytes.subarray(0, after)])
      checkMatches(input, Math.min(before, bytes.length), Math.min(before, bytes.length) + bytes.length)
    }),
  )
})

test('one search can take in 64 KiB, also where every match is as short or as long as can be', () => {
  expect(checkMatches(jsonLines(MAX_SEARCH_BYTES), 0, MAX_SEARCH_BYTES)).toBeGreaterThan(1000)
  expect(checkMatches(Buffer.alloc(MAX_SEARCH_BYTES), 0, MAX_SEARCH_BYTES)).toBe(1)
  // Pairs of words: every second one was there before, between words that were not.
  const short = Buffer.alloc(MAX_SEARCH_BYTES)
  for (let at = 0; at < short.length; at += 4) short.writeUInt32BE(at % 8 === 0 ? 0x01020304 : 0x80000000 + at, at)
  expect(checkMatches(short, 0, short.length)).toBeGreaterThan(5000)
})
