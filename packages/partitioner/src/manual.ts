import type { PartitionInput } from './partitioner.ts'

/**
 * For producers whose records all carry their `partition`: a record without one is an error instead of a guess.
 *
 * @throws Error, which reaches the application as KafkaError `PARTITIONER_FAILED` with the topic's name.
 */
export function manual(_record: PartitionInput): never {
  throw new Error('the record has no partition; set its "partition", or configure another partitioner')
}
