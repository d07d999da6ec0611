import { assert } from './assert.ts'

/** Bytes waiting in line, as the chunks they came in: nothing is copied until they leave. */
export class ByteQueue {
  #chunks: (Uint8Array | undefined)[] = []
  /** Chunks before this one have left. */
  #head = 0
  /** Bytes of the head chunk that have left. */
  #headBytes = 0
  #byteCount = 0

  get byteCount(): number {
    return this.#byteCount
  }

  /** Keeps a reference to `chunk`; its owner leaves the bytes alone until they have left. */
  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return
    this.#chunks.push(chunk)
    this.#byteCount += chunk.length
  }

  /** Moves the oldest bytes into `into`, as many as there are and fit; returns their number. */
  moveInto(into: Uint8Array): number {
    let moved = 0
    while (moved < into.length && this.#byteCount > 0) {
      const chunk = this.#chunks[this.#head]!
      const count = Math.min(chunk.length - this.#headBytes, into.length - moved)
      into.set(count === chunk.length ? chunk : chunk.subarray(this.#headBytes, this.#headBytes + count), moved)
      moved += count
      this.#leave(count)
    }
    return moved
  }

  /** Moves the oldest `byteCount` bytes into a buffer of their own. */
  take(byteCount: number): Uint8Array {
    assert(byteCount <= this.#byteCount, 'more bytes are taken than wait', { byteCount, waiting: this.#byteCount })
    const taken = new Uint8Array(byteCount)
    this.moveInto(taken)
    return taken
  }

  clear(): void {
    this.#chunks = []
    this.#head = 0
    this.#headBytes = 0
    this.#byteCount = 0
  }

  /** `count` bytes of the head chunk have left. */
  #leave(count: number): void {
    this.#byteCount -= count
    this.#headBytes += count
    if (this.#headBytes < this.#chunks[this.#head]!.length) return
    this.#chunks[this.#head++] = undefined
    this.#headBytes = 0
    // Most queues run empty often; a long one is moved up when half of it has left, so that each slot moves at most once on average.
    if (this.#head === this.#chunks.length) this.clear()
    else if (this.#head > 1024 && this.#head * 2 > this.#chunks.length) {
      this.#chunks = this.#chunks.slice(this.#head)
      this.#head = 0
    }
  }
}
