import { RECORDS_AT, RecordBatchView } from '@logwerk/protocol'
import { type Files, KafkaError, StorageError, type World } from '@logwerk/runtime'
import { type BatchPlace, placeOf } from './batch-place.ts'
import { LEADER_EPOCH_FILE, LeaderEpochs } from './leader-epochs.ts'
import { Log, type LogState } from './log.ts'
import type { LogConfig } from './log-config.ts'
import { type ProducerBatch, ProducerState } from './producer-state.ts'
import { Segment, segmentName } from './segment.ts'
import { isOutOfHandles, isOutOfRoom } from './shortage.ts'
import { readSnapshot, removeSnapshot, snapshotOffsets, writeSnapshot } from './snapshots.ts'
import { forgetSyncFailure, hasSyncFailed, noteSyncFailure } from './sync-failure.ts'

export interface OpenLogOptions {
  readonly directory: string
  readonly topic: string
  readonly partition: number
  readonly config: LogConfig
  /** The process before closed the log: nothing has to be checked. */
  readonly cleanShutdown: boolean
  /** Everything below was on the disk, by the last checkpoint. */
  readonly recoveryPoint: number
  /** By the last checkpoint; the first segment's base may be lower. */
  readonly logStartOffset: number
}

/**
 * Opens the log in a directory, or begins one. After a crash the segments from the recovery point on are walked batch by batch, their
 * CRCs checked and their indexes made anew; the log is cut at the first batch that is not whole, and what follows goes. Damage *below*
 * the recovery point is never cut away: the log is then read-only, and says where.
 *
 * Source: Kafka's `LogLoader`; the rules of recovery in the order of its steps.
 */
export function openLog(world: World, options: OpenLogOptions): Log {
  const segments: Segment[] = []
  const deleted: Segment[] = []
  try {
    return new Log(world, load(world, segments, deleted, options))
  } catch (error) {
    for (const segment of [...deleted, ...segments]) segment.close()
    throw error
  }
}

/**
 * @param segments  Empty; filled with the log's.
 * @param deleted   Empty; filled with those that lie wholly below the log's start.
 */
function load(world: World, segments: Segment[], deleted: Segment[], options: OpenLogOptions): LogState {
  const { files } = world
  const { directory, topic, partition, config, cleanShutdown, recoveryPoint } = options
  openSegments(world, segments, deleted, options)
  const stored = LeaderEpochs.read(files, `${directory}/${LEADER_EPOCH_FILE}`)
  const leaderEpochs = stored ?? new LeaderEpochs()
  let end = cleanShutdown ? cleanEnd(segments, recoveryPoint) : recover(world, segments, options)
  if (end.damage === null && end.logEndOffset < options.logStartOffset) {
    // Only records that had been deleted are left. The start was promised to the outside, so the log goes on from there.
    deleted.push(...segments.splice(0))
    segments.push(Segment.create(files, directory, options.logStartOffset))
    end = { ...end, logEndOffset: options.logStartOffset, checked: [] }
  }
  const { logEndOffset, damage } = end
  for (const segment of stored === null ? segments : end.checked) addEpochs(segment, leaderEpochs, logEndOffset)

  // After a crash records may be gone that somebody has read (fsync 'os', 'interval', or a disk that lied). A new epoch lets such a
  // reader find out, even when other records have taken their offsets since (KIP-101). Taken before the epochs are cut to the log: the
  // records of the newest may be gone without a trace, and its number must not come back.
  const latest = Math.max(leaderEpochs.latest, 0)
  const leaderEpoch = cleanShutdown || damage !== null ? latest : latest + 1
  const logStartOffset = Math.min(Math.max(options.logStartOffset, segments[0]!.baseOffset), logEndOffset)
  leaderEpochs.truncateFromEnd(logEndOffset)
  leaderEpochs.truncateFromStart(logStartOffset)
  const producers = new ProducerState(config.maxProducersPerPartition)
  restoreProducers(world, options, [...deleted, ...segments], producers, end)
  if (!cleanShutdown && damage === null) {
    leaderEpochs.assign(leaderEpoch, logEndOffset)
    makeDurable(world, end, options, leaderEpochs, producers)
  }
  // Not before what their producers wrote is in a snapshot.
  for (const segment of deleted) segment.delete()
  return {
    directory,
    topic,
    partition,
    config,
    segments,
    logStartOffset,
    logEndOffset,
    leaderEpoch,
    leaderEpochs,
    producers,
    // A damaged log stays one, however often it is opened.
    recoveryPoint: damage === null ? logEndOffset : Math.max(recoveryPoint, logEndOffset + 1),
    damage,
  }
}

interface LogEnd {
  readonly logEndOffset: number
  readonly damage: KafkaError | null
  /** Segments that were walked and found good, oldest first. */
  readonly checked: readonly Segment[]
}

function openSegments({ files }: World, segments: Segment[], deleted: Segment[], { directory, logStartOffset }: OpenLogOptions): void {
  files.makeDirectory(directory)
  for (const name of files.list(directory)) {
    if (name.endsWith('.deleted') || name.endsWith('.cleaned') || name.endsWith('.tmp')) files.remove(`${directory}/${name}`)
  }
  for (const offset of segmentOffsets(files.list(directory))) segments.push(Segment.open(files, directory, offset))
  removeStrayIndexes(files, directory, segments)
  // Their removal was under way, or a crash has undone it, perhaps for some of them only.
  while (segments.length > 1 && segments[1]!.baseOffset <= logStartOffset) deleted.push(segments.shift()!)
  if (segments.length > 0) return
  segments.push(Segment.create(files, directory, logStartOffset))
  // A later segment must not survive a power cut without the first: what is missing in front would look deleted.
  files.syncDirectoryNow(directory)
}

function segmentOffsets(names: readonly string[]): number[] {
  return names
    .filter(name => /^\d{20}\.log$/.test(name))
    .map(name => Number(name.slice(0, 20)))
    .sort((a, b) => a - b)
}

function removeStrayIndexes(files: Files, directory: string, segments: readonly Segment[]): void {
  const known = new Set(segments.map(segment => segmentName(segment.baseOffset)))
  for (const name of files.list(directory)) {
    if (/^\d{20}\.(index|timeindex|txnindex)$/.test(name) && !known.has(name.slice(0, 20))) files.remove(`${directory}/${name}`)
  }
}

/** The end of a log that was closed properly: behind the last batch of the last segment. */
function cleanEnd(segments: readonly Segment[], recoveryPoint: number): LogEnd {
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

function recover({ log }: World, segments: Segment[], options: OpenLogOptions): LogEnd {
  const { topic, partition, recoveryPoint } = options
  const checked: Segment[] = []
  let logEndOffset = segments[0]!.baseOffset
  for (let index = 0; index < segments.length; index++) {
    const segment = segments[index]!
    const next = segments[index + 1]
    // Wholly below the recovery point: on the disk, checked when it was written, never touched since. Where the two are equal the sync
    // may have ended between the segment's last batch and the roll, and not cover the files that the roll wrote.
    if (next !== undefined && next.baseOffset < recoveryPoint) continue
    const { nextOffset, positionBytes } = recoverSegment(segment, options.config.indexIntervalBytes, recoveryPoint)
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

/**
 * What a killed process left in the page cache is about to be shown to readers, and what was cut away must not come back under what is
 * appended next: all of it has to outlive a power cut from now on.
 */
function makeDurable(
  { files, log }: World,
  { checked, logEndOffset }: LogEnd,
  { directory }: OpenLogOptions,
  leaderEpochs: LeaderEpochs,
  producers: ProducerState,
): void {
  const hasFailed = hasSyncFailed(files, directory)
  try {
    for (const segment of checked) {
      if (hasFailed) segment.rewrite()
      segment.datasyncNow()
      segment.release()
    }
  } catch (error) {
    if (error instanceof StorageError) noteSyncFailure(files, directory)
    throw error
  }
  if (hasFailed) forgetSyncFailure(files, directory)
  try {
    // The active segment's indexes live in memory.
    for (const segment of checked.slice(0, -1)) {
      segment.writeIndexes()
      segment.release()
    }
    leaderEpochs.write(files, `${directory}/${LEADER_EPOCH_FILE}`)
    // The snapshot of the last roll may be missing, and the batches that make up for it be deleted before the next one.
    writeSnapshot(files, directory, logEndOffset, producers)
  } catch (error) {
    if (!isOutOfRoom(error) && !isOutOfHandles(error)) throw error
    log.warn('no room for what makes the next start of a log fast; that one has to do the same work again', { directory, error })
  }
  files.syncDirectoryNow(directory)
}

/** Recovery reads in pieces of this size, or of one batch where that is larger. */
const READ_BYTES = 1 << 20

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

/** Reads a segment's batches one after the other through one large buffer. */
class BatchReader {
  readonly #segment: Segment
  #buffer: Buffer
  #bufferAt = 0
  #bufferBytes = 0

  constructor(segment: Segment) {
    this.#segment = segment
    this.#buffer = Buffer.allocUnsafeSlow(Math.min(READ_BYTES, segment.sizeBytes))
  }

  /** Null if there is no whole batch at `positionBytes`. */
  batchAt(positionBytes: number): { readonly place: BatchPlace; readonly view: RecordBatchView } | null {
    if (positionBytes + RECORDS_AT > this.#segment.sizeBytes) return null
    const header = this.#bytes(positionBytes, RECORDS_AT)
    const place = header === null ? null : placeOf(header, positionBytes)
    if (place === null || positionBytes + place.sizeBytes > this.#segment.sizeBytes) return null
    const bytes = this.#bytes(positionBytes, place.sizeBytes)
    return bytes === null ? null : { place, view: new RecordBatchView(bytes) }
  }

  #bytes(positionBytes: number, byteCount: number): Buffer | null {
    if (positionBytes < this.#bufferAt || positionBytes + byteCount > this.#bufferAt + this.#bufferBytes) {
      if (byteCount > this.#buffer.length) this.#buffer = Buffer.allocUnsafeSlow(byteCount)
      this.#bufferAt = positionBytes
      this.#bufferBytes = this.#segment.read(this.#buffer, positionBytes)
    }
    const start = positionBytes - this.#bufferAt
    return start + byteCount > this.#bufferBytes ? null : this.#buffer.subarray(start, start + byteCount)
  }
}

/** Notes the epochs of a segment's batches that are newer than all known: the checkpoint may be missing, or older than they are. */
function addEpochs(segment: Segment, epochs: LeaderEpochs, logEndOffset: number): void {
  if (segment.baseOffset >= logEndOffset) return
  try {
    segment.find(0, ({ leaderEpoch, baseOffset }) => {
      if (leaderEpoch > epochs.latest) epochs.assign(leaderEpoch, baseOffset)
      return false
    })
  } catch (error) {
    // Damage below the recovery point: whoever reads there will hear of it.
    if (!(error instanceof KafkaError && error.code === 'CORRUPT_LOG')) throw error
  } finally {
    segment.release()
  }
}

/** Takes the newest snapshot that is readable and not past the log's end, and replays the batches behind it. */
function restoreProducers(
  world: World,
  { directory }: OpenLogOptions,
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
      if (isWanted && view.hasProducerId && view.baseSequence >= 0) producers.update(producerBatchOf(place, view), nowMs)
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
      if (found.view.hasProducerId && found.view.baseSequence >= 0) batches.push(producerBatchOf(found.place, found.view))
      position += found.place.sizeBytes
    }
    history = [...batches, ...history]
    restBytes -= position
    segment.release()
  }
  return history
}

function producerBatchOf(place: BatchPlace, view: RecordBatchView): ProducerBatch {
  return {
    producerId: view.producerId,
    producerEpoch: view.producerEpoch,
    firstSequence: view.baseSequence,
    lastSequence: view.lastSequence,
    lastOffset: place.lastOffset,
    offsetDelta: view.lastOffsetDelta,
    timestamp: place.maxTimestamp,
  }
}
