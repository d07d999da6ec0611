import type { CodecType } from '@logwerk/protocol'
import { KafkaError } from '@logwerk/runtime'

/** Bytes that the codec cannot have written. `what` names the place: "the block at byte 70 is cut off". */
export function corrupt(type: CodecType, what: string, cause?: unknown): KafkaError {
  return new KafkaError('CORRUPT_MESSAGE', `Records are damaged, or not compressed with ${type}: ${what}`, { cause })
}

/** A result beyond the caller's limit: a batch that is larger than anybody allowed, or a decompression bomb. */
export function tooLarge(type: CodecType, maxBytes: number, cause?: unknown): KafkaError {
  return new KafkaError('MESSAGE_TOO_LARGE', `Records compressed with ${type} take more than ${maxBytes} bytes, which is the limit`, {
    cause,
  })
}

/** True for what `node:zlib` throws when a result passes `maxOutputLength`. */
export function isOutputTooLarge(error: unknown): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
}
