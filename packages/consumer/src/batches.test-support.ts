import {
  type EndTransactionMarker,
  endTransactionBatch,
  PARTITION_LEADER_EPOCH_AT,
  RECORDS_AT,
  RecordBatchBuilder,
  UNSTAMPED,
} from '@logwerk/protocol'
import { NO_HEADERS } from '@logwerk/runtime'

/** A batch as a broker stores it, with one record for each value. */
export function batchAt(baseOffset: number, values: readonly string[], producerId = -1, leaderEpoch = 0): Buffer {
  const builder = new RecordBatchBuilder(Buffer.alloc(RECORDS_AT))
  for (const value of values) builder.append(1_767_225_600_000, null, Buffer.from(value), NO_HEADERS)
  const stamp = producerId < 0 ? UNSTAMPED : { producerId, producerEpoch: 0, baseSequence: 0, transactional: true }
  return placed(builder.finish(stamp), baseOffset, leaderEpoch)
}

/** The end of a producer's transaction. */
export function markerAt(baseOffset: number, marker: EndTransactionMarker, producerId: number): Buffer {
  return placed(
    endTransactionBatch({ marker, producerId, producerEpoch: 0, coordinatorEpoch: 0, timestamp: 1_767_225_600_000 }),
    baseOffset,
    0,
  )
}

/** Base offset and leader epoch lie outside of what the CRC covers. */
function placed(batch: Buffer, baseOffset: number, leaderEpoch: number): Buffer {
  batch.writeBigInt64BE(BigInt(baseOffset), 0)
  batch.writeInt32BE(leaderEpoch, PARTITION_LEADER_EPOCH_AT)
  return batch
}
