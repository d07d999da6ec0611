import type { Connection } from '@logwerk/runtime'

/**
 * Bytes of requests that the broker holds, over all connections. Whoever brings more than fits is not read from until others have been
 * answered; its request is kept, because refusing it would only bring it back.
 */
export class MemoryBudget {
  readonly #limitBytes: number
  #usedBytes = 0
  #paused = new Set<Connection>()

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  get usedBytes(): number {
    return this.#usedBytes
  }

  take(byteCount: number, connection: Connection): void {
    this.#usedBytes += byteCount
    if (this.#usedBytes < this.#limitBytes) return
    this.#paused.add(connection)
    connection.pause()
  }

  release(byteCount: number): void {
    this.#usedBytes -= byteCount
    if (this.#usedBytes >= this.#limitBytes) return
    const paused = this.#paused
    this.#paused = new Set()
    for (const connection of paused) connection.resume()
  }

  /** Lets `connection` be read again, unless the budget is used up. */
  resume(connection: Connection): void {
    if (!this.#paused.has(connection)) connection.resume()
  }
}
