import { ByteWriter } from '@logwerk/runtime'

/** Longest key whose view is kept. */
const MAX_KEPT_BYTES = 128

/**
 * Where keys are serialized before their batch is known: one key at a time. Its view is not made anew for each, because that costs as
 * much as writing a short key does.
 */
export class KeyBuffer {
  readonly writer = new ByteWriter()
  #views: (Buffer | undefined)[] = []
  #buffer = this.writer.buffer

  /** The bytes written, valid until the next key. */
  bytes(): Uint8Array {
    const { buffer, position } = this.writer
    if (position > MAX_KEPT_BYTES) return buffer.subarray(0, position)
    if (buffer !== this.#buffer) {
      this.#buffer = buffer
      this.#views = []
    }
    let view = this.#views[position]
    if (view === undefined) {
      view = buffer.subarray(0, position)
      this.#views[position] = view
    }
    return view
  }
}
