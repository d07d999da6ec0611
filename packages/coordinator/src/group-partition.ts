/**
 * The partition of `__consumer_offsets` that holds a group: Java's `String.hashCode` of its id, made positive as Kafka does it, modulo the
 * number of partitions.
 */
export function groupPartition(groupId: string, partitionCount: number): number {
  let hash = 0
  for (let index = 0; index < groupId.length; index++) hash = (Math.imul(hash, 31) + groupId.charCodeAt(index)) | 0
  // The one number without a positive counterpart.
  return hash === -0x8000_0000 ? 0 : Math.abs(hash) % partitionCount
}
