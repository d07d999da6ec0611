import { KafkaError } from '@logwerk/runtime'

/** The end of a consumer: it begins with a close, and is reached when nothing of it goes on. */
export class ConsumerEnd {
  #hasBegun = false
  #isReached = false
  /** Settles with the end. */
  readonly reached: Promise<void>
  #settle: () => void = () => {}
  readonly #listeners = new Set<() => void>()

  constructor() {
    this.reached = new Promise(resolve => {
      this.#settle = resolve
    })
  }

  get hasBegun(): boolean {
    return this.#hasBegun
  }

  begin(): void {
    this.#hasBegun = true
  }

  reach(): void {
    this.#isReached = true
    this.#settle()
    for (const listener of this.#listeners) listener()
    this.#listeners.clear()
  }

  /** `listener` runs at the end, at once if it is reached; returns how to stop that: what only races with the end must leave nothing behind. */
  onReached(listener: () => void): () => void {
    if (this.#isReached) listener()
    else this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** @throws KafkaError `CLOSED` behind the end */
  ensureOpen(): void {
    if (this.#isReached) throw new KafkaError('CLOSED', 'the consumer was closed')
  }
}
