import { assert } from '@logwerk/runtime'

const ENTRY_BYTES = 8
const INITIAL_ENTRIES = 64

/** Where a look-up in the log may start. */
export interface IndexedPosition {
  readonly offset: number
  readonly positionBytes: number
}

/**
 * A segment's sparse offset index: for one batch in every `index.interval.bytes`, its last offset and its place in the file.
 * On disk 8 bytes an entry (offset relative to the segment's base, position), in memory the same numbers in one typed array.
 * Source: Kafka's `OffsetIndex`.
 */
export class OffsetIndex {
  readonly baseOffset: number
  /** Pairs of relative offset and position. */
  #entries: Int32Array
  #count = 0

  constructor(baseOffset: number) {
    this.baseOffset = baseOffset
    this.#entries = new Int32Array(INITIAL_ENTRIES * 2)
  }

  get entryCount(): number {
    return this.#count
  }

  get sizeBytes(): number {
    return this.#count * ENTRY_BYTES
  }

  /** `offset` is the last offset of the batch at `positionBytes`; both rise from entry to entry. */
  append(offset: number, positionBytes: number): void {
    const relative = offset - this.baseOffset
    assert(relative >= 0 && relative <= 0x7fff_ffff, 'an index entry lies within its segment', { offset, baseOffset: this.baseOffset })
    assert(this.#count === 0 || relative > this.#entries[this.#count * 2 - 2]!, 'index offsets rise', { offset })
    if (this.#count * 2 === this.#entries.length) {
      const grown = new Int32Array(this.#entries.length * 2)
      grown.set(this.#entries)
      this.#entries = grown
    }
    this.#entries[this.#count * 2] = relative
    this.#entries[this.#count * 2 + 1] = positionBytes
    this.#count++
  }

  /** The last entry at or below `offset`; the segment's start if there is none. */
  floor(offset: number): IndexedPosition {
    const relative = offset - this.baseOffset
    let low = 0
    let high = this.#count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#entries[middle * 2]! <= relative) low = middle + 1
      else high = middle
    }
    if (low === 0) return { offset: this.baseOffset, positionBytes: 0 }
    return { offset: this.baseOffset + this.#entries[low * 2 - 2]!, positionBytes: this.#entries[low * 2 - 1]! }
  }

  /** The last indexed batch that begins at or before `positionBytes`; the segment's start if there is none. */
  floorOfPosition(positionBytes: number): number {
    let low = 0
    let high = this.#count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#entries[middle * 2 + 1]! <= positionBytes) low = middle + 1
      else high = middle
    }
    return low === 0 ? 0 : this.#entries[low * 2 - 1]!
  }

  /** The bytes of the index file. */
  encode(): Buffer {
    const bytes = Buffer.alloc(this.sizeBytes)
    for (let index = 0; index < this.#count * 2; index++) bytes.writeInt32BE(this.#entries[index]!, index * 4)
    return bytes
  }

  /**
   * The index of a file, or null if the file cannot be the index of a segment of `segmentBytes`: of odd length, not rising, or
   * pointing past the end.
   */
  static decode(baseOffset: number, bytes: Buffer, segmentBytes: number): OffsetIndex | null {
    if (bytes.length % ENTRY_BYTES !== 0) return null
    const index = new OffsetIndex(baseOffset)
    const count = bytes.length / ENTRY_BYTES
    index.#entries = new Int32Array(Math.max(INITIAL_ENTRIES, count) * 2)
    let previousOffset = -1
    let previousPosition = -1
    for (let entry = 0; entry < count; entry++) {
      const relative = bytes.readInt32BE(entry * ENTRY_BYTES)
      const position = bytes.readInt32BE(entry * ENTRY_BYTES + 4)
      if (relative <= previousOffset || position <= previousPosition || position >= segmentBytes) return null
      index.#entries[entry * 2] = relative
      index.#entries[entry * 2 + 1] = position
      previousOffset = relative
      previousPosition = position
    }
    index.#count = count
    return index
  }
}
