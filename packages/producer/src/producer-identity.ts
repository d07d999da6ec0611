import { isPassing, type KafkaClient } from '@logwerk/client'
import { initProducerId, NO_PRODUCER_EPOCH, NO_PRODUCER_ID } from '@logwerk/protocol'
import { brokerError, KafkaError, messageOf } from '@logwerk/runtime'

/** Under what a partition's batches are numbered. The same object for the same id and epoch. */
export interface ProducerStamp {
  readonly producerId: number
  readonly producerEpoch: number
}

/** That of a producer without idempotence. */
export const UNIDENTIFIED: ProducerStamp = { producerId: NO_PRODUCER_ID, producerEpoch: NO_PRODUCER_EPOCH }

/** Epochs are int16, and brokers keep the last one for themselves; past it a new id is needed. */
const MAX_EPOCH = 0x7fff - 1

/**
 * The id and epoch under which an idempotent producer numbers its records (KIP-98), and when they change: a gap that cannot be explained
 * makes the sequences of the old epoch useless (KIP-360). Partitions move on to a new epoch one by one, when nothing of theirs is left
 * that may have been stored under the old one.
 */
export class ProducerIdentity {
  readonly #client: KafkaClient
  #current: ProducerStamp | null = null
  #asking = false
  #fatal: KafkaError | null = null
  #lastError: unknown = null

  constructor(client: KafkaClient) {
    this.#client = client
  }

  /** Null while there is none to number new records under. */
  get current(): ProducerStamp | null {
    return this.#current
  }

  /** Why there will never be an id; null while there is hope. */
  get fatal(): KafkaError | null {
    return this.#fatal
  }

  /** Why there is no id yet; null if nothing failed. */
  get lastError(): unknown {
    return this.#lastError
  }

  /** The sequences under `stamp` cannot go on: begins a new epoch, unless that has happened since. */
  bump(stamp: ProducerStamp): void {
    if (stamp !== this.#current) return
    const { producerId, producerEpoch } = stamp
    this.#current = producerEpoch >= MAX_EPOCH ? null : { producerId, producerEpoch: producerEpoch + 1 }
  }

  /** The brokers no longer accept the id of `stamp`. */
  discard(stamp: ProducerStamp): void {
    if (stamp.producerId === this.#current?.producerId) this.#current = null
  }

  /** Asks for an id, once at a time, until there is one; `onChange` runs when there is, or when there never will be. */
  ask(onChange: () => void): void {
    if (this.#asking || this.#current !== null || this.#fatal !== null) return
    this.#asking = true
    const { signal } = this.#client
    this.#client
      .retrying('getting a producer id', { timeoutMs: Number.POSITIVE_INFINITY, signal }, () => this.#request())
      .then(
        ({ producerId, producerEpoch }) => {
          this.#current = { producerId, producerEpoch }
          this.#lastError = null
        },
        error => {
          if (this.#client.isClosed) return
          const code = error instanceof KafkaError ? error.code : 'UNKNOWN_SERVER_ERROR'
          this.#fatal = new KafkaError(code, `no producer id: ${messageOf(error)}; enableIdempotence: false does without one`, {
            cause: error,
            retriable: false,
          })
        },
      )
      .finally(() => {
        this.#asking = false
        if (!this.#client.isClosed) onChange()
      })
  }

  async #request(): Promise<ProducerStamp> {
    try {
      const answer = await this.#client.sendToAny(initProducerId, { transactionalId: null, transactionTimeoutMs: 0x7fff_ffff })
      if (answer.errorCode !== 'NONE') throw brokerError(answer.errorCode)
      return answer
    } catch (error) {
      if (isPassing(error)) this.#lastError = error
      throw error
    }
  }
}
