import { ByteReader } from '@logwerk/runtime'

/**
 * Memory that the array elements of one message may take in all, by estimate. A struct of a few bytes becomes an object of some 200, so a
 * frame of a few megabytes could otherwise ask for gigabytes. The largest honest message, the metadata of 200,000 partitions, takes a tenth.
 */
export const MAX_ELEMENT_MEMORY_BYTES = 512 * 1024 * 1024

/** A {@link ByteReader} that keeps count of what a message makes it allocate. */
export class MessageReader extends ByteReader {
  #memoryBytes = 0

  /**
   * Checks an array's length.
   *
   * @param elementBytes        The least that one element takes of the bytes that are left.
   * @param elementMemoryBytes  What one element takes when it is decoded.
   * @throws KafkaError `MALFORMED_MESSAGE`
   */
  elementCount(count: number, elementBytes: number, elementMemoryBytes: number): number {
    if (count < 0 || count * elementBytes > this.remaining) {
      throw this.malformed(`an array of ${count} elements does not fit into the ${this.remaining} bytes that are left`)
    }
    this.#memoryBytes += count * elementMemoryBytes
    if (this.#memoryBytes > MAX_ELEMENT_MEMORY_BYTES) {
      throw this.malformed(`decoded, its arrays would take more than ${MAX_ELEMENT_MEMORY_BYTES} bytes of memory`)
    }
    return count
  }
}
