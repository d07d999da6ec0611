import { constants } from 'node:buffer'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { CompressionCodec } from '@logwerk/protocol'
import { messageOf } from '@logwerk/runtime'
import { asBuffer } from './buffers.ts'
import { corrupt, isOutputTooLarge, tooLarge } from './failures.ts'
import { levelOf } from './levels.ts'

/** zlib's output comes in pieces of one size. Small pieces are slow; a claim of more than 1 MiB is not believed in advance. */
const MIN_CHUNK_BYTES = 1024
const MAX_CHUNK_BYTES = 1 << 20
/** A member ends with its checksum and the length of its content, each 4 bytes. */
const TRAILER_BYTES = 8

/** Kafka's `gzip`: levels 1 (fast) to 9 (small); -1, the default, is zlib's 6. */
export const gzip: CompressionCodec = {
  type: 'gzip',
  compress: (input, level) => gzipSync(input, { level: levelOf('gzip', level) }),
  decompress(input, maxBytes) {
    try {
      const restored = gunzipSync(input, {
        chunkSize: chunkBytes(asBuffer(input)),
        maxOutputLength: Math.min(Math.max(1, maxBytes), constants.MAX_LENGTH),
      })
      if (restored.length <= maxBytes) return restored
    } catch (error) {
      if (!isOutputTooLarge(error)) throw corrupt('gzip', messageOf(error), error)
    }
    throw tooLarge('gzip', maxBytes)
  },
}

/** The trailer tells the size, and one piece needs no joining. The one byte more lets zlib see the end without a second piece. */
function chunkBytes(input: Buffer): number {
  const contentBytes = input.length < TRAILER_BYTES ? 0 : input.readUInt32LE(input.length - 4)
  return Math.min(Math.max(contentBytes + 1, MIN_CHUNK_BYTES), MAX_CHUNK_BYTES)
}
