import type { CompressionCodec } from '@logwerk/protocol'
import { asBuffer } from './buffers.ts'
import { corrupt, tooLarge } from './failures.ts'
import { levelOf } from './levels.ts'
import { findZstdFrames, type ZstdFrame, zstdFrameBytes } from './zstd-frame.ts'

/** An implementation of zstd: Node's, or the one in WebAssembly. */
export interface ZstdEngine {
  /** One frame that states its content's size. */
  compress(input: Buffer, level: number): Buffer
  /**
   * Restores exactly one frame.
   *
   * @param maxBytes  Room for the result; where the frame states its content's size, that size.
   * @returns         Null if the frame restores to more.
   * @throws          KafkaError `CORRUPT_MESSAGE`
   */
  decompressFrame(frame: Buffer, maxBytes: number): Buffer | null
}

/** Kafka's `zstd`, levels -131072 (fast) to 22 (small). Reads what any encoder writes, in several frames too; no dictionaries. */
export function createZstd(engine: ZstdEngine): CompressionCodec {
  return {
    type: 'zstd',
    compress: (input, level) => engine.compress(asBuffer(input), levelOf('zstd', level)),
    decompress(bytes, maxBytes) {
      const input = asBuffer(bytes)
      const parts: Buffer[] = []
      let room = maxBytes
      for (const frame of findZstdFrames(input)) {
        if ((frame.contentBytes ?? 0) > room) throw tooLarge('zstd', maxBytes)
        const part = restoreFrame(engine, input, frame, room)
        if (part === null) throw tooLarge('zstd', maxBytes)
        parts.push(part)
        room -= part.length
      }
      return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
    },
  }
}

/** Null if the frame does not fit into `room`. */
function restoreFrame(engine: ZstdEngine, input: Buffer, frame: ZstdFrame, room: number): Buffer | null {
  const { start, contentBytes, boundBytes } = frame
  const maxBytes = contentBytes ?? Math.min(boundBytes, room)
  const part = engine.decompressFrame(zstdFrameBytes(input, frame), maxBytes)
  if (part === null && maxBytes < boundBytes && contentBytes === null) return null
  if (part === null || (contentBytes !== null && part.length !== contentBytes))
    throw corrupt('zstd', `the frame at byte ${start} does not hold what it declares`)
  return part
}
