import { messageOf } from '@logwerk/runtime'
import { corrupt, isOutputTooLarge } from './failures.ts'
import type { ZstdEngine } from './zstd.ts'

/** What `node:zlib` has since Node 22.15 and 23.8, and what the type definitions for Node 20 leave out. */
interface NodeZstd {
  zstdCompressSync(input: Buffer, options: { params: Record<number, number>; pledgedSrcSize: number }): Buffer
  zstdDecompressSync(input: Buffer, options: { chunkSize: number; maxOutputLength: number }): Buffer
  readonly constants: { readonly ZSTD_c_compressionLevel: number }
}

/** Output comes in pieces of one size; one piece needs no joining, but a claim of more than 1 MiB is not believed in advance. */
const MIN_CHUNK_BYTES = 1024
const MAX_CHUNK_BYTES = 1 << 20

/** The zstd of `node:zlib`; null if `found`, what {@link World.native} answered for it, has none. */
export function nodeZstd(found: unknown): ZstdEngine | null {
  if (!hasZstd(found)) return null
  const zlib = found
  const levelParameter = zlib.constants.ZSTD_c_compressionLevel
  return {
    // Without the pledge the frame would not state its content's size.
    compress: (input, level) => zlib.zstdCompressSync(input, { params: { [levelParameter]: level }, pledgedSrcSize: input.length }),
    decompressFrame(frame, maxBytes) {
      try {
        const restored = zlib.zstdDecompressSync(frame, {
          chunkSize: Math.min(Math.max(maxBytes + 1, MIN_CHUNK_BYTES), MAX_CHUNK_BYTES),
          maxOutputLength: Math.max(1, maxBytes),
        })
        return restored.length <= maxBytes ? restored : null
      } catch (error) {
        if (isOutputTooLarge(error)) return null
        throw corrupt('zstd', messageOf(error), error)
      }
    },
  }
}

function hasZstd(found: unknown): found is NodeZstd {
  if (typeof found !== 'object' || found === null) return false
  const { zstdCompressSync, zstdDecompressSync } = found as Partial<NodeZstd>
  return typeof zstdCompressSync === 'function' && typeof zstdDecompressSync === 'function'
}
