import { KafkaError } from '../errors.ts'
import { type Connection, type Endpoint, formatEndpoint, isLoopback } from '../network.ts'
import { type Dialler, Link, type LinkHost, type LinkSide } from './link.ts'
import { type ConnectionInfo, defaultNetworkSettings, type SimulatedNetwork } from './network.ts'
import type { ProcessCore } from './process.ts'
import type { SeededRandom } from './random.ts'
import type { Scheduler } from './scheduler.ts'
import { SimulationError } from './simulation-error.ts'

/** Somebody who listens. */
export interface ListenerEntry {
  readonly process: ProcessCore
  readonly address: Endpoint
  readonly onConnection: (connection: Connection) => void
}

interface Station {
  powered: boolean
  readonly listeners: Map<number, ListenerEntry>
  lastPort: number
}

const FIRST_FREE_PORT = 49_152
const MAX_PORT = 65_535
/** Name of the machine that everybody reaches as `localhost`. */
export const DEFAULT_MACHINE = 'localhost'

/** Who listens where, who is connected to whom, and what is broken between them. */
export class NetworkFabric implements SimulatedNetwork {
  readonly settings = defaultNetworkSettings()
  readonly scheduler: Scheduler
  readonly random: SeededRandom
  readonly #stations = new Map<string, Station>()
  readonly #addresses = new Map<string, readonly string[]>()
  readonly #partitions = new Set<string>()
  readonly #links = new Set<Link>()
  readonly #linkHost: LinkHost

  constructor(scheduler: Scheduler, random: SeededRandom) {
    this.scheduler = scheduler
    this.random = random
    this.#linkHost = {
      scheduler,
      random,
      settings: this.settings,
      isApart: (from, to) => this.isApart(from, to),
      onOver: link => this.#links.delete(link),
    }
  }

  partition(machine: string, other: string): void {
    this.#station(machine)
    this.#station(other)
    this.#partitions.add(pairOf(machine, other))
  }

  heal(machine?: string, other?: string): void {
    if (machine === undefined || other === undefined) this.#partitions.clear()
    else this.#partitions.delete(pairOf(machine, other))
    this.#release()
  }

  cut(which: (connection: ConnectionInfo) => boolean = () => true): number {
    const links = this.#linksOf(which)
    for (const link of links) link.reset()
    return links.length
  }

  silence(which: (connection: ConnectionInfo) => boolean = () => true): number {
    const links = this.#linksOf(which)
    for (const link of links) link.silence()
    return links.length
  }

  connections(): ConnectionInfo[] {
    return [...this.#links].map(link => link.info)
  }

  setAddresses(host: string, addresses: readonly string[]): void {
    for (const address of addresses) this.#station(address)
    this.#addresses.set(host, [...addresses])
  }

  /** @throws KafkaError `NETWORK_EXCEPTION` if nobody has that name. */
  addressesOf(host: string): string[] {
    const addresses = this.#addresses.get(host)
    if (addresses !== undefined) return [...addresses]
    if (this.#stations.has(host) || isLoopback(host)) return [host]
    throw new KafkaError('NETWORK_EXCEPTION', `cannot resolve ${host}: ${this.#unknown()}`)
  }

  addMachine(name: string): void {
    this.#stations.set(name, { powered: true, listeners: new Map(), lastPort: FIRST_FREE_PORT - 1 })
  }

  setPowered(machine: string, powered: boolean): void {
    this.#station(machine).powered = powered
    if (powered) this.#release()
  }

  /** True while packets from one machine to the other do not arrive. */
  isApart(from: string, to: string): boolean {
    return this.#partitions.has(pairOf(from, to)) || !this.#station(to).powered
  }

  /** The machine that `machine` reaches as `to`; null if there is none. */
  machineAt(to: Endpoint, machine: string): string | null {
    if (isLoopback(to.host) && (to.host !== DEFAULT_MACHINE || this.#station(machine).listeners.has(to.port))) return machine
    const name = this.#addresses.get(to.host)?.[0] ?? to.host
    return this.#stations.has(name) ? name : null
  }

  /** Who listens on a port of `server` for connections from `client`; null if nobody does. */
  listenerAt(server: string, port: number, client: string): ListenerEntry | null {
    const entry = this.#station(server).listeners.get(port)
    if (entry === undefined) return null
    const isPrivate = isLoopback(entry.address.host) && server !== DEFAULT_MACHINE
    return isPrivate && client !== server ? null : entry
  }

  /** @throws KafkaError `ADDRESS_IN_USE` or `INVALID_CONFIG`. */
  listen(process: ProcessCore, at: Endpoint, onConnection: (connection: Connection) => void): ListenerEntry {
    const { listeners } = this.#station(process.machineName)
    const endpoint = formatEndpoint(at)
    if (!Number.isInteger(at.port) || at.port < 0 || at.port > MAX_PORT) {
      throw new KafkaError('INVALID_CONFIG', `cannot listen on ${endpoint}: a port from 0 to ${MAX_PORT} is needed (${this.#seed()})`)
    }
    if (!this.#isOwn(at.host, process.machineName)) {
      const name = process.machineName
      throw new KafkaError('INVALID_CONFIG', `cannot listen on ${endpoint}: ${name} has no such address; try ${name} (${this.#seed()})`)
    }
    if (listeners.has(at.port)) {
      const holder = listeners.get(at.port)?.process.name
      throw new KafkaError(
        'ADDRESS_IN_USE',
        `${endpoint} is in use by ${holder}; choose another port, or 0 for a free one (${this.#seed()})`,
      )
    }
    const port = at.port === 0 ? this.freePort(process.machineName) : at.port
    const entry = { process, address: { host: at.host, port }, onConnection }
    listeners.set(port, entry)
    return entry
  }

  stopListening(entry: ListenerEntry): void {
    const { listeners } = this.#station(entry.process.machineName)
    if (listeners.get(entry.address.port) === entry) listeners.delete(entry.address.port)
  }

  /** Ports are given out in turn, so that a port is not used again soon. */
  freePort(machine: string): number {
    const station = this.#station(machine)
    do station.lastPort = station.lastPort >= MAX_PORT ? FIRST_FREE_PORT : station.lastPort + 1
    while (station.listeners.has(station.lastPort))
    return station.lastPort
  }

  link(client: LinkSide, server: LinkSide, dialler: Dialler): Link {
    const link = new Link(this.#linkHost, client, server, dialler)
    this.#links.add(link)
    return link
  }

  /** A process is gone: nobody listens for it, and its connections end as `how` says. */
  abandon(process: ProcessCore, how: 'crash' | 'kill'): void {
    const { listeners } = this.#station(process.machineName)
    for (const [port, entry] of listeners) if (entry.process === process) listeners.delete(port)
    for (const link of this.#links) link.abandon(process, how)
  }

  #release(): void {
    for (const link of this.#links) link.release()
  }

  #linksOf(which: (connection: ConnectionInfo) => boolean): Link[] {
    return [...this.#links].filter(link => which(link.info))
  }

  #isOwn(host: string, machine: string): boolean {
    const isWildcard = host === '0.0.0.0' || host === '::' || host === ''
    return isWildcard || isLoopback(host) || host === machine || this.#addresses.get(host)?.includes(machine) === true
  }

  #station(machine: string): Station {
    const station = this.#stations.get(machine)
    if (station === undefined)
      throw new SimulationError(this.scheduler.seed, `there is no machine ${machine}: ask for it by machine(name) first`)
    return station
  }

  #unknown(): string {
    return `no machine of the simulation has that name; there are ${[...this.#stations.keys()].join(', ')} (${this.#seed()})`
  }

  #seed(): string {
    return `seed ${this.scheduler.seed}`
  }
}

function pairOf(machine: string, other: string): string {
  return machine < other ? `${machine} ${other}` : `${other} ${machine}`
}
