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
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    for (let entry = 0, at = 0; entry < this.#count; entry++, at += ENTRY_BYTES) {
      const timestamp = this.#timestamps[entry]!
      view.setInt32(at, Math.floor(timestamp / 0x1_0000_0000))
      view.setUint32(at + 4, timestamp >>> 0)
      view.setInt32(at + 8, this.#relativeOffsets[entry]!)
    }
    return bytes
  }

  /** The index of a file, or null if it is of odd length, does not rise, or names an offset before the segment. */
  static decode(baseOffset: number, bytes: Buffer): TimeIndex | null {
    if (bytes.length % ENTRY_BYTES !== 0) return null
    const index = new TimeIndex(baseOffset)
    const count = bytes.length / ENTRY_BYTES
    index.#timestamps = new Float64Array(Math.max(INITIAL_ENTRIES, count))
    index.#relativeOffsets = new Int32Array(Math.max(INITIAL_ENTRIES, count))
    // Not by BigInt: a reader that comes back to a large segment would hold up everybody for a tenth of a second.
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    let previousTimestamp = -1
    let previousOffset = 0
    for (let entry = 0, at = 0; entry < count; entry++, at += ENTRY_BYTES) {
      const timestamp = view.getInt32(at) * 0x1_0000_0000 + view.getUint32(at + 4)
      const relative = view.getInt32(at + 8)
      if (timestamp <= previousTimestamp || relative < previousOffset) return null
      index.#timestamps[entry] = timestamp
      index.#relativeOffsets[entry] = relative
      previousTimestamp = timestamp
      previousOffset = relative
    }
    index.#count = count
    return index
  }
}
