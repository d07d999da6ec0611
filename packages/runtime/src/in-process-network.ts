import type { Clock } from './clock.ts'
import { ConnectionEnd } from './connection-end.ts'
import { KafkaError } from './errors.ts'
import { type Connection, type ConnectOptions, type Endpoint, formatEndpoint, type Listener, type Network } from './network.ts'

/** Above this many queued bytes `write` asks its caller to wait; the same as for a socket. */
const HIGH_WATER_BYTES = 1 << 20
const MAX_PORT = 65_535

/** Both ends of every connection say so: there is no other machine. */
const HOST = 'localhost'

/**
 * A network inside this process: whoever listens on it is found by whoever connects through it, and by nobody else. Bytes go from the
 * writer's chunks straight into the reader's buffer, one copy, at the end of the turn in which they were written.
 */
export function createInProcessNetwork(clock: Clock): Network {
  return new InProcessNetwork(clock)
}

class InProcessNetwork implements Network {
  readonly #clock: Clock
  readonly #listeners = new Map<string, (connection: Connection) => void>()
  #lastClientPort = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  connect(to: Endpoint, options: ConnectOptions = {}): Promise<Connection> {
    const { signal } = options
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const onAbort = () => reject(signal?.reason)
      signal?.addEventListener('abort', onAbort, { once: true })
      // The answer is there within a turn, so no `timeoutMs` can be too short.
      this.#clock.soon(() => {
        if (signal?.aborted) return
        signal?.removeEventListener('abort', onAbort)
        const onConnection = this.#listeners.get(formatEndpoint(to))
        if (onConnection === undefined) return reject(refused(to))
        const [client, server] = this.#join(to)
        resolve(client)
        onConnection(server)
      })
    })
  }

  async listen(at: Endpoint, onConnection: (connection: Connection) => void): Promise<Listener> {
    if (!Number.isInteger(at.port) || at.port < 0 || at.port > MAX_PORT || at.host === '') {
      throw new KafkaError('INVALID_CONFIG', `cannot listen on ${formatEndpoint(at)}: a host and a port from 0 to ${MAX_PORT} are needed`)
    }
    const address = at.port === 0 ? this.#freePort(at.host) : { host: at.host, port: at.port }
    const key = formatEndpoint(address)
    if (this.#listeners.has(key)) {
      throw new KafkaError('ADDRESS_IN_USE', `${key} is in use in this process; choose another port, or 0 for a free one`)
    }
    this.#listeners.set(key, onConnection)
    let closed = false
    return {
      address,
      close: async () => {
        // Somebody else may listen there by the time of a second close.
        if (!closed) this.#listeners.delete(key)
        closed = true
      },
    }
  }

  #freePort(host: string): Endpoint {
    for (let port = 1; port <= MAX_PORT; port++) if (!this.#listeners.has(formatEndpoint({ host, port }))) return { host, port }
    throw new KafkaError('ADDRESS_IN_USE', `all ports of ${host} are in use in this process; close a listener first`)
  }

  #join(to: Endpoint): readonly [ConnectionEnd, ConnectionEnd] {
    this.#lastClientPort = (this.#lastClientPort % MAX_PORT) + 1
    const clientAddress = { host: HOST, port: this.#lastClientPort }
    const soon = (task: () => void) => this.#clock.soon(task)
    const client = new ConnectionEnd({ local: clientAddress, remote: to, highWaterBytes: HIGH_WATER_BYTES, soon })
    const server = new ConnectionEnd({ local: to, remote: clientAddress, highWaterBytes: HIGH_WATER_BYTES, soon })
    const toServer = new Pump(client, server, soon)
    const toClient = new Pump(server, client, soon)
    carry(client, toServer, toClient)
    carry(server, toClient, toServer)
    return [client, server]
  }
}

function carry(end: ConnectionEnd, sending: Pump, receiving: Pump): void {
  end.carryBy({
    flush: () => sending.start(),
    readable: () => receiving.start(),
    destroyed: droppedByteCount => receiving.abandon(droppedByteCount),
  })
}

/** Moves bytes one way. */
class Pump {
  readonly #from: ConnectionEnd
  readonly #to: ConnectionEnd
  readonly #soon: (task: () => void) => void
  readonly #run: () => void
  #started = false

  constructor(from: ConnectionEnd, to: ConnectionEnd, soon: (task: () => void) => void) {
    this.#from = from
    this.#to = to
    this.#soon = soon
    this.#run = () => {
      this.#started = false
      this.#move()
    }
  }

  start(): void {
    if (this.#started) return
    this.#started = true
    this.#soon(this.#run)
  }

  /** The reader is gone: the writer hears of it as of a socket, with an error if bytes were lost by it. */
  abandon(droppedByteCount: number): void {
    const lost = droppedByteCount + this.#from.queuedBytes > 0
    this.#from.finish(lost ? new KafkaError('NETWORK_EXCEPTION', 'the other side dropped the connection with bytes on their way') : null)
  }

  #move(): void {
    const from = this.#from
    const to = this.#to
    // What the reader's own work adds to the queue waits for the next turn: a lively connection does not hold up the others.
    to.deliver(from.outgoing, from.outgoing.byteCount)
    if (from.outgoing.byteCount > 0) {
      if (to.canRead) this.start()
      return
    }
    from.drained()
    if (!from.canSendEnd || to.closed) return
    from.sentEnd()
    to.receivedEnd()
  }
}

function refused(to: Endpoint): KafkaError {
  const endpoint = formatEndpoint(to)
  return new KafkaError('NETWORK_EXCEPTION', `cannot connect to ${endpoint}: nobody listens there in this process`, {
    at: { broker: endpoint },
  })
}
