import { assert } from '@logwerk/runtime'

const ENTRY_BYTES = 12
const INITIAL_ENTRIES = 64

/**
 * A segment's time index: "the greatest timestamp up to this offset is this". On disk 12 bytes an entry (timestamp, offset relative to
 * the segment's base). Timestamps rise from entry to entry, so a search halves. Source: Kafka's `TimeIndex`.
 */
export class TimeIndex {
  readonly baseOffset: number
  #timestamps: Float64Array
  #relativeOffsets: Int32Array
  #count = 0

  constructor(baseOffset: number) {
    this.baseOffset = baseOffset
    this.#timestamps = new Float64Array(INITIAL_ENTRIES)
    this.#relativeOffsets = new Int32Array(INITIAL_ENTRIES)
  }

  get entryCount(): number {
    return this.#count
  }

  get sizeBytes(): number {
    return this.#count * ENTRY_BYTES
  }

  /** Greatest timestamp indexed so far; -1 if there is none. */
  get lastTimestamp(): number {
    return this.#count === 0 ? -1 : this.#timestamps[this.#count - 1]!
  }

  /** Offset that the last entry speaks of; the segment's base if there is none. */
  get lastOffset(): number {
    return this.#count === 0 ? this.baseOffset : this.baseOffset + this.#relativeOffsets[this.#count - 1]!
  }

  /** Adds an entry if `timestamp` is greater than the last one. */
  maybeAppend(timestamp: number, offset: number): void {
    const relative = offset - this.baseOffset
    assert(relative >= 0 && relative <= 0x7fff_ffff, 'an index entry lies within its segment', { offset, baseOffset: this.baseOffset })
    if (timestamp <= this.lastTimestamp) return
    if (this.#count === this.#timestamps.length) {
      const timestamps = new Float64Array(this.#count * 2)
      const relativeOffsets = new Int32Array(this.#count * 2)
      timestamps.set(this.#timestamps)
      relativeOffsets.set(this.#relativeOffsets)
      this.#timestamps = timestamps
      this.#relativeOffsets = relativeOffsets
    }
    this.#timestamps[this.#count] = timestamp
    this.#relativeOffsets[this.#count] = relative
    this.#count++
  }

  /** An offset before which no record has a timestamp of `timestamp` or more: where the search for one may start. */
  floorOffset(timestamp: number): number {
    let low = 0
    let high = this.#count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#timestamps[middle]! < timestamp) low = middle + 1
      else high = middle
    }
    return low === 0 ? this.baseOffset : this.baseOffset + this.#relativeOffsets[low - 1]!
  }

  encode(): Buffer {
    const bytes = Buffer.alloc(this.sizeBytes)
    for (let entry = 0; entry < this.#count; entry++) {
      bytes.writeBigInt64BE(BigInt(this.#timestamps[entry]!), entry * ENTRY_BYTES)
      bytes.writeInt32BE(this.#relativeOffsets[entry]!, entry * ENTRY_BYTES + 8)
    }
    return bytes
  }

  /** The index of a file, or null if it is of odd length, does not rise, or names an offset before the segment. */
  static decode(baseOffset: number, bytes: Buffer): TimeIndex | null {
    if (bytes.length % ENTRY_BYTES !== 0) return null
    const index = new TimeIndex(baseOffset)
    let previousOffset = 0
    for (let at = 0; at < bytes.length; at += ENTRY_BYTES) {
      const timestamp = Number(bytes.readBigInt64BE(at))
      const relative = bytes.readInt32BE(at + 8)
      if (timestamp <= index.lastTimestamp || relative < previousOffset) return null
      index.maybeAppend(timestamp, baseOffset + relative)
      previousOffset = relative
    }
    return index
  }
}
