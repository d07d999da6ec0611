import {
  answerable,
  type ListOffsetsPartition,
  type ListOffsetsPartitionResponseInput,
  type ListOffsetsRequest,
  type ListOffsetsResponseInput,
  listOffsetsPartitionResponse,
  listOffsetsTimestamps as special,
} from '@logwerk/protocol'
import { type BrokerErrorCode, KafkaError } from '@logwerk/runtime'
import type { BrokerState } from '../broker-state.ts'
import { epochRefusal } from '../leader-epoch.ts'
import { brokerCodeOf, type Partition } from '../partition.ts'
import type { RequestContext } from '../router.ts'

/** First version that knows each special timestamp; before it the value is refused (measured on 4.4.0). */
const SINCE: ReadonlyMap<number, number> = new Map([
  [special.LATEST, 0],
  [special.EARLIEST, 0],
  [special.MAX_TIMESTAMP, 7],
  [special.EARLIEST_LOCAL, 8],
  [special.LATEST_TIERED, 9],
  [special.EARLIEST_PENDING_UPLOAD, 11],
])

/** Finds offsets: the ends of a log, or the first record at or after a time. */
export function handleListOffsets(broker: BrokerState) {
  return (request: ListOffsetsRequest, { version }: RequestContext): ListOffsetsResponseInput => ({
    topics: request.topics.map(({ name, partitions }) => {
      const counts = new Map<number, number>()
      for (const { partitionIndex } of partitions) counts.set(partitionIndex, (counts.get(partitionIndex) ?? 0) + 1)
      // A partition that is asked for twice gets one answer, and no offset (measured on 4.4.0).
      const distinct = new Map(partitions.map(asked => [asked.partitionIndex, asked]))
      return {
        name,
        partitions: [...distinct.values()].map(asked => {
          if (counts.get(asked.partitionIndex)! > 1) return failure(asked, 'INVALID_REQUEST')
          const partition = broker.topics.partition(name, asked.partitionIndex)
          if (partition === undefined) return failure(asked, 'UNKNOWN_TOPIC_OR_PARTITION')
          const stale = epochRefusal(partition.log, asked.currentLeaderEpoch)
          if (stale !== null) return failure(asked, stale)
          try {
            return find(broker, partition, asked, version)
          } catch (error) {
            if (!(error instanceof KafkaError)) throw error
            return failure(asked, brokerCodeOf(error))
          }
        }),
      }
    }),
  })
}

function find(broker: BrokerState, { log }: Partition, asked: ListOffsetsPartition, version: number): ListOffsetsPartitionResponseInput {
  const { timestamp } = asked
  if (timestamp < 0 && !(version >= (SINCE.get(timestamp) ?? Number.POSITIVE_INFINITY))) return failure(asked, 'UNSUPPORTED_VERSION')
  const found = (offset: number, at: number, leaderEpoch: number): ListOffsetsPartitionResponseInput => ({
    partitionIndex: asked.partitionIndex,
    errorCode: 'NONE',
    timestamp: at,
    offset,
    ...(version >= 4 ? { leaderEpoch } : {}),
  })
  const none = found(-1, -1, -1)
  switch (timestamp) {
    case special.LATEST:
      return found(log.highWatermark, -1, log.leaderEpochs.latest < 0 ? log.leaderEpoch : log.leaderEpochs.latest)
    case special.EARLIEST:
    case special.EARLIEST_LOCAL: {
      const epoch = log.leaderEpochs.epochOf(log.logStartOffset)
      return found(log.logStartOffset, -1, epoch < 0 ? log.leaderEpoch : epoch)
    }
    case special.LATEST_TIERED:
    case special.EARLIEST_PENDING_UPLOAD:
      return none
    case special.MAX_TIMESTAMP: {
      const record = log.offsetOfMaxTimestamp(broker.codecs)
      // Nobody can read it yet, and a power cut may take it back.
      return record === null || record.offset >= log.highWatermark ? none : found(record.offset, record.timestamp, record.leaderEpoch)
    }
    default: {
      const record = log.offsetForTimestamp(timestamp, log.highWatermark, broker.codecs)
      return record === null ? none : found(record.offset, record.timestamp, record.leaderEpoch)
    }
  }
}

function failure(asked: ListOffsetsPartition, code: BrokerErrorCode): ListOffsetsPartitionResponseInput {
  return {
    partitionIndex: asked.partitionIndex,
    errorCode: answerable(listOffsetsPartitionResponse.fields.errorCode, code),
  }
}
