import { gunzipSync, gzipSync } from 'node:zlib'
import { KafkaError, messageOf, NO_HEADERS } from '@logwerk/runtime'
import fc from 'fast-check'
import { type BatchStamp, RecordBatchBuilder, UNSTAMPED } from './batch-builder.ts'
import { ATTRIBUTES_AT, CRC_AT, LOG_OVERHEAD_BYTES, RECORDS_AT } from './batch-header.ts'
import type { CompressionCodec, CompressionCodecs } from './compression-codec.ts'
import { crc32c } from './crc32c.ts'

/** gzip by the platform, and nothing else: this package knows no codec. */
const gzip: CompressionCodec = {
  type: 'gzip',
  compress: (input, level) => gzipSync(input, level === undefined ? {} : { level }),
  decompress(input, maxBytes) {
    try {
      return gunzipSync(input, { maxOutputLength: maxBytes })
    } catch (error) {
      const tooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
      throw new KafkaError(tooLarge ? 'MESSAGE_TOO_LARGE' : 'CORRUPT_MESSAGE', messageOf(error))
    }
  },
}

export const testCodecs: CompressionCodecs = {
  get(type) {
    if (type === 'gzip') return gzip
    throw new KafkaError('UNSUPPORTED_COMPRESSION_TYPE', `there is no ${type} here`)
  },
}

export const gzipCodec: CompressionCodec = gzip

export interface PlainRecord {
  readonly timestamp?: number
  readonly key?: string | null
  readonly value?: string | null
}

/** A batch of these records, built by the builder. */
export function batchOf(records: readonly PlainRecord[], stamp: Partial<BatchStamp> = {}, codec?: CompressionCodec): Buffer {
  const builder = new RecordBatchBuilder(Buffer.allocUnsafeSlow(RECORDS_AT))
  for (const { timestamp = 1000, key = null, value = null } of records) {
    builder.append(timestamp, key === null ? null : Buffer.from(key), value === null ? null : Buffer.from(value), NO_HEADERS)
  }
  return builder.finish({ ...UNSTAMPED, ...stamp }, codec)
}

/** Changes bytes of a batch and makes the CRC fit again: what a producer with a bug sends. */
export function patched(batch: Buffer, change: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.from(batch)
  change(bytes)
  bytes.writeUInt32BE(crc32c(bytes, ATTRIBUTES_AT), CRC_AT)
  return bytes
}

/** A batch with this payload, whatever it is, under the header of `batch`. */
export function withPayload(batch: Buffer, payload: Uint8Array): Buffer {
  return patched(Buffer.concat([batch.subarray(0, RECORDS_AT), payload]), bytes => bytes.writeInt32BE(bytes.length - LOG_OVERHEAD_BYTES, 8))
}

export interface AnyRecord {
  readonly timestamp: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: readonly { readonly key: string; readonly value: Uint8Array | null }[]
}

const bytes = fc.oneof(
  { weight: 6, arbitrary: fc.uint8Array({ maxLength: 20 }) },
  // Around the steps at which lengths take one byte more.
  { weight: 2, arbitrary: fc.integer({ min: 55, max: 70 }).map(length => new Uint8Array(length).fill(1)) },
  { weight: 1, arbitrary: fc.integer({ min: 8180, max: 8200 }).map(length => new Uint8Array(length).fill(2)) },
)

/** Records of all kinds. */
export const anyRecord: fc.Arbitrary<AnyRecord> = fc.record({
  timestamp: fc.oneof(fc.integer({ min: 0, max: 2 ** 41 }), fc.constantFrom(-1, 0, 2 ** 50), fc.integer({ min: 1000, max: 1200 })),
  key: fc.option(bytes, { nil: null }),
  value: fc.option(bytes, { nil: null }),
  headers: fc.array(
    fc.record({ key: fc.string({ unit: 'grapheme', maxLength: 5 }), value: fc.option(fc.uint8Array({ maxLength: 5 }), { nil: null }) }),
    {
      maxLength: 3,
    },
  ),
})
