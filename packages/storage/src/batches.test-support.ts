import {
  type CheckedRecordBatch,
  type CompressionCodecs,
  RECORDS_AT,
  RecordBatchBuilder,
  RecordBatchView,
  UNSTAMPED,
} from '@logwerk/protocol'
import { assert, NO_HEADERS, resolveConfig } from '@logwerk/runtime'
import { type LogConfig, logConfig } from './log-config.ts'

export interface BatchOptions {
  readonly recordCount?: number
  /** Bytes of each value. */
  readonly valueBytes?: number
  /** Timestamp of the first record, or of each. */
  readonly timestamp?: number | readonly number[]
  readonly producer?: { readonly id: number; readonly epoch: number; readonly sequence: number }
  /** What the values are filled with. */
  readonly fill?: string
}

/** A batch as `checkBatch` gives it out. */
export function batchOf(options: BatchOptions = {}): CheckedRecordBatch {
  const { recordCount = 1, valueBytes = 20, timestamp = 1000, producer, fill = 'x' } = options
  const builder = new RecordBatchBuilder(Buffer.allocUnsafeSlow(RECORDS_AT + 64))
  for (let index = 0; index < recordCount; index++) {
    const at = typeof timestamp === 'number' ? timestamp : timestamp[index]
    assert(at !== undefined, 'every record has a timestamp')
    builder.append(at, null, Buffer.alloc(valueBytes, fill), NO_HEADERS)
  }
  const stamp =
    producer === undefined ? UNSTAMPED : { producerId: producer.id, producerEpoch: producer.epoch, baseSequence: producer.sequence }
  const view = new RecordBatchView(builder.finish(stamp))
  return { view, recordCount, lastOffsetDelta: recordCount - 1, maxTimestamp: view.maxTimestamp, compressionType: 'none' }
}

/** Size of such a batch. */
export function sizeOfBatch(options: BatchOptions = {}): number {
  return batchOf(options).view.sizeBytes
}

/** The defaults, but for what is given. */
export function configOf(options: Partial<LogConfig> = {}): LogConfig {
  return resolveConfig('openLog', logConfig, options)
}

/** For batches that are not compressed. */
export const noCodecs: CompressionCodecs = {
  get: type => {
    throw new Error(`no batch here is compressed, and ${type} was asked for`)
  },
}
