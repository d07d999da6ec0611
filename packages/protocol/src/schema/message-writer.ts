import { ByteWriter } from '@logwerk/runtime'

/**
 * A {@link ByteWriter} that can also take in foreign bytes by reference, so that record batches reach the socket without being copied
 * into the message around them.
 */
export class MessageWriter extends ByteWriter {
  #spliced: { readonly at: number; readonly bytes: Uint8Array }[] = []
  #splicedBytes = 0

  /** Bytes of the whole message, references included. */
  get sizeBytes(): number {
    return this.position + this.#splicedBytes
  }

  /** Puts `bytes` at this place without copying them. */
  writeReference(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    this.#spliced.push({ at: this.position, bytes })
    this.#splicedBytes += bytes.length
  }

  /** The message in pieces: views of the writer's buffer around the referenced bytes. The writer is not used again. */
  chunks(): Uint8Array[] {
    const chunks: Uint8Array[] = []
    let from = 0
    for (const { at, bytes } of this.#spliced) {
      if (at > from) chunks.push(this.buffer.subarray(from, at))
      chunks.push(bytes)
      from = at
    }
    if (this.position > from) chunks.push(this.buffer.subarray(from, this.position))
    return chunks
  }
}
