/**
 * Bytes of answers that clients have not taken yet, over all connections. Requests are bounded where they are read; what they are answered
 * with can be a thousand times larger, and waits in memory for clients that read slowly or not at all.
 */
export class AnswersInFlight {
  readonly #limitBytes: number
  #bytes = 0

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  /** What further answers may have; a fetch without room is answered with one batch, so that it moves on (KIP-74). */
  get roomBytes(): number {
    return Math.max(this.#limitBytes - this.#bytes, 0)
  }

  add(byteCount: number): void {
    this.#bytes += byteCount
  }

  remove(byteCount: number): void {
    this.#bytes -= byteCount
  }
}
