import { KafkaError } from '@logwerk/runtime'

const LENGTH_BYTES = 4
/** Small frames are read together, in as few system calls as the kernel allows. */
const CHUNK_BYTES = 65_536

/**
 * Cuts a byte stream into frames: a four-byte length, then that many bytes. It lends the socket its own buffers: small frames share a
 * chunk, a large one is read straight into a buffer of its own. A frame given out is never overwritten.
 */
export class FrameReader {
  readonly #onFrame: (frame: Buffer) => void
  readonly #maxFrameBytes: number
  #chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES)
  /** Where the frame being read starts in the chunk. */
  #start = 0
  /** Up to where the chunk is filled. */
  #end = 0
  #stopped = false
  /** Set: the chunk is for bytes that nobody wants. */
  #discarding = false

  /**
   * @param onFrame        Gets each frame without its length; may pause the connection, or call `stop`.
   * @param maxFrameBytes  A longer frame is an error.
   */
  constructor(onFrame: (frame: Buffer) => void, maxFrameBytes: number) {
    this.#onFrame = onFrame
    this.#maxFrameBytes = maxFrameBytes
  }

  /** Bytes of frames not yet complete. */
  get pendingBytes(): number {
    return this.#end - this.#start
  }

  /** Size of the frame under way, as its length field says; 0 between frames, until that field is there, and after `stop`. */
  get announcedBytes(): number {
    return this.#stopped || this.pendingBytes < LENGTH_BYTES ? 0 : this.#chunk.readInt32BE(this.#start)
  }

  /** Room for the next bytes of the stream. */
  supplyBuffer(): Uint8Array {
    return this.#chunk.subarray(this.#end)
  }

  /**
   * The first `byteCount` bytes of the room are filled: gives out the frames that are whole now.
   *
   * @throws KafkaError `MALFORMED_MESSAGE` for a length that is negative or above the limit; the stream cannot be read on after it.
   */
  onBytes(byteCount: number): void {
    this.#end += byteCount
    while (!this.#stopped) {
      const available = this.#end - this.#start
      if (available < LENGTH_BYTES) break
      const length = this.#chunk.readInt32BE(this.#start)
      if (length < 0 || length > this.#maxFrameBytes) throw this.#badLength(length)
      if (available < LENGTH_BYTES + length) break
      const from = this.#start + LENGTH_BYTES
      this.#start = from + length
      this.#onFrame(this.#chunk.subarray(from, from + length))
    }
    this.#makeRoom()
  }

  /** Ignores all further bytes. */
  stop(): void {
    this.#stopped = true
  }

  /** Makes sure that there is room for the rest of the frame under way, in a new chunk if need be: old ones belong to their frames. */
  #makeRoom(): void {
    if (this.#stopped) return this.#discard()
    const pending = this.#end - this.#start
    const needed = pending >= LENGTH_BYTES ? LENGTH_BYTES + this.#chunk.readInt32BE(this.#start) : LENGTH_BYTES
    if (this.#chunk.length - this.#start >= needed && this.#end < this.#chunk.length) return
    // A frame larger than a chunk gets a buffer of exactly its size, so that the bytes behind it start a new chunk.
    const chunk = Buffer.allocUnsafeSlow(Math.max(needed, CHUNK_BYTES))
    this.#chunk.copy(chunk, 0, this.#start, this.#end)
    this.#chunk = chunk
    this.#start = 0
    this.#end = pending
  }

  /** One chunk takes all that comes after `stop`: a peer may go on sending for as long as it likes. */
  #discard(): void {
    if (!this.#discarding) this.#chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES)
    this.#discarding = true
    this.#start = 0
    this.#end = 0
  }

  #badLength(length: number): KafkaError {
    const text = this.#chunk.subarray(this.#start, this.#start + LENGTH_BYTES).toString('latin1')
    const hint = /^(HTTP|GET |POST|PUT |HEAD)/.test(text)
      ? '; this looks like HTTP'
      : this.#chunk[this.#start] === 0x15 || this.#chunk[this.#start] === 0x16
        ? '; this looks like TLS'
        : ''
    return new KafkaError('MALFORMED_MESSAGE', `a frame of ${length} bytes is outside 0 to ${this.#maxFrameBytes}${hint}`)
  }
}

/** The length field in front of a frame made of `chunks`. */
export function frameOf(chunks: readonly Uint8Array[]): Uint8Array[] {
  let sizeBytes = 0
  for (const chunk of chunks) sizeBytes += chunk.length
  const length = Buffer.allocUnsafe(LENGTH_BYTES)
  length.writeInt32BE(sizeBytes, 0)
  return [length, ...chunks]
}
