import type { StatefulPartitioner } from './partitioner.ts'

/**
 * Every record of a topic goes to the partition after its predecessor's, whatever its key, over the partitions that have a leader, or
 * over all if none has. It counts per topic from 0 and wraps after 2^31 records. Source: Kafka's `RoundRobinPartitioner`.
 */
export function roundRobin(): StatefulPartitioner {
  const turns = new Map<string, number>()
  return {
    name: 'roundRobin',
    partition({ topic, partitionCount, availablePartitions }) {
      const turn = turns.get(topic) ?? 0
      turns.set(topic, (turn + 1) & 0x7fff_ffff)
      return availablePartitions[turn % availablePartitions.length] ?? turn % partitionCount
    },
  }
}
