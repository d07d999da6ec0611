import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'

const RUNS = Number(process.env['LOGWERK_SEEDS'] ?? 50)
const prototype = Buffer.prototype as unknown as Record<string, unknown>
const { utf8Write, utf8Slice } = prototype

/** Any text but for half surrogate pairs. */
const text = fc
  .array(fc.oneof(fc.nat(0x7f), fc.nat(0x7ff), fc.nat(0xd7ff), fc.integer({ min: 0xe000, max: 0x10_ffff })), { maxLength: 60 })
  .map(points => String.fromCodePoint(...points))

afterEach(() => {
  prototype['utf8Write'] = utf8Write
  prototype['utf8Slice'] = utf8Slice
})

/** The module as it is on a platform with, or without, the direct methods. */
async function load(direct: boolean) {
  vi.resetModules()
  prototype['utf8Write'] = direct ? utf8Write : undefined
  prototype['utf8Slice'] = direct ? utf8Slice : undefined
  const module = await import('./utf8.ts')
  prototype['utf8Write'] = utf8Write
  prototype['utf8Slice'] = utf8Slice
  return module
}

describe.each([true, false])('with direct methods: %s', direct => {
  test('writes and reads what TextEncoder and TextDecoder do, and leaves the rest of the buffer alone', async () => {
    const { writeUtf8At, readUtf8At } = await load(direct)
    const encoder = new TextEncoder()
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
    fc.assert(
      fc.property(text, fc.nat(5), (text, offset) => {
        const expected = encoder.encode(text)
        const buffer = Buffer.alloc(offset + expected.length + 3, 0xee)
        expect(writeUtf8At(buffer, text, offset)).toBe(expected.length)
        expect([...buffer]).toEqual([...Buffer.alloc(offset, 0xee), ...expected, 0xee, 0xee, 0xee])
        expect(readUtf8At(buffer, offset, offset + expected.length)).toBe(decoder.decode(expected))
      }),
      { numRuns: RUNS * 2 },
    )
  })

  test('half a surrogate pair and bytes that are no UTF-8 become the replacement character', async () => {
    const { writeUtf8At, readUtf8At } = await load(direct)
    const buffer = Buffer.alloc(3)
    expect(writeUtf8At(buffer, '\ud800', 0)).toBe(3)
    expect(buffer.toString('hex')).toBe('efbfbd')
    expect(readUtf8At(Buffer.from([0x61, 0xff, 0x62]), 0, 3)).toBe('a\ufffdb')
  })

  test('nothing fits everywhere, at the end of a buffer too', async () => {
    const { writeUtf8At, readUtf8At } = await load(direct)
    expect(writeUtf8At(Buffer.alloc(0), '', 0)).toBe(0)
    expect(writeUtf8At(Buffer.alloc(2), '', 2)).toBe(0)
    expect(readUtf8At(Buffer.alloc(2), 2, 2)).toBe('')
  })
})
