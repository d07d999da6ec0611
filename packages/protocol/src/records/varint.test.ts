import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sizeOfVarint, sizeOfVarlong, VarintCursor, writeVarintAt, writeVarlongAt } from './varint.ts'

/** The definition, in the plainest words: zig-zag, then seven bits a byte, lowest first. */
function reference(value: number): number[] {
  let raw = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n))
  const bytes: number[] = []
  for (; raw > 0x7fn; raw >>= 7n) bytes.push(Number(raw & 0x7fn) | 0x80)
  bytes.push(Number(raw))
  return bytes
}

const int32 = fc.oneof(fc.integer(), fc.constantFrom(0, -1, 63, 64, -64, -65, 8191, 8192, 0x7fff_ffff, -0x8000_0000))
const safe = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer(),
  fc.constantFrom(Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 2 ** 52, -(2 ** 52) - 1, 0x4000_0000, -0x4000_0000, -0x4000_0001),
)

test('int32 varints match the definition, both ways', () => {
  fc.assert(
    fc.property(int32, value => {
      const bytes = new Uint8Array(12)
      const end = writeVarintAt(bytes, value, 1)
      expect([...bytes.subarray(1, end)]).toEqual(reference(value))
      expect(sizeOfVarint(value)).toBe(end - 1)
      const cursor = new VarintCursor(bytes, 1)
      expect(cursor.varint()).toBe(value)
      expect(cursor.at).toBe(end)
    }),
  )
})

test('int64 varints of safe integers match the definition, both ways', () => {
  fc.assert(
    fc.property(safe, value => {
      const bytes = new Uint8Array(12)
      const end = writeVarlongAt(bytes, value, 1)
      expect([...bytes.subarray(1, end)]).toEqual(reference(value))
      expect(sizeOfVarlong(value)).toBe(end - 1)
      const cursor = new VarintCursor(bytes, 1)
      expect(cursor.varlong()).toBe(value)
      expect(cursor.at).toBe(end)
    }),
  )
})

test('bytes without an end do not read for ever', () => {
  const endless = new Uint8Array(32).fill(0xff)
  const cursor = new VarintCursor(endless)
  expect(cursor.varint()).toBe(-0x8000_0000)
  expect(cursor.at).toBe(5)
  expect(cursor.varlong()).toBeNaN()
  expect(cursor.at).toBe(15)
})

test('an int64 beyond 2^53 is told apart from every safe one', () => {
  expect(new VarintCursor(Uint8Array.from(reference(Number.MAX_SAFE_INTEGER))).varlong()).toBe(Number.MAX_SAFE_INTEGER)
  expect(new VarintCursor(Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01)).varlong()).toBeNaN()
})

test('past the end the cursor reads zero bytes and goes on', () => {
  const cursor = new VarintCursor(Uint8Array.of(0x80))
  expect(cursor.varint()).toBe(0)
  expect(cursor.at).toBe(2)
})
