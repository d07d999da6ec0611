import { nodeWorld, type Random, randomBelow } from '@logwerk/runtime'
import { crc32 } from './crc32.ts'
import type { StatefulPartitioner } from './partitioner.ts'

/**
 * librdkafka's default, `consistent_random`, for topics that its clients (Python, Go, .NET, Node) write too: CRC-32 of the key over all
 * partitions. Without a key, and here a key of no bytes counts as none, the partition is random among those with a leader, or among all
 * if none has. librdkafka can also let such records stick to one partition for a while (`sticky.partitioning.linger.ms`); here each is
 * drawn. Source: `rd_kafka_msg_partitioner_consistent_random`.
 */
export function librdkafkaConsistentRandom({ random = nodeWorld.random }: { readonly random?: Random } = {}): StatefulPartitioner {
  return {
    name: 'librdkafkaConsistentRandom',
    partition({ keyBytes, partitionCount, availablePartitions }) {
      if (keyBytes !== null && keyBytes.length > 0) return crc32(keyBytes) % partitionCount
      if (availablePartitions.length === 0) return randomBelow(random, partitionCount)
      return availablePartitions[randomBelow(random, availablePartitions.length)]!
    },
  }
}
