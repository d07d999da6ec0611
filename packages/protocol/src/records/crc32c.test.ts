import { loadNative } from '@logwerk/runtime'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { crc32c, tableCrc32c, wasmCrc32c } from './crc32c.ts'

// RFC 3720, appendix B.4, and the usual check value.
const vectors: [string, Uint8Array, number][] = [
  ['the digits', Buffer.from('123456789'), 0xe3069283],
  ['32 zeros', new Uint8Array(32), 0x8a9136aa],
  ['32 ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ['0 to 31', Uint8Array.from({ length: 32 }, (_, index) => index), 0x46dd794e],
  ['31 to 0', Uint8Array.from({ length: 32 }, (_, index) => 31 - index), 0x113fdb5c],
  ['nothing', new Uint8Array(0), 0],
]

test.each(vectors)('%s', (_, bytes, expected) => {
  expect(crc32c(bytes)).toBe(expected)
  expect(tableCrc32c(bytes, 0, bytes.length, 0)).toBe(expected)
  expect(wasmCrc32c(bytes, 0, bytes.length, 0)).toBe(expected)
})

test('all implementations agree on every length and range, also beyond the WebAssembly input buffer', () => {
  const bytes = fc.sample(fc.uint8Array({ minLength: 300_000, maxLength: 300_000 }), { numRuns: 1, seed: 7 })[0]!
  for (const end of [0, 1, 15, 16, 17, 23, 24, 25, 100, 1023, 1024, 1025, 2048, 114_687, 114_688, 114_689, 300_000]) {
    for (const start of [0, 1, 7]) {
      if (start > end) continue
      const expected = tableCrc32c(bytes, start, end, 0)
      expect(wasmCrc32c(bytes, start, end, 0)).toBe(expected)
      expect(crc32c(bytes, start, end)).toBe(expected)
    }
  }
})

test('a result can be continued', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 5000 }), fc.nat(5000), (bytes, cut) => {
      const at = Math.min(cut, bytes.length)
      expect(crc32c(bytes, at, bytes.length, crc32c(bytes, 0, at))).toBe(crc32c(bytes))
    }),
  )
})

test('the native package, which serves long inputs, is there in this repository', () => {
  expect(loadNative('@node-rs/crc32')).not.toBeNull()
})
