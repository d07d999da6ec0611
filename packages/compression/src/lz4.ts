import type { CompressionCodec } from '@logwerk/protocol'
import { levelOf } from './levels.ts'
import type { Lz4Blocks } from './lz4-block.ts'
import { decodeLz4Frame, encodeLz4Frame } from './lz4-frame.ts'

/**
 * Kafka's `lz4`: the frame format. Every level is accepted, and all compress alike, as Java's default level 9 does: in one fast
 * pass. (Java's other levels search longer for slightly smaller output; for that, zstd is the better choice.)
 */
export function createLz4(blocks: Lz4Blocks): CompressionCodec {
  return {
    type: 'lz4',
    compress(input, level) {
      levelOf('lz4', level)
      return encodeLz4Frame(blocks, input)
    },
    decompress: (input, maxBytes) => decodeLz4Frame(blocks, input, maxBytes),
  }
}
