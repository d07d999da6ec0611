import type { Headers } from '@logwerk/runtime'
import { headersOfParts, keyOfParts, valueOfParts } from './record-parts.ts'

/**
 * A record inside a batch: where its parts lie, not the parts themselves. Key, value and headers are made when they are asked for, as
 * views of the batch's (decompressed) bytes.
 */
export class BatchRecord {
  readonly offset: number
  /** Milliseconds since 1970; -1 if the producer gave none. */
  readonly timestamp: number
  readonly #bytes: Buffer
  readonly #partsAt: number

  /** @param partsAt  Where the length of the key begins. */
  constructor(bytes: Buffer, offset: number, timestamp: number, partsAt: number) {
    this.offset = offset
    this.timestamp = timestamp
    this.#bytes = bytes
    this.#partsAt = partsAt
  }

  /** A view; it stays valid and keeps the whole batch in memory. */
  get key(): Buffer | null {
    return keyOfParts(this.#bytes, this.#partsAt)
  }

  /** A view; it stays valid and keeps the whole batch in memory. */
  get value(): Buffer | null {
    return valueOfParts(this.#bytes, this.#partsAt)
  }

  /** In order, duplicates kept; decoded at each call. */
  get headers(): Headers {
    return headersOfParts(this.#bytes, this.#partsAt)
  }
}
