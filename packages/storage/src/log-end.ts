import { KafkaError, type World } from '@logwerk/runtime'
import { BatchReader } from './batch-reader.ts'
import type { Segment } from './segment.ts'

/** Where a log that was found on the disk ends. */
export interface LogEnd {
  readonly logEndOffset: number
  readonly damage: KafkaError | null
  /** Segments that were walked and found good, oldest first. */
  readonly checked: readonly Segment[]
}

/** The end of a log that was closed properly: behind the last batch of the last segment. */
export function cleanEnd(segments: readonly Segment[], recoveryPoint: number): LogEnd {
  const active = segments.at(-1)!
  let logEndOffset = active.baseOffset
  let endBytes = 0
  let damage: KafkaError | null = null
  try {
    active.find(active.floorPosition(Number.MAX_SAFE_INTEGER), batch => {
      logEndOffset = batch.lastOffset + 1
      endBytes = batch.positionBytes + batch.sizeBytes
      return false
    })
    if (logEndOffset < recoveryPoint) damage = active.corruptAt(endBytes)
  } catch (error) {
    if (!(error instanceof KafkaError && error.code === 'CORRUPT_LOG')) throw error
    damage = error
  }
  if (damage !== null) active.hideFrom(endBytes)
  return { logEndOffset, damage, checked: [] }
}

export interface RecoveryOptions {
  readonly topic: string
  readonly partition: number
  /** Everything below was on the disk, by the last checkpoint. */
  readonly recoveryPoint: number
  readonly indexIntervalBytes: number
}

/**
 * The end of a log after a crash: behind the last batch that is whole. Walks the segments from the recovery point on, makes their indexes
 * anew, and cuts the log there, unless the damage lies below the recovery point.
 */
export function recoverEnd({ log }: World, segments: Segment[], options: RecoveryOptions): LogEnd {
  const { topic, partition, recoveryPoint, indexIntervalBytes } = options
  const checked: Segment[] = []
  let logEndOffset = segments[0]!.baseOffset
  for (let index = 0; index < segments.length; index++) {
    const segment = segments[index]!
    const next = segments[index + 1]
    // Wholly below the recovery point: on the disk, checked when it was written, never touched since. Where the two are equal the sync
    // may have ended between the segment's last batch and the roll, and not cover the files that the roll wrote.
    if (next !== undefined && next.baseOffset < recoveryPoint) continue
    const { nextOffset, positionBytes } = recoverSegment(segment, indexIntervalBytes, recoveryPoint)
    logEndOffset = nextOffset
    const isWhole = positionBytes === segment.sizeBytes
    const isLast = next === undefined
    if (isWhole && (isLast ? logEndOffset >= recoveryPoint : mayFollow(next.baseOffset, logEndOffset, recoveryPoint))) {
      checked.push(segment)
      if (!isLast) segment.release()
      continue
    }
    if (logEndOffset < recoveryPoint) {
      // Synced once and unreadable now: the disk's fault, not the crash's.
      segment.hideFrom(positionBytes)
      return { logEndOffset, damage: segment.corruptAt(positionBytes), checked }
    }
    const lostBytes = segments.slice(index + 1).reduce((sum, later) => sum + later.sizeBytes, segment.sizeBytes - positionBytes)
    log.warn('the log ended in a batch that was not written whole; it was cut there', {
      topic,
      partition,
      logEndOffset,
      lostBytes,
      file: segment.path,
    })
    segment.truncate(positionBytes)
    checked.push(segment)
    for (const later of segments.splice(index + 1)) later.delete()
  }
  return { logEndOffset, damage: null, checked }
}

/**
 * True if `offset` may be the next in a log that reaches to `nextOffset`. Compaction leaves holes, and works on synced segments only;
 * above the recovery point a hole means that the power cut took what was there.
 */
function mayFollow(offset: number, nextOffset: number, recoveryPoint: number): boolean {
  return offset === nextOffset || (offset > nextOffset && nextOffset < recoveryPoint)
}

/** Walks a segment with its CRCs checked, and makes its indexes anew. Ends behind the last good batch. */
function recoverSegment(
  segment: Segment,
  indexIntervalBytes: number,
  recoveryPoint: number,
): { readonly nextOffset: number; readonly positionBytes: number } {
  segment.dropIndexes()
  let nextOffset = segment.baseOffset
  let position = 0
  const reader = new BatchReader(segment)
  for (;;) {
    const found = reader.batchAt(position)
    if (found === null || !mayFollow(found.place.baseOffset, nextOffset, recoveryPoint) || !found.view.isCrcValid()) break
    segment.index(found.place, indexIntervalBytes)
    nextOffset = found.place.lastOffset + 1
    position += found.place.sizeBytes
  }
  return { nextOffset, positionBytes: position }
}
