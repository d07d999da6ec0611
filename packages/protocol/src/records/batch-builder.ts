import { assert, ByteWriter, type Headers } from '@logwerk/runtime'
import * as header from './batch-header.ts'
import { type CompressionCodec, compressionIds } from './compression-codec.ts'
import { crc32c } from './crc32c.ts'
import { sizeOfVarint, sizeOfVarlong, writeVarintAt, writeVarlongAt } from './varint.ts'

/** Writes a value straight into a batch; the part of a `Serializer` that the builder needs. */
export interface ValueWriter<V, C> {
  serializeInto(value: V, writer: ByteWriter, context: C): void
}

/** What is known about a batch only when it leaves. */
export interface BatchStamp {
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly transactional?: boolean
  readonly control?: boolean
  /** Default -1: a producer does not know it. */
  readonly partitionLeaderEpoch?: number
}

/** The stamp of a producer without idempotence. */
export const UNSTAMPED: BatchStamp = {
  producerId: header.NO_PRODUCER_ID,
  producerEpoch: header.NO_PRODUCER_EPOCH,
  baseSequence: header.NO_SEQUENCE,
}

/**
 * Builds one record batch in its final place: records are written behind the room for the header, which is filled in at the end. An
 * uncompressed batch is never copied again.
 */
export class RecordBatchBuilder {
  /** Records are added through `append` and `appendInto` only; a serializer may write through it while `appendInto` runs. */
  readonly writer: ByteWriter
  recordCount = 0
  baseTimestamp = header.NO_TIMESTAMP
  maxTimestamp = header.NO_TIMESTAMP
  #beforeLast = header.RECORDS_AT
  #maxBeforeLast = header.NO_TIMESTAMP

  /** @param buffer  Room for the batch; replaced by a larger one when it is full. At least a header long. */
  constructor(buffer: Buffer) {
    assert(buffer.length >= header.RECORDS_AT, 'a batch needs room for its header', { length: buffer.length })
    this.writer = new ByteWriter(buffer)
    this.writer.position = header.RECORDS_AT
  }

  /** Bytes of the batch so far, header included, uncompressed. */
  get sizeBytes(): number {
    return this.writer.position
  }

  /** Adds a record whose value is bytes. Timestamps are milliseconds since 1970. */
  append(timestamp: number, key: Uint8Array | null, value: Uint8Array | null, headers: Headers): void {
    // First what may throw: headers that are none.
    const parts = sizeOfField(key) + sizeOfField(value) + (headers.length === 0 ? 1 : sizeOfHeaders(headers))
    const timestampDelta = this.#begin(timestamp)
    const body = 1 + sizeOfVarlong(timestampDelta) + sizeOfVarint(this.recordCount) + parts
    const { writer } = this
    writer.reserve(body + 5)
    const { buffer } = writer
    let at = writeVarintAt(buffer, body, writer.position)
    buffer[at++] = 0
    at = writeVarlongAt(buffer, timestampDelta, at)
    at = writeVarintAt(buffer, this.recordCount, at)
    at = writeField(buffer, key, at)
    at = writeField(buffer, value, at)
    writer.position = headers.length === 0 ? writeVarintAt(buffer, 0, at) : writeHeaders(writer, headers, at)
    this.recordCount++
  }

  /**
   * Adds a record whose value is written in place. The two lengths in front of it are of variable width: they are guessed from the
   * record before, and the value is moved in the rare case that the guess was wrong. If the serializer throws, or leaves headers that are
   * none, nothing was added.
   */
  appendInto<V, C>(timestamp: number, key: Uint8Array | null, value: V, by: ValueWriter<V, C>, context: C, headers: Headers): void {
    const timestampDelta = this.#begin(timestamp)
    const { writer } = this
    const start = writer.position
    const front = 1 + sizeOfVarlong(timestampDelta) + sizeOfVarint(this.recordCount) + sizeOfField(key)
    writer.reserve(front + 2 * MAX_VARINT_BYTES)
    const guess = start + this.#lengthWidth + front + this.#valueWidth
    writer.position = guess
    let back = 1
    try {
      by.serializeInto(value, writer, context)
      assert(writer.position >= guess, 'a serializer may not take away what stands before its value')
      if (headers.length > 0) back = sizeOfHeaders(headers)
    } catch (error) {
      writer.position = start
      this.maxTimestamp = this.#maxBeforeLast
      throw error
    }
    const valueLength = writer.position - guess
    const valueWidth = sizeOfVarint(valueLength)
    const body = front + valueWidth + valueLength + back
    const lengthWidth = sizeOfVarint(body)
    writer.reserve(back + 2 * MAX_VARINT_BYTES)
    const { buffer } = writer
    const valueAt = start + lengthWidth + front + valueWidth
    if (valueAt !== guess) {
      buffer.copyWithin(valueAt, guess, guess + valueLength)
      this.#lengthWidth = lengthWidth
      this.#valueWidth = valueWidth
    }
    let at = writeVarintAt(buffer, body, start)
    buffer[at++] = 0
    at = writeVarlongAt(buffer, timestampDelta, at)
    at = writeVarintAt(buffer, this.recordCount, at)
    at = writeField(buffer, key, at)
    writeVarintAt(buffer, valueLength, at)
    const end = valueAt + valueLength
    writer.position = headers.length === 0 ? writeVarintAt(buffer, 0, end) : writeHeaders(writer, headers, end)
    this.recordCount++
  }

  /** Takes the record added last away again, once. */
  removeLast(): void {
    assert(this.#beforeLast < this.writer.position, 'only the last record can be taken away, once')
    this.writer.position = this.#beforeLast
    this.maxTimestamp = this.#maxBeforeLast
    this.recordCount--
  }

  /**
   * Fills in the header and gives the finished batch; with a codec the records are compressed into a buffer of their own. May be called
   * again with another stamp while the builder lives.
   */
  finish(stamp: BatchStamp, codec?: CompressionCodec, level?: number): Buffer {
    const { writer } = this
    let batch = writer.bytes()
    let compressionId = 0
    if (codec !== undefined && this.recordCount > 0) {
      const compressed = codec.compress(batch.subarray(header.RECORDS_AT), level)
      compressionId = compressionIds[codec.type]
      batch = Buffer.allocUnsafeSlow(header.RECORDS_AT + compressed.length)
      batch.set(compressed, header.RECORDS_AT)
    }
    batch.writeInt32BE(0, header.BASE_OFFSET_AT)
    batch.writeInt32BE(0, header.BASE_OFFSET_AT + 4)
    batch.writeInt32BE(batch.length - header.LOG_OVERHEAD_BYTES, header.BATCH_LENGTH_AT)
    batch.writeInt32BE(stamp.partitionLeaderEpoch ?? header.NO_PARTITION_LEADER_EPOCH, header.PARTITION_LEADER_EPOCH_AT)
    batch[header.MAGIC_AT] = header.MAGIC
    const attributes =
      compressionId | (stamp.transactional === true ? header.TRANSACTIONAL_BIT : 0) | (stamp.control === true ? header.CONTROL_BIT : 0)
    batch.writeInt16BE(attributes, header.ATTRIBUTES_AT)
    batch.writeInt32BE(this.recordCount - 1, header.LAST_OFFSET_DELTA_AT)
    writeInt64(batch, this.baseTimestamp, header.BASE_TIMESTAMP_AT)
    writeInt64(batch, this.maxTimestamp, header.MAX_TIMESTAMP_AT)
    batch.writeInt32BE(this.recordCount, header.RECORD_COUNT_AT)
    stampBatch(batch, stamp)
    return batch
  }

  // Most records of a batch are of similar size.
  #lengthWidth = 1
  #valueWidth = 1

  #begin(timestamp: number): number {
    this.#beforeLast = this.writer.position
    this.#maxBeforeLast = this.maxTimestamp
    if (this.recordCount === 0) {
      this.baseTimestamp = timestamp
      this.maxTimestamp = timestamp
      return 0
    }
    if (timestamp > this.maxTimestamp) this.maxTimestamp = timestamp
    return timestamp - this.baseTimestamp
  }
}

/** Writes producer id, epoch and sequence into a finished batch, and the CRC that follows from them. */
export function stampBatch(batch: Buffer, stamp: Pick<BatchStamp, 'producerId' | 'producerEpoch' | 'baseSequence'>): void {
  writeInt64(batch, stamp.producerId, header.PRODUCER_ID_AT)
  batch.writeInt16BE(stamp.producerEpoch, header.PRODUCER_EPOCH_AT)
  batch.writeInt32BE(stamp.baseSequence, header.BASE_SEQUENCE_AT)
  batch.writeUInt32BE(crc32c(batch, header.ATTRIBUTES_AT), header.CRC_AT)
}

/** Bytes that a batch of just this record takes, header included: the least that a limit must allow for it. */
export function sizeOfSingleRecordBatch(key: Uint8Array | null, value: Uint8Array | null, headers: Headers): number {
  const body = 3 + sizeOfField(key) + sizeOfField(value) + sizeOfHeaders(headers)
  return header.RECORDS_AT + sizeOfVarint(body) + body
}

const MAX_VARINT_BYTES = 5
// Up to here a loop beats the call into native code.
const LOOP_BYTES = 16

function sizeOfField(bytes: Uint8Array | null): number {
  return bytes === null ? 1 : sizeOfVarint(bytes.length) + bytes.length
}

function writeField(buffer: Uint8Array, bytes: Uint8Array | null, at: number): number {
  if (bytes === null) return writeVarintAt(buffer, -1, at)
  const { length } = bytes
  const from = writeVarintAt(buffer, length, at)
  if (length > LOOP_BYTES) buffer.set(bytes, from)
  else for (let index = 0; index < length; index++) buffer[from + index] = bytes[index]!
  return from + length
}

function sizeOfHeaders(headers: Headers): number {
  let size = sizeOfVarint(headers.length)
  for (const { key, value } of headers) {
    const keyBytes = Buffer.byteLength(key, 'utf8')
    size += sizeOfVarint(keyBytes) + keyBytes + sizeOfField(value)
  }
  return size
}

function writeHeaders(writer: ByteWriter, headers: Headers, from: number): number {
  writer.position = from
  writer.writeVarint(headers.length)
  for (const { key, value } of headers) {
    writer.writeVarint(Buffer.byteLength(key, 'utf8'))
    writer.writeUtf8(key)
    if (value === null) writer.writeVarint(-1)
    else {
      writer.writeVarint(value.length)
      writer.writeBytes(value)
    }
  }
  return writer.position
}

function writeInt64(buffer: Buffer, value: number, at: number): void {
  buffer.writeInt32BE(Math.floor(value / 0x1_0000_0000), at)
  buffer.writeUInt32BE(value >>> 0, at + 4)
}
