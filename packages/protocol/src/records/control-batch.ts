import { NO_HEADERS } from '@logwerk/runtime'
import { RecordBatchBuilder } from './batch-builder.ts'
import { RECORDS_AT } from './batch-header.ts'
import type { RecordBatchView } from './batch-view.ts'

/** Kinds of control records that end a transaction. Source: Kafka's `ControlRecordType`. */
export type EndTransactionMarker = 'ABORT' | 'COMMIT'

const MARKER_IDS: Readonly<Record<EndTransactionMarker, number>> = { ABORT: 0, COMMIT: 1 }

export interface EndTransactionOptions {
  readonly marker: EndTransactionMarker
  readonly producerId: number
  readonly producerEpoch: number
  readonly coordinatorEpoch: number
  readonly timestamp: number
  readonly partitionLeaderEpoch?: number
}

/** The control batch that ends a producer's transaction in one partition: a batch of one record, which takes an offset of its own. */
export function endTransactionBatch(options: EndTransactionOptions): Buffer {
  const key = Buffer.alloc(4)
  key.writeInt16BE(MARKER_IDS[options.marker], 2)
  const value = Buffer.alloc(6)
  value.writeInt32BE(options.coordinatorEpoch, 2)
  const builder = new RecordBatchBuilder(Buffer.allocUnsafeSlow(RECORDS_AT + 32))
  builder.append(options.timestamp, key, value, NO_HEADERS)
  return builder.finish({
    producerId: options.producerId,
    producerEpoch: options.producerEpoch,
    baseSequence: -1,
    transactional: true,
    control: true,
    partitionLeaderEpoch: options.partitionLeaderEpoch ?? -1,
  })
}

/** The marker in a control batch; null if it is of another kind (a KRaft leader change, say), which readers skip. */
export function markerOf(batch: RecordBatchView): { readonly marker: EndTransactionMarker; readonly coordinatorEpoch: number } | null {
  // Control batches are never compressed.
  const record = batch.records(batch.bytes.subarray(RECORDS_AT))[0]
  const key = record?.key
  const value = record?.value
  if (!key || key.length < 4 || !value || value.length < 6) return null
  const id = key.readInt16BE(2)
  const marker = id === MARKER_IDS.ABORT ? 'ABORT' : id === MARKER_IDS.COMMIT ? 'COMMIT' : null
  return marker === null ? null : { marker, coordinatorEpoch: value.readInt32BE(2) }
}
