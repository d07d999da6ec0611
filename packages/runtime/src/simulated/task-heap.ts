import type { Timer } from '../clock.ts'

/** On whose behalf a task runs. The tasks of an owner that is no longer alive are dropped. */
export interface TaskOwner {
  readonly name: string
  readonly alive: boolean
}

/** Something to run at a moment of virtual time. */
export class Task implements Timer {
  readonly atMs: number
  /** Drawn from the seed: the order among tasks of the same moment. */
  readonly rank: number
  /** What it is, for errors and the fingerprint. */
  readonly label: string
  readonly owner: TaskOwner | null
  #work: (() => void) | null

  constructor(atMs: number, rank: number, label: string, owner: TaskOwner | null, work: () => void) {
    this.atMs = atMs
    this.rank = rank
    this.label = label
    this.owner = owner
    this.#work = work
  }

  /** False once it ran, was cancelled, or lost its owner. */
  get pending(): boolean {
    return this.#work !== null && (this.owner === null || this.owner.alive)
  }

  run(): void {
    const work = this.#work
    this.#work = null
    work?.()
  }

  cancel(): void {
    this.#work = null
  }
}

const SMALLEST_SWEEP = 1024

/** Tasks by moment, then by rank. */
export class TaskHeap {
  #tasks: Task[] = []
  #sweepAt = SMALLEST_SWEEP

  /** The next pending task; null if there is none. */
  peek(): Task | null {
    for (;;) {
      const first = this.#tasks[0]
      if (first === undefined) return null
      if (first.pending) return first
      this.#removeFirst()
    }
  }

  push(task: Task): void {
    // Timeouts are mostly cancelled long before their moment; without a sweep they would pile up until then.
    if (this.#tasks.length >= this.#sweepAt) this.#sweep()
    this.#tasks.push(task)
    this.#up(this.#tasks.length - 1)
  }

  /** Takes the first task off, if its moment is not after `nowMs`. */
  shiftDue(nowMs: number): Task | null {
    const first = this.peek()
    if (first === null || first.atMs > nowMs) return null
    this.#removeFirst()
    return first
  }

  #sweep(): void {
    // A list in order is a heap.
    this.#tasks = this.#tasks.filter(task => task.pending).sort((left, right) => left.atMs - right.atMs || left.rank - right.rank)
    this.#sweepAt = Math.max(SMALLEST_SWEEP, this.#tasks.length * 2)
  }

  #removeFirst(): void {
    const last = this.#tasks.pop()
    if (last === undefined || this.#tasks.length === 0) return
    this.#tasks[0] = last
    this.#down(0)
  }

  #up(from: number): void {
    const task = this.#tasks[from]!
    let index = from
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!isBefore(task, this.#tasks[parent]!)) break
      this.#tasks[index] = this.#tasks[parent]!
      index = parent
    }
    this.#tasks[index] = task
  }

  #down(from: number): void {
    const task = this.#tasks[from]!
    let index = from
    for (;;) {
      let child = 2 * index + 1
      if (child >= this.#tasks.length) break
      if (child + 1 < this.#tasks.length && isBefore(this.#tasks[child + 1]!, this.#tasks[child]!)) child++
      if (!isBefore(this.#tasks[child]!, task)) break
      this.#tasks[index] = this.#tasks[child]!
      index = child
    }
    this.#tasks[index] = task
  }
}

function isBefore(left: Task, right: Task): boolean {
  return left.atMs < right.atMs || (left.atMs === right.atMs && left.rank < right.rank)
}
