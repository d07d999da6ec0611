import { type BrokerErrorCode, KafkaError } from '@logwerk/runtime'
import * as header from './batch-header.ts'
import { RecordBatchView, skipHeaders } from './batch-view.ts'
import { type CompressionCodecs, type CompressionType, compressionTypeOf } from './compression-codec.ts'
import { crc32c } from './crc32c.ts'
import { VarintCursor } from './varint.ts'

/** What a topic demands of the batches produced to it. */
export interface BatchRules {
  readonly codecs: CompressionCodecs
  /** `max.message.bytes`. */
  readonly maxBatchBytes: number
  /** `max.decompressed.message.bytes`. */
  readonly maxDecompressedBytes: number
  readonly timestampType: 'CreateTime' | 'LogAppendTime'
  /** `message.timestamp.before.max.ms`; at most this long before now. */
  readonly timestampBeforeMaxMs: number
  /** `message.timestamp.after.max.ms`; at most this long after now. */
  readonly timestampAfterMaxMs: number
  /** True for a compacted topic: every record needs a key. */
  readonly requiresKey: boolean
}

/** A batch that may be appended: whole, its CRC right, its records walked, its timestamps as the topic wants them. */
export interface CheckedRecordBatch {
  readonly view: RecordBatchView
  readonly recordCount: number
  readonly lastOffsetDelta: number
  /** The largest timestamp of its records, or the append time. */
  readonly maxTimestamp: number
  readonly compressionType: CompressionType
}

/** Why a batch was refused, as a Produce response tells it (KIP-467). */
export interface BatchRefusal {
  readonly errorCode: BrokerErrorCode
  readonly errorMessage: string
  /** The offending records, by their place in the batch, where single ones are to blame; of many, the first 1000. */
  readonly recordErrors: readonly RecordError[]
}

/** Kafka names every record; 1 MB of zstd can hold a million of them, and 100 such batches fit into one request. */
export const MAX_RECORD_ERRORS = 1000

/** What is wrong with one record. */
interface RecordError {
  /** Its place in the batch. */
  readonly batchIndex: number
  readonly batchIndexErrorMessage: string
}

export type BatchCheck = { readonly ok: true; readonly batch: CheckedRecordBatch } | ({ readonly ok: false } & BatchRefusal)

/**
 * Checks what a producer sent for one partition, as Kafka does: exactly one batch of format 2 whose CRC holds, with every record
 * walked, inside compressed batches too. Sets the true maxTimestamp and the topic's timestamp type in place, and the CRC anew if that
 * changed anything. `bytes` is changed only then, and only if the batch is accepted.
 *
 * Source: Kafka's `ProduceRequest.validateRecords`, `LogValidator`; measured on 4.4.0.
 */
export function checkBatch(bytes: Buffer, rules: BatchRules, nowMs: number): BatchCheck {
  // Kafka takes the beginning of a batch for no batch at all.
  if (bytes.length < header.RECORDS_AT) return refuse('INVALID_RECORD', `${bytes.length} bytes are no record batch`)
  const magic = bytes[header.MAGIC_AT]!
  if (magic > header.MAGIC) return refuse('CORRUPT_MESSAGE', `record format ${magic} does not exist`)
  if (magic < header.MAGIC) return refuse('INVALID_RECORD', `record format ${magic}: only format 2 is written since Kafka 4.0`)
  const sizeBytes = bytes.readInt32BE(header.BATCH_LENGTH_AT) + header.LOG_OVERHEAD_BYTES
  if (sizeBytes < header.RECORDS_AT) return refuse('CORRUPT_MESSAGE', `a batch of ${sizeBytes} bytes is smaller than its header`)
  if (sizeBytes > bytes.length) return refuse('INVALID_RECORD', `the batch says ${sizeBytes} bytes and ${bytes.length} were sent`)
  if (sizeBytes < bytes.length) return refuse('INVALID_RECORD', 'one batch per partition and request, not several')
  if (bytes.length > rules.maxBatchBytes) {
    return refuse('MESSAGE_TOO_LARGE', `the batch has ${bytes.length} bytes and the topic's max.message.bytes is ${rules.maxBatchBytes}`)
  }
  const view = new RecordBatchView(bytes)
  if (!view.isCrcValid()) return refuse('CORRUPT_MESSAGE', 'the CRC does not fit the content')
  try {
    return checkContent(view, rules, nowMs)
  } catch (error) {
    // Header fields beyond 2^53, and payloads that do not decompress.
    if (!(error instanceof KafkaError)) throw error
    const code = error.code === 'UNSUPPORTED_COMPRESSION_TYPE' || error.code === 'MESSAGE_TOO_LARGE' ? error.code : 'CORRUPT_MESSAGE'
    return refuse(code, error.message)
  }
}

function checkContent(view: RecordBatchView, rules: BatchRules, nowMs: number): BatchCheck {
  const { recordCount, lastOffsetDelta, baseTimestamp } = view
  if (view.isControl) return refuse('INVALID_RECORD', 'clients do not write control records')
  const { bytes } = view
  // By their bytes, this and maxTimestamp below: what is there may lie beyond 2^53, and is not needed as a number.
  if (!holdsInt64(bytes, header.BASE_OFFSET_AT, 0)) {
    return refuse('INVALID_RECORD', `the base offset must be 0, not ${bytes.readBigInt64BE(header.BASE_OFFSET_AT)}`)
  }
  if (recordCount <= 0) return refuse('INVALID_RECORD', `a batch of ${recordCount} records`)
  if (lastOffsetDelta !== recordCount - 1) {
    return refuse('INVALID_RECORD', `${recordCount} records cannot have the last offset delta ${lastOffsetDelta}`)
  }
  if (view.hasProducerId && (view.baseSequence < 0 || view.producerEpoch < 0)) {
    return refuse('INVALID_RECORD', `producer ${view.producerId} sent epoch ${view.producerEpoch} and sequence ${view.baseSequence}`)
  }
  const compressionType = compressionTypeOf(view.attributes & header.COMPRESSION_MASK)
  const payload = view.payload(rules.codecs, rules.maxDecompressedBytes)
  const appendTime = rules.timestampType === 'LogAppendTime'
  const earliest = appendTime ? Number.NEGATIVE_INFINITY : nowMs - rules.timestampBeforeMaxMs
  const latest = appendTime ? Number.POSITIVE_INFINITY : nowMs + rules.timestampAfterMaxMs

  const walk = walkRecords(payload, recordCount, baseTimestamp, earliest, latest, rules.requiresKey)
  if (walk.refusal !== null) return walk.refusal

  const maxTimestamp = appendTime ? nowMs : walk.maxTimestamp
  const attributes = appendTime ? view.attributes | header.TIMESTAMP_TYPE_BIT : view.attributes & ~header.TIMESTAMP_TYPE_BIT
  if (attributes !== view.attributes || !holdsInt64(bytes, header.MAX_TIMESTAMP_AT, maxTimestamp)) {
    bytes.writeInt16BE(attributes, header.ATTRIBUTES_AT)
    bytes.writeInt32BE(Math.floor(maxTimestamp / 0x1_0000_0000), header.MAX_TIMESTAMP_AT)
    bytes.writeUInt32BE(maxTimestamp >>> 0, header.MAX_TIMESTAMP_AT + 4)
    bytes.writeUInt32BE(crc32c(bytes, header.ATTRIBUTES_AT), header.CRC_AT)
  }
  return { ok: true, batch: { view, recordCount, lastOffsetDelta, maxTimestamp, compressionType } }
}

function holdsInt64(bytes: Buffer, at: number, value: number): boolean {
  return bytes.readInt32BE(at) === Math.floor(value / 0x1_0000_0000) && bytes.readUInt32BE(at + 4) === value >>> 0
}

interface Walk {
  refusal: BatchCheck | null
  maxTimestamp: number
}

/** Steps over every record without making an object of any: 20 ns a record on Node 20, 2-core AMD EPYC. */
function walkRecords(
  payload: Buffer,
  recordCount: number,
  baseTimestamp: number,
  earliest: number,
  latest: number,
  requiresKey: boolean,
): Walk {
  const cursor = new VarintCursor(payload)
  const end = payload.length
  let maxTimestamp = header.NO_TIMESTAMP
  const recordErrors: RecordError[] = []
  let errorCount = 0
  let mistimed = false
  for (let index = 0; index < recordCount; index++) {
    const bodyLength = cursor.varint()
    const recordEnd = cursor.at + bodyLength
    if (bodyLength < 6 || recordEnd > end) return malformed(index, 'its length does not fit')
    cursor.at++
    const timestampDelta = cursor.varlong()
    const offsetDelta = cursor.varint()
    const keyLength = cursor.varint()
    if (keyLength > 0) cursor.at += keyLength
    if (keyLength < -1 || cursor.at > recordEnd) return malformed(index, 'its key does not fit')
    const valueLength = cursor.varint()
    if (valueLength > 0) cursor.at += valueLength
    if (valueLength < -1 || cursor.at > recordEnd) return malformed(index, 'its value does not fit')
    const headerCount = cursor.varint()
    if (headerCount > 0) skipHeaders(cursor, headerCount, recordEnd)
    if (headerCount < 0 || cursor.at !== recordEnd) return malformed(index, 'its headers do not fit')
    if (offsetDelta !== index) return malformed(index, `its offset delta is ${offsetDelta}`)
    const timestamp = baseTimestamp + timestampDelta
    if (!Number.isSafeInteger(timestamp)) return malformed(index, 'its timestamp is out of range')
    if (timestamp > maxTimestamp) maxTimestamp = timestamp
    const keyless = requiresKey && keyLength < 0
    // -1 is "no timestamp" and always allowed.
    const untimely = !keyless && (timestamp > latest || timestamp < earliest) && timestamp !== header.NO_TIMESTAMP
    if (!keyless && !untimely) continue
    if (untimely) mistimed = true
    if (errorCount++ < MAX_RECORD_ERRORS) {
      recordErrors.push({ batchIndex: index, batchIndexErrorMessage: keyless ? KEYLESS : untimelyMessage(earliest, latest) })
    }
  }
  if (cursor.at !== end)
    return { refusal: refuse('INVALID_RECORD', `${end - cursor.at} bytes are left behind the last record`), maxTimestamp }
  // With both kinds of errors the timestamps decide about the code, as in Kafka.
  const code = mistimed ? 'INVALID_TIMESTAMP' : 'INVALID_RECORD'
  const refusal = errorCount === 0 ? null : refuseRecords(code, recordErrors, errorCount)
  return { refusal, maxTimestamp }
}

const KEYLESS = 'a compacted topic takes no record without a key'

function untimelyMessage(earliest: number, latest: number): string {
  return `the timestamp must be between ${formatTime(earliest)} and ${formatTime(latest)}`
}

const MAX_DATE_MS = 8.64e15

/** A limit of time as text; a topic's limit may be "none", which is no date. */
function formatTime(timestampMs: number): string {
  return Math.abs(timestampMs) > MAX_DATE_MS ? 'any time' : new Date(timestampMs).toISOString()
}

function malformed(index: number, why: string): Walk {
  return { refusal: refuse('INVALID_RECORD', `record ${index} is malformed: ${why}`), maxTimestamp: header.NO_TIMESTAMP }
}

function refuse(errorCode: BrokerErrorCode, errorMessage: string): BatchCheck {
  return { ok: false, errorCode, errorMessage, recordErrors: [] }
}

function refuseRecords(errorCode: BrokerErrorCode, recordErrors: readonly RecordError[], errorCount: number): BatchCheck {
  const { batchIndex, batchIndexErrorMessage } = recordErrors[0]!
  const which = errorCount === 1 ? `record ${batchIndex}` : `${errorCount} records, the first at ${batchIndex}`
  return { ok: false, errorCode, errorMessage: `${which}: ${batchIndexErrorMessage}`, recordErrors }
}
