import { type CheckedRecordBatch, type CompressionCodecs, PARTITION_LEADER_EPOCH_AT } from '@logwerk/protocol'
import { assert, brokerError, type ErrorPlace, KafkaError, messageOf, StorageError, type World } from '@logwerk/runtime'
import { GroupCommit } from './group-commit.ts'
import { LEADER_EPOCH_FILE, type LeaderEpochs } from './leader-epochs.ts'
import type { LogConfig } from './log-config.ts'
import { LogSegments } from './log-segments.ts'
import { type ProducerState, producerIdentityOf } from './producer-state.ts'
import { type ReadOptions, readBatches } from './read-batches.ts'
import type { Segment } from './segment.ts'
import { isOutOfHandles, isOutOfRoom } from './shortage.ts'
import { removeSnapshots, snapshotOffsets, writeSnapshot } from './snapshots.ts'
import { noteSyncFailure } from './sync-failure.ts'
import { findTimestamp, maxTimestampIn, type OffsetRange, type TimestampAndOffset } from './time-lookup.ts'

/** Where an append landed. */
export interface AppendResult {
  readonly baseOffset: number
  readonly lastOffset: number
  /** The broker's time if the topic stamps it (LogAppendTime); -1 otherwise. */
  readonly logAppendTime: number
  /** True if the batch had been stored before: the offsets are those of the first time. */
  readonly duplicate: boolean
}

/** What `openLog` found on disk. */
export interface LogState {
  readonly directory: string
  readonly topic: string
  readonly partition: number
  readonly config: LogConfig
  readonly segments: Segment[]
  readonly logStartOffset: number
  readonly logEndOffset: number
  readonly leaderEpoch: number
  readonly leaderEpochs: LeaderEpochs
  readonly producers: ProducerState
  /** Everything below is on the disk. */
  readonly recoveryPoint: number
  /** Set if the log is damaged below its recovery point: it can be read up to there and not written. */
  readonly damage: KafkaError | null
}

/**
 * The log of one partition: segments of record batches in Kafka's disk format. Appends are written in place and acknowledged as the
 * fsync mode says; reads give the file's own bytes. Source: Kafka's `UnifiedLog`.
 */
export class Log {
  readonly directory: string
  readonly topic: string
  readonly partition: number
  readonly leaderEpochs: LeaderEpochs
  readonly producers: ProducerState
  /** The epoch that appended batches carry: it rises when the process before did not close the log. */
  readonly leaderEpoch: number
  readonly #world: World
  readonly #segments: LogSegments
  readonly #commit: GroupCommit
  readonly #at: ErrorPlace
  #config: LogConfig
  #logStartOffset: number
  #logEndOffset: number
  #highWatermark: number
  #pendingSyncBytes = 0
  #appendedBytes = 0
  readonly #damage: KafkaError | null
  #fence: KafkaError | null
  #closed = false
  #closing: Promise<void> | null = null
  #listeners = new Set<() => void>()

  /** Use {@link openLog}. */
  constructor(world: World, state: LogState) {
    this.#world = world
    this.directory = state.directory
    this.topic = state.topic
    this.partition = state.partition
    this.#at = { topic: state.topic, partition: state.partition }
    this.#config = state.config
    this.#logStartOffset = state.logStartOffset
    this.#logEndOffset = state.logEndOffset
    this.#highWatermark = state.logEndOffset
    this.leaderEpoch = state.leaderEpoch
    this.leaderEpochs = state.leaderEpochs
    this.producers = state.producers
    this.#damage = state.damage
    this.#fence = state.damage
    this.#commit = new GroupCommit(
      world.clock,
      { mode: state.config.fsync, intervalMs: state.config.fsyncIntervalMs, syncedOffset: state.recoveryPoint },
      () => this.#sync(),
      error => this.#syncFailed(error),
    )
    const { maxOpenSegments } = state.config
    this.#segments = new LogSegments(world, this.directory, this.#at, state.segments, maxOpenSegments, () => this.recoveryPoint)
  }

  /** First offset that can be read. */
  get logStartOffset(): number {
    return this.#logStartOffset
  }
  /** The offset of the next record. */
  get logEndOffset(): number {
    return this.#logEndOffset
  }
  /** Consumers see records below this offset: with `fsync: 'batch'` what the disk has, otherwise all. */
  get highWatermark(): number {
    return this.#highWatermark
  }
  /** Records below this offset need no check at the next start. */
  get recoveryPoint(): number {
    return this.#commit.syncedOffset
  }
  get sizeBytes(): number {
    return this.#segments.list.reduce((sum, segment) => sum + segment.sizeBytes, 0)
  }
  get segmentCount(): number {
    return this.#segments.list.length
  }
  /** First offset of the segment that is written to; whoever reads below it reads a segment that is finished. */
  get activeSegmentBaseOffset(): number {
    return this.#segments.active.baseOffset
  }
  /** Bytes that the high watermark has passed since the log was opened; only the difference of two looks says something. */
  get passedBytes(): number {
    return this.#appendedBytes - this.#pendingSyncBytes
  }
  get config(): LogConfig {
    return this.#config
  }
  /** Why nothing can be appended: damage found at the start, or a disk that failed to sync. Null if all is well. */
  get fence(): KafkaError | null {
    return this.#fence
  }

  /** Changes the options of a log that is open; a new fsync mode holds for what is not synced yet too. */
  configure(config: LogConfig): void {
    this.#config = config
    this.#segments.maxOpen = config.maxOpenSegments
    const { fsync, fsyncIntervalMs } = config
    if (fsync !== this.#commit.mode || fsyncIntervalMs !== this.#commit.intervalMs) {
      this.#commit.configure(fsync, fsyncIntervalMs)
      if (this.#logEndOffset > this.recoveryPoint) this.#commit.appended()
    }
    if (fsync !== 'batch') this.#raiseHighWatermark(this.#logEndOffset)
  }

  /**
   * Appends one batch and resolves once the chosen durability holds. The batch is in the log, and has its offsets, when the call
   * returns; order of calls is the order of offsets. Its base offset and leader epoch are stamped in place.
   *
   * @param batch  Accepted by `checkBatch`, or built here. Its bytes belong to the log from now on.
   * @throws       KafkaError `OUT_OF_ORDER_SEQUENCE_NUMBER` or `INVALID_PRODUCER_EPOCH` (KIP-98), `RECORD_LIST_TOO_LARGE` if it does not
   *               fit a segment, `KAFKA_STORAGE_ERROR` if the disk refuses, `THROTTLING_QUOTA_EXCEEDED` while it stalls. Nothing is
   *               written in any of these cases; only a sync that fails leaves the outcome open.
   */
  async append(batch: CheckedRecordBatch): Promise<AppendResult> {
    const result = this.#write(batch)
    // A duplicate is acknowledged no sooner than the first copy is.
    const durable = this.#commit.durable(result.lastOffset + 1)
    if (durable !== null) {
      await durable.catch(error => {
        throw this.#fence ?? error
      })
    }
    return result
  }

  #write(batch: CheckedRecordBatch): AppendResult {
    this.#ensureWritable()
    const { view } = batch
    const { sizeBytes } = view
    const identity = producerIdentityOf(view)
    if (identity !== null) {
      const known = this.producers.check(identity, this.#at)
      if (known !== null) {
        // Kafka answers a duplicate with the timestamp of the first copy, whatever the topic's timestamp type.
        const { lastOffset, offsetDelta, timestamp } = known
        return { baseOffset: lastOffset - offsetDelta, lastOffset, logAppendTime: timestamp, duplicate: true }
      }
    }
    if (sizeBytes > this.#config.segmentBytes) {
      throw brokerError(
        'RECORD_LIST_TOO_LARGE',
        this.#at,
        `the batch has ${sizeBytes} bytes and segment.bytes is ${this.#config.segmentBytes}`,
      )
    }
    if (this.#commit.mode === 'batch' && this.#pendingSyncBytes > this.#config.maxPendingSyncBytes) {
      throw brokerError(
        'THROTTLING_QUOTA_EXCEEDED',
        this.#at,
        `${this.#pendingSyncBytes} bytes wait for the disk; try again when it has caught up`,
      )
    }
    const baseOffset = this.#logEndOffset
    const lastOffset = baseOffset + batch.lastOffsetDelta
    writeOffset(view.bytes, baseOffset)
    view.bytes.writeInt32BE(this.leaderEpoch, PARTITION_LEADER_EPOCH_AT)
    try {
      if (this.#segments.active.isFullFor(sizeBytes, lastOffset, batch.maxTimestamp, this.#config)) this.#roll()
      this.#segments.active.append([view], this.#config)
    } catch (error) {
      throw this.#fence ?? this.#storageFailure(error)
    }
    this.#logEndOffset = lastOffset + 1
    this.#appendedBytes += sizeBytes
    if (this.#commit.mode === 'batch') this.#pendingSyncBytes += sizeBytes
    if (this.leaderEpochs.assign(this.leaderEpoch, baseOffset)) {
      // Not synced: were it lost, the epochs are read off the batches again.
      this.#writeEpochs()
    }
    if (identity !== null) {
      const { lastOffsetDelta: offsetDelta, maxTimestamp: timestamp } = batch
      this.producers.update({ ...identity, lastOffset, offsetDelta, timestamp }, this.#world.clock.monotonicMs())
    }
    this.#commit.appended()
    if (this.#commit.mode !== 'batch') this.#raiseHighWatermark(this.#logEndOffset)
    return { baseOffset, lastOffset, logAppendTime: view.isLogAppendTime ? batch.maxTimestamp : -1, duplicate: false }
  }

  /**
   * The bytes of whole batches from the one that holds `offset` on, out of one segment. Empty at the end of what is visible.
   *
   * @throws KafkaError `OFFSET_OUT_OF_RANGE` before the log's start or past its end, `CORRUPT_LOG` for bytes that are no batch, and
   *         from where the log is damaged on.
   */
  read(offset: number, options: ReadOptions): Buffer {
    // Not "the end of the log", let alone "out of range": a reader that took it for that would wait for ever, or start anew.
    if (this.#damage !== null && offset >= this.#logEndOffset) throw this.#damage
    if (offset < this.#logStartOffset || offset > this.#logEndOffset) {
      throw brokerError('OFFSET_OUT_OF_RANGE', { ...this.#at, offset }, `the log holds ${this.#logStartOffset} to ${this.#logEndOffset}`)
    }
    return readBatches(this.#segments, offset, options)
  }

  /**
   * The first record at or after `timestamp`, below `limitOffset`; null if there is none.
   *
   * @throws KafkaError `CORRUPT_LOG` for damage on the way, `UNSUPPORTED_COMPRESSION_TYPE` if the batch needs a codec that is missing.
   */
  offsetForTimestamp(timestamp: number, limitOffset: number, codecs: CompressionCodecs): TimestampAndOffset | null {
    return findTimestamp(this.#segments, timestamp, this.#rangeBelow(limitOffset), codecs)
  }

  /** The record with the greatest timestamp, the first of them if there are several; null in an empty log. */
  offsetOfMaxTimestamp(codecs: CompressionCodecs): TimestampAndOffset | null {
    const range = this.#rangeBelow(this.#logEndOffset)
    const greatest = maxTimestampIn(this.#segments, range)
    return greatest < 0 ? null : findTimestamp(this.#segments, greatest, range, codecs)
  }

  #rangeBelow(limitOffset: number): OffsetRange {
    return { startOffset: this.#logStartOffset, endOffset: Math.min(limitOffset, this.#logEndOffset) }
  }

  /**
   * Moves the log's start up to `offset` and drops the segments below it (KIP-107). The caller makes the new start durable.
   *
   * @throws KafkaError `OFFSET_OUT_OF_RANGE` past the high watermark.
   */
  deleteRecordsBefore(offset: number): number {
    if (offset > this.#highWatermark || offset < 0) {
      throw brokerError(
        'OFFSET_OUT_OF_RANGE',
        { ...this.#at, offset },
        `records can be deleted up to the high watermark, ${this.#highWatermark}`,
      )
    }
    if (offset > this.#logStartOffset) {
      this.#logStartOffset = offset
      this.leaderEpochs.truncateFromStart(offset)
    }
    return this.#logStartOffset
  }

  /**
   * Takes away the segments that lie wholly below the log's start, unless only they tell what their producers wrote: then they go when a
   * snapshot does. @throws StorageError
   */
  deleteOldSegments(): void {
    if (!this.#segments.beginBelow(this.#logStartOffset)) return
    const offset = this.#deletableOffset()
    if (!this.#segments.beginBelow(offset)) return
    try {
      // As at the beginning of a log: the segment that becomes the first has to outlive its predecessors.
      this.#segments.syncNames()
    } catch (error) {
      if (!isOutOfHandles(error)) this.#commit.fail(error)
      throw error
    }
    this.#segments.deleteBelow(offset)
  }

  /** Up to where segments may go. A roll leaves its snapshot out if there is no room for it. */
  #deletableOffset(): number {
    const { files, log } = this.#world
    const { recoveryPoint } = this
    if (this.producers.producerCount === 0) return this.#logStartOffset
    const snapshots = snapshotOffsets(files, this.directory)
    // A power cut may take the log back to the recovery point, and with it a snapshot from behind that.
    const hasSnapshot = (offset: number) => snapshots.some(at => at >= offset && at <= Math.max(offset, recoveryPoint))
    const offsets = this.#segments.list.map(segment => segment.baseOffset).filter(offset => offset <= this.#logStartOffset)
    if (!hasSnapshot(offsets.at(-1)!) && recoveryPoint === this.#logEndOffset && this.#fence === null) {
      try {
        writeSnapshot(files, this.directory, this.#logEndOffset, this.producers)
        return this.#logStartOffset
      } catch (error) {
        if (!isOutOfRoom(error) && !isOutOfHandles(error)) {
          this.#commit.fail(error)
          throw error
        }
        log.warn('no room for a snapshot of the producers; segments that are to be deleted stay until there is', { ...this.#at, error })
      }
    }
    return offsets.findLast(hasSnapshot) ?? 0
  }

  /** `listener` runs when the high watermark has risen; returns how to stop that. */
  onAdvance(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Resolves when everything appended so far is on the disk, whatever the fsync mode. */
  async flush(): Promise<void> {
    this.#ensureWritable()
    await this.#flush()
  }

  async #flush(): Promise<void> {
    await this.#commit.flush(this.#logEndOffset).catch(error => {
      throw this.#fence ?? error
    })
  }

  /**
   * Syncs, and writes what makes the next start fast: indexes, producer snapshot, epochs. Appends are refused from here on. Idempotent.
   *
   * @throws KafkaError `KAFKA_STORAGE_ERROR`, `STORAGE_ERROR` if the disk fails; then, and if the log has a {@link fence}, the next start
   *         has to check it.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    try {
      if (this.#closed || this.#fence !== null) return
      const { files } = this.#world
      this.#segments.active.trim()
      await this.#flush()
      // Below the offsets that are synced already, and yet what they cut off must not come back behind the last batch.
      await this.#segments.syncCuts()
      // A topic can be deleted in the meantime.
      if (this.#closed) return
      // The next start trusts what is closed, and would make what is missing anew each time.
      for (const segment of this.#segments.list) if (segment === this.#segments.active || segment.lacksIndexFiles) segment.writeIndexes()
      this.leaderEpochs.write(files, `${this.directory}/${LEADER_EPOCH_FILE}`)
      writeSnapshot(files, this.directory, this.#logEndOffset, this.producers)
      removeSnapshots(files, this.directory, this.#logEndOffset)
      files.syncDirectoryNow(this.directory)
    } catch (error) {
      throw this.#fence ?? error
    } finally {
      this.abandon()
    }
  }

  /** Lets go of the files without writing anything: what a killed process does, and what a deleted partition needs. */
  abandon(): void {
    if (this.#closed) return
    this.#closed = true
    this.#commit.stop(this.#closedError())
    this.#segments.close()
    this.#listeners.clear()
  }

  #roll(): void {
    const { files, clock, log } = this.#world
    const finished = this.#segments.roll(this.#logEndOffset)
    this.producers.expireBefore(clock.monotonicMs() - this.#config.producerIdExpirationMs)
    try {
      finished.writeIndexes()
      writeSnapshot(files, this.directory, this.#logEndOffset, this.producers)
      // A power cut may take the log back to what is synced; a snapshot from before that has to be left.
      const synced = this.#segments.list[this.#segments.indexOf(this.recoveryPoint)]!
      removeSnapshots(files, this.directory, Math.min(finished.baseOffset, synced.baseOffset))
    } catch (error) {
      if (!(error instanceof StorageError)) throw error
      if (!isOutOfRoom(error) && !isOutOfHandles(error)) {
        // A sync may have failed, of the directory too; see GroupCommit.
        this.#commit.fail(error)
        throw error
      }
      log.warn('no room for the indexes of a finished segment; they are written at the close, or the next start makes them anew', {
        ...this.#at,
        error,
      })
    }
    // In every mode: a finished segment is synced in the background, so that the next start need not walk it. A failure fences the log.
    this.#commit.flush(this.#logEndOffset + 1).catch(() => {})
  }

  async #sync(): Promise<number> {
    const endOffset = this.#logEndOffset
    const pendingBytes = this.#pendingSyncBytes
    await this.#segments.sync(() => this.#closed || this.#closing !== null)
    // Another sync has failed meanwhile, and with it what this one was to cover.
    if (this.#fence !== null) throw this.#fence
    this.#pendingSyncBytes -= pendingBytes
    this.#raiseHighWatermark(endOffset)
    return endOffset
  }

  #syncFailed(error: unknown): void {
    this.#fence = new KafkaError(
      'KAFKA_STORAGE_ERROR',
      `${this.topic}-${this.partition}: the disk failed to sync, so nothing more is written until the broker is started again: ${messageOf(error)}`,
      { at: { ...this.#at, path: this.directory }, cause: error },
    )
    if (error instanceof StorageError) noteSyncFailure(this.#world.files, this.directory)
    this.#world.log.error('the disk failed to sync; the partition is read-only now', {
      topic: this.topic,
      partition: this.partition,
      error,
    })
  }

  #raiseHighWatermark(offset: number): void {
    assert(offset <= this.#logEndOffset, 'the high watermark stays within the log', { offset, logEndOffset: this.#logEndOffset })
    if (offset <= this.#highWatermark) return
    this.#highWatermark = offset
    for (const listener of [...this.#listeners]) listener()
  }

  #ensureWritable(): void {
    if (this.#closed || this.#closing !== null) throw this.#closedError()
    if (this.#fence !== null) throw this.#fence
  }

  #closedError(): KafkaError {
    return brokerError('KAFKA_STORAGE_ERROR', this.#at, 'the log is closed')
  }

  #writeEpochs(): void {
    try {
      this.leaderEpochs.writeUnsynced(this.#world.files, `${this.directory}/${LEADER_EPOCH_FILE}`)
    } catch (error) {
      this.#world.log.warn('the leader epochs could not be written; they will be read off the log at the next start', { error })
    }
  }

  #storageFailure(error: unknown): unknown {
    if (!(error instanceof StorageError)) return error
    return new KafkaError('KAFKA_STORAGE_ERROR', `${this.topic}-${this.partition}: ${error.message}`, {
      at: { ...this.#at, path: this.directory },
      cause: error,
    })
  }
}

function writeOffset(batch: Buffer, offset: number): void {
  batch.writeInt32BE(Math.floor(offset / 0x1_0000_0000), 0)
  batch.writeUInt32BE(offset >>> 0, 4)
}
