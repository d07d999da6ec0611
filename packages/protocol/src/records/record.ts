import { type Headers, NO_HEADERS } from '@logwerk/runtime'
import { readHeaders } from './record-parts.ts'
import { VarintCursor } from './varint.ts'

/**
 * A record inside a batch: where its parts lie, not the parts themselves. Key, value and headers are made when they are asked for, as
 * views of the batch's (decompressed) bytes.
 */
export class BatchRecord {
  readonly offset: number
  /** Milliseconds since 1970; -1 if the producer gave none. */
  readonly timestamp: number
  readonly #bytes: Buffer
  readonly #keyAt: number
  /** -1: null. */
  readonly keyLength: number
  readonly #valueAt: number
  /** -1: null. */
  readonly valueLength: number
  readonly #headersAt: number
  readonly headerCount: number

  constructor(
    bytes: Buffer,
    offset: number,
    timestamp: number,
    keyAt: number,
    keyLength: number,
    valueAt: number,
    valueLength: number,
    headersAt: number,
    headerCount: number,
  ) {
    this.#bytes = bytes
    this.offset = offset
    this.timestamp = timestamp
    this.#keyAt = keyAt
    this.keyLength = keyLength
    this.#valueAt = valueAt
    this.valueLength = valueLength
    this.#headersAt = headersAt
    this.headerCount = headerCount
  }

  /** A view; it stays valid and keeps the whole batch in memory. */
  get key(): Buffer | null {
    return this.keyLength < 0 ? null : this.#bytes.subarray(this.#keyAt, this.#keyAt + this.keyLength)
  }

  /** A view; it stays valid and keeps the whole batch in memory. */
  get value(): Buffer | null {
    return this.valueLength < 0 ? null : this.#bytes.subarray(this.#valueAt, this.#valueAt + this.valueLength)
  }

  /** In order, duplicates kept; decoded at each call. */
  get headers(): Headers {
    return this.headerCount === 0 ? NO_HEADERS : readHeaders(new VarintCursor(this.#bytes, this.#headersAt), this.#bytes, this.headerCount)
  }
}
