import {
  deleteRecords as deleteRecordsApi,
  isolationLevels,
  type ListOffsetsPartitionResponse,
  listOffsets as listOffsetsApi,
  listOffsetsTimestamps,
} from '@logwerk/protocol'
import { brokerError, KafkaError } from '@logwerk/runtime'
import type { AdminCall, Outcome, Settle } from './admin-call.ts'
import { checkCount, checkPartitions } from './check.ts'
import { askLeaders, byTopic, nameOfPartition, partitionKey, type TopicPartition } from './routing.ts'

/**
 * A place in a partition's log: its start, its end (the offset that the next record gets), the record with the largest timestamp, or
 * the first record whose timestamp, in milliseconds since 1970, is not before the one given.
 */
export type OffsetSpec = 'earliest' | 'latest' | 'maxTimestamp' | { readonly timestamp: number }

/** A question of `listOffsets`. */
export interface OffsetQuery extends TopicPartition {
  readonly at: OffsetSpec
}

/** What `listOffsets` found. */
export interface ListedOffset extends TopicPartition {
  /** -1 if there is no such record. */
  readonly offset: number
  /** Of the record found; -1 where the question was for the start or the end. */
  readonly timestamp: number
  /** Epoch in which the record was written; -1 if the broker does not tell. */
  readonly leaderEpoch: number
}

/** Which records count: with `read_committed` the end of a log is where its first open transaction begins. */
export type IsolationLevel = 'read_uncommitted' | 'read_committed'

/** Records to delete: all of a partition below an offset, or all there are. */
export interface RecordsToDelete extends TopicPartition {
  /** First offset to keep. */
  readonly beforeOffset: number | 'latest'
}

/** Where a partition's log starts after `deleteRecords`. */
export interface DeletedRecords extends TopicPartition {
  readonly lowWatermark: number
}

/** First version of ListOffsets that knows `maxTimestamp` (KIP-734); older brokers would take it for a time. */
const MAX_TIMESTAMP_SINCE = 7
/** Stands for the high watermark in DeleteRecords. */
const HIGH_WATERMARK = -1

export async function listOffsets(call: AdminCall, queries: readonly OffsetQuery[], isolation: IsolationLevel): Promise<ListedOffset[]> {
  checkQueries(call.name, queries)
  return await call.each(queries, PARTITIONS, askOffsets(call, isolation))
}

/** As {@link listOffsets}, with an outcome for each, so that one failure leaves the others standing. */
export async function lookUpOffsets(
  call: AdminCall,
  queries: readonly OffsetQuery[],
): Promise<ReadonlyMap<OffsetQuery, Outcome<ListedOffset>>> {
  return await call.settle(queries, PARTITIONS, askOffsets(call, 'read_uncommitted'))
}

export async function deleteRecords(call: AdminCall, records: readonly RecordsToDelete[]): Promise<DeletedRecords[]> {
  checkPartitions(call.name, records)
  for (const record of records) {
    if (record.beforeOffset !== 'latest') checkCount(call.name, `${nameOfPartition(record)}: beforeOffset`, record.beforeOffset, 0)
  }
  return await call.each(records, { nameOf: nameOfPartition, changes: true }, async (pending, settle) => {
    await askLeaders(call, pending, settle, async (nodeId, items) => {
      const { topics } = await call.client.send(nodeId, deleteRecordsApi, {
        topics: byTopic(items, ({ partition, beforeOffset }) => ({
          partitionIndex: partition,
          offset: beforeOffset === 'latest' ? HIGH_WATERMARK : beforeOffset,
        })),
        timeoutMs: call.brokerTimeoutMs,
      })
      const answers = new Map(
        topics.flatMap(({ name, partitions }) => partitions.map(answer => [partitionKey(name, answer.partitionIndex), answer])),
      )
      for (const item of items) {
        const { topic, partition, beforeOffset } = item
        const answer = answers.get(partitionKey(topic, partition))
        if (answer === undefined) continue
        const at = { topic, partition, ...(beforeOffset === 'latest' ? {} : { offset: beforeOffset }) }
        if (answer.errorCode === 'NONE') settle(item, { topic, partition, lowWatermark: answer.lowWatermark })
        else settle(item, brokerError(answer.errorCode, at))
      }
    })
  })
}

const PARTITIONS = { nameOf: nameOfPartition, changes: false }

function askOffsets(call: AdminCall, isolation: IsolationLevel) {
  return async (pending: readonly OffsetQuery[], settle: Settle<OffsetQuery, ListedOffset>): Promise<void> => {
    await askLeaders(call, pending, settle, async (nodeId, items) => {
      const connection = await call.client.connect(nodeId)
      const knowsMaxTimestamp = connection.versionOf(listOffsetsApi) >= MAX_TIMESTAMP_SINCE
      const askable = items.filter(item => {
        if (item.at !== 'maxTimestamp' || knowsMaxTimestamp) return true
        settle(item, tooOld(item, nodeId))
        return false
      })
      if (askable.length === 0) return
      const { topics } = await connection.send(listOffsetsApi, {
        replicaId: -1,
        isolationLevel: isolation === 'read_committed' ? isolationLevels.READ_COMMITTED : isolationLevels.READ_UNCOMMITTED,
        topics: byTopic(askable, ({ partition, at }) => ({ partitionIndex: partition, timestamp: timestampOf(at) })),
        timeoutMs: call.brokerTimeoutMs,
      })
      const answers = new Map<string, ListOffsetsPartitionResponse>()
      for (const { name, partitions } of topics)
        for (const answer of partitions) answers.set(partitionKey(name, answer.partitionIndex), answer)
      for (const item of askable) {
        const { topic, partition } = item
        const answer = answers.get(partitionKey(topic, partition))
        if (answer === undefined) continue
        const { errorCode, offset, timestamp, leaderEpoch } = answer
        if (errorCode === 'NONE') settle(item, { topic, partition, offset, timestamp, leaderEpoch })
        else settle(item, brokerError(errorCode, { topic, partition, broker: nodeId }))
      }
    })
  }
}

/** The number that stands for a place in ListOffsets. */
export function timestampOf(at: OffsetSpec): number {
  switch (at) {
    case 'earliest':
      return listOffsetsTimestamps.EARLIEST
    case 'latest':
      return listOffsetsTimestamps.LATEST
    case 'maxTimestamp':
      return listOffsetsTimestamps.MAX_TIMESTAMP
    default:
      return at.timestamp
  }
}

function checkQueries(call: string, queries: readonly OffsetQuery[]): void {
  checkPartitions(call, queries)
  for (const { topic, partition, at } of queries) {
    if (at === 'earliest' || at === 'latest' || at === 'maxTimestamp') continue
    const place = `${call}: ${nameOfPartition({ topic, partition })}: at`
    if (typeof at !== 'object' || at === null || !Number.isSafeInteger(at.timestamp) || at.timestamp < 0) {
      throw new TypeError(`${place} has to be 'earliest', 'latest', 'maxTimestamp' or { timestamp } in milliseconds since 1970`)
    }
  }
}

function tooOld({ topic, partition }: OffsetQuery, broker: number): KafkaError {
  return new KafkaError(
    'UNSUPPORTED_VERSION',
    `${topic}-${partition}: broker ${broker} cannot look for the largest timestamp; Kafka 3.0 and later can`,
    {
      at: { topic, partition, broker },
    },
  )
}
