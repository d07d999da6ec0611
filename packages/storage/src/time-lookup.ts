import type { CompressionCodecs } from '@logwerk/protocol'
import type { LogSegments } from './log-segments.ts'

/** A record's place in time. */
export interface TimestampAndOffset {
  readonly timestamp: number
  readonly offset: number
  readonly leaderEpoch: number
}

/** Records from `startOffset` on, below `endOffset`. */
export interface OffsetRange {
  readonly startOffset: number
  readonly endOffset: number
}

/**
 * The first record at or after `timestamp`, of those in the range; null if there is none.
 *
 * @throws KafkaError `CORRUPT_LOG` for damage on the way, `UNSUPPORTED_COMPRESSION_TYPE` if the batch needs a codec that is missing.
 */
export function findTimestamp(
  segments: LogSegments,
  timestamp: number,
  { startOffset, endOffset }: OffsetRange,
  codecs: CompressionCodecs,
): TimestampAndOffset | null {
  for (const segment of segments.list) {
    if (segment.baseOffset >= endOffset) break
    if (segments.maxTimestampOf(segment) < timestamp) continue
    segments.use(segment)
    let found = null as TimestampAndOffset | null
    const from = Math.max(segment.floorOffset(timestamp), startOffset)
    segment.find(segment.floorPosition(from), place => {
      if (place.baseOffset >= endOffset) return true
      if (place.maxTimestamp < timestamp || place.lastOffset < startOffset) return false
      const view = segment.readBatch(place)
      // Its records are about to be believed.
      if (!view.isCrcValid()) throw segment.corruptAt(place.positionBytes)
      for (const record of view.records(view.payload(codecs))) {
        if (record.timestamp < timestamp || record.offset < startOffset || record.offset >= endOffset) continue
        found = { timestamp: record.timestamp, offset: record.offset, leaderEpoch: view.partitionLeaderEpoch }
        return true
      }
      return false
    })
    if (found !== null) return found
  }
  return null
}

/** The greatest timestamp in the range; -1 if no record has one. */
export function maxTimestampIn(segments: LogSegments, { startOffset, endOffset }: OffsetRange): number {
  let greatest = -1
  for (const segment of segments.list) {
    if (segment.baseOffset >= endOffset) break
    if (segments.maxTimestampOf(segment) <= greatest) continue
    if (segment.baseOffset >= startOffset) greatest = segment.maxTimestamp
    else {
      segments.use(segment)
      // What the index knows may have been deleted.
      segment.find(segment.floorPosition(startOffset), batch => {
        if (batch.lastOffset >= startOffset) greatest = Math.max(greatest, batch.maxTimestamp)
        return false
      })
    }
  }
  return greatest
}
