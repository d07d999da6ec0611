/** Who brings bytes, and can be asked to wait with them. */
export interface BudgetedReader {
  pause(): void
  /** There is room again; whether it reads on is for the reader to know. */
  resume(): void
}

/**
 * Bytes of requests that the broker holds, over all connections, also of those of which a part has come. Whoever brings more than fits is
 * not read from until others have been answered. A request that was admitted may come in whole, even if it alone is too much: half of one
 * would only hold memory that nobody ever gives back (as Kafka's `SimpleMemoryPool` has it, which goes over by one request).
 */
export class MemoryBudget {
  readonly #limitBytes: number
  #usedBytes = 0
  #paused = new Set<BudgetedReader>()

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  get usedBytes(): number {
    return this.#usedBytes
  }

  /** Takes the memory of a request that has come in; it is kept, because refusing it would only bring it back. */
  take(byteCount: number, reader: BudgetedReader): void {
    this.#usedBytes += byteCount
    if (this.#usedBytes >= this.#limitBytes) this.#pause(reader)
  }

  /** Takes the memory of a request of which a part has come; false if the rest has to wait. */
  admit(byteCount: number, reader: BudgetedReader): boolean {
    if (this.#usedBytes >= this.#limitBytes) {
      this.#pause(reader)
      return false
    }
    this.#usedBytes += byteCount
    return true
  }

  release(byteCount: number): void {
    this.#usedBytes -= byteCount
    if (this.#usedBytes >= this.#limitBytes) return
    const paused = this.#paused
    this.#paused = new Set()
    for (const reader of paused) reader.resume()
  }

  /** Lets `reader` go on, unless the budget is used up. */
  resume(reader: BudgetedReader): void {
    if (!this.#paused.has(reader)) reader.resume()
  }

  /** `reader` is gone. */
  forget(reader: BudgetedReader): void {
    this.#paused.delete(reader)
  }

  #pause(reader: BudgetedReader): void {
    this.#paused.add(reader)
    reader.pause()
  }
}
