import { assert } from '../assert.ts'

const SCRATCH_BYTES = 65_536

/**
 * Hands the kernel the reader's own buffer. Node asks for the first one while it makes the socket, before there is a reader: that one
 * is a scratch buffer, whose bytes are moved once.
 */
export class ReadBridge {
  #supply: (() => Uint8Array) | null = null
  #onBytes: ((byteCount: number) => void) | null = null
  #scratch: Uint8Array | null = null
  #wantsBytes: () => boolean = () => true
  paused = false

  /** @param wantsBytes  False once the connection is gone, also in the middle of a delivery. */
  start(supply: () => Uint8Array, onBytes: (byteCount: number) => void, wantsBytes: () => boolean): void {
    this.#supply = supply
    this.#onBytes = onBytes
    this.#wantsBytes = wantsBytes
  }

  /** Node's `onread` buffer: the room for what comes next. */
  room(): Uint8Array {
    if (this.#supply !== null && this.#wantsBytes()) return roomOf(this.#supply)
    // Before there is a reader, where there never is one, and after the end, when nothing will be read into it.
    this.#scratch ??= new Uint8Array(SCRATCH_BYTES)
    return this.#scratch
  }

  /** Node's `onread` callback; false stops the reading. */
  filled(byteCount: number): boolean {
    const scratch = this.#scratch
    if (this.#supply === null || this.#onBytes === null) return true
    if (scratch === null) this.#onBytes(byteCount)
    else {
      this.#scratch = null
      copyInto(scratch.subarray(0, byteCount), this.#supply, this.#onBytes, this.#wantsBytes)
    }
    return !this.paused
  }
}

/** Gives the reader `chunk`, in as many pieces as its buffers make of it, until it wants no more. */
export function copyInto(
  chunk: Uint8Array,
  supply: () => Uint8Array,
  onBytes: (byteCount: number) => void,
  wantsBytes: () => boolean,
): void {
  for (let at = 0; at < chunk.length && wantsBytes(); ) {
    const room = roomOf(supply)
    const byteCount = Math.min(room.length, chunk.length - at)
    room.set(byteCount === chunk.length ? chunk : chunk.subarray(at, at + byteCount))
    at += byteCount
    onBytes(byteCount)
  }
}

function roomOf(supply: () => Uint8Array): Uint8Array {
  const room = supply()
  assert(room.length > 0, 'supplyBuffer gives room for at least one byte')
  return room
}
