import type { TimerChange, TimerName } from '@logwerk/coordinator'
import type { Clock, Timer } from '@logwerk/runtime'

/** A timer that has run out; it counts as long as nothing set or cancelled it since. */
export interface FiredTimer {
  readonly name: TimerName
  /** False once it was cancelled or set anew: the member was heard of after all. */
  isCurrent(): boolean
}

/** The timers of one group. */
export class GroupTimers {
  readonly #clock: Clock
  readonly #onFired: (fired: FiredTimer) => void
  readonly #timers = new Map<TimerName, Timer>()

  constructor(clock: Clock, onFired: (fired: FiredTimer) => void) {
    this.#clock = clock
    this.#onFired = onFired
  }

  /** Timers that run, or have run out and were not dealt with yet. */
  get size(): number {
    return this.#timers.size
  }

  change({ timer: name, delayMs }: TimerChange): void {
    this.#timers.get(name)?.cancel()
    this.#timers.delete(name)
    if (delayMs === null) return
    const fired: FiredTimer = { name, isCurrent: () => this.#timers.get(name) === timer }
    // Somebody waits for the end of a rebalance; sessions alone do not keep a process alive.
    const timer = this.#clock.setTimer(delayMs, () => this.#onFired(fired), { background: name !== 'join' && name !== 'sync' })
    this.#timers.set(name, timer)
  }

  cancelAll(): void {
    for (const timer of this.#timers.values()) timer.cancel()
    this.#timers.clear()
  }
}
