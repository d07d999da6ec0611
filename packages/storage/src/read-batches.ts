import { LOG_OVERHEAD_BYTES, RECORDS_AT } from '@logwerk/protocol'
import type { BatchPlace } from './batch-place.ts'
import type { LogSegments } from './log-segments.ts'
import type { Segment } from './segment.ts'

export interface ReadOptions {
  /** Most bytes to give, whole batches only. */
  readonly maxBytes: number
  /** Gives the first batch whole even if it is larger than `maxBytes` (KIP-74). */
  readonly minOneBatch: boolean
  /** Records at and past this offset stay hidden; the high watermark for consumers. */
  readonly limitOffset: number
}

const EMPTY = Buffer.alloc(0)

/**
 * The bytes of whole batches from the one that holds `offset` on, out of one segment. Empty at the end of what is visible.
 *
 * @throws KafkaError `CORRUPT_LOG` for bytes that are no batch.
 */
export function readBatches(segments: LogSegments, offset: number, options: ReadOptions): Buffer {
  if (offset >= options.limitOffset) return EMPTY
  const { list } = segments
  for (let index = segments.indexOf(offset); index < list.length; index++) {
    const segment = list[index]!
    segments.use(segment)
    const first = segment.find(segment.floorPosition(offset), batch => batch.lastOffset >= offset)
    if (first !== null) return readFrom(segment, first, options)
    // Compaction can leave a hole at the end of a segment: what comes next lies in the one after it.
  }
  return EMPTY
}

/** Whole batches from `first` on: at most `maxBytes` of them, and none at or past the limit. */
function readFrom(segment: Segment, first: BatchPlace, { maxBytes, minOneBatch, limitOffset }: ReadOptions): Buffer {
  if (first.baseOffset >= limitOffset) return EMPTY
  const wanted = Math.max(maxBytes, minOneBatch ? first.sizeBytes : 0)
  const bytes = Buffer.allocUnsafeSlow(Math.min(wanted, segment.sizeBytes - first.positionBytes))
  const readBytes = segment.read(bytes, first.positionBytes)
  let end = 0
  while (end + RECORDS_AT <= readBytes) {
    const sizeBytes = bytes.readInt32BE(end + 8) + LOG_OVERHEAD_BYTES
    // Damage: who reads on from here is told.
    if (sizeBytes < RECORDS_AT) break
    if (end + sizeBytes > readBytes) break
    const baseOffset = bytes.readInt32BE(end) * 0x1_0000_0000 + bytes.readUInt32BE(end + 4)
    if (baseOffset >= limitOffset) break
    end += sizeBytes
    if (end >= wanted) break
  }
  return bytes.subarray(0, end)
}
