import { expect, test } from 'vitest'
import { loadZstdWasm } from './zstd-wasm.ts'

test('the module is loaded once', () => {
  expect(loadZstdWasm()).toBe(loadZstdWasm())
})

test('a call that could exhaust the memory of the module is refused before it is made', async () => {
  const engine = await loadZstdWasm()
  const large = expect.objectContaining({ code: 'MESSAGE_TOO_LARGE', message: expect.stringContaining('Node 22.15') })
  expect(() => engine.decompressFrame(Buffer.alloc(10), 1 << 30)).toThrow(large)
})
