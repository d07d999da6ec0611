import { ByteReader } from '@logwerk/runtime'

/**
 * Array elements that one message may hold in all. Each costs an object of some 100 bytes, so a frame of a few megabytes of lies could
 * otherwise ask for gigabytes. The largest honest message, the metadata of 200,000 partitions, holds about a million.
 */
export const MAX_ELEMENTS = 8_000_000

/** A {@link ByteReader} that keeps count of what a message makes it allocate. */
export class MessageReader extends ByteReader {
  #elements = 0

  /** Checks an array's length against the bytes that are left, `elementBytes` being the least that one element takes. */
  elementCount(count: number, elementBytes: number): number {
    if (count < 0 || count * elementBytes > this.remaining) {
      throw this.malformed(`an array of ${count} elements does not fit into the ${this.remaining} bytes that are left`)
    }
    this.#elements += count
    if (this.#elements > MAX_ELEMENTS) throw this.malformed(`more than ${MAX_ELEMENTS} array elements`)
    return count
  }
}
