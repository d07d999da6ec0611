import type { Endpoint } from '@logwerk/runtime'
import type { BrokerConfig } from './broker-config.ts'

/** Where clients are told to connect to: what the options say, else the address that this client has come to. */
export function advertisedTo(local: Endpoint, config: Pick<BrokerConfig, 'host' | 'advertisedHost' | 'advertisedPort'>): Endpoint {
  return {
    // On all addresses at once, the one that a client came to is the one that it can reach.
    host: config.advertisedHost ?? (isUnspecified(config.host) ? withoutMapping(local.host) : config.host),
    port: config.advertisedPort > 0 ? config.advertisedPort : local.port,
  }
}

/** "All addresses" is none that one can connect to everywhere. */
export function isUnspecified(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}

/** The IPv4 address of a client that came over IPv4 to a socket of both kinds: the mapped form is of no use where there is no IPv6. */
function withoutMapping(host: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(host)?.[1] ?? host
}
