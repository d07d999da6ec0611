import { FrameReader, frameOf } from '@logwerk/protocol'
import { type Connection, type Endpoint, formatEndpoint, type Timer, type World } from '@logwerk/runtime'
import type { AnswersInFlight } from './answers-in-flight.ts'
import { stackOf } from './failures.ts'
import type { BudgetedReader, MemoryBudget } from './memory-budget.ts'
import type { Router } from './router.ts'

export interface ClientConnectionOptions {
  readonly maxFrameBytes: number
  readonly maxIdleMs: number
  readonly budget: MemoryBudget
  readonly answers: AnswersInFlight
  /** The address to advertise to a client that came in at `local`. */
  readonly advertise: (local: Endpoint) => Endpoint
}

/** How long a client has to read what is left and to hang up itself, once the broker has hung up. */
const LINGER_MS = 2000

/**
 * One client. Its requests are answered one at a time and in order: while one is being answered the socket is not read, so that a
 * client that asks faster than it is answered feels it (Kafka mutes the channel).
 */
export class ClientConnection {
  readonly #world: World
  readonly #connection: Connection
  readonly #router: Router
  readonly #options: ClientConnectionOptions
  readonly #frames: FrameReader
  readonly #abort = new AbortController()
  readonly #reader: BudgetedReader
  /** Memory taken for the request that is coming in; 0 for none, or for one that has to wait. */
  #admittedBytes = 0
  #waiting: Buffer[] = []
  #busy = false
  #draining = false
  /** Size of the answer that the client has not taken yet, where it takes its time. */
  #drainingBytes = 0
  #lastActiveMs: number
  #idleTimer: Timer | null = null
  #lingerTimer: Timer | null = null
  /** The broker hangs up: nothing more is read, and what waits is not answered. */
  #ending = false
  #closed = false

  constructor(world: World, connection: Connection, router: Router, options: ClientConnectionOptions, onClosed: () => void) {
    this.#world = world
    this.#connection = connection
    this.#router = router
    this.#options = options
    this.#lastActiveMs = world.clock.monotonicMs()
    this.#frames = new FrameReader(frame => this.#onFrame(frame), options.maxFrameBytes)
    this.#reader = {
      pause: () => connection.pause(),
      resume: () => {
        if (!this.#busy && !this.#draining) connection.resume()
      },
    }
    connection.onClose(error => {
      this.#closed = true
      options.budget.forget(this.#reader)
      options.budget.release(this.#admittedBytes)
      options.answers.remove(this.#drainingBytes)
      this.#frames.stop()
      this.#idleTimer?.cancel()
      this.#lingerTimer?.cancel()
      for (const frame of this.#waiting) options.budget.release(frame.length)
      this.#waiting = []
      this.#abort.abort(error ?? new Error('the client closed the connection'))
      onClosed()
    })
    connection.onDrain(() => {
      this.#draining = false
      options.answers.remove(this.#drainingBytes)
      this.#drainingBytes = 0
      this.#next()
    })
    connection.onData(
      () => this.#frames.supplyBuffer(),
      byteCount => {
        try {
          this.#frames.onBytes(byteCount)
        } catch (error) {
          this.#end('the bytes are not Kafka requests', { error })
        }
        this.#admit()
      },
    )
    this.#watchIdleness()
  }

  /** Stops reading, answers the request under way, at once if it only waits for something, and hangs up. */
  close(): void {
    this.#stopReading()
    this.#abort.abort(new Error('the broker closes'))
    if (!this.#busy) this.#hangUp()
  }

  destroy(): void {
    this.#connection.destroy()
  }

  #onFrame(frame: Buffer): void {
    this.#lastActiveMs = this.#world.clock.monotonicMs()
    this.#waiting.push(frame)
    if (this.#admittedBytes > 0) this.#admittedBytes = 0
    else this.#options.budget.take(frame.length, this.#reader)
    // Frames that came with this one wait in memory; further ones wait in the socket.
    if (this.#busy || this.#draining) this.#connection.pause()
    else this.#next()
  }

  /**
   * Takes the memory of the request of which a part has come, or lets the rest of it wait in the socket. One is read ahead while another is
   * answered, but not for a client that does not take its answers: it would keep the memory for as long as it likes.
   */
  #admit(): void {
    const { announcedBytes } = this.#frames
    if (announcedBytes === 0 || this.#admittedBytes > 0) return
    if (this.#draining) this.#connection.pause()
    else if (this.#options.budget.admit(announcedBytes, this.#reader)) this.#admittedBytes = announcedBytes
  }

  #next(): void {
    if (this.#busy || this.#closed) return
    if (this.#ending) return this.#hangUp()
    if (this.#draining) return
    const frame = this.#waiting.shift()
    if (frame === undefined) {
      this.#options.budget.resume(this.#reader)
      return
    }
    this.#busy = true
    this.#answer(frame)
      .catch(error => {
        // One client's answer is no reason to take the process down.
        this.#world.log.error('an answer could not be sent', { client: formatEndpoint(this.#connection.remote), error: stackOf(error) })
        this.#stopReading()
        this.#connection.destroy()
      })
      .finally(() => {
        this.#options.budget.release(frame.length)
        this.#busy = false
        this.#next()
      })
  }

  async #answer(frame: Buffer): Promise<void> {
    const { local, remote } = this.#connection
    const outcome = await this.#router.route(frame, { advertised: this.#options.advertise(local), remote, signal: this.#abort.signal })
    if (this.#closed) return
    this.#lastActiveMs = this.#world.clock.monotonicMs()
    if (outcome.kind === 'close') return this.#end(outcome.reason, outcome.fields)
    // The next request waits until this answer has left, so that a client that does not read cannot pile up answers.
    if (outcome.kind !== 'respond') return
    const chunks = frameOf(outcome.chunks)
    this.#draining = !this.#connection.write(chunks)
    if (!this.#draining) return
    for (const chunk of chunks) this.#drainingBytes += chunk.length
    this.#options.answers.add(this.#drainingBytes)
  }

  #end(reason: string, fields: Readonly<Record<string, unknown>>): void {
    if (this.#ending) return
    this.#stopReading()
    this.#world.log.info(`connection closed: ${reason}`, { client: formatEndpoint(this.#connection.remote), ...fields })
    if (!this.#busy) this.#hangUp()
  }

  #stopReading(): void {
    this.#ending = true
    this.#frames.stop()
  }

  #hangUp(): void {
    if (this.#lingerTimer !== null || this.#closed) return
    this.#connection.close()
    // A client that does not read on, or does not hang up, would keep its place for ever.
    this.#lingerTimer = this.#world.clock.setTimer(LINGER_MS, () => this.#connection.destroy(), { background: true })
  }

  #watchIdleness(): void {
    const { maxIdleMs } = this.#options
    // Whoever is being answered becomes idle when that is done, and no sooner.
    const restMs = this.#busy ? maxIdleMs : this.#lastActiveMs + maxIdleMs - this.#world.clock.monotonicMs()
    this.#idleTimer = this.#world.clock.setTimer(
      Math.max(restMs, 1),
      () => {
        const idleMs = this.#world.clock.monotonicMs() - this.#lastActiveMs
        if (idleMs >= maxIdleMs && !this.#busy) this.#end('it was idle', { idleMs })
        else this.#watchIdleness()
      },
      { background: true },
    )
  }
}
