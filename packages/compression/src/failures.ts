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

/** True for what `node:zlib` throws when a result passes `maxOutputLength`, or when there is no memory for it. */
export function isOutputTooLarge(error: unknown): boolean {
  return error instanceof RangeError
}

/** Room for what is restored. @throws KafkaError `MESSAGE_TOO_LARGE` if this process has no memory for it. */
export function roomFor(type: CodecType, lengthBytes: number): Buffer {
  try {
    return Buffer.allocUnsafe(lengthBytes)
  } catch (error) {
    const message = `Records compressed with ${type} claim up to ${lengthBytes} bytes, and there is no memory for them`
    throw new KafkaError('MESSAGE_TOO_LARGE', message, { cause: error })
  }
}
