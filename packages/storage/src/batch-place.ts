import { LOG_OVERHEAD_BYTES, RECORDS_AT, RecordBatchView } from '@logwerk/protocol'
import { KafkaError } from '@logwerk/runtime'

/** The fields of a batch that a log needs to place it. */
export interface BatchPlace {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly positionBytes: number
  readonly sizeBytes: number
  readonly maxTimestamp: number
  readonly leaderEpoch: number
}

/** The place that a header describes; null if it cannot be one. */
export function placeOf(header: Buffer, positionBytes: number): BatchPlace | null {
  const view = new RecordBatchView(header)
  const length = header.readInt32BE(8)
  if (view.magic !== 2 || length < RECORDS_AT - LOG_OVERHEAD_BYTES) return null
  try {
    const { baseOffset, lastOffset, maxTimestamp, partitionLeaderEpoch: leaderEpoch } = view
    if (baseOffset < 0 || lastOffset < baseOffset) return null
    return { baseOffset, lastOffset, positionBytes, sizeBytes: LOG_OVERHEAD_BYTES + length, maxTimestamp, leaderEpoch }
  } catch (error) {
    if (error instanceof KafkaError) return null
    throw error
  }
}
