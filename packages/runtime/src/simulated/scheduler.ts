import { setImmediate as realSetImmediate } from 'node:timers'
import { assert } from '../assert.ts'
import type { Timer } from '../clock.ts'
import { messageOf } from '../errors.ts'
import { mixText, type SeededRandom } from './random.ts'
import { SimulationError } from './simulation-error.ts'
import { Task, TaskHeap, type TaskOwner } from './task-heap.ts'

/** Why a run came to its end: what was waited for is there, nothing is left to run, or the next task lies behind the limit. */
export type RunOutcome = 'done' | 'idle' | 'limit'

/**
 * Runs everything that happens in a simulation, one task after the other, in virtual time. A turn is all tasks that are due, in an order
 * drawn from the seed, and then the `soon` tasks in the order in which they came; what they add belongs to the next turn. Time moves on
 * when a turn leaves nothing that is due. After each task every promise that can settle settles before the next one runs.
 */
export class Scheduler {
  readonly seed: number
  readonly #ranks: SeededRandom
  readonly #maxTasksPerMoment: number
  readonly #later = new TaskHeap()
  #nowMs = 0
  /** The turn under way: its due tasks, then its soon tasks. */
  #due: Task[] = []
  #dueAt = 0
  #ending: Task[] = []
  #endingAt = 0
  #turnEnds = true
  /** Soon tasks for the end of this turn or, while it is ending, of the next. */
  #soon: Task[] = []
  #running = false
  #taskCount = 0
  #tasksThisMoment = 0
  #fingerprint = 0
  readonly #hashes = new Map<string, number>()

  /** @param maxTasksPerMoment  Tasks that may run without time moving on, before a run is taken for an endless loop. */
  constructor(random: SeededRandom, maxTasksPerMoment: number) {
    this.seed = random.seed
    this.#maxTasksPerMoment = maxTasksPerMoment
    this.#ranks = random.fork('ranks')
  }

  /** Milliseconds since the simulation began; whole. */
  get nowMs(): number {
    return this.#nowMs
  }

  /** Tasks that have run. */
  get taskCount(): number {
    return this.#taskCount
  }

  /** A digest of everything that ran: what, for whom, when, in which order. Two runs that are alike have the same one. */
  get fingerprint(): string {
    return `${this.#taskCount}-${(this.#fingerprint >>> 0).toString(16).padStart(8, '0')}`
  }

  /**
   * Runs `work` once `delayMs` have passed, rounded up to whole milliseconds; never with a delay of `Infinity`.
   *
   * @param label  What it is, for errors and the fingerprint.
   * @param owner  The process on whose behalf it runs; null for the simulation itself.
   */
  schedule(delayMs: number, label: string, owner: TaskOwner | null, work: () => void): Timer {
    assert(!Number.isNaN(delayMs), 'a delay is a number of milliseconds', { label })
    const task = new Task(this.#nowMs + Math.max(0, Math.ceil(delayMs)), this.#ranks.uint32(), label, owner, work)
    this.#later.push(task)
    return task
  }

  /** Runs `work` at the end of this turn. */
  soon(owner: TaskOwner | null, work: () => void): void {
    this.#soon.push(new Task(this.#nowMs, 0, 'soon', owner, work))
  }

  /**
   * Runs tasks until `isDone` (asked before each), but none after `untilMs`.
   *
   * @throws SimulationError if a task throws, if time stands still, or if a run is under way already.
   */
  async run(untilMs: number, isDone: () => boolean): Promise<RunOutcome> {
    if (this.#running) throw this.error('the simulation is being run already: await that call before the next one')
    this.#running = true
    try {
      await promisesSettled()
      while (!isDone()) {
        const task = this.#next(untilMs)
        if (task === null) return this.#laterMs() === Number.POSITIVE_INFINITY ? 'idle' : 'limit'
        this.#run(task)
        await promisesSettled()
      }
      return 'done'
    } finally {
      this.#running = false
    }
  }

  /** Moves time on to `atMs`, which nothing is due before. */
  passTo(atMs: number): void {
    if (atMs <= this.#nowMs) return
    this.#nowMs = atMs
    this.#tasksThisMoment = 0
  }

  error(message: string, cause?: unknown): SimulationError {
    return new SimulationError(this.seed, `${message}, ${this.#nowMs} ms into the simulation`, cause)
  }

  #next(untilMs: number): Task | null {
    for (;;) {
      const task = this.#due[this.#dueAt++] ?? this.#ending[this.#endingAt++]
      if (task?.pending) return task
      if (task !== undefined) continue
      if (this.#turnEnds) {
        if (!this.#beginTurn(untilMs)) return null
      } else {
        this.#turnEnds = true
        this.#ending = this.#soon
        this.#endingAt = 0
        this.#soon = []
      }
    }
  }

  /** False if there is nothing to run until then. */
  #beginTurn(untilMs: number): boolean {
    const nextMs = this.#soon.length > 0 ? this.#nowMs : this.#laterMs()
    if (nextMs > untilMs || nextMs === Number.POSITIVE_INFINITY) return false
    this.passTo(nextMs)
    this.#due = []
    for (let task = this.#later.shiftDue(this.#nowMs); task !== null; task = this.#later.shiftDue(this.#nowMs)) this.#due.push(task)
    this.#dueAt = 0
    this.#turnEnds = false
    return true
  }

  /** When the next task outside the turn is due; `Infinity` for never. */
  #laterMs(): number {
    return this.#later.peek()?.atMs ?? Number.POSITIVE_INFINITY
  }

  #run(task: Task): void {
    if (++this.#tasksThisMoment > this.#maxTasksPerMoment) {
      this.#tasksThisMoment = 0
      throw this.error(`time stands still: ${this.#maxTasksPerMoment} tasks ran at one moment, the last is ${describe(task)}`)
    }
    this.#taskCount++
    this.#note(task)
    try {
      task.run()
    } catch (error) {
      // A process that dies in the middle of its work is stopped by an exception, which is nobody's failure.
      if (task.owner?.alive === false) return
      throw this.error(`${describe(task)} threw: ${messageOf(error)}`, error)
    }
  }

  #note(task: Task): void {
    const mixed = Math.imul(this.#fingerprint ^ this.#nowMs, 0x0100_0193) ^ this.#hash(task.label)
    this.#fingerprint = Math.imul(mixed, 0x0100_0193) ^ (task.owner === null ? 0 : this.#hash(task.owner.name))
  }

  #hash(text: string): number {
    let hash = this.#hashes.get(text)
    if (hash === undefined) {
      hash = mixText(0, text)
      this.#hashes.set(text, hash)
    }
    return hash
  }
}

function describe(task: Task): string {
  return task.owner === null ? `"${task.label}"` : `"${task.label}" of ${task.owner.name}`
}

/** Resolves when no promise is left that could settle by itself: they all settle before the next real turn of the event loop. */
function promisesSettled(): Promise<void> {
  return new Promise(resolve => realSetImmediate(resolve))
}
