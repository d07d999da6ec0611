import { type Lz4Blocks, lz4Blocks } from './lz4-block.ts'

/** What we use of the package `lz4-napi`. Both calls put the content's length as uint32 (little endian) before the block. */
interface Lz4Napi {
  compressSync(input: Buffer): Buffer
  uncompressSync(prefixed: Buffer): Buffer
}

const PREFIX_BYTES = 4
/** A call into the package takes some microseconds: a smaller block is restored faster without. */
const NATIVE_FROM_BYTES = 256

/** The block codec of `lz4-napi`; null if `found`, what {@link World.native} answered, is something else. */
export function nativeLz4Blocks(found: unknown): Lz4Blocks | null {
  if (!isLz4Napi(found)) return null
  const native = found
  return {
    compress(input, start, end, to, toAt) {
      const prefixed = native.compressSync(input.subarray(start, end))
      return toAt + prefixed.copy(to, toAt, PREFIX_BYTES)
    },
    decompress(block, start, end, to, toAt, limit, historyAt) {
      // The package takes a linked block's history only as a copy.
      if (historyAt === toAt && end - start >= NATIVE_FROM_BYTES) {
        try {
          const prefixed = Buffer.allocUnsafe(PREFIX_BYTES + end - start)
          prefixed.writeUInt32LE(limit - toAt, 0)
          block.copy(prefixed, PREFIX_BYTES, start, end)
          return toAt + native.uncompressSync(prefixed).copy(to, toAt)
        } catch {
          // Ours finds the same fault, and can say what and where it is.
        }
      }
      return lz4Blocks.decompress(block, start, end, to, toAt, limit, historyAt)
    },
  }
}

function isLz4Napi(found: unknown): found is Lz4Napi {
  if (typeof found !== 'object' || found === null) return false
  const { compressSync, uncompressSync } = found as Partial<Lz4Napi>
  return typeof compressSync === 'function' && typeof uncompressSync === 'function'
}
