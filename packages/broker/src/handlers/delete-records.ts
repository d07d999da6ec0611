import {
  answerable,
  type DeleteRecordsPartition,
  type DeleteRecordsRequest,
  type DeleteRecordsResponseInput,
  deleteRecordsPartitionResult,
} from '@logwerk/protocol'
import { type BrokerErrorCode, KafkaError } from '@logwerk/runtime'
import type { BrokerState } from '../broker-state.ts'
import { brokerCodeOf } from '../partition.ts'
import { listOf } from '../topic-config.ts'

/** Asks for everything below the high watermark. */
const HIGH_WATERMARK = -1

/** The new start of a log, or why it stays where it is. */
type Outcome = { readonly lowWatermark: number } | { readonly errorCode: BrokerErrorCode }

/** Moves the start of logs up (KIP-107). The new starts are on the disk before the answer. */
export function handleDeleteRecords(broker: BrokerState) {
  return (request: DeleteRecordsRequest): DeleteRecordsResponseInput => {
    const moves = request.topics.map(({ name, partitions }) => ({ name, outcomes: partitions.map(asked => move(broker, name, asked)) }))
    const failure = attempt(() => broker.checkpointLogStarts())
    return {
      topics: moves.map(({ name, outcomes }, topicIndex) => ({
        name,
        partitions: outcomes.map((outcome, index) => {
          const errorCode = 'errorCode' in outcome ? outcome.errorCode : (failure ?? 'NONE')
          return {
            partitionIndex: request.topics[topicIndex]!.partitions[index]!.partitionIndex,
            lowWatermark: errorCode === 'NONE' && 'lowWatermark' in outcome ? outcome.lowWatermark : -1,
            errorCode: answerable(deleteRecordsPartitionResult.fields.errorCode, errorCode),
          }
        }),
      })),
    }
  }
}

function move(broker: BrokerState, topic: string, { partitionIndex, offset }: DeleteRecordsPartition): Outcome {
  const partition = broker.topics.partition(topic, partitionIndex)
  if (partition === undefined) return { errorCode: 'UNKNOWN_TOPIC_OR_PARTITION' }
  if (broker.isInternal(topic)) return { errorCode: 'INVALID_TOPIC_EXCEPTION' }
  if (!listOf(broker.topics.configsOf(topic).text('cleanup.policy')).includes('delete')) return { errorCode: 'POLICY_VIOLATION' }
  const { log } = partition
  let lowWatermark = -1
  const errorCode = attempt(() => {
    lowWatermark = log.deleteRecordsBefore(offset === HIGH_WATERMARK ? log.highWatermark : offset)
  })
  return errorCode === null ? { lowWatermark } : { errorCode }
}

/** The code to answer if `action` fails; null if it does not. */
function attempt(action: () => void): BrokerErrorCode | null {
  try {
    action()
    return null
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error
    return brokerCodeOf(error)
  }
}
