import { assert } from '../assert.ts'
import type { Clock, Timer } from '../clock.ts'
import type { Scheduler } from './scheduler.ts'
import type { TaskOwner } from './task-heap.ts'

/** Wall-clock time: the simulation's, and on top of it what one machine's clock is off. */
export class WallTime {
  readonly #base: WallTime | null
  #offsetMs: number

  /** @param offsetMs  What is added to `base`, or to the milliseconds since the simulation began. */
  constructor(base: WallTime | null, offsetMs: number) {
    assertWhole(offsetMs)
    this.#base = base
    this.#offsetMs = offsetMs
  }

  get offsetMs(): number {
    return this.#offsetMs + (this.#base?.offsetMs ?? 0)
  }

  jump(byMs: number): void {
    assertWhole(byMs)
    this.#offsetMs += byMs
  }
}

/** Virtual time: it passes only while the simulation runs, and at once. */
export class SimulatedClock implements Clock {
  readonly #scheduler: Scheduler
  readonly #owner: TaskOwner | null
  readonly #wall: WallTime

  constructor(scheduler: Scheduler, owner: TaskOwner | null, wall: WallTime) {
    this.#scheduler = scheduler
    this.#owner = owner
    this.#wall = wall
  }

  nowMs(): number {
    return this.#scheduler.nowMs + this.#wall.offsetMs
  }

  monotonicMs(): number {
    return this.#scheduler.nowMs
  }

  setTimer(delayMs: number, task: () => void, _options?: { readonly background?: boolean }): Timer {
    return this.#scheduler.schedule(delayMs, 'timer', this.#owner, task)
  }

  soon(task: () => void): void {
    this.#scheduler.soon(this.#owner, task)
  }

  /** Sets the wall clock forward, or back by a negative number, by whole milliseconds; timers and the monotonic clock do not notice. */
  jumpWall(byMs: number): void {
    this.#wall.jump(byMs)
  }
}

function assertWhole(ms: number): void {
  assert(Number.isSafeInteger(ms), 'wall-clock time is in whole milliseconds', { ms })
}
