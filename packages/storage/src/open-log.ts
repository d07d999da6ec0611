import { type Files, KafkaError, StorageError, type World } from '@logwerk/runtime'
import { LEADER_EPOCH_FILE, LeaderEpochs } from './leader-epochs.ts'
import { Log, type LogState } from './log.ts'
import type { LogConfig } from './log-config.ts'
import { cleanEnd, type LogEnd, recoverEnd } from './log-end.ts'
import { ProducerState } from './producer-state.ts'
import { restoreProducers } from './restore-producers.ts'
import { Segment, segmentName } from './segment.ts'
import { isOutOfHandles, isOutOfRoom } from './shortage.ts'
import { writeSnapshot } from './snapshots.ts'
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
  const { indexIntervalBytes } = config
  let end = cleanShutdown
    ? cleanEnd(segments, recoveryPoint)
    : recoverEnd(world, segments, { topic, partition, recoveryPoint, indexIntervalBytes })
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
  restoreProducers(world, directory, [...deleted, ...segments], producers, end)
  let areKnown = cleanShutdown
  if (!cleanShutdown && damage === null) {
    leaderEpochs.assign(leaderEpoch, logEndOffset)
    areKnown = makeDurable(world, end, options, leaderEpochs, producers)
  }
  // Not before what their producers wrote is in a snapshot: without one the next start needs them once more.
  for (const segment of deleted) {
    if (areKnown || producers.producerCount === 0) segment.delete()
    else segment.close()
  }
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

/**
 * What a killed process left in the page cache is about to be shown to readers, and what was cut away must not come back under what is
 * appended next: all of it has to outlive a power cut from now on.
 *
 * @returns False if there was no room for the producers' snapshot.
 */
function makeDurable(
  { files, log }: World,
  { checked, logEndOffset }: LogEnd,
  { directory }: OpenLogOptions,
  leaderEpochs: LeaderEpochs,
  producers: ProducerState,
): boolean {
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
  let hasSnapshot = false
  try {
    // The active segment's indexes live in memory.
    for (const segment of checked.slice(0, -1)) {
      segment.writeIndexes()
      segment.release()
    }
    leaderEpochs.write(files, `${directory}/${LEADER_EPOCH_FILE}`)
    // The snapshot of the last roll may be missing, and the batches that make up for it be deleted before the next one.
    writeSnapshot(files, directory, logEndOffset, producers)
    hasSnapshot = true
  } catch (error) {
    if (!isOutOfRoom(error) && !isOutOfHandles(error)) throw error
    log.warn('no room for what makes the next start of a log fast; that one has to do the same work again', { directory, error })
  }
  files.syncDirectoryNow(directory)
  return hasSnapshot
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
