import type { Socket } from 'node:net'
import { assert } from '../assert.ts'
import type { Connection, Endpoint } from '../network.ts'
import { copyInto, type ReadBridge } from './read-bridge.ts'

/** Above this many queued bytes `write` asks its caller to wait. */
const HIGH_WATER_BYTES = 1 << 20

/** A connected TCP socket. */
export class NodeConnection implements Connection {
  readonly local: Endpoint
  readonly remote: Endpoint
  readonly #socket: Socket
  /** Null for an accepted socket, which takes no buffer of ours: Node has `onread` for connecting ones only. */
  readonly #bridge: ReadBridge | null
  #hasReader = false
  #paused = false
  #closing = false
  #needsDrain = false
  #error: Error | null = null
  #closed = false
  readonly #onDrain: (() => void)[] = []
  #onClose: ((error: Error | null) => void)[] = []

  constructor(socket: Socket, bridge: ReadBridge | null) {
    this.#socket = socket
    this.#bridge = bridge
    this.local = { host: socket.localAddress ?? '', port: socket.localPort ?? 0 }
    this.remote = { host: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 }
    // As Kafka's clients and brokers do: a peer that is gone without a word is found out, also by a side that has nothing to send.
    socket.setKeepAlive(true)
    // Until there is a reader, what arrives stays with the operating system.
    socket.pause()
    socket.on('error', error => {
      this.#error = error
    })
    socket.on('drain', () => {
      if (!this.#needsDrain) return
      this.#needsDrain = false
      for (const listener of this.#onDrain) listener()
    })
    socket.on('close', () => {
      this.#closed = true
      for (const listener of this.#onClose) listener(this.#error)
      this.#onClose = []
    })
  }

  get queuedBytes(): number {
    return this.#socket.destroyed ? 0 : this.#socket.writableLength
  }

  write(chunks: readonly Uint8Array[]): boolean {
    const socket = this.#socket
    if (socket.destroyed || socket.writableEnded) return true
    if (chunks.length > 1) socket.cork()
    for (const chunk of chunks) socket.write(chunk)
    if (chunks.length > 1) socket.uncork()
    if (socket.writableLength < HIGH_WATER_BYTES) return true
    this.#needsDrain = true
    return false
  }

  onData(supplyBuffer: () => Uint8Array, onBytes: (byteCount: number) => void): void {
    assert(!this.#hasReader, 'onData is called once per connection', { remote: this.remote })
    this.#hasReader = true
    const wantsBytes = () => !this.#socket.destroyed
    if (this.#bridge !== null) this.#bridge.start(supplyBuffer, onBytes, wantsBytes)
    else this.#socket.on('data', chunk => copyInto(chunk, supplyBuffer, onBytes, wantsBytes))
    this.#steer()
  }

  pause(): void {
    this.#paused = true
    this.#steer()
  }

  resume(): void {
    this.#paused = false
    this.#steer()
  }

  onDrain(listener: () => void): void {
    this.#onDrain.push(listener)
  }

  onClose(listener: (error: Error | null) => void): void {
    if (this.#closed) setImmediate(() => listener(this.#error))
    else this.#onClose.push(listener)
  }

  close(): void {
    this.#closing = true
    this.#socket.end()
    this.#steer()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  /** Reads while there is a reader that wants to; a closing connection reads on to the peer's end, or it would never be closed. */
  #steer(): void {
    const reads = this.#closing || (this.#hasReader && !this.#paused)
    if (this.#bridge !== null) this.#bridge.paused = !reads
    if (reads) this.#socket.resume()
    else this.#socket.pause()
  }
}
