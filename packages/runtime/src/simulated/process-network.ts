import type { Connection, ConnectOptions, Endpoint, Listener, Network } from '../network.ts'
import { Dial } from './dial.ts'
import type { NetworkFabric } from './network-fabric.ts'
import type { ProcessCore } from './process.ts'

/** The network of a simulation, as one process uses it. */
export class ProcessNetwork implements Network {
  readonly #fabric: NetworkFabric
  readonly #process: ProcessCore

  constructor(fabric: NetworkFabric, process: ProcessCore) {
    this.#fabric = fabric
    this.#process = process
  }

  connect(to: Endpoint, options: ConnectOptions = {}): Promise<Connection> {
    return new Promise((resolve, reject) => {
      if (options.signal?.aborted) reject(options.signal.reason)
      else if (this.#process.alive) new Dial(this.#fabric, this.#process, to, options, { resolve, reject })
    })
  }

  listen(at: Endpoint, onConnection: (connection: Connection) => void): Promise<Listener> {
    return this.#process.asynchronously(0, 'listen', () => () => {
      const entry = this.#fabric.listen(this.#process, at, onConnection)
      return { address: entry.address, close: async () => this.#fabric.stopListening(entry) }
    })
  }
}
