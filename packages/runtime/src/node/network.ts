import { lookup } from 'node:dns/promises'
import { createServer, type Socket, connect as tcpConnect } from 'node:net'
import { assert } from '../assert.ts'
import { KafkaError } from '../errors.ts'
import { type Connection, type Endpoint, formatEndpoint, type Network, type Resolve } from '../network.ts'

/** Above this many queued bytes `write` asks its caller to wait. */
const HIGH_WATER_BYTES = 1 << 20
const SCRATCH_BYTES = 65_536

/** TCP. */
export const nodeNetwork: Network = {
  connect(to, options = {}) {
    return new Promise((resolve, reject) => {
      const { signal, timeoutMs } = options
      if (signal?.aborted) return reject(signal.reason)
      const bridge = new ReadBridge()
      const socket = tcpConnect({
        host: to.host,
        port: to.port,
        noDelay: true,
        onread: { buffer: () => bridge.room(), callback: byteCount => bridge.filled(byteCount) },
      })
      const fail = (error: unknown) => {
        cleanUp()
        socket.destroy()
        reject(error)
      }
      const onError = (error: Error) => fail(unreachable(to, error.message, error))
      const onAbort = () => fail(signal?.reason)
      const timer =
        timeoutMs === undefined ? undefined : setTimeout(() => fail(unreachable(to, `no answer within ${timeoutMs} ms`)), timeoutMs)
      const cleanUp = () => {
        clearTimeout(timer)
        socket.off('error', onError)
        signal?.removeEventListener('abort', onAbort)
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      socket.once('error', onError)
      socket.once('connect', () => {
        cleanUp()
        resolve(new NodeConnection(socket, bridge))
      })
    })
  },

  listen(at, onConnection) {
    return new Promise((resolve, reject) => {
      const server = createServer({ noDelay: true }, socket => onConnection(new NodeConnection(socket, null)))
      server.once('error', (error: NodeJS.ErrnoException) => {
        reject(
          error.code === 'EADDRINUSE'
            ? new KafkaError(
                'ADDRESS_IN_USE',
                `${formatEndpoint(at)} is in use by another process; choose another port, or 0 for a free one`,
                {
                  cause: error,
                },
              )
            : new KafkaError('INVALID_CONFIG', `cannot listen on ${formatEndpoint(at)}: ${error.message}`, { cause: error }),
        )
      })
      server.listen({ host: at.host, port: at.port }, () => {
        const bound = server.address()
        const port = bound !== null && typeof bound === 'object' ? bound.port : at.port
        resolve({
          address: { host: at.host, port },
          close: () => new Promise(done => server.close(() => done())),
        })
      })
    })
  },
}

export const nodeResolve: Resolve = async host => {
  const found = await lookup(host, { all: true, order: 'verbatim' })
  return found.map(entry => entry.address)
}

function unreachable(to: Endpoint, why: string, cause?: unknown): KafkaError {
  return new KafkaError('NETWORK_EXCEPTION', `cannot connect to ${formatEndpoint(to)}: ${why}`, {
    at: { broker: formatEndpoint(to) },
    cause,
  })
}

/**
 * Hands the kernel the reader's own buffer. Node asks for the first one while it makes the socket, before there is a reader: that one
 * is a scratch buffer, whose bytes are moved once.
 */
class ReadBridge {
  #supply: (() => Uint8Array) | null = null
  #onBytes: ((byteCount: number) => void) | null = null
  #scratch: Uint8Array | null = null
  paused = false

  start(supply: () => Uint8Array, onBytes: (byteCount: number) => void): void {
    this.#supply = supply
    this.#onBytes = onBytes
  }

  room(): Uint8Array {
    if (this.#supply !== null) return this.#supply()
    this.#scratch = new Uint8Array(SCRATCH_BYTES)
    return this.#scratch
  }

  /** Node's `onread` callback; false stops the reading. */
  filled(byteCount: number): boolean {
    assert(this.#supply !== null && this.#onBytes !== null, 'onData has to be called in the turn in which the connection was got')
    const scratch = this.#scratch
    if (scratch === null) this.#onBytes(byteCount)
    else {
      this.#scratch = null
      copyInto(scratch.subarray(0, byteCount), this.#supply, this.#onBytes)
    }
    return !this.paused
  }
}

class NodeConnection implements Connection {
  readonly local: Endpoint
  readonly remote: Endpoint
  #socket: Socket
  #bridge: ReadBridge | null
  #needsDrain = false
  #error: Error | null = null
  #closed = false
  #onDrain: (() => void)[] = []
  #onClose: ((error: Error | null) => void)[] = []

  constructor(socket: Socket, bridge: ReadBridge | null) {
    this.#socket = socket
    this.#bridge = bridge
    this.local = { host: socket.localAddress ?? '', port: socket.localPort ?? 0 }
    this.remote = { host: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 }
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
    return this.#socket.writableLength
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
    if (this.#bridge !== null) return this.#bridge.start(supplyBuffer, onBytes)
    // An accepted socket takes no buffer of ours (Node has `onread` for connecting ones only): one copy.
    this.#socket.on('data', chunk => copyInto(chunk, supplyBuffer, onBytes))
  }

  pause(): void {
    if (this.#bridge !== null) this.#bridge.paused = true
    this.#socket.pause()
  }

  resume(): void {
    if (this.#bridge !== null) this.#bridge.paused = false
    this.#socket.resume()
  }

  onDrain(listener: () => void): void {
    this.#onDrain.push(listener)
  }

  onClose(listener: (error: Error | null) => void): void {
    if (this.#closed) setImmediate(() => listener(this.#error))
    else this.#onClose.push(listener)
  }

  close(): void {
    this.#socket.end()
    // A paused socket would never see the peer's end, and so never close.
    this.resume()
  }

  destroy(): void {
    this.#socket.destroy()
  }
}

function copyInto(chunk: Uint8Array, supply: () => Uint8Array, onBytes: (byteCount: number) => void): void {
  for (let at = 0; at < chunk.length; ) {
    const room = supply()
    const byteCount = Math.min(room.length, chunk.length - at)
    room.set(byteCount === chunk.length ? chunk : chunk.subarray(at, at + byteCount))
    at += byteCount
    onBytes(byteCount)
  }
}
