/**
 * The header of a record batch, format 2: 61 bytes, big-endian. `baseOffset` and `partitionLeaderEpoch` lie outside the CRC, so that a
 * broker stamps them without computing it anew. Source: Kafka's `DefaultRecordBatch`.
 */
export const BASE_OFFSET_AT = 0
/** Bytes behind this field: the batch's size less {@link LOG_OVERHEAD_BYTES}. */
export const BATCH_LENGTH_AT = 8
export const PARTITION_LEADER_EPOCH_AT = 12
export const MAGIC_AT = 16
export const CRC_AT = 17
/** Where the bytes under the CRC begin. */
export const ATTRIBUTES_AT = 21
export const LAST_OFFSET_DELTA_AT = 23
export const BASE_TIMESTAMP_AT = 27
export const MAX_TIMESTAMP_AT = 35
export const PRODUCER_ID_AT = 43
export const PRODUCER_EPOCH_AT = 51
export const BASE_SEQUENCE_AT = 53
export const RECORD_COUNT_AT = 57
export const RECORDS_AT = 61

/** Base offset and length: what is not counted by the length field. */
export const LOG_OVERHEAD_BYTES = 12
export const MAGIC = 2

export const COMPRESSION_MASK = 0x07
/** Set: every record's timestamp is the batch's maxTimestamp, given by the broker (LogAppendTime). */
export const TIMESTAMP_TYPE_BIT = 0x08
export const TRANSACTIONAL_BIT = 0x10
export const CONTROL_BIT = 0x20
/** Set: baseTimestamp is the time after which tombstones may go (KIP-534). */
export const DELETE_HORIZON_BIT = 0x40

export const NO_PRODUCER_ID = -1
export const NO_PRODUCER_EPOCH = -1
export const NO_SEQUENCE = -1
export const NO_TIMESTAMP = -1
export const NO_PARTITION_LEADER_EPOCH = -1

/** Sequence numbers wrap from the largest int32 to 0. */
export function sequenceAfter(sequence: number, recordCount: number): number {
  const next = sequence + recordCount
  return next > 0x7fff_ffff ? next - 0x8000_0000 : next
}
