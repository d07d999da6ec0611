import { murmur2, toPartition } from './murmur2.ts'
import type { PartitionInput } from './partitioner.ts'

/**
 * The choice of Java's producer, and of ours when no partitioner is set: murmur2 of the key over all partitions, with a leader or not.
 * A key of no bytes is hashed like any other; without a key it has no opinion, and the producer sticks to a partition for a batch
 * ({@link StickyPartitioner}). Source: `BuiltInPartitioner.partitionForKey`, KIP-794.
 */
export function javaDefault({ keyBytes, partitionCount }: PartitionInput): number | null {
  return keyBytes === null ? null : toPartition(murmur2(keyBytes), partitionCount)
}
