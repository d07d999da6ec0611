import { assert } from './assert.ts'
import { KafkaError } from './errors.ts'
import { readUtf8At } from './utf8.ts'

/**
 * Reads what {@link ByteWriter} writes. Every read is checked against the end: bytes that are cut short, or a length that lies, end in
 * a KafkaError `MALFORMED_MESSAGE` with the position, never in a range error or a huge allocation.
 */
export class ByteReader {
  readonly buffer: Buffer
  /** Where the next byte comes from. */
  position: number
  /** Where reading has to stop. */
  readonly end: number
  #view: DataView

  /** Reads `bytes` from `position` to `end`, both of which have to lie within. */
  constructor(bytes: Uint8Array, position = 0, end = bytes.length) {
    assert(position >= 0 && position <= end && end <= bytes.length, 'the part to read has to lie within the bytes')
    this.buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    this.position = position
    this.end = end
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  get remaining(): number {
    return this.end - this.position
  }

  /** Steps over `byteCount` bytes and returns where they start. */
  take(byteCount: number): number {
    const at = this.position
    if (byteCount < 0 || byteCount > this.end - at) throw this.malformed(`${byteCount} bytes are needed and ${this.end - at} are left`)
    this.position = at + byteCount
    return at
  }

  readInt8(): number {
    return this.#view.getInt8(this.take(1))
  }

  readInt16(): number {
    return this.#view.getInt16(this.take(2))
  }

  readUint16(): number {
    return this.#view.getUint16(this.take(2))
  }

  readInt32(): number {
    return this.#view.getInt32(this.take(4))
  }

  readUint32(): number {
    return this.#view.getUint32(this.take(4))
  }

  /** An int64 that has to be a safe integer; anything larger is `MALFORMED_MESSAGE`. */
  readInt64(): number {
    const at = this.take(8)
    const value = this.#view.getInt32(at) * 0x1_0000_0000 + this.#view.getUint32(at + 4)
    if (!Number.isSafeInteger(value)) throw this.malformed(`the int64 ${this.#view.getBigInt64(at)} is beyond 2^53`, at)
    return value
  }

  readBigInt64(): bigint {
    return this.#view.getBigInt64(this.take(8))
  }

  readFloat32(): number {
    return this.#view.getFloat32(this.take(4))
  }

  readFloat64(): number {
    return this.#view.getFloat64(this.take(8))
  }

  /** An unsigned varint below 2^32. */
  readUnsignedVarint(): number {
    const start = this.position
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.buffer[this.take(1)]!
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) {
        if (shift === 28 && byte > 0x0f) break
        return value >>> 0
      }
    }
    throw this.malformed('a varint is longer than 32 bits', start)
  }

  /** A zig-zag varint of an int32. */
  readVarint(): number {
    const raw = this.readUnsignedVarint()
    return (raw >>> 1) ^ -(raw & 1)
  }

  /** A view of the next `byteCount` bytes, without a copy. */
  readBytes(byteCount: number): Buffer {
    const at = this.take(byteCount)
    return this.buffer.subarray(at, at + byteCount)
  }

  /** `byteCount` bytes of UTF-8. */
  readUtf8(byteCount: number): string {
    const at = this.take(byteCount)
    return readUtf8At(this.buffer, at, at + byteCount)
  }

  /** The error for bytes that are not what they should be. */
  malformed(what: string, positionBytes = this.position): KafkaError {
    return new KafkaError('MALFORMED_MESSAGE', `malformed message at byte ${positionBytes} of ${this.end}: ${what}`)
  }
}
