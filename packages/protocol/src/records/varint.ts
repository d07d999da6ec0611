/** Bytes of the zig-zag varint of an int32. */
export function sizeOfVarint(value: number): number {
  const raw = ((value << 1) ^ (value >> 31)) >>> 0
  return raw < 0x80 ? 1 : raw < 0x4000 ? 2 : raw < 0x20_0000 ? 3 : raw < 0x1000_0000 ? 4 : 5
}

/** Bytes of the zig-zag varint of a safe integer. */
export function sizeOfVarlong(value: number): number {
  if (value >= -0x4000_0000 && value < 0x4000_0000) return sizeOfVarint(value)
  let raw = value < 0 ? -2 * value - 1 : 2 * value
  let size = 1
  while (raw >= 0x80) {
    raw /= 0x80
    size++
  }
  return size
}

/** Writes the zig-zag varint of an int32 at `at` and returns the position behind it. */
export function writeVarintAt(buffer: Uint8Array, value: number, at: number): number {
  let raw = ((value << 1) ^ (value >> 31)) >>> 0
  let position = at
  while (raw > 0x7f) {
    buffer[position++] = (raw & 0x7f) | 0x80
    raw >>>= 7
  }
  buffer[position++] = raw
  return position
}

/** Writes the zig-zag varint of a safe integer at `at` and returns the position behind it. */
export function writeVarlongAt(buffer: Uint8Array, value: number, at: number): number {
  if (value >= -0x4000_0000 && value < 0x4000_0000) return writeVarintAt(buffer, value, at)
  // Doubles are exact up to 2^53, and zig-zag doubles the value: a safe integer beyond 2^52 loses its last bit here, so split it off.
  const negative = value < 0
  const magnitude = negative ? -(value + 1) : value
  let low = (magnitude % 0x40) * 2 + (negative ? 1 : 0)
  let rest = Math.floor(magnitude / 0x40)
  let position = at
  while (rest > 0) {
    buffer[position++] = low | 0x80
    low = rest % 0x80
    rest = Math.floor(rest / 0x80)
  }
  buffer[position++] = low
  return position
}

/**
 * A position in a buffer and the reading of varints there, without an object per value. Past the end every byte reads as zero and
 * `at` goes on, so that a caller checks once per record, not once per byte, that `at` has stayed inside.
 */
export class VarintCursor {
  readonly bytes: Uint8Array
  at: number

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes
    this.at = at
  }

  /** The zig-zag varint of an int32. One of more than five bytes reads as the smallest int32, which no length or delta is. */
  varint(): number {
    const { bytes } = this
    let byte = bytes[this.at++]!
    if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1)
    let raw = byte & 0x7f
    for (let shift = 7; shift < 35; shift += 7) {
      byte = bytes[this.at++]!
      raw |= (byte & 0x7f) << shift
      if (!(byte >= 0x80)) return (raw >>> 1) ^ -(raw & 1)
    }
    return -0x8000_0000
  }

  /** The zig-zag varint of an int64; NaN if it is not a safe integer or longer than ten bytes. */
  varlong(): number {
    const { bytes } = this
    let byte = bytes[this.at++]!
    if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1)
    const negative = (byte & 1) === 1
    let magnitude = (byte & 0x7f) >>> 1
    let weight = 0x40
    for (let count = 1; count < 10; count++) {
      byte = bytes[this.at++]!
      magnitude += (byte & 0x7f) * weight
      weight *= 0x80
      if (!(byte >= 0x80)) {
        const value = negative ? -magnitude - 1 : magnitude
        return Number.isSafeInteger(value) ? value : Number.NaN
      }
    }
    return Number.NaN
  }
}
