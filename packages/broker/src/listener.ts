import {
  type Connection,
  type Endpoint,
  formatEndpoint,
  type Network,
  type Listener as NetworkListener,
  type World,
} from '@logwerk/runtime'
import { ClientConnection, type ClientConnectionOptions } from './client-connection.ts'
import type { Router } from './router.ts'

export interface ListenerOptions extends ClientConnectionOptions {
  readonly maxConnections: number
}

/** Accepts clients on one address, over TCP or in process. */
export class ClientListener {
  readonly #world: World
  readonly #router: Router
  readonly #options: ListenerOptions
  readonly #clients: Set<ClientConnection>
  #listener: NetworkListener | null = null

  /** @param clients  Shared by all listeners of a broker: the limit is theirs together. */
  constructor(world: World, router: Router, options: ListenerOptions, clients: Set<ClientConnection>) {
    this.#world = world
    this.#router = router
    this.#options = options
    this.#clients = clients
  }

  /** @throws KafkaError `ADDRESS_IN_USE`, `INVALID_CONFIG` */
  async open(network: Network, at: Endpoint): Promise<Endpoint> {
    this.#listener = await network.listen(at, connection => this.#accept(connection))
    return this.#listener.address
  }

  async close(): Promise<void> {
    await this.#listener?.close()
  }

  #accept(connection: Connection): void {
    if (this.#clients.size >= this.#options.maxConnections) {
      this.#world.log.warn('a connection was refused: maxConnections is reached', {
        client: formatEndpoint(connection.remote),
        maxConnections: this.#options.maxConnections,
      })
      connection.destroy()
      return
    }
    const client: ClientConnection = new ClientConnection(this.#world, connection, this.#router, this.#options, () =>
      this.#clients.delete(client),
    )
    this.#clients.add(client)
  }
}
