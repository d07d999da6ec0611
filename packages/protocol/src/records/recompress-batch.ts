import { ATTRIBUTES_AT, BATCH_LENGTH_AT, COMPRESSION_MASK, CRC_AT, LOG_OVERHEAD_BYTES, RECORDS_AT } from './batch-header.ts'
import { RecordBatchView } from './batch-view.ts'
import type { CheckedRecordBatch } from './check-batch.ts'
import { type CompressionCodecs, type CompressionType, compressionIds } from './compression-codec.ts'
import { crc32c } from './crc32c.ts'

/**
 * The same batch with its records compressed another way, for a topic whose `compression.type` is not `producer`. Everything else in the
 * header stays as it is.
 */
export function recompressBatch(
  batch: CheckedRecordBatch,
  type: CompressionType,
  codecs: CompressionCodecs,
  level?: number,
): CheckedRecordBatch {
  const plain = batch.view.payload(codecs)
  const payload = type === 'none' ? plain : codecs.get(type).compress(plain, level)
  const bytes = Buffer.allocUnsafeSlow(RECORDS_AT + payload.length)
  bytes.set(batch.view.bytes.subarray(0, RECORDS_AT))
  bytes.set(payload, RECORDS_AT)
  bytes.writeInt32BE(bytes.length - LOG_OVERHEAD_BYTES, BATCH_LENGTH_AT)
  bytes.writeInt16BE((batch.view.attributes & ~COMPRESSION_MASK) | compressionIds[type], ATTRIBUTES_AT)
  bytes.writeUInt32BE(crc32c(bytes, ATTRIBUTES_AT), CRC_AT)
  return { ...batch, view: new RecordBatchView(bytes), compressionType: type }
}
