import { expect, test, vi } from 'vitest'
import { createCodecs } from './codecs.ts'

vi.mock('./zstd-wasm.ts', () => ({ loadZstdWasm: () => Promise.reject(new Error('out of address space')) }))

test('where zstd cannot run, ready() still resolves and only zstd is missing', async () => {
  const codecs = createCodecs({ native: () => null })
  await codecs.ready()
  expect(codecs.get('gzip').decompress(codecs.get('gzip').compress(Buffer.from('x')), 1).length).toBe(1)
  expect(() => codecs.get('zstd')).toThrow(
    expect.objectContaining({
      code: 'UNSUPPORTED_COMPRESSION_TYPE',
      message: expect.stringContaining('Update Node'),
      cause: expect.objectContaining({ message: 'out of address space' }),
    }),
  )
})
