import { SerdeError } from '@logwerk/serde'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { avro } from './avro.ts'

const serde = avro('long')
const hexOf = (value: bigint) => serde.serialize(value).toString('hex')
const read = (hex: string) => serde.deserialize(Buffer.from(hex, 'hex'))

test('longs of the whole range are written as the specification says', () => {
  const cases: [bigint, string][] = [
    [0n, '00'],
    [-1n, '01'],
    [1n, '02'],
    [-2n, '03'],
    [-64n, '7f'],
    [64n, '8001'],
    [8192n, '808001'],
    [2n ** 31n, '8080808010'],
    [2n ** 53n + 1n, '8280808080808020'],
    [2n ** 63n - 1n, 'feffffffffffffffff01'],
    [-(2n ** 63n), 'ffffffffffffffffff01'],
  ]
  for (const [value, hex] of cases) {
    expect(hexOf(value), `${value}`).toBe(hex)
    expect(read(hex), hex).toBe(value)
  }
})

test('every long comes back, and is as long as its size demands', () => {
  const anyLong = fc.integer({ min: 0, max: 63 }).chain(bits => fc.bigInt({ min: -(2n ** BigInt(bits)), max: 2n ** BigInt(bits) - 1n }))
  fc.assert(
    fc.property(anyLong, value => {
      const data = serde.serialize(value)
      expect(serde.deserialize(data)).toBe(value)
      // What bigints alone would make of it.
      let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
      for (const byte of data) {
        expect(byte).toBe(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0))
        rest >>= 7n
      }
      expect(rest).toBe(0n)
    }),
    { numRuns: Number(process.env['LOGWERK_SEEDS'] ?? 1000) },
  )
})

test('more than 64 bits are no long', () => {
  for (const hex of ['ffffffffffffffffff02', 'ffffffffffffffffffff01']) {
    const failing = () => read(hex)
    expect(failing).toThrow(SerdeError)
    expect(failing).toThrow(/a long has more than/)
  }
  // Needlessly long, and yet a long.
  expect(read('808000')).toBe(0n)
})

test('a default may be a number or, beyond 2^53, a string', () => {
  const of = (value: unknown) => avro<{ n: bigint }>({ type: 'record', name: 'R', fields: [{ name: 'n', type: 'long', default: value }] })
  const defaultOf = (value: unknown) => of(value).deserialize(of(value).serialize({} as { n: bigint })).n
  expect([defaultOf(-5), defaultOf('9223372036854775807')]).toEqual([-5n, 9223372036854775807n])
  for (const wrong of [1.5, 2 ** 60, '9223372036854775808', 'five', null]) expect(() => of(wrong)).toThrow('incompatible field default')
})
