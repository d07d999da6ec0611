import { LOG_OVERHEAD_BYTES, RECORDS_AT, RecordBatchView } from '@logwerk/protocol'
import { assert, type File, type Files, KafkaError, readWholeFile, StorageError, writeFully } from '@logwerk/runtime'
import type { LogConfig } from './log-config.ts'
import { OffsetIndex } from './offset-index.ts'
import { isOutOfHandles } from './shortage.ts'
import { TimeIndex } from './time-index.ts'

/** Headers are read this many bytes at a time while stepping from batch to batch: a look-up ends within an index interval or two. */
const FIRST_SCAN_BYTES = 8 << 10
const SCAN_BYTES = 64 << 10

const REWRITE_BYTES = 1 << 20

/** The fields of a batch that a log needs to place it. */
export interface BatchPlace {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly positionBytes: number
  readonly sizeBytes: number
  readonly maxTimestamp: number
  readonly leaderEpoch: number
}

/** Spacing of index entries where the index files are gone: Kafka's default. */
const DEFAULT_INTERVAL_BYTES = 4096

/** File name of the segment that begins at `offset`: 20 digits, as Kafka names them. */
export function segmentName(offset: number): string {
  return String(offset).padStart(20, '0')
}

/** One file of a log, and the indexes that find places in it. */
export class Segment {
  readonly baseOffset: number
  readonly path: string
  readonly #files: Files
  readonly #directory: string
  /** Null while nobody needs it. */
  #file: File | null
  #isClosed = false
  #sizeBytes: number
  #offsetIndex: OffsetIndex | null
  #timeIndex: TimeIndex | null
  /** The indexes were read from files, so what they say is checked where it is used. */
  #indexesAreStored = false
  /** The index files hold what is in memory. */
  #hasIndexFiles = false
  #bytesSinceIndexEntry = 0
  /** Timestamp of the first batch; null while empty or not yet read. */
  #firstTimestamp: number | null = null
  #maxTimestamp = -1
  #offsetOfMaxTimestamp: number
  /** A write failed, and so did cutting off what it left behind the last batch. */
  #hasRest = false
  /** Something was cut off since the last sync began: a power cut may bring it back. */
  #isCut = false

  private constructor(files: Files, directory: string, baseOffset: number, file: File | null, sizeBytes: number, fresh: boolean) {
    this.#files = files
    this.#directory = directory
    this.baseOffset = baseOffset
    this.path = `${directory}/${segmentName(baseOffset)}.log`
    this.#file = file
    this.#sizeBytes = sizeBytes
    this.#offsetOfMaxTimestamp = baseOffset
    this.#offsetIndex = fresh ? new OffsetIndex(baseOffset) : null
    this.#timeIndex = fresh ? new TimeIndex(baseOffset) : null
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
    return this.#maxTimestamp >= 0
  }

  /** The greatest timestamp of its records; -1 if there is none. */
  get maxTimestamp(): number {
    if (!this.knowsMaxTimestamp) this.#indexes()
    return this.#maxTimestamp
  }

  /** True if `batch` belongs into a new segment. Source: Kafka's `LogSegment.shouldRoll`; record time, not the clock, decides. */
  isFullFor(sizeBytes: number, lastOffset: number, maxTimestamp: number, config: LogConfig): boolean {
    if (this.#sizeBytes === 0) return false
    const { offsetIndex, timeIndex } = this.#indexes()
    // One entry of the time index is kept back for the end of the segment.
    const timeEntries = Math.floor(config.segmentIndexBytes / 12) - 1
    return (
      this.#sizeBytes + sizeBytes > config.segmentBytes ||
      this.#spansMs(maxTimestamp) > config.segmentMs ||
      offsetIndex.sizeBytes + 8 > config.segmentIndexBytes ||
      timeIndex.entryCount >= timeEntries ||
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
    this.#isCut = true
  }

  /** True if a power cut may bring back what {@link trim} has cut off. */
  get isCut(): boolean {
    return this.#isCut
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
    if (this.#firstTimestamp === null) this.#firstTimestamp = batch.maxTimestamp
    const { offsetIndex, timeIndex } = this.#indexes()
    if (batch.maxTimestamp > this.#maxTimestamp) {
      this.#maxTimestamp = batch.maxTimestamp
      this.#offsetOfMaxTimestamp = batch.lastOffset
    }
    this.#hasIndexFiles = false
    if (this.#bytesSinceIndexEntry > intervalBytes) {
      offsetIndex.append(batch.lastOffset, batch.positionBytes)
      timeIndex.maybeAppend(this.#maxTimestamp, this.#offsetOfMaxTimestamp)
      this.#bytesSinceIndexEntry = 0
    }
    this.#bytesSinceIndexEntry += batch.sizeBytes
  }

  /** Where to start looking for `offset`: the start of a batch at or before it. */
  floorPosition(offset: number): number {
    const entry = this.#indexes().offsetIndex.floor(offset)
    if (!this.#indexesAreStored || entry.positionBytes === 0 || this.#placeAt(entry.positionBytes)?.lastOffset === entry.offset) {
      return entry.positionBytes
    }
    // An index file carries no checksum; this one belongs to another file, or has rotted. Unless it is the log that has: then it knows
    // best what lies behind the damage.
    if (this.#isDamaged()) {
      this.#indexesAreStored = false
      return entry.positionBytes
    }
    this.#rebuildIndexes()
    return this.floorPosition(offset)
  }

  #isDamaged(): boolean {
    try {
      this.find(0, () => false)
      return false
    } catch (error) {
      if (error instanceof KafkaError && error.code === 'CORRUPT_LOG') return true
      throw error
    }
  }

  /** The start of a batch at or before `positionBytes`. */
  floorOfPosition(positionBytes: number): number {
    return this.#indexes().offsetIndex.floorOfPosition(positionBytes)
  }

  /** An offset before which no record reaches `timestamp`. */
  floorOffset(timestamp: number): number {
    return this.#indexes().timeIndex.floorOffset(timestamp)
  }

  /** Reads at `positionBytes`; fewer bytes at the end of the file. */
  read(into: Uint8Array, positionBytes: number): number {
    return this.#opened().read(into, positionBytes)
  }

  #placeAt(positionBytes: number): BatchPlace | null {
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

  /** Begins the indexes anew, for a walk over the whole segment that fills them again. */
  resetIndexes(): void {
    this.#offsetIndex = new OffsetIndex(this.baseOffset)
    this.#timeIndex = new TimeIndex(this.baseOffset)
    this.#indexesAreStored = false
    this.#hasIndexFiles = false
    this.#bytesSinceIndexEntry = 0
    this.#firstTimestamp = null
    this.#maxTimestamp = -1
    this.#offsetOfMaxTimestamp = this.baseOffset
  }

  /** Resolves when everything appended before the call is on the disk. */
  async datasync(): Promise<void> {
    this.#isCut = false
    await this.#opened().datasync()
  }

  datasyncNow(): void {
    this.#opened().datasyncNow()
  }

  /**
   * Writes the index files, when the segment gets no more batches: at a roll and at the close. In between they live in memory, because
   * a segment that was being written when the process died is walked anyway.
   */
  writeIndexes(): void {
    const { offsetIndex, timeIndex } = this.#indexes()
    // One last entry, so that the file alone tells the segment's greatest timestamp.
    if (this.#maxTimestamp >= 0) timeIndex.maybeAppend(this.#maxTimestamp, this.#offsetOfMaxTimestamp)
    try {
      this.#writeWhole('index', offsetIndex.encode())
      this.#writeWhole('timeindex', timeIndex.encode())
      this.#hasIndexFiles = true
    } catch (error) {
      // Half an index looks like a whole one of a shorter segment.
      this.removeIndexes()
      throw error
    }
  }

  /**
   * Gives back the file's handle, and the memory of the indexes if their files hold the same. The next use opens and reads them again. Of a
   * segment that is synced: a write that fails in the background is told to a file that is open.
   */
  release(): void {
    this.#file?.close()
    this.#file = null
    if (!this.#hasIndexFiles) return
    this.#offsetIndex = null
    this.#timeIndex = null
  }

  /** Takes the index files away; the next start makes them anew. */
  removeIndexes(): void {
    this.#hasIndexFiles = false
    for (const suffix of ['index', 'timeindex']) this.#files.remove(this.#pathOf(suffix))
  }

  close(): void {
    this.#file?.close()
    this.#isClosed = true
  }

  /** Closes the segment and takes its files away. Renamed first, so that a crash in between leaves nothing that looks like a segment. */
  delete(): void {
    this.close()
    const present = ['log', 'index', 'timeindex'].map(suffix => this.#pathOf(suffix)).filter(path => this.#files.info(path) !== null)
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

  #indexes(): { offsetIndex: OffsetIndex; timeIndex: TimeIndex } {
    if (this.#offsetIndex === null || this.#timeIndex === null) {
      const offsetBytes = this.#readWhole('index')
      const timeBytes = this.#readWhole('timeindex')
      const offsetIndex = offsetBytes && OffsetIndex.decode(this.baseOffset, offsetBytes, this.#sizeBytes)
      const timeIndex = timeBytes && TimeIndex.decode(this.baseOffset, timeBytes)
      if (offsetIndex && timeIndex && this.#arePlausible(offsetIndex, timeIndex)) {
        this.#offsetIndex = offsetIndex
        this.#timeIndex = timeIndex
        this.#indexesAreStored = true
        this.#hasIndexFiles = true
        this.#maxTimestamp = timeIndex.lastTimestamp
        this.#offsetOfMaxTimestamp = timeIndex.lastOffset
      } else {
        this.#rebuildIndexes()
      }
    }
    return { offsetIndex: this.#offsetIndex!, timeIndex: this.#timeIndex! }
  }

  /**
   * Checks the ends of indexes read from files against the log, which takes a look at a few headers: zeros, another segment's file or
   * one from before the last appends do not pass.
   */
  #arePlausible(offsetIndex: OffsetIndex, timeIndex: TimeIndex): boolean {
    const last = offsetIndex.floor(Number.MAX_SAFE_INTEGER)
    if (last.positionBytes > 0 && this.#placeAt(last.positionBytes)?.lastOffset !== last.offset) return false
    try {
      if (this.find(last.positionBytes, batch => batch.maxTimestamp > timeIndex.lastTimestamp) !== null) return false
      if (timeIndex.entryCount === 0) return true
      const { positionBytes } = offsetIndex.floor(timeIndex.lastOffset)
      return this.find(positionBytes, batch => batch.lastOffset >= timeIndex.lastOffset)?.maxTimestamp === timeIndex.lastTimestamp
    } catch (error) {
      if (error instanceof KafkaError && error.code === 'CORRUPT_LOG') return false
      throw error
    }
  }

  #rebuildIndexes(): void {
    this.resetIndexes()
    try {
      this.find(0, batch => {
        this.index(batch, DEFAULT_INTERVAL_BYTES)
        return false
      })
    } catch (error) {
      // What lies before the damage can be found; who looks behind it meets it again.
      if (!(error instanceof KafkaError && error.code === 'CORRUPT_LOG')) throw error
    }
  }

  #readWhole(suffix: string): Buffer | null {
    const path = this.#pathOf(suffix)
    try {
      return this.#files.info(path) === null ? null : Buffer.from(readWholeFile(this.#files, path))
    } catch (error) {
      // The log itself may well be readable, and has all that an index says.
      if (error instanceof StorageError && !isOutOfHandles(error)) return null
      throw error
    }
  }

  #pathOf(suffix: string): string {
    return `${this.#directory}/${segmentName(this.baseOffset)}.${suffix}`
  }

  #writeWhole(suffix: string, bytes: Uint8Array): void {
    const path = this.#pathOf(suffix)
    this.#files.remove(path)
    const file = this.#files.open(path, 'create')
    try {
      writeFully(file, [bytes], 0)
      file.datasyncNow()
    } finally {
      file.close()
    }
  }
}

/** The place that a header describes; null if it cannot be one. */
export function placeOf(header: Buffer, positionBytes: number): BatchPlace | null {
  const view = new RecordBatchView(header)
  const length = header.readInt32BE(8)
  if (view.magic !== 2 || length < RECORDS_AT - LOG_OVERHEAD_BYTES) return null
  try {
    const { baseOffset, lastOffset, maxTimestamp, partitionLeaderEpoch: leaderEpoch } = view
    if (baseOffset < 0 || lastOffset < baseOffset) return null
    return { baseOffset, lastOffset, positionBytes, sizeBytes: LOG_OVERHEAD_BYTES + length, maxTimestamp, leaderEpoch }
  } catch (error) {
    if (error instanceof KafkaError) return null
    throw error
  }
}
