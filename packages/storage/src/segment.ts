import { RECORDS_AT, RecordBatchView } from '@logwerk/protocol'
import { assert, type File, type Files, KafkaError, StorageError, writeFully } from '@logwerk/runtime'
import { type BatchPlace, placeOf } from './batch-place.ts'
import type { LogConfig } from './log-config.ts'
import { SegmentIndexes } from './segment-indexes.ts'

/** Headers are read this many bytes at a time while stepping from batch to batch: a look-up ends within an index interval or two. */
const FIRST_SCAN_BYTES = 8 << 10
const SCAN_BYTES = 64 << 10

const REWRITE_BYTES = 1 << 20

/** File name of the segment that begins at `offset`: 20 digits, as Kafka names them. */
export function segmentName(offset: number): string {
  return String(offset).padStart(20, '0')
}

/** One file of a log, and the indexes that find places in it. */
export class Segment {
  readonly baseOffset: number
  readonly path: string
  readonly #files: Files
  readonly #indexes: SegmentIndexes
  /** Null while nobody needs it. */
  #file: File | null
  #isClosed = false
  #sizeBytes: number
  /** Timestamp of the first batch; null while empty or not yet read. */
  #firstTimestamp: number | null = null
  /** A write failed, and so did cutting off what it left behind the last batch. */
  #hasRest = false
  /** How often something was cut off, and how many of these cuts a sync that is done has covered: a power cut may bring back the others. */
  #cutCount = 0
  #syncedCutCount = 0

  private constructor(files: Files, directory: string, baseOffset: number, file: File | null, sizeBytes: number, fresh: boolean) {
    const path = `${directory}/${segmentName(baseOffset)}`
    this.baseOffset = baseOffset
    this.path = `${path}.log`
    this.#files = files
    this.#file = file
    this.#sizeBytes = sizeBytes
    this.#indexes = new SegmentIndexes(files, path, baseOffset, this, fresh)
  }

  /** Begins a segment. Its name is durable after a sync of the directory. */
  static create(files: Files, directory: string, baseOffset: number): Segment {
    const path = `${directory}/${segmentName(baseOffset)}.log`
    return new Segment(files, directory, baseOffset, files.open(path, 'create'), 0, true)
  }

  /** A segment that is there; its file is opened, and its indexes are read, on first use. */
  static open(files: Files, directory: string, baseOffset: number): Segment {
    const info = files.info(`${directory}/${segmentName(baseOffset)}.log`)
    return new Segment(files, directory, baseOffset, null, info?.sizeBytes ?? 0, false)
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** True once the indexes have been there: telling the greatest timestamp needs them only the first time. */
  get knowsMaxTimestamp(): boolean {
    return this.#indexes.knowsMaxTimestamp
  }

  /** The greatest timestamp of its records; -1 if there is none. */
  get maxTimestamp(): number {
    return this.#indexes.maxTimestamp
  }

  /** True if `batch` belongs into a new segment. Source: Kafka's `LogSegment.shouldRoll`; record time, not the clock, decides. */
  isFullFor(sizeBytes: number, lastOffset: number, maxTimestamp: number, config: LogConfig): boolean {
    if (this.#sizeBytes === 0) return false
    return (
      this.#sizeBytes + sizeBytes > config.segmentBytes ||
      this.#spansMs(maxTimestamp) > config.segmentMs ||
      this.#indexes.areFull(config.segmentIndexBytes) ||
      lastOffset - this.baseOffset > 0x7fff_ffff
    )
  }

  /**
   * Writes whole batches at the end. If the disk refuses, the file is cut back to where it was, so that no part of a batch stays.
   *
   * @throws StorageError
   */
  append(batches: readonly RecordBatchView[], config: LogConfig): void {
    this.trim()
    try {
      writeFully(
        this.#opened(),
        batches.map(batch => batch.bytes),
        this.#sizeBytes,
      )
    } catch (error) {
      this.#hasRest = true
      try {
        this.trim()
      } catch {
        // The next append tries again, and so does the close.
      }
      throw error
    }
    for (const batch of batches) {
      const { baseOffset, lastOffset, sizeBytes, maxTimestamp, partitionLeaderEpoch: leaderEpoch } = batch
      this.index(
        { baseOffset, lastOffset, positionBytes: this.#sizeBytes, sizeBytes, maxTimestamp, leaderEpoch },
        config.indexIntervalBytes,
      )
      this.#sizeBytes += sizeBytes
    }
  }

  /** Cuts off what a failed write left behind the last batch. @throws StorageError */
  trim(): void {
    if (!this.#hasRest) return
    this.#opened().truncate(this.#sizeBytes)
    this.#hasRest = false
    this.#cutCount++
  }

  /** True if a power cut may bring back what {@link trim} has cut off. */
  get isCut(): boolean {
    return this.#cutCount > this.#syncedCutCount
  }

  /** Record time between the first batch and `timestamp`; 0 if the first batch has no timestamp. */
  #spansMs(timestamp: number): number {
    if (this.#firstTimestamp === null) {
      const first = this.find(0, () => true)
      assert(first !== null, 'a segment with bytes has a first batch', { path: this.path })
      this.#firstTimestamp = first.maxTimestamp
    }
    return this.#firstTimestamp < 0 ? 0 : timestamp - this.#firstTimestamp
  }

  /** Notes a batch in the indexes: one entry for each `intervalBytes` of log. */
  index(batch: BatchPlace, intervalBytes: number): void {
    if (batch.positionBytes === 0) this.#firstTimestamp = batch.maxTimestamp
    this.#indexes.add(batch, intervalBytes)
  }

  /** Where to start looking for `offset`: the start of a batch at or before it. */
  floorPosition(offset: number): number {
    return this.#indexes.floorPosition(offset)
  }

  /** The start of a batch at or before `positionBytes`. */
  floorOfPosition(positionBytes: number): number {
    return this.#indexes.floorOfPosition(positionBytes)
  }

  /** An offset before which no record reaches `timestamp`. */
  floorOffset(timestamp: number): number {
    return this.#indexes.floorOffset(timestamp)
  }

  /** Reads at `positionBytes`; fewer bytes at the end of the file. */
  read(into: Uint8Array, positionBytes: number): number {
    return this.#opened().read(into, positionBytes)
  }

  /** The batch that begins at `positionBytes`; null if none can. */
  placeAt(positionBytes: number): BatchPlace | null {
    const header = Buffer.allocUnsafe(RECORDS_AT)
    return this.read(header, positionBytes) < RECORDS_AT ? null : placeOf(header, positionBytes)
  }

  /**
   * Steps from batch to batch from `positionBytes`, reading headers only, to the first that `wanted` accepts; null at the end.
   *
   * @throws KafkaError `CORRUPT_LOG` that names the file and the place if something there is no batch.
   */
  find(positionBytes: number, wanted: (batch: BatchPlace) => boolean): BatchPlace | null {
    let window = Buffer.allocUnsafe(FIRST_SCAN_BYTES)
    let windowAt = positionBytes
    let windowBytes = 0
    for (let at = positionBytes; at < this.#sizeBytes; ) {
      if (at + RECORDS_AT > windowAt + windowBytes) {
        // A long walk over small batches; large ones are stepped over faster by reading less.
        if (windowBytes > 0 && at < windowAt + SCAN_BYTES && window.length < SCAN_BYTES) window = Buffer.allocUnsafe(SCAN_BYTES)
        windowAt = at
        windowBytes = this.read(window, at)
      }
      const header = window.subarray(at - windowAt, Math.min(at - windowAt + RECORDS_AT, windowBytes))
      const place = header.length < RECORDS_AT ? null : placeOf(header, at)
      if (place === null || at + place.sizeBytes > this.#sizeBytes || place.baseOffset < this.baseOffset) throw this.corruptAt(at)
      if (wanted(place)) return place
      at += place.sizeBytes
    }
    return null
  }

  /** One whole batch. */
  readBatch(place: Pick<BatchPlace, 'positionBytes' | 'sizeBytes'>): RecordBatchView {
    const bytes = Buffer.allocUnsafeSlow(place.sizeBytes)
    if (this.read(bytes, place.positionBytes) < place.sizeBytes) throw this.corruptAt(place.positionBytes)
    return new RecordBatchView(bytes)
  }

  corruptAt(positionBytes: number): KafkaError {
    return new KafkaError(
      'CORRUPT_LOG',
      `${this.path} is corrupt at byte ${positionBytes}: there is no sound record batch; records before it can still be read, restore the file from a backup or delete the topic`,
      { at: { path: this.path } },
    )
  }

  /** Cuts the file at `sizeBytes` and forgets what was indexed: recovery then indexes what is left. */
  truncate(sizeBytes: number): void {
    assert(sizeBytes <= this.#sizeBytes, 'truncation never grows a segment', { sizeBytes, current: this.#sizeBytes })
    this.#opened().truncate(sizeBytes)
    this.#sizeBytes = sizeBytes
  }

  /** Writes the whole file once more over itself: what a failed sync has left to the system's copy reaches the disk with the next one. */
  rewrite(): void {
    const buffer = Buffer.allocUnsafeSlow(Math.min(REWRITE_BYTES, this.#sizeBytes))
    for (let at = 0; at < this.#sizeBytes; at += buffer.length) {
      const piece = buffer.subarray(0, Math.min(buffer.length, this.#sizeBytes - at))
      if (this.read(piece, at) < piece.length) throw this.corruptAt(at)
      writeFully(this.#opened(), [piece], at)
    }
  }

  /** Leaves what lies behind `sizeBytes` in the file and acts as if it were not there: a part that is damaged. */
  hideFrom(sizeBytes: number): void {
    this.#sizeBytes = sizeBytes
  }

  /** Takes the index files away and begins the indexes anew, for a walk over the whole segment that fills them again. */
  dropIndexes(): void {
    this.#indexes.removeFiles()
    this.#indexes.reset()
  }

  /** Resolves when everything appended before the call is on the disk. */
  async datasync(): Promise<void> {
    const cutCount = this.#cutCount
    await this.#opened().datasync()
    this.#syncedCutCount = Math.max(this.#syncedCutCount, cutCount)
  }

  datasyncNow(): void {
    this.#opened().datasyncNow()
  }

  /**
   * Writes the index files, when the segment gets no more batches: at a roll and at the close. In between they live in memory, because
   * a segment that was being written when the process died is walked anyway.
   */
  writeIndexes(): void {
    this.#indexes.write()
  }

  /** For a finished segment: there was no room for the index files, or they had to be made anew. */
  get lacksIndexFiles(): boolean {
    return this.#indexes.lackFiles
  }

  /**
   * Gives back the file's handle, and the memory of the indexes if their files hold the same. The next use opens and reads them again. Of a
   * segment that is synced: a write that fails in the background is told to a file that is open.
   */
  release(): void {
    this.#file?.close()
    this.#file = null
    this.#indexes.release()
  }

  close(): void {
    this.#file?.close()
    this.#isClosed = true
  }

  /** Closes the segment and takes its files away. Renamed first, so that a crash in between leaves nothing that looks like a segment. */
  delete(): void {
    this.close()
    const present = [this.path, ...this.#indexes.paths].filter(path => this.#files.info(path) !== null)
    for (const path of present) this.#files.rename(path, `${path}.deleted`)
    for (const path of present) this.#files.remove(`${path}.deleted`)
  }

  #opened(): File {
    if (this.#isClosed) throw new StorageError(`cannot use ${this.path}: it is closed (EBADF)`, 'EBADF', { at: { path: this.path } })
    if (this.#file === null) {
      // To be read and written, and yet not made anew if somebody has taken it away.
      const mode = this.#files.info(this.path) === null ? 'read' : 'write'
      this.#file = this.#files.open(this.path, mode)
    }
    return this.#file
  }
}
