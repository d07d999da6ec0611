import { assert } from './assert.ts'
import { ByteQueue } from './byte-queue.ts'
import type { Connection, Endpoint } from './network.ts'

/** What moves the bytes of a {@link ConnectionEnd} to its peer. None of its methods may call back before it returns. */
export interface Carrier {
  /** `outgoing` has bytes to move, or the end of them to tell. */
  flush(): void
  /** The owner takes bytes again. */
  readable(): void
  /** The owner closed at once, and with it dropped that many bytes of `outgoing`. */
  destroyed(droppedByteCount: number): void
}

export interface ConnectionEndOptions {
  readonly local: Endpoint
  readonly remote: Endpoint
  /** Above this many queued bytes `write` asks its caller to wait. */
  readonly highWaterBytes: number
  /** Runs a task at the next turn, for the owner of this end. */
  readonly soon: (task: () => void) => void
}

/**
 * One end of a connection that is not a socket: everything about a {@link Connection} that does not depend on how bytes travel. A carrier
 * empties `outgoing` and calls `drained`, `sentEnd`, `deliver`, `receivedEnd` and `finish`.
 *
 * It closes as TCP does: each side sends what is queued and then its end; a side that meets its peer's end sends its own; a side that has
 * sent and received one is closed.
 */
export class ConnectionEnd implements Connection {
  readonly local: Endpoint
  readonly remote: Endpoint
  /** Written and not yet taken by the carrier. */
  readonly outgoing = new ByteQueue()
  #carrier: Carrier | null = null
  readonly #highWaterBytes: number
  readonly #soon: (task: () => void) => void
  #reader: { readonly supplyBuffer: () => Uint8Array; readonly onBytes: (byteCount: number) => void } | null = null
  #paused = false
  #owesDrain = false
  #closing = false
  #sentEnd = false
  #receivedEnd = false
  #closed = false
  #error: Error | null = null
  readonly #drainListeners: (() => void)[] = []
  #closeListeners: ((error: Error | null) => void)[] = []

  constructor(options: ConnectionEndOptions) {
    this.local = options.local
    this.remote = options.remote
    this.#highWaterBytes = options.highWaterBytes
    this.#soon = options.soon
  }

  /** Has to be called once, before the owner gets this end. */
  carryBy(carrier: Carrier): void {
    this.#carrier = carrier
  }

  get queuedBytes(): number {
    return this.outgoing.byteCount
  }

  write(chunks: readonly Uint8Array[]): boolean {
    // Nothing is queued after a close, so there is nothing to wait for either.
    if (this.#closing || this.#closed) return true
    for (const chunk of chunks) this.outgoing.push(chunk)
    this.#carrier?.flush()
    if (this.outgoing.byteCount <= this.#highWaterBytes) return true
    this.#owesDrain = true
    return false
  }

  onData(supplyBuffer: () => Uint8Array, onBytes: (byteCount: number) => void): void {
    assert(this.#reader === null, 'onData is called once per connection', { remote: this.remote })
    this.#reader = { supplyBuffer, onBytes }
    this.#carrier?.readable()
  }

  pause(): void {
    // A closing connection reads on to its peer's end, or it would never be closed.
    if (!this.#closing) this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#carrier?.readable()
  }

  onDrain(listener: () => void): void {
    this.#drainListeners.push(listener)
  }

  onClose(listener: (error: Error | null) => void): void {
    if (this.#closed) this.#soon(() => listener(this.#error))
    else this.#closeListeners.push(listener)
  }

  close(): void {
    if (this.#closing || this.#closed) return
    this.#closing = true
    this.#paused = false
    this.#carrier?.flush()
    this.#carrier?.readable()
  }

  destroy(): void {
    if (this.#closed) return
    const droppedByteCount = this.outgoing.byteCount
    this.finish(null)
    this.#carrier?.destroyed(droppedByteCount)
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Nothing more will be written, and everything that was is on its way: the end may be sent. */
  get canSendEnd(): boolean {
    return this.#closing && !this.#sentEnd && !this.#closed && this.outgoing.byteCount === 0
  }

  /** True while `deliver` would take something. A closing end without a reader takes bytes too: it throws them away. */
  get canRead(): boolean {
    return !this.#closed && (this.#reader === null ? this.#closing : !this.#paused)
  }

  /** Hands up to `limitBytes` of `from` to the reader, until it pauses or closes. */
  deliver(from: ByteQueue, limitBytes: number): void {
    let rest = limitBytes
    // The reader may do anything in between, also what empties the queue.
    while (rest > 0 && from.byteCount > 0 && this.canRead) {
      if (this.#reader === null) {
        from.take(Math.min(rest, from.byteCount))
        return
      }
      const room = this.#reader.supplyBuffer()
      assert(room.length > 0, 'supplyBuffer gives room for at least one byte', { remote: this.remote })
      const byteCount = from.moveInto(room.length > rest ? room.subarray(0, rest) : room)
      rest -= byteCount
      this.#reader.onBytes(byteCount)
    }
  }

  /** The carrier has taken everything. */
  drained(): void {
    if (!this.#owesDrain || this.#closed || this.outgoing.byteCount > 0) return
    this.#owesDrain = false
    for (const listener of this.#drainListeners) listener()
  }

  sentEnd(): void {
    this.#sentEnd = true
    if (this.#receivedEnd) this.finish(null)
  }

  /** The peer's end has come, and everything before it has been delivered. */
  receivedEnd(): void {
    this.#receivedEnd = true
    this.close()
    if (this.#sentEnd) this.finish(null)
  }

  /** Closes this end, whatever its state, and drops what is queued; its listeners hear of it at the next turn. */
  finish(error: Error | null): void {
    if (this.#closed) return
    this.#closed = true
    this.#error = error
    this.outgoing.clear()
    const listeners = this.#closeListeners
    this.#closeListeners = []
    if (listeners.length > 0) {
      this.#soon(() => {
        for (const listener of listeners) listener(error)
      })
    }
  }
}
