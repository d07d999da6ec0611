import { asKafkaError } from '@logwerk/client'
import type { KafkaError } from '@logwerk/runtime'

/** Errors that nobody was there to catch: thrown at the user's next wait. */
export class PendingErrors {
  readonly #onTold: () => void
  #errors: KafkaError[] = []
  #last: KafkaError | null = null

  /** @param onTold  Whoever waits looks again. */
  constructor(onTold: () => void) {
    this.#onTold = onTold
  }

  get isEmpty(): boolean {
    return this.#errors.length === 0 && this.#last === null
  }

  /** To be thrown once. */
  tell(error: unknown): void {
    const told = asKafkaError(error)
    // The same trouble in many partitions need not be told as often.
    if (!this.#errors.some(known => known.message === told.message)) this.#errors.push(told)
    this.#onTold()
  }

  /** The membership's end: thrown behind all others, and at every wait from now on; null when a new one begins. */
  setLast(error: KafkaError | null): void {
    this.#last = error
  }

  /** The next one that is thrown once. */
  takeOne(): KafkaError | null {
    return this.#errors.shift() ?? null
  }

  take(): KafkaError | null {
    return this.takeOne() ?? this.#last
  }
}
