import { KafkaError, type Timer, type World, withTimeout } from '@logwerk/runtime'
import type { ConsumerEnd } from './consumer-end.ts'
import type { Hand } from './hand.ts'
import type { PendingErrors } from './pending-errors.ts'
import type { PollGate } from './poll-gate.ts'
import { Turns } from './turns.ts'

export interface AskingOptions {
  readonly gate: PollGate
  readonly hand: Hand
  readonly errors: PendingErrors
  readonly end: ConsumerEnd
  /** Awaited before records are taken: they may be compressed. */
  readonly ready: () => Promise<void>
  /** Somebody begins to ask. */
  readonly onBegin: () => void
  /** There may be room for more records. */
  readonly onTaken: () => void
  /** @throws KafkaError if what is there cannot be read */
  readonly hasRecords: () => boolean
}

/**
 * The user asks for records, one at a time: what was in hand is finished, rebalances happen, errors are thrown, the others have their turn,
 * and if there are no records it is waited for them.
 */
export class Asking {
  readonly #world: World
  readonly #options: AskingOptions
  readonly #turns: Turns
  #wake: (() => void) | null = null
  #isUnderWay = false
  /** Begins and ends of asking. */
  #pollCount = 0
  #seenPollCount = -1
  #lastPollMs: number

  constructor(world: World, options: AskingOptions) {
    this.#world = world
    this.#options = options
    this.#turns = new Turns(world.clock)
    this.#lastPollMs = world.clock.monotonicMs()
  }

  get isUnderWay(): boolean {
    return this.#isUnderWay
  }

  /** True while a rebalance listener is awaited, which may be the one who wants to end the asking. */
  get isHeldUp(): boolean {
    return this.#options.gate.isRunning
  }

  /** Whoever waits for records looks again: some have arrived, or something else has happened. */
  wake(): void {
    this.#wake?.()
  }

  /** When records were last asked for, to within the time between two calls of this. */
  lastPollMs(): number {
    if (this.#options.gate.isRunning) return this.#lastPollMs
    if (this.#pollCount !== this.#seenPollCount || this.#isUnderWay) {
      this.#seenPollCount = this.#pollCount
      this.#lastPollMs = this.#world.clock.monotonicMs()
    }
    return this.#lastPollMs
  }

  /** The common case: if there is nothing to do but to take a record, it may be taken now; what was in hand is finished. Else false. */
  passAtOnce(signal: AbortSignal | undefined): boolean {
    const { gate, hand, errors, end } = this.#options
    if (this.#isUnderWay || end.hasBegun || !gate.isIdle || !errors.isEmpty || signal?.aborted === true || this.#turns.isDue()) return false
    hand.finish()
    this.#pollCount++
    return true
  }

  /**
   * What `take` finds, as soon as that is not null. Null after `timeoutMs`, after a close, and when nobody wants to know any more: tell by
   * {@link wake}. @throws KafkaError; `signal.reason`
   */
  async ask<T>(
    signal: AbortSignal | undefined,
    timeoutMs: number,
    take: () => T | null,
    isOver: () => boolean = () => false,
  ): Promise<T | null> {
    const { gate, hand, errors, end, ready, onBegin, onTaken } = this.#options
    if (end.hasBegun) return await this.#ended()
    if (this.#isUnderWay) throw new KafkaError('ILLEGAL_STATE', 'records are being asked for already: one poll or loop at a time')
    hand.finish()
    signal?.throwIfAborted()
    this.#isUnderWay = true
    this.#pollCount++
    onBegin()
    const { clock } = this.#world
    const deadlineMs = clock.monotonicMs() + timeoutMs
    let yielded = false
    try {
      await ready()
      if (this.#turns.isDue()) await this.#turns.take()
      for (;;) {
        if (!gate.isIdle && !(await this.#passGate(deadlineMs - clock.monotonicMs(), signal))) return null
        if (end.hasBegun) return await this.#ended()
        signal?.throwIfAborted()
        if (isOver()) return null
        const error = errors.take()
        if (error !== null) {
          // A loop that asks again whatever happens must not keep timers and sockets from their turn.
          await this.#turns.take()
          throw error
        }
        const taken = take()
        onTaken()
        if (taken !== null) return taken
        const restMs = deadlineMs - clock.monotonicMs()
        if (restMs > 0) await this.#wait(restMs, signal, isOver)
        else if (yielded) return null
        else {
          // The same for a loop with a timeout of 0; and what has arrived by the end of the turn is still in time.
          await this.#turns.take()
          yielded = true
        }
      }
    } finally {
      this.#isUnderWay = false
      this.#pollCount++
    }
  }

  /** Lets happen what waited for the user to hold nothing. False if that takes longer than there is time: it goes on by itself. */
  async #passGate(timeoutMs: number, signal: AbortSignal | undefined): Promise<boolean> {
    const { gate, end } = this.#options
    const { clock } = this.#world
    if (!gate.isRunning) this.#lastPollMs = clock.monotonicMs()
    const late = new Error('late')
    let forget = () => {}
    const passed = new Promise<void>((resolve, reject) => {
      gate.enter().then(resolve, reject)
      // A listener that never returns must not keep a closed consumer's loop.
      forget = end.onReached(resolve)
    })
    try {
      await withTimeout(clock, passed, Math.max(timeoutMs, 0), () => late, signal)
      return true
    } catch (error) {
      if (error !== late) throw error
      return false
    } finally {
      forget()
      gate.leave()
    }
  }

  /** There is nothing to wait for but the end. */
  async #ended(): Promise<null> {
    await this.#options.end.reached
    return null
  }

  /** While waiting the user holds nothing, so that partitions may come and go. */
  async #wait(timeoutMs: number, signal: AbortSignal | undefined, isOver: () => boolean): Promise<void> {
    const { gate, errors, end } = this.#options
    await gate.enter()
    try {
      // It may have come while the gate was entered. What is buffered may all be paused, so look once and do not spin.
      if (!errors.isEmpty || end.hasBegun || signal?.aborted || isOver() || this.#hasRecords()) return
      await new Promise<void>((resolve, reject) => {
        let timer: Timer | null = null
        const settle = (how: () => void) => {
          timer?.cancel()
          signal?.removeEventListener('abort', onAbort)
          this.#wake = null
          how()
        }
        const onAbort = () => settle(() => reject(signal?.reason))
        signal?.addEventListener('abort', onAbort, { once: true })
        this.#wake = () => settle(resolve)
        if (timeoutMs < Number.POSITIVE_INFINITY) timer = this.#world.clock.setTimer(timeoutMs, () => settle(resolve))
      })
    } finally {
      gate.leave()
      this.#turns.taken()
    }
  }

  #hasRecords(): boolean {
    try {
      return this.#options.hasRecords()
    } catch (error) {
      this.#options.errors.tell(error)
      return true
    }
  }
}
