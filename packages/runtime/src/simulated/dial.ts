import type { Timer } from '../clock.ts'
import { KafkaError } from '../errors.ts'
import { type Connection, type ConnectOptions, type Endpoint, formatEndpoint } from '../network.ts'
import { delayWithin } from './delay-range.ts'
import type { Link } from './link.ts'
import type { NetworkFabric } from './network-fabric.ts'
import type { ProcessCore } from './process.ts'

/** An attempt to connect that goes unanswered is repeated after 1, 2, 4, ... 64 s, as Linux does; then it has failed. */
const FIRST_WAIT_MS = 1000
const LAST_ATTEMPT = 6

/** What the caller of `connect` gets. */
interface Outcome {
  readonly resolve: (connection: Connection) => void
  readonly reject: (reason: unknown) => void
}

/** One call of `connect`. */
export class Dial {
  readonly #fabric: NetworkFabric
  readonly #process: ProcessCore
  readonly #to: Endpoint
  readonly #outcome: Outcome
  readonly #signal: AbortSignal | undefined
  readonly #timer: Timer | undefined
  /** Set once the server has accepted. */
  #link: Link | null = null
  #over = false

  constructor(fabric: NetworkFabric, process: ProcessCore, to: Endpoint, { timeoutMs, signal }: ConnectOptions, outcome: Outcome) {
    this.#fabric = fabric
    this.#process = process
    this.#to = to
    this.#outcome = outcome
    this.#signal = signal
    signal?.addEventListener('abort', this.#onAbort, { once: true })
    if (timeoutMs !== undefined) this.#timer = process.clock.setTimer(timeoutMs, () => this.#fail(`no answer within ${timeoutMs} ms`))
    this.#knock(0)
  }

  /** Sends the first packet of a connection. */
  #knock(attempt: number): void {
    const client = this.#process.machineName
    const server = this.#fabric.machineAt(this.#to, client)
    if (server === null) {
      this.#later(0, 'unreachable', () => this.#fail('no machine of the simulation has that name (ENOTFOUND)'))
      return
    }
    this.#fabric.scheduler.schedule(this.#travelMs(), 'knock', null, () => {
      if (this.#over || !this.#process.alive) return
      if (!this.#fabric.isApart(client, server)) this.#enter(server)
      else
        this.#later(FIRST_WAIT_MS * 2 ** attempt, 'no answer', () =>
          attempt < LAST_ATTEMPT ? this.#knock(attempt + 1) : this.#fail('no answer (ETIMEDOUT)'),
        )
    })
  }

  #enter(server: string): void {
    const client = this.#process.machineName
    const listener = this.#fabric.listenerAt(server, this.#to.port, client)
    if (listener === null) {
      this.#later(this.#travelMs(), 'unreachable', () => this.#fail('nobody listens there (ECONNREFUSED)'))
      return
    }
    const link = this.#fabric.link(
      { process: this.#process, endpoint: { host: client, port: this.#fabric.freePort(client) } },
      { process: listener.process, endpoint: { host: server, port: this.#to.port } },
      {
        onOpened: () => this.#settle(() => this.#outcome.resolve(link.client.end)),
        onFailed: error => this.#settle(() => this.#outcome.reject(error)),
      },
    )
    this.#link = link
    listener.process.enter(() => listener.onConnection(link.server.end))
  }

  readonly #onAbort = () => this.#giveUp(this.#signal?.reason)

  #fail(why: string): void {
    const endpoint = formatEndpoint(this.#to)
    const message = `cannot connect from ${this.#process.machineName} to ${endpoint}: ${why} (seed ${this.#fabric.scheduler.seed})`
    this.#giveUp(new KafkaError('NETWORK_EXCEPTION', message, { at: { broker: endpoint } }))
  }

  #giveUp(reason: unknown): void {
    this.#settle(() => {
      this.#link?.client.end.destroy()
      this.#outcome.reject(reason)
    })
  }

  #settle(how: () => void): void {
    if (this.#over) return
    this.#over = true
    this.#timer?.cancel()
    this.#signal?.removeEventListener('abort', this.#onAbort)
    how()
  }

  /** Runs `work` on the caller's side, unless nobody waits any more. */
  #later(delayMs: number, label: string, work: () => void): void {
    this.#fabric.scheduler.schedule(delayMs, label, this.#process, () => {
      if (!this.#over) work()
    })
  }

  #travelMs(): number {
    return delayWithin(this.#fabric.settings.delay, this.#fabric.random)
  }
}
