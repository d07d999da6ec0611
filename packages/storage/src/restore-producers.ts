import type { RecordBatchView } from '@logwerk/protocol'
import { KafkaError, type World } from '@logwerk/runtime'
import type { BatchPlace } from './batch-place.ts'
import { BatchReader } from './batch-reader.ts'
import type { LogEnd } from './log-end.ts'
import { type ProducerBatch, type ProducerState, producerIdentityOf } from './producer-state.ts'
import type { Segment } from './segment.ts'
import { isOutOfHandles } from './shortage.ts'
import { readSnapshot, removeSnapshot, snapshotOffsets } from './snapshots.ts'

/** Takes the newest snapshot that is readable and not past the log's end, and replays the batches behind it. */
export function restoreProducers(
  world: World,
  directory: string,
  segments: readonly Segment[],
  producers: ProducerState,
  end: LogEnd,
): void {
  const nowMs = world.clock.monotonicMs()
  let replayFrom = segments[0]!.baseOffset
  for (const offset of snapshotOffsets(world.files, directory)) {
    if (offset > end.logEndOffset) {
      // In a damaged log they fit what a backup may bring back.
      if (end.damage === null) removeSnapshot(world.files, directory, offset)
      continue
    }
    try {
      readSnapshot(world.files, directory, offset, producers, nowMs)
      replayFrom = Math.max(replayFrom, offset)
      break
    } catch (error) {
      if (!(error instanceof KafkaError) || isOutOfHandles(error)) throw error
      world.log.warn('a producer snapshot cannot be read; an older one serves', { error })
      producers.clear()
      // A disk that refuses to read it today may give it out tomorrow.
      if (error.code === 'CORRUPT_LOG') removeSnapshot(world.files, directory, offset)
    }
  }
  if (producers.producerCount > 0) producers.addHistory(historyOf(world, segments, replayFrom))
  for (let index = 0; index < segments.length; index++) {
    const segment = segments[index]!
    if (replayFrom >= (segments[index + 1]?.baseOffset ?? end.logEndOffset)) continue
    // Recovery has looked at what is new; elsewhere a header that has rotted may say anything.
    const isTrusted = end.checked.includes(segment)
    const reader = new BatchReader(segment)
    for (let position = replayFrom <= segment.baseOffset ? 0 : segment.floorPosition(replayFrom); ; ) {
      const found = reader.batchAt(position)
      if (found === null || found.place.baseOffset >= end.logEndOffset) break
      const { place, view } = found
      const isWanted = place.baseOffset >= replayFrom && (isTrusted || view.isCrcValid())
      const batch = isWanted ? producerBatchOf(place, view) : null
      if (batch !== null) producers.update(batch, nowMs)
      position += place.sizeBytes
    }
    segment.release()
  }
}

/** How far back a producer's last five batches are looked for: more than five of the largest that producers send by default. */
const HISTORY_BYTES = 16 << 20

/** {@link batchesBefore}, or nothing where the disk refuses: without it a batch that is sent again is refused, not stored twice. */
function historyOf({ log }: World, segments: readonly Segment[], offset: number): ProducerBatch[] {
  try {
    return batchesBefore(segments, offset)
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error
    log.warn('the last batches of idempotent producers could not be read', { error })
    return []
  }
}

/** The batches of idempotent producers in the last bytes in front of `offset`, in the order of the log. */
function batchesBefore(segments: readonly Segment[], offset: number): ProducerBatch[] {
  let history: ProducerBatch[] = []
  let restBytes = HISTORY_BYTES
  for (const segment of segments.toReversed()) {
    if (segment.baseOffset >= offset || restBytes <= 0) continue
    const batches: ProducerBatch[] = []
    const reader = new BatchReader(segment)
    let position = segment.floorOfPosition(segment.floorPosition(offset) - restBytes)
    for (;;) {
      const found = reader.batchAt(position)
      if (found === null || found.place.baseOffset >= offset) break
      const batch = producerBatchOf(found.place, found.view)
      if (batch !== null) batches.push(batch)
      position += found.place.sizeBytes
    }
    history = [...batches, ...history]
    restBytes -= position
    segment.release()
  }
  return history
}

/** Null for a batch whose producer is not idempotent. */
function producerBatchOf(place: BatchPlace, view: RecordBatchView): ProducerBatch | null {
  const identity = producerIdentityOf(view)
  if (identity === null) return null
  return { ...identity, lastOffset: place.lastOffset, offsetDelta: view.lastOffsetDelta, timestamp: place.maxTimestamp }
}
