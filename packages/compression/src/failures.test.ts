import { afterEach, expect, test, vi } from 'vitest'
import { codecsByWorld } from './worlds.test-support.ts'

afterEach(() => vi.restoreAllMocks())

test.each(['snappy', 'lz4'] as const)('no memory for what %s claims is a typed error, not a RangeError', type => {
  const compressed = codecsByWorld.map(([, codecs]) => [codecs.get(type), codecs.get(type).compress(Buffer.alloc(5000, 'x'))] as const)
  vi.spyOn(Buffer, 'allocUnsafe').mockImplementation(() => {
    throw new RangeError('Array buffer allocation failed')
  })
  for (const [codec, bytes] of compressed) {
    expect(() => codec.decompress(bytes, 1 << 30)).toThrow(
      expect.objectContaining({
        code: 'MESSAGE_TOO_LARGE',
        message: expect.stringMatching(/claim up to \d+ bytes, and there is no memory/),
      }),
    )
  }
})
