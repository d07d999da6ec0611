import { backoffMs, type Endpoint, formatEndpoint, sleep, type Timer, type World } from '@logwerk/runtime'
import { BrokerConnection } from './broker-connection.ts'
import { closedError } from './closed-error.ts'
import { OutageLog } from './outage-log.ts'

export interface ConnectionsOptions {
  readonly clientId: string
  readonly requestTimeoutMs: number
  readonly reconnectBackoffMs: number
  readonly reconnectBackoffMaxMs: number
  readonly socketConnectionSetupTimeoutMs: number
  readonly socketConnectionSetupTimeoutMaxMs: number
  readonly connectionsMaxIdleMs: number
}

/**
 * What a connection is for. A broker answers one request at a time and connection, so commits and heartbeats, which must not wait behind a
 * fetch that waits for records, have one of their own (as in the Java client); and so have the requests that join a group, whose answer
 * may take as long as the slowest member.
 */
export type Purpose = 'data' | 'coordinator' | 'membership'

interface Slot {
  connection: BrokerConnection | null
  opening: Promise<BrokerConnection> | null
  failures: number
  /** Monotonic time before which no attempt is made. */
  notBeforeMs: number
}

/** The client's connections, opened when they are first needed, shared, and opened again after a loss, with growing waits. */
export class Connections {
  readonly #world: World
  readonly #options: ConnectionsOptions
  readonly #slots = new Map<string, Slot>()
  /** Of each attempt its own: Node warns of more than ten listeners on a signal, and clusters have more brokers. */
  readonly #attempts = new Set<AbortController>()
  #isClosed = false
  readonly #outages: OutageLog
  #idleTimer: Timer | null = null

  constructor(world: World, options: ConnectionsOptions) {
    this.#world = world
    this.#options = options
    this.#outages = new OutageLog(world.clock, world.log)
  }

  /** The open connection, or null; starts nothing. */
  peek(endpoint: Endpoint, purpose: Purpose = 'data'): BrokerConnection | null {
    const connection = this.#slots.get(keyOf(endpoint, purpose))?.connection ?? null
    return connection?.isClosed ? null : connection
  }

  /** Milliseconds until a connection to `endpoint` may be tried again; 0 if it is open or may be tried now. */
  backoffOf(endpoint: Endpoint, purpose: Purpose = 'data'): number {
    const slot = this.#slots.get(keyOf(endpoint, purpose))
    if (slot === undefined || (slot.connection !== null && !slot.connection.isClosed)) return 0
    return Math.max(slot.notBeforeMs - this.#world.clock.monotonicMs(), 0)
  }

  /**
   * The connection to `endpoint`, opened if need be; after failures not before its backoff has passed.
   *
   * @throws KafkaError `NETWORK_EXCEPTION`, `NOT_KAFKA`, ...; see {@link BrokerConnection.open}; `CLOSED`.
   */
  get(endpoint: Endpoint, purpose: Purpose = 'data'): Promise<BrokerConnection> {
    if (this.#isClosed) return Promise.reject(closedError())
    const key = keyOf(endpoint, purpose)
    let slot = this.#slots.get(key)
    if (slot === undefined) {
      slot = { connection: null, opening: null, failures: 0, notBeforeMs: 0 }
      this.#slots.set(key, slot)
    }
    if (slot.connection !== null && !slot.connection.isClosed) return Promise.resolve(slot.connection)
    slot.opening ??= this.#open(endpoint, slot)
    return slot.opening
  }

  /** Closes all; what is in flight fails. Idempotent. */
  close(): void {
    this.#isClosed = true
    for (const attempt of this.#attempts) attempt.abort(closedError())
    this.#idleTimer?.cancel()
    for (const slot of this.#slots.values()) slot.connection?.close()
    this.#slots.clear()
  }

  async #open(endpoint: Endpoint, slot: Slot): Promise<BrokerConnection> {
    const { clock, random } = this.#world
    const attempt = new AbortController()
    const { signal } = attempt
    this.#attempts.add(attempt)
    try {
      const waitMs = slot.notBeforeMs - clock.monotonicMs()
      if (waitMs > 0) await sleep(clock, waitMs, signal)
      const connection = await BrokerConnection.open(this.#world, {
        endpoint,
        clientId: this.#options.clientId,
        requestTimeoutMs: this.#options.requestTimeoutMs,
        setupTimeoutMs: backoffMs(
          { initialMs: this.#options.socketConnectionSetupTimeoutMs, maxMs: this.#options.socketConnectionSetupTimeoutMaxMs },
          slot.failures,
          random,
        ),
        signal,
      })
      if (signal.aborted) {
        connection.close()
        throw signal.reason
      }
      slot.connection = connection
      slot.failures = 0
      this.#outages.reached(endpoint)
      // A broker that accepts and hangs up at once must not be tried in a loop without a pause.
      connection.onClose(() => {
        slot.notBeforeMs = clock.monotonicMs() + this.#options.reconnectBackoffMs
      })
      this.#watchIdleness()
      return connection
    } catch (error) {
      slot.notBeforeMs =
        clock.monotonicMs() +
        backoffMs({ initialMs: this.#options.reconnectBackoffMs, maxMs: this.#options.reconnectBackoffMaxMs }, slot.failures, random)
      slot.failures++
      if (!signal.aborted) this.#outages.failed(endpoint, error)
      throw error
    } finally {
      this.#attempts.delete(attempt)
      slot.opening = null
    }
  }

  #watchIdleness(): void {
    if (this.#idleTimer !== null) return
    const { clock } = this.#world
    const { connectionsMaxIdleMs } = this.#options
    const nowMs = clock.monotonicMs()
    let oldestMs = nowMs
    for (const { connection } of this.#slots.values()) {
      if (connection !== null && !connection.isClosed && connection.lastActiveMs < oldestMs) oldestMs = connection.lastActiveMs
    }
    this.#idleTimer = clock.setTimer(
      Math.max(oldestMs + connectionsMaxIdleMs - nowMs, 1),
      () => {
        this.#idleTimer = null
        const before = clock.monotonicMs() - connectionsMaxIdleMs
        let open = false
        for (const { connection } of this.#slots.values()) {
          if (connection === null || connection.isClosed) continue
          if (connection.lastActiveMs > before) open = true
          // A request that waits for its answer is no idleness, however long it takes.
          else if (connection.inFlightCount > 0) {
            connection.lastActiveMs = clock.monotonicMs()
            open = true
          } else connection.close()
        }
        if (open) this.#watchIdleness()
      },
      { background: true },
    )
  }
}

function keyOf(endpoint: Endpoint, purpose: Purpose): string {
  return `${formatEndpoint(endpoint)} ${purpose}`
}
