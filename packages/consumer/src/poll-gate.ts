/**
 * Marks the moments at which the user holds no record: while they wait for the next one. Partitions are taken away only then, so that a
 * record is never processed after its partition went to somebody else (short of `maxPollIntervalMs`).
 */
export class PollGate {
  #inside = 0
  #tasks: { readonly run: () => Promise<void>; readonly done: () => void; readonly failed: (error: unknown) => void }[] = []
  #running: Promise<void> | null = null

  /** True while the user waits for records. */
  get isInside(): boolean {
    return this.#inside > 0
  }

  /** The user asks for records: what waited for this moment happens first. */
  async enter(): Promise<void> {
    this.#inside++
    await this.#runTasks()
  }

  /** The user gets records. */
  leave(): void {
    this.#inside--
  }

  /** Runs `task` at the next such moment, or now if it is one; settles as it does. */
  atBoundary(task: () => Promise<void>): Promise<void> {
    return new Promise((done, failed) => {
      this.#tasks.push({ run: task, done, failed })
      if (this.isInside) void this.#runTasks()
    })
  }

  /** True while something is done that waited for such a moment, e.g. a rebalance listener is being awaited. */
  get isRunning(): boolean {
    return this.#running !== null
  }

  /** True if nothing waits for such a moment, or is under way. */
  get isIdle(): boolean {
    return this.#tasks.length === 0 && this.#running === null
  }

  async #runTasks(): Promise<void> {
    if (this.#running !== null) return await this.#running
    if (this.#tasks.length === 0) return
    this.#running = (async () => {
      for (let task = this.#tasks.shift(); task !== undefined; task = this.#tasks.shift()) {
        // What goes wrong is the business of whoever brought the task, not of the user who waits for records.
        await task.run().then(task.done, task.failed)
      }
    })()
    try {
      await this.#running
    } finally {
      this.#running = null
    }
  }
}
