import type { Assignor } from '@logwerk/assignor'
import type { ClientOptions } from '@logwerk/client'
import type { Deserializer } from '@logwerk/serde'
import type { ConsumerConfigInput } from './consumer-config.ts'
import type { ConsumerBatch, ConsumerRecord } from './consumer-record.ts'
import type { OffsetAndTimestamp } from './offset-lookup.ts'
import type { TopicPartition, TopicPartitionOffset } from './topic-partition.ts'

export type ConsumerOptions<K, V> = Omit<ConsumerConfigInput, 'bootstrapServers' | 'partitionAssignmentStrategy'> &
  ClientOptions & {
    readonly bootstrapServers?: readonly string[] | undefined
    /** How keys are read. Default: bytes. */
    readonly key?: Deserializer<K> | undefined
    /** How values are read. Default: bytes. */
    readonly value?: Deserializer<V> | undefined
    /**
     * Assignors that this member knows, best first, by name or as objects. Default: `['cooperative-sticky']`, which moves only the
     * partitions that have to move (Java's default begins with `range`, which stops the whole group).
     */
    readonly partitionAssignmentStrategy?: readonly (string | Assignor)[] | undefined
  }

/**
 * Told of partitions that come and go, and awaited: nothing is read meanwhile. What it throws, the next `poll` or `next` throws; if it takes
 * longer than `maxPollIntervalMs`, the consumer leaves its group until it is done. It must not await `unsubscribe` or `close`, which wait
 * for it.
 */
export interface RebalanceListener {
  /** The place to seek, or to load state. */
  onPartitionsAssigned?(partitions: readonly TopicPartition[]): void | Promise<void>
  /** The place to commit: the partitions are still this consumer's. Offsets of finished records are committed before, if that is automatic. */
  onPartitionsRevoked?(partitions: readonly TopicPartition[]): void | Promise<void>
  /** The partitions are somebody else's already. Default: as `onPartitionsRevoked`. */
  onPartitionsLost?(partitions: readonly TopicPartition[]): void | Promise<void>
}

export interface WaitOptions {
  readonly signal?: AbortSignal | undefined
  /** Longest wait in milliseconds; `defaultApiTimeoutMs` if left out. */
  readonly timeoutMs?: number | undefined
}

/**
 * Reads records, alone or as a member of a group. Make one with {@link createConsumer}. Records are asked for in one place at a time:
 * by `poll`, by the record iterator, or by `batches`.
 */
export interface Consumer<K, V> extends AsyncDisposable, AsyncIterable<ConsumerRecord<K, V>> {
  /**
   * Joins the group for these topics, in place of those before. The partitions come with the first wait for records. Resolves at once,
   * unless an `unsubscribe` is under way, for which it waits up to `defaultApiTimeoutMs`.
   *
   * @throws KafkaError `ILLEGAL_STATE` without a `groupId`, or while partitions are assigned; `CLOSED`; TimeoutError; TypeError
   */
  subscribe(topics: readonly string[], listener?: RebalanceListener): Promise<void>
  /**
   * Reads exactly these partitions, without a group's membership, from the committed offset if there is a `groupId`. Those that were read
   * before go on where they are. An empty list reads nothing.
   *
   * @throws KafkaError `ILLEGAL_STATE` while topics are subscribed to; `CLOSED`; TypeError
   */
  assign(partitions: readonly TopicPartition[]): void
  /**
   * Commits what was processed (if that is automatic), and leaves the group or drops the assigned partitions. Goes on by itself if it is not
   * waited for to the end.
   *
   * @throws KafkaError `CLOSED`; TimeoutError; `signal.reason`
   */
  unsubscribe(options?: WaitOptions): Promise<void>
  /** Topics of the subscription. */
  subscription(): string[]
  /** Partitions that are read now. */
  assignment(): TopicPartition[]
  /**
   * The next records of all partitions, at most `maxPollRecords`; an empty list after `timeoutMs` without any.
   *
   * @throws KafkaError: `NO_OFFSET`, `CORRUPT_MESSAGE`, `CLOSED`, what the coordinator or a broker refuses; what a rebalance listener
   *         threw; `signal.reason`.
   */
  poll(options: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined }): Promise<ConsumerRecord<K, V>[]>
  /** Record by record. Leaving the loop leaves the consumer open; the record in hand then does not count as processed. */
  [Symbol.asyncIterator](): AsyncIterableIterator<ConsumerRecord<K, V>>
  /** The same, until a signal aborts: then it throws `signal.reason`. */
  records(options?: { readonly signal?: AbortSignal | undefined }): AsyncIterableIterator<ConsumerRecord<K, V>>
  /** Batch by batch: up to `maxPollRecords` records of one partition at a time. */
  batches(options?: { readonly signal?: AbortSignal | undefined }): AsyncIterableIterator<ConsumerBatch<K, V>>
  /**
   * Commits what has been handed out so far; a record (the offset behind it); or the offsets given. Resolves when they are on record.
   *
   * @throws KafkaError `ILLEGAL_GENERATION`, `UNKNOWN_MEMBER_ID`, `REBALANCE_IN_PROGRESS` if the partitions may be somebody else's by
   *         now; TimeoutError; `signal.reason`.
   */
  commit(what?: ConsumerRecord<K, V> | readonly TopicPartitionOffset[], options?: WaitOptions): Promise<void>
  /**
   * What the group has committed, for each of the partitions that has a commit.
   *
   * @throws KafkaError `ILLEGAL_STATE` without a `groupId`; what the coordinator refuses; TimeoutError; `signal.reason`
   */
  committed(partitions: readonly TopicPartition[], options?: WaitOptions): Promise<TopicPartitionOffset[]>
  /** The offset of the record that comes next. Waits until it is known. @throws KafkaError `ILLEGAL_STATE` if the partition is not assigned */
  position(partition: TopicPartition, options?: WaitOptions): Promise<number>
  /** Goes on at `offset`. @throws KafkaError `ILLEGAL_STATE` if the partition is not assigned */
  seek(partition: TopicPartition, offset: number): void
  /** Goes on at the first record there is, in these partitions or in all. */
  seekToBeginning(partitions?: readonly TopicPartition[], options?: WaitOptions): Promise<void>
  /** Goes on behind the last record there is, in these partitions or in all. */
  seekToEnd(partitions?: readonly TopicPartition[], options?: WaitOptions): Promise<void>
  /**
   * Hands out nothing of these partitions until they are resumed. A rebalance that takes a partition away forgets it.
   *
   * @throws KafkaError `ILLEGAL_STATE` if a partition is not assigned
   */
  pause(partitions: readonly TopicPartition[]): void
  resume(partitions: readonly TopicPartition[]): void
  paused(): TopicPartition[]
  /**
   * For each partition the first record at or after the time, in milliseconds since 1970; partitions without one are left out.
   *
   * @throws KafkaError `UNKNOWN_TOPIC_OR_PARTITION`; TimeoutError; `signal.reason`; TypeError
   */
  offsetsForTimes(
    times: readonly (TopicPartition & { readonly timestamp: number })[],
    options?: WaitOptions,
  ): Promise<(TopicPartition & OffsetAndTimestamp)[]>
  /** The offsets of the first records there are. @throws as `offsetsForTimes` */
  beginningOffsets(partitions: readonly TopicPartition[], options?: WaitOptions): Promise<TopicPartitionOffset[]>
  /** The offsets behind the last records that this consumer may see. @throws as `offsetsForTimes` */
  endOffsets(partitions: readonly TopicPartition[], options?: WaitOptions): Promise<TopicPartitionOffset[]>
  /** Records between the position and the end of what consumers see; null while it is not known. */
  currentLag(partition: TopicPartition): number | null
  /**
   * Commits what was processed (if that is automatic), leaves the group, ends; after `timeoutMs` (30000) in any case. Idempotent.
   *
   * @throws TypeError for a `timeoutMs` that is none; the consumer then goes on. Nothing else.
   */
  close(options?: { readonly timeoutMs?: number | undefined }): Promise<void>
}
