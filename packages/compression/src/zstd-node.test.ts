import { expect, test } from 'vitest'
import { nodeZstd } from './zstd-node.ts'

/** A stand-in for the zstd of newer Nodes, so that what we ask of it is tested on every Node. */
function fakeZlib(decompress: (maxOutputLength: number) => Buffer) {
  const calls: unknown[] = []
  return {
    calls,
    constants: { ZSTD_c_compressionLevel: 100 },
    zstdCompressSync(input: Buffer, options: unknown) {
      calls.push(options)
      return input
    },
    zstdDecompressSync(_: Buffer, options: { maxOutputLength: number; chunkSize: number }) {
      calls.push(options)
      return decompress(options.maxOutputLength)
    },
  }
}

test('the level and the size of the content are handed over', () => {
  const zlib = fakeZlib(() => Buffer.alloc(0))
  nodeZstd(zlib)?.compress(Buffer.alloc(7), -5)
  expect(zlib.calls).toEqual([{ params: { 100: -5 }, pledgedSrcSize: 7 }])
})

test('the limit is handed over, and a result beyond it is null', () => {
  const zlib = fakeZlib(() => Buffer.alloc(1))
  const engine = nodeZstd(zlib)!
  expect(engine.decompressFrame(Buffer.alloc(9), 5_000_000)).toEqual(Buffer.alloc(1))
  // Node takes no limit of 0.
  expect(engine.decompressFrame(Buffer.alloc(9), 0)).toBeNull()
  expect(zlib.calls).toEqual([
    { chunkSize: 1 << 20, maxOutputLength: 5_000_000 },
    { chunkSize: 1024, maxOutputLength: 1 },
  ])
})

test('its errors become ours', () => {
  const failing = (code: string, error = new Error('no')) =>
    nodeZstd(
      fakeZlib(() => {
        throw Object.assign(error, { code })
      }),
    )!
  expect(failing('ERR_BUFFER_TOO_LARGE', new RangeError('no')).decompressFrame(Buffer.alloc(9), 10)).toBeNull()
  expect(() => failing('ZSTD_error_corruption_detected').decompressFrame(Buffer.alloc(9), 10)).toThrow(
    expect.objectContaining({ code: 'CORRUPT_MESSAGE', message: 'Records are damaged, or not compressed with zstd: no' }),
  )
})

test('a Node without zstd gives none', () => {
  for (const found of [null, undefined, {}, { zstdCompressSync: () => null }, 'zlib']) expect(nodeZstd(found)).toBeNull()
})
