import { ConnectionEnd } from '../connection-end.ts'
import { KafkaError } from '../errors.ts'
import { type Endpoint, formatEndpoint } from '../network.ts'
import { randomBelow } from '../random.ts'
import { LinkStream, type Packet, type Party, type StreamHost } from './link-stream.ts'
import type { ConnectionInfo } from './network.ts'
import type { ProcessCore } from './process.ts'

/** What a link needs to know of the network. */
export interface LinkHost extends Omit<StreamHost, 'isBlocked' | 'onPacket' | 'onChange'> {
  /** True while packets from one machine to the other do not arrive. */
  readonly isApart: (from: string, to: string) => boolean
  /** Both sides have closed. */
  readonly onOver: (link: Link) => void
}

/** The process at one end of a link, and the address of that end. */
export interface LinkSide {
  readonly process: ProcessCore
  readonly endpoint: Endpoint
}

/** What becomes of the attempt to connect. */
export interface Dialler {
  readonly onOpened: () => void
  readonly onFailed: (error: Error) => void
}

/** A connection between two processes. */
export class Link {
  readonly info: ConnectionInfo
  readonly client: Party
  readonly server: Party
  readonly #host: LinkHost
  readonly #toServer: LinkStream
  readonly #toClient: LinkStream
  #dialler: Dialler | null
  #silent = false

  constructor(host: LinkHost, client: LinkSide, server: LinkSide, dialler: Dialler) {
    this.#host = host
    this.#dialler = dialler
    this.info = {
      client: client.process.machineName,
      server: server.process.machineName,
      clientEndpoint: client.endpoint,
      serverEndpoint: server.endpoint,
    }
    this.client = partyOf(host, client, server)
    this.server = partyOf(host, server, client)
    const streamHost: StreamHost = {
      ...host,
      isBlocked: to => this.#silent || host.isApart(this.#peerOf(to).process.machineName, to.process.machineName),
      onPacket: (packet, to) => this.#onPacket(packet, to),
      onChange: () => this.#endIfOver(),
    }
    this.#toServer = new LinkStream(streamHost, this.client, this.server)
    this.#toClient = new LinkStream(streamHost, this.server, this.client)
    for (const party of [this.client, this.server]) {
      party.end.carryBy({
        flush: () => this.#from(party).flush(),
        readable: () => this.#to(party).readable(),
        destroyed: () => this.#destroyed(party),
      })
    }
    this.#toClient.post({ kind: 'opened' })
  }

  /** Breaks the connection under both sides. */
  reset(): void {
    this.#toServer.loseAll()
    this.#toClient.loseAll()
    const error = this.#resetError()
    this.#dialler?.onFailed(error)
    this.#dialler = null
    this.client.end.finish(error)
    this.server.end.finish(error)
    this.#endIfOver()
  }

  /** From now on nothing arrives on either side. */
  silence(): void {
    this.#silent = true
  }

  /** A partition was healed or a machine has power again. */
  release(): void {
    this.#toServer.release()
    this.#toClient.release()
  }

  /**
   * A process is gone. The system of a killed one closes its sockets: what it has taken still arrives. A machine without power says
   * nothing; back on power it answers packets for connections that it does not know with a reset.
   */
  abandon(process: ProcessCore, how: 'crash' | 'kill'): void {
    for (const party of [this.client, this.server]) {
      if (party.process !== process || party.end.closed) continue
      if (how === 'crash') continue
      this.#to(party).loseAll()
      this.#from(party).post(randomBelow(this.#host.random, 2) === 0 ? { kind: 'end' } : { kind: 'reset', error: this.#resetError() })
      party.end.finish(null)
    }
    this.#endIfOver()
  }

  #destroyed(party: Party): void {
    this.#to(party).loseAll()
    this.#from(party).lose()
    // A socket that is closed with everything read and sent says goodbye, any other one breaks off; the peer has to cope with both.
    this.#from(party).post({ kind: 'reset', error: randomBelow(this.#host.random, 2) === 0 ? null : this.#resetError() })
    this.#endIfOver()
  }

  #onPacket(packet: Packet, to: Party): void {
    if (packet.kind === 'opened') {
      const dialler = this.#dialler
      this.#dialler = null
      to.process.enter(() => dialler?.onOpened())
    } else if (packet.kind === 'reset') {
      this.#to(to).loseAll()
      to.end.finish(packet.error)
    } else if (!to.end.closed) {
      // The process lost power without a word, and its machine is back.
      to.end.finish(null)
      this.#from(to).post({ kind: 'reset', error: this.#resetError() })
    }
  }

  #endIfOver(): void {
    if (isOver(this.client) && isOver(this.server)) this.#host.onOver(this)
  }

  #peerOf(party: Party): Party {
    return party === this.client ? this.server : this.client
  }

  /** The stream that `party` sends on. */
  #from(party: Party): LinkStream {
    return party === this.client ? this.#toServer : this.#toClient
  }

  /** The stream that `party` receives from. */
  #to(party: Party): LinkStream {
    return party === this.client ? this.#toClient : this.#toServer
  }

  #resetError(): KafkaError {
    const { client, clientEndpoint, serverEndpoint } = this.info
    const endpoint = formatEndpoint(serverEndpoint)
    const message = `the connection from ${client} port ${clientEndpoint.port} to ${endpoint} was reset`
    const seed = this.#host.scheduler.seed
    return new KafkaError('NETWORK_EXCEPTION', `${message} (ECONNRESET, seed ${seed})`, { at: { broker: endpoint } })
  }
}

function partyOf(host: LinkHost, side: LinkSide, peer: LinkSide): Party {
  const end = new ConnectionEnd({
    local: side.endpoint,
    remote: peer.endpoint,
    highWaterBytes: host.settings.highWaterBytes,
    soon: task => side.process.clock.soon(task),
  })
  return { end, process: side.process }
}

function isOver(party: Party): boolean {
  return party.end.closed || !party.process.alive
}
