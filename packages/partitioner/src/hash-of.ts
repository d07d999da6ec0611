import { ByteWriter } from '@logwerk/runtime'
import { murmur2, toPartition } from './murmur2.ts'
import type { PartitionInput, StatefulPartitioner } from './partitioner.ts'

/**
 * Partitions by a part of the record, hashed as Java's default hashes a whole key: records with the same part stay in order.
 *
 * @param select  The part: bytes, or a string that is hashed as UTF-8; null for "no opinion".
 * @param name    Stands for the partitioner in errors.
 */
export function hashOf<K, V>(
  select: (input: PartitionInput<K, V>) => Uint8Array | string | null,
  name = select.name === '' ? 'hashOf' : select.name,
): StatefulPartitioner<K, V> {
  const scratch = new ByteWriter()
  return {
    name,
    partition(input) {
      const part = select(input)
      if (part === null) return null
      if (typeof part === 'string') {
        scratch.position = 0
        scratch.writeUtf8(part)
        return toPartition(murmur2(scratch.buffer, 0, scratch.position), input.partitionCount)
      }
      // Without types a forgotten field selects undefined, and every such record would share one partition.
      if (!(part instanceof Uint8Array)) throw new TypeError(`the part to hash must be a string, bytes or null, not ${typeof part}`)
      return toPartition(murmur2(part), input.partitionCount)
    },
  }
}
