import { KafkaError } from '@logwerk/runtime'

/** The end of a consumer: it begins with a close, and is reached when nothing of it goes on. */
export class ConsumerEnd {
  #hasBegun = false
  #isReached = false
  /** Settles with the end. */
  readonly reached: Promise<void>
  #settle: () => void = () => {}

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
  }

  /** @throws KafkaError `CLOSED` behind the end */
  ensureOpen(): void {
    if (this.#isReached) throw new KafkaError('CLOSED', 'the consumer was closed')
  }
}
