import type { Endpoint } from '../network.ts'
import type { DelayRange } from './delay-range.ts'

/** How the simulated network behaves; every field may be changed while the simulation runs and counts from the next packet on. */
export interface NetworkSettings {
  /** How long a packet travels. Default 0 to 3 ms. Packets of one connection never overtake each other. */
  delay: DelayRange
  /** Bytes on their way, or arrived and not read, per connection and direction. Default 256 KiB. */
  windowBytes: number
  /** Above this many queued bytes `write` asks its caller to wait. Default 64 KiB. */
  highWaterBytes: number
  /** Bytes are sent in pieces of random sizes, from one byte up to this. Default 64 KiB. */
  maxPieceBytes: number
}

export function defaultNetworkSettings(): NetworkSettings {
  return { delay: { minMs: 0, maxMs: 3 }, windowBytes: 256 * 1024, highWaterBytes: 64 * 1024, maxPieceBytes: 64 * 1024 }
}

/** A connection, as the network sees it. */
export interface ConnectionInfo {
  /** Name of the machine that connected. */
  readonly client: string
  /** Name of the machine that accepted. */
  readonly server: string
  readonly clientEndpoint: Endpoint
  readonly serverEndpoint: Endpoint
}

/**
 * The network between all machines of a simulation, from the side of the test. Programs use the `network` of a world. A machine's
 * host name is its name; `localhost` is the machine itself where somebody listens on that port of it, and the machine of that name
 * elsewhere; the other loopback addresses are always the machine itself.
 */
export interface SimulatedNetwork {
  readonly settings: NetworkSettings
  /** Packets between two machines wait until `heal`; attempts to connect go unanswered and are repeated for about two minutes. */
  partition(machine: string, other: string): void
  /** Ends one partition, or all of them without arguments. */
  heal(machine?: string, other?: string): void
  /** Resets connections, all by default: both sides hear of it at once, and what was on its way is lost. Returns their number. */
  cut(which?: (connection: ConnectionInfo) => boolean): number
  /** Connections, all by default, go silent for good: what is sent vanishes and nobody is told. Returns their number. */
  silence(which?: (connection: ConnectionInfo) => boolean): number
  /** Connections that at least one side has not closed. */
  connections(): ConnectionInfo[]
  /** Gives a host name addresses of its own: names of machines, in the order in which `resolve` answers them. */
  setAddresses(host: string, addresses: readonly string[]): void
}
