import type { KafkaClient } from '@logwerk/client'

/** Asks for the metadata while a partition has no leader: less and less often, because a topic that was deleted may never come back. */
export class LeaderWatch {
  readonly #client: KafkaClient
  #rounds = 0
  #nextMs = 0

  constructor(client: KafkaClient) {
    this.#client = client
  }

  /** When to ask next, by the monotonic clock. */
  get nextMs(): number {
    return this.#nextMs
  }

  /** Asks, unless it has just done so; true if it did. */
  ask(): boolean {
    const nowMs = this.#client.world.clock.monotonicMs()
    if (nowMs < this.#nextMs) return false
    this.#client.refreshSoon()
    this.#nextMs = nowMs + this.#client.retryWaitMs(this.#rounds++)
    return true
  }

  /** All partitions have leaders. */
  end(): void {
    this.#rounds = 0
  }
}
