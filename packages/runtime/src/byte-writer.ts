import { assert } from './assert.ts'
import { writeUtf8At } from './utf8.ts'

const INITIAL_BYTES = 256

/**
 * Writes big-endian numbers, varints and strings into a buffer that grows: the target of serializers and message encoders.
 * `buffer` is replaced when it grows, so keep the writer, not the buffer.
 */
export class ByteWriter {
  buffer: Buffer
  /** Where the next byte goes. */
  position = 0
  #view: DataView

  /** @param buffer  Written from its start and replaced by a larger one when full. */
  constructor(buffer: Buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES)) {
    this.buffer = buffer
    this.#view = viewOf(buffer)
  }

  /** Makes sure that `byteCount` more bytes fit. */
  reserve(byteCount: number): void {
    const needed = this.position + byteCount
    if (needed <= this.buffer.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2))
    grown.set(this.buffer.subarray(0, this.position))
    this.buffer = grown
    this.#view = viewOf(grown)
  }

  writeInt8(value: number): void {
    this.reserve(1)
    this.#view.setInt8(this.position, value)
    this.position += 1
  }

  writeInt16(value: number): void {
    this.reserve(2)
    this.#view.setInt16(this.position, value)
    this.position += 2
  }

  writeUint16(value: number): void {
    this.writeInt16(value)
  }

  writeInt32(value: number): void {
    this.reserve(4)
    this.#view.setInt32(this.position, value)
    this.position += 4
  }

  writeUint32(value: number): void {
    this.writeInt32(value | 0)
  }

  /** A safe integer as int64. */
  writeInt64(value: number): void {
    this.reserve(8)
    this.#view.setInt32(this.position, Math.floor(value / 0x1_0000_0000))
    this.#view.setUint32(this.position + 4, value >>> 0)
    this.position += 8
  }

  /** All 64 bits. */
  writeBigInt64(value: bigint): void {
    this.reserve(8)
    this.#view.setBigInt64(this.position, value)
    this.position += 8
  }

  writeFloat32(value: number): void {
    this.reserve(4)
    this.#view.setFloat32(this.position, value)
    this.position += 4
  }

  writeFloat64(value: number): void {
    this.reserve(8)
    this.#view.setFloat64(this.position, value)
    this.position += 8
  }

  /** An unsigned varint of a value in [0, 2^32). */
  writeUnsignedVarint(value: number): void {
    this.reserve(5)
    let rest = value >>> 0
    while (rest > 0x7f) {
      this.buffer[this.position++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.buffer[this.position++] = rest
  }

  /** A zig-zag varint of an int32. */
  writeVarint(value: number): void {
    this.writeUnsignedVarint((value << 1) ^ (value >> 31))
  }

  writeBytes(bytes: Uint8Array): void {
    this.reserve(bytes.length)
    this.buffer.set(bytes, this.position)
    this.position += bytes.length
  }

  /** UTF-8, without a length; returns the bytes written. */
  writeUtf8(text: string): number {
    // A UTF-16 unit takes at most three bytes of UTF-8.
    if (this.position + text.length * 3 > this.buffer.length) this.reserve(Buffer.byteLength(text, 'utf8'))
    const byteCount = writeUtf8At(this.buffer, text, this.position)
    this.position += byteCount
    return byteCount
  }

  /** Overwrites an int32 written before. */
  patchInt32(positionBytes: number, value: number): void {
    assert(positionBytes + 4 <= this.position, 'a patch has to lie in what was written', { positionBytes, position: this.position })
    this.#view.setInt32(positionBytes, value)
  }

  /** The bytes written so far, without a copy: valid until the next write. */
  bytes(): Buffer {
    return this.buffer.subarray(0, this.position)
  }
}

function viewOf(buffer: Buffer): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.length)
}
