/** The content of a file: bytes that grow, shrink and read as zeros where nothing was written. */
export class GrowableBytes {
  #bytes = new Uint8Array(0)
  #sizeBytes = 0

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** Copies what there is at `positionBytes` into `into`; returns the number of bytes. */
  read(into: Uint8Array, positionBytes: number): number {
    const count = Math.max(0, Math.min(into.length, this.#sizeBytes - positionBytes))
    into.set(this.#bytes.subarray(positionBytes, positionBytes + count))
    return count
  }

  write(bytes: Uint8Array, positionBytes: number): void {
    if (bytes.length === 0) return
    const end = positionBytes + bytes.length
    if (end > this.#sizeBytes) this.resize(end)
    this.#bytes.set(bytes, positionBytes)
  }

  /** Cuts the end off, or adds zeros. */
  resize(sizeBytes: number): void {
    if (sizeBytes > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(sizeBytes, this.#bytes.length * 2, 256))
      grown.set(this.#bytes.subarray(0, this.#sizeBytes))
      this.#bytes = grown
    }
    // What is cut off must not come back when the file grows again.
    if (sizeBytes < this.#sizeBytes) this.#bytes.fill(0, sizeBytes, this.#sizeBytes)
    this.#sizeBytes = sizeBytes
  }

  /** The bytes from `fromBytes` up to `toBytes` or the end; valid until the next change. */
  view(fromBytes = 0, toBytes = this.#sizeBytes): Uint8Array {
    return this.#bytes.subarray(fromBytes, Math.min(toBytes, this.#sizeBytes))
  }

  copy(): GrowableBytes {
    const copy = new GrowableBytes()
    copy.write(this.view(), 0)
    return copy
  }
}
