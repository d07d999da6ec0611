import { KafkaError } from '@logwerk/runtime'
import * as header from './batch-header.ts'
import { type CompressionCodecs, type CompressionType, compressionTypeOf } from './compression-codec.ts'
import { crc32c } from './crc32c.ts'
import { BatchRecord } from './record.ts'
import { VarintCursor } from './varint.ts'

/** Largest decompressed size of a batch: Kafka's default of `max.decompressed.message.bytes` does not fit Node's buffers everywhere. */
export const MAX_DECOMPRESSED_BYTES = 1 << 30

/**
 * Makes a record of which the walk through a batch has found that it is sound. `partsAt` is where the length of its key begins:
 * `keyOfParts` and its like find its parts from there.
 */
export type MakeRecord<T> = (bytes: Buffer, offset: number, timestamp: number, partsAt: number) => T

const batchRecord: MakeRecord<BatchRecord> = (bytes, offset, timestamp, partsAt) => new BatchRecord(bytes, offset, timestamp, partsAt)

/** A record batch where it lies: header fields are read on demand, records are walked when asked for, nothing is copied. */
export class RecordBatchView {
  /** Exactly this batch. */
  readonly bytes: Buffer

  /** @param bytes  One whole batch; see {@link nextBatch}, which finds it. */
  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  get sizeBytes(): number {
    return this.bytes.length
  }
  get baseOffset(): number {
    return readInt64(this.bytes, header.BASE_OFFSET_AT)
  }
  get lastOffset(): number {
    return this.baseOffset + this.lastOffsetDelta
  }
  get nextOffset(): number {
    return this.lastOffset + 1
  }
  get partitionLeaderEpoch(): number {
    return this.bytes.readInt32BE(header.PARTITION_LEADER_EPOCH_AT)
  }
  get magic(): number {
    return this.bytes[header.MAGIC_AT]!
  }
  get attributes(): number {
    return this.bytes.readInt16BE(header.ATTRIBUTES_AT)
  }
  /** @throws KafkaError `CORRUPT_MESSAGE` for a codec that does not exist. */
  get compressionType(): CompressionType {
    return compressionTypeOf(this.attributes & header.COMPRESSION_MASK)
  }
  get isCompressed(): boolean {
    return (this.attributes & header.COMPRESSION_MASK) !== 0
  }
  get isLogAppendTime(): boolean {
    return (this.attributes & header.TIMESTAMP_TYPE_BIT) !== 0
  }
  get isTransactional(): boolean {
    return (this.attributes & header.TRANSACTIONAL_BIT) !== 0
  }
  get isControl(): boolean {
    return (this.attributes & header.CONTROL_BIT) !== 0
  }
  /** Holes are legal after compaction, so this may be more than `recordCount - 1`. */
  get lastOffsetDelta(): number {
    return this.bytes.readInt32BE(header.LAST_OFFSET_DELTA_AT)
  }
  get baseTimestamp(): number {
    return readInt64(this.bytes, header.BASE_TIMESTAMP_AT)
  }
  get maxTimestamp(): number {
    return readInt64(this.bytes, header.MAX_TIMESTAMP_AT)
  }
  get producerId(): number {
    return readInt64(this.bytes, header.PRODUCER_ID_AT)
  }
  get producerEpoch(): number {
    return this.bytes.readInt16BE(header.PRODUCER_EPOCH_AT)
  }
  get baseSequence(): number {
    return this.bytes.readInt32BE(header.BASE_SEQUENCE_AT)
  }
  get lastSequence(): number {
    return this.baseSequence < 0 ? this.baseSequence : header.sequenceAfter(this.baseSequence, this.lastOffsetDelta)
  }
  get recordCount(): number {
    return this.bytes.readInt32BE(header.RECORD_COUNT_AT)
  }
  get hasProducerId(): boolean {
    return this.producerId >= 0
  }

  isCrcValid(): boolean {
    return crc32c(this.bytes, header.ATTRIBUTES_AT) === this.bytes.readUInt32BE(header.CRC_AT)
  }

  /**
   * The records' bytes, decompressed.
   *
   * @throws KafkaError `CORRUPT_MESSAGE` if they do not decompress, `UNSUPPORTED_COMPRESSION_TYPE` if the codec is not installed.
   */
  payload(codecs: CompressionCodecs, maxBytes = MAX_DECOMPRESSED_BYTES): Buffer {
    const payload = this.bytes.subarray(header.RECORDS_AT)
    const type = this.compressionType
    if (type === 'none') return payload
    const plain = codecs.get(type).decompress(payload, maxBytes)
    return Buffer.isBuffer(plain) ? plain : Buffer.from(plain.buffer, plain.byteOffset, plain.length)
  }

  /**
   * All records, as places in `payload` (which `payload()` gave).
   *
   * @throws KafkaError `CORRUPT_MESSAGE` that names the record: a length that lies, bytes left over, an offset outside the batch.
   */
  records(payload: Buffer): BatchRecord[] {
    return this.recordsAs(payload, batchRecord)
  }

  /** The same, as records of the caller's own. @throws as {@link records} */
  recordsAs<T>(payload: Buffer, make: MakeRecord<T>): T[] {
    const { recordCount, baseOffset, baseTimestamp, lastOffsetDelta } = this
    const appendTime = this.isLogAppendTime ? this.maxTimestamp : null
    const end = payload.length
    if (!Number.isSafeInteger(baseOffset + lastOffsetDelta)) throw this.#corrupt('its last offset is beyond 2^53')
    // Seven bytes is the smallest record: a count that lies must not make us allocate.
    if (recordCount < 0 || recordCount * 7 > end) throw this.#corrupt(`${recordCount} records do not fit into ${end} bytes`)
    const cursor = new VarintCursor(payload)
    const records: T[] = []
    for (let index = 0; index < recordCount; index++) {
      const bodyLength = cursor.varint()
      const recordEnd = cursor.at + bodyLength
      if (bodyLength < 6 || recordEnd > end) throw this.#corrupt(`record ${index} of ${recordCount} does not fit into the batch`)
      cursor.at++
      const timestampDelta = cursor.varlong()
      const offsetDelta = cursor.varint()
      const partsAt = cursor.at
      const keyLength = cursor.varint()
      if (keyLength > 0) cursor.at += keyLength
      // A key that reaches past the record would make the next varint read another record's bytes.
      if (cursor.at > recordEnd) throw this.#corrupt(`the key of record ${index} reaches past its end`)
      const valueLength = cursor.varint()
      if (valueLength > 0) cursor.at += valueLength
      if (cursor.at > recordEnd) throw this.#corrupt(`the value of record ${index} reaches past its end`)
      const headerCount = cursor.varint()
      if (headerCount !== 0) skipHeaders(cursor, headerCount, recordEnd)
      const timestamp = appendTime ?? baseTimestamp + timestampDelta
      if (
        cursor.at !== recordEnd ||
        headerCount < 0 ||
        keyLength < -1 ||
        valueLength < -1 ||
        offsetDelta < 0 ||
        offsetDelta > lastOffsetDelta ||
        !Number.isSafeInteger(timestamp)
      ) {
        throw this.#corrupt(`record ${index} of ${recordCount} is malformed`)
      }
      records.push(make(payload, baseOffset + offsetDelta, timestamp, partsAt))
    }
    if (cursor.at !== end) throw this.#corrupt(`${end - cursor.at} bytes are left behind the last record`)
    return records
  }

  #corrupt(what: string): KafkaError {
    return new KafkaError('CORRUPT_MESSAGE', `the batch at offset ${this.baseOffset} is corrupt: ${what}`, {
      at: { offset: this.baseOffset },
    })
  }
}

/**
 * Moves `cursor` behind `count` headers. Where they do not fit in front of `end`, or a length is none, it stops behind `end`, so the
 * caller only has to compare the two.
 */
export function skipHeaders(cursor: VarintCursor, count: number, end: number): void {
  for (let index = 0; index < count; index++) {
    // Also what keeps a count that lies from looping on.
    if (cursor.at >= end) break
    const keyLength = cursor.varint()
    // A header's key is never null.
    if (keyLength < 0) break
    cursor.at += keyLength
    const valueLength = cursor.varint()
    if (valueLength < -1) break
    if (valueLength > 0) cursor.at += valueLength
    if (index === count - 1) return
  }
  cursor.at = end + 1
}

/** The smallest message of the formats 0 and 1, from the CRC on; their format stands where that of a batch does. */
const LEAST_LEGACY_BYTES = 14

/**
 * The batch that starts at `at`, or null if the bytes end before it does: a fetch may cut the last batch short (KIP-74).
 *
 * @throws KafkaError `UNSUPPORTED_FOR_MESSAGE_FORMAT` for what was written before Kafka 0.11, `CORRUPT_MESSAGE` if what is there cannot
 *         be a batch.
 */
export function nextBatch(bytes: Buffer, at: number): RecordBatchView | null {
  // A message of an old format may be smaller than a batch's header, so it must not pass for a batch that is cut short.
  if (bytes.length - at <= header.MAGIC_AT) return null
  const length = bytes.readInt32BE(at + header.BATCH_LENGTH_AT)
  const magic = bytes[at + header.MAGIC_AT]!
  if (magic < header.MAGIC && length >= LEAST_LEGACY_BYTES) {
    throw new KafkaError(
      'UNSUPPORTED_FOR_MESSAGE_FORMAT',
      `byte ${at}: these records have format ${magic}, from before Kafka 0.11; only format 2 can be read`,
    )
  }
  if (length < header.RECORDS_AT - header.LOG_OVERHEAD_BYTES) {
    throw new KafkaError('CORRUPT_MESSAGE', `byte ${at}: a batch of ${length} bytes is smaller than its header`)
  }
  if (magic !== header.MAGIC) throw new KafkaError('CORRUPT_MESSAGE', `byte ${at}: record format ${magic} does not exist`)
  const end = at + header.LOG_OVERHEAD_BYTES + length
  if (end > bytes.length) return null
  const batch = new RecordBatchView(bytes.subarray(at, end))
  // Who reads on at `nextOffset` would not get past it.
  if (batch.lastOffsetDelta < 0) throw new KafkaError('CORRUPT_MESSAGE', `byte ${at}: a batch whose last offset is before its first`)
  return batch
}

/** All whole batches in `bytes`; a last one that is cut short is left out. @throws KafkaError as {@link nextBatch} does. */
export function* batchesOf(bytes: Uint8Array): Generator<RecordBatchView> {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let at = 0; ; ) {
    const batch = nextBatch(buffer, at)
    if (batch === null) return
    yield batch
    at += batch.sizeBytes
  }
}

function readInt64(bytes: Buffer, at: number): number {
  const value = bytes.readInt32BE(at) * 0x1_0000_0000 + bytes.readUInt32BE(at + 4)
  if (!Number.isSafeInteger(value)) {
    throw new KafkaError('CORRUPT_MESSAGE', `a batch header holds ${bytes.readBigInt64BE(at)}, which is beyond 2^53`)
  }
  return value
}
