import { createCodecs } from '@logwerk/compression'
import { type BatchStamp, type CompressionType, crc32c, RECORDS_AT, RecordBatchBuilder, UNSTAMPED } from '@logwerk/protocol'
import { NO_HEADERS } from '@logwerk/runtime'

const codecs = createCodecs()
await codecs.ready()

/** Of records that do not say. */
const OLD_MS = 1_700_000_000_000
const CRC_AT = 17
const UNDER_CRC_AT = 21
const BATCH_LENGTH_AT = 8
const LENGTH_COUNTS_FROM = 12

export interface RawRecord {
  readonly key?: string
  readonly value?: string
  readonly timestamp?: number
}

/** A batch of these records. @param extra  Bytes behind the last record. */
export function recordsOf(
  records: readonly RawRecord[],
  stamp: Partial<BatchStamp> = {},
  codec: CompressionType = 'none',
  extra?: Buffer,
): Buffer {
  const builder = new RecordBatchBuilder(Buffer.alloc(RECORDS_AT))
  for (const { key, value, timestamp = OLD_MS } of records) {
    builder.append(timestamp, key === undefined ? null : Buffer.from(key), value === undefined ? null : Buffer.from(value), NO_HEADERS)
  }
  if (extra !== undefined) builder.writer.writeBytes(extra)
  return builder.finish({ ...UNSTAMPED, ...stamp }, codec === 'none' ? undefined : codecs.get(codec))
}

/** A batch of records with these values and no keys. */
export function batchOf(
  values: readonly string[],
  stamp: Partial<BatchStamp> = {},
  codec: CompressionType = 'none',
  extra?: Buffer,
): Buffer {
  return recordsOf(
    values.map(value => ({ value })),
    stamp,
    codec,
    extra,
  )
}

/** Changes bytes of a batch and makes the CRC fit again. */
export function patched(batch: Buffer, change: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.from(batch)
  change(bytes)
  bytes.writeUInt32BE(crc32c(bytes, UNDER_CRC_AT), CRC_AT)
  return bytes
}

/** The header of `batch` in front of another payload. */
export function withPayload(batch: Buffer, payload: Uint8Array): Buffer {
  return patched(Buffer.concat([batch.subarray(0, RECORDS_AT), payload]), bytes =>
    bytes.writeInt32BE(bytes.length - LENGTH_COUNTS_FROM, BATCH_LENGTH_AT),
  )
}

/** The same batch with its payload compressed, whatever it is. */
export function zipped(batch: Buffer): Buffer {
  const payload = codecs.get('gzip').compress(batch.subarray(RECORDS_AT))
  return patched(withPayload(batch, payload), bytes => bytes.writeInt16BE(1, UNDER_CRC_AT))
}
