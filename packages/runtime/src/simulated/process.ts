import type { World } from '../world.ts'
import { SimulatedClock, type WallTime } from './clock.ts'
import type { Scheduler } from './scheduler.ts'
import { SimulatedCrash } from './simulation-error.ts'
import type { TaskOwner } from './task-heap.ts'

/** A process on a simulated machine. */
export interface SimulatedProcess {
  /** Unique in the simulation. */
  readonly id: number
  readonly alive: boolean
  /** What the process sees of the world. Nothing that it scheduled or awaits happens after the process is gone. */
  readonly world: World
  /** Kills this process only; see `Machine.kill`. */
  kill(): void
}

/** The owner of everything that a process schedules, opens and connects. */
export class ProcessCore implements TaskOwner {
  readonly id: number
  readonly name: string
  readonly machineName: string
  readonly clock: SimulatedClock
  readonly scheduler: Scheduler
  #endedBy: 'crash' | 'kill' | null = null

  constructor(id: number, machineName: string, scheduler: Scheduler, wall: WallTime) {
    this.id = id
    this.name = `process ${id} on ${machineName}`
    this.machineName = machineName
    this.scheduler = scheduler
    this.clock = new SimulatedClock(scheduler, this, wall)
  }

  get alive(): boolean {
    return this.#endedBy === null
  }

  end(how: 'crash' | 'kill'): void {
    this.#endedBy ??= how
  }

  /** @throws SimulatedCrash if the process is gone. */
  assertAlive(): void {
    if (this.#endedBy === null) return
    throw new SimulatedCrash(this.scheduler.seed, `${this.name} ${this.#endedBy === 'crash' ? 'has lost power' : 'has been killed'}`)
  }

  /** Does `work` after a delay, and settles as it returns or throws; never if the process is gone before that. */
  later<T>(delayMs: number, label: string, work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.scheduler.schedule(delayMs, label, this, () => {
        try {
          resolve(work())
        } catch (error) {
          reject(error)
        }
      })
    })
  }

  /**
   * An asynchronous operation: `start` begins it in place and returns what ends it after a delay. What either throws is a rejection. The
   * promise never settles if the process is gone, or goes before the end.
   */
  asynchronously<T>(delayMs: number, label: string, start: () => () => T): Promise<T> {
    if (!this.alive) return new Promise(() => {})
    try {
      return this.later(delayMs, label, start())
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Calls code of this process from a task of the simulation; an exception that ends the process stays inside. */
  enter(work: () => void): void {
    if (!this.alive) return
    try {
      work()
    } catch (error) {
      if (this.alive) throw error
    }
  }
}
