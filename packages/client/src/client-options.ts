import { type Endpoint, KafkaError, type Network, nodeWorld, parseEndpoint, type World } from '@logwerk/runtime'

/** What a client needs of an embedded broker to reach it without a socket; `openBroker` of `@logwerk/broker` gives one. */
export interface BrokerHandle {
  readonly bootstrapServers: readonly string[]
  readonly network: Network
}

/** Options of every client that are not in its config table, because they are objects. */
export interface ClientOptions {
  /** An embedded broker in this process, instead of `bootstrapServers`. */
  readonly broker?: BrokerHandle | undefined
  /** The outside world; Node's by default. */
  readonly world?: World | undefined
}

/**
 * The world to live in and the addresses to begin from.
 *
 * @throws KafkaError `INVALID_CONFIG` if there is no address, or one that is none.
 */
export function whereTo(
  owner: string,
  { broker, world = nodeWorld }: ClientOptions,
  bootstrapServers: readonly string[],
): { readonly world: World; readonly bootstrap: readonly Endpoint[] } {
  if (broker !== undefined && bootstrapServers.length > 0) {
    throw new KafkaError('INVALID_CONFIG', `${owner}: give either "broker" or "bootstrapServers", not both`)
  }
  // Only in-process brokers have an address that no socket reaches, so what they say is taken as it is.
  if (broker !== undefined) return { world: { ...world, network: broker.network }, bootstrap: [IN_PROCESS] }
  if (bootstrapServers.length === 0) {
    throw new KafkaError(
      'INVALID_CONFIG',
      `${owner}: option "bootstrapServers" is missing: addresses of some brokers, e.g. ['localhost:9092']`,
    )
  }
  const bootstrap = bootstrapServers.map(server => {
    const endpoint = parseEndpoint(server)
    if (endpoint === null) throw new KafkaError('INVALID_CONFIG', `${owner}: bootstrapServers: "${server}" is not of the form host:port`)
    return endpoint
  })
  return { world, bootstrap }
}

/** Where an embedded broker listens on its own network. */
const IN_PROCESS: Endpoint = { host: 'embedded', port: 9092 }
