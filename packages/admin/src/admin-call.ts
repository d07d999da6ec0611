import { isPassing, type KafkaClient } from '@logwerk/client'
import { KafkaError, sleep, TimeoutError, withTimeout } from '@logwerk/runtime'
import type { GroupCoordinators } from './group-coordinators.ts'
import { doubtfulOf, errorOf, timeoutOf } from './item-errors.ts'

/** What every call takes. */
export interface CallOptions {
  /** Stops the waiting; what a broker was asked to do may still happen. The call rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined
  /** Longest wait in milliseconds, all attempts together. Default: `defaultApiTimeoutMs`. */
  readonly timeoutMs?: number | undefined
}

/** What an attempt found out about an item: its result, or why there is none. */
export type Outcome<R> = R | KafkaError
/** Notes an item's outcome; the first one in an attempt counts. */
export type Settle<I, R> = (item: I, outcome: Outcome<R>) => void

/** What the items of a call have in common. */
export interface ItemKind<I> {
  /** Names an item in messages. */
  readonly nameOf: (item: I) => string
  /** The call changes something: a lost answer then leaves a doubt that messages mention. */
  readonly changes: boolean
}

/**
 * Answers of "this topic is unknown" until it is believed, over about 700 ms: a broker hears of a new topic a moment after the controller,
 * and a wrong name should not be waited for much longer.
 */
const UNKNOWN_TOPIC_ANSWERS = 4

/** One call of an admin's method: its deadline, its abort, and trying again. */
export class AdminCall {
  readonly name: string
  readonly client: KafkaClient
  readonly coordinators: GroupCoordinators
  readonly #abort = new AbortController()
  readonly #timeoutMs: number
  readonly #deadlineMs: number
  readonly #requestTimeoutMs: number

  constructor(
    name: string,
    client: KafkaClient,
    coordinators: GroupCoordinators,
    limits: { readonly timeoutMs: number; readonly requestTimeoutMs: number },
  ) {
    this.name = name
    this.client = client
    this.coordinators = coordinators
    this.#timeoutMs = limits.timeoutMs
    this.#requestTimeoutMs = limits.requestTimeoutMs
    this.#deadlineMs = client.world.clock.monotonicMs() + limits.timeoutMs
  }

  /** Ends the waiting; the call rejects with `reason`. */
  abort(reason: unknown): void {
    this.#abort.abort(reason)
  }

  /** Whole milliseconds that a broker may take over a request: what its `timeoutMs` field says. */
  get brokerTimeoutMs(): number {
    return Math.ceil(Math.min(this.#requestTimeoutMs, this.#restMs))
  }

  /** Tries until `action` succeeds or fails for a reason that does not pass: for calls about one thing. @throws as its last attempt */
  ask<T>(action: (attempt: number) => Promise<T>): Promise<T> {
    return this.client.retrying(this.name, { timeoutMs: this.#restMs, signal: this.#abort.signal }, action)
  }

  /**
   * As {@link settle}, for calls that succeed as a whole or not at all: the results in the order of `items`.
   *
   * @throws KafkaError as {@link errorOf} puts it together.
   */
  async each<I, R>(
    items: readonly I[],
    kind: ItemKind<I>,
    attempt: (items: readonly I[], settle: Settle<I, R>, attempt: number) => Promise<void>,
  ): Promise<R[]> {
    const outcomes = await this.settle(items, kind, attempt)
    const failures = [...outcomes].flatMap(([item, outcome]) => {
      return outcome instanceof KafkaError ? [{ name: kind.nameOf(item), error: outcome }] : []
    })
    if (failures.length > 0) throw errorOf(this.name, outcomes.size, failures, kind.changes)
    return items.map(item => outcomes.get(item) as R)
  }

  /**
   * Attempts all items, then those again that failed for a reason that passes, until each has its outcome or the time is over. An
   * attempt that throws a KafkaError has failed for all items that it had not settled.
   *
   * @returns The outcome of every item, in the order of `items`; items that are equal share one.
   * @throws  `signal.reason`; KafkaError `CLOSED`; whatever is no KafkaError.
   */
  async settle<I, R>(
    items: readonly I[],
    kind: ItemKind<I>,
    attempt: (items: readonly I[], settle: Settle<I, R>, attempt: number) => Promise<void>,
  ): Promise<ReadonlyMap<I, Outcome<R>>> {
    const states = new Map<I, ItemState<R>>(
      items.map(item => [item, { outcome: undefined, isDone: false, last: null, unknownCount: 0, isDoubtful: false }]),
    )
    let pending = [...states.keys()]
    for (let round = 0; pending.length > 0; round++) {
      const answers = new Map<I, Outcome<R>>()
      const note: Settle<I, R> = (item, outcome) => {
        if (!answers.has(item)) answers.set(item, outcome)
      }
      const failure = await this.#failureOf(() => attempt(pending, note, round))
      for (const item of pending) {
        const outcome = answers.has(item) ? (answers.get(item) as Outcome<R>) : (failure ?? leftOut(kind.nameOf(item)))
        advance(states.get(item)!, outcome, kind.changes)
      }
      pending = pending.filter(item => !states.get(item)!.isDone)
      if (pending.length === 0) break
      const waitMs = this.client.retryWaitMs(round)
      if (waitMs >= this.#restMs) {
        this.#timeOut(
          pending.map(item => states.get(item)!),
          kind.changes,
        )
        break
      }
      await sleep(this.client.world.clock, waitMs, this.#abort.signal)
    }
    return new Map([...states].map(([item, { outcome }]) => [item, outcome as Outcome<R>]))
  }

  get #restMs(): number {
    return Math.max(this.#deadlineMs - this.client.world.clock.monotonicMs(), 0)
  }

  /** Why an attempt failed as a whole; null if it did not. */
  async #failureOf(attempt: () => Promise<void>): Promise<KafkaError | null> {
    const { signal } = this.#abort
    signal.throwIfAborted()
    try {
      await withTimeout(this.client.world.clock, attempt(), this.#restMs, () => new DeadlineError(this.name), signal)
      return null
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof KafkaError) return error
      throw error
    }
  }

  #timeOut(states: readonly ItemState<unknown>[], changes: boolean): void {
    // Items that failed by the same error also share the timeout, so that a message says it once.
    const timeouts = new Map<KafkaError | null, TimeoutError>()
    for (const state of states) {
      let timeout = timeouts.get(state.last)
      if (timeout === undefined) {
        timeout = timeoutOf(this.name, this.#timeoutMs, state.last, changes)
        timeouts.set(state.last, timeout)
      }
      state.outcome = timeout
    }
  }
}

/** The end of the call's time in the middle of an attempt. */
class DeadlineError extends TimeoutError {}

interface ItemState<R> {
  outcome: Outcome<R> | undefined
  isDone: boolean
  /** Why the last attempt failed that was answered. */
  last: KafkaError | null
  unknownCount: number
  /** An attempt ended without an answer, so it may have been carried out. */
  isDoubtful: boolean
}

function advance<R>(state: ItemState<R>, outcome: Outcome<R>, changes: boolean): void {
  if (!(outcome instanceof KafkaError)) {
    state.outcome = outcome
    state.isDone = true
    return
  }
  if (outcome instanceof DeadlineError) return
  const { code } = outcome
  if (code === 'UNKNOWN_TOPIC_OR_PARTITION' || code === 'UNKNOWN_TOPIC_ID') state.unknownCount++
  if (!isPassing(outcome) || state.unknownCount >= UNKNOWN_TOPIC_ANSWERS) {
    state.outcome = changes && state.isDoubtful ? doubtfulOf(outcome) : outcome
    state.isDone = true
    return
  }
  state.last = outcome
  if (code === 'NETWORK_EXCEPTION' || code === 'REQUEST_TIMED_OUT') state.isDoubtful = true
}

function leftOut(name: string): KafkaError {
  return new KafkaError('UNKNOWN_SERVER_ERROR', `${name}: the broker's answer leaves it out`)
}
