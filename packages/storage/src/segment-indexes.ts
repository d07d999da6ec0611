import { type Files, KafkaError, readWholeFile, StorageError, writeFully } from '@logwerk/runtime'
import type { BatchPlace } from './batch-place.ts'
import { OffsetIndex } from './offset-index.ts'
import { isOutOfHandles } from './shortage.ts'
import { TimeIndex } from './time-index.ts'

/** Spacing of index entries where the index files are gone: Kafka's default. */
const DEFAULT_INTERVAL_BYTES = 4096

/** The batches that indexes find places in: those of a segment. */
export interface IndexedBatches {
  readonly sizeBytes: number
  find(positionBytes: number, wanted: (batch: BatchPlace) => boolean): BatchPlace | null
  placeAt(positionBytes: number): BatchPlace | null
}

interface LoadedIndexes {
  readonly offsetIndex: OffsetIndex
  readonly timeIndex: TimeIndex
}

/**
 * A segment's offset index and time index: filled with each batch that is appended, written to their files when the segment gets no more,
 * read on first use. The log has all that they say, so files that do not fit it are made anew.
 */
export class SegmentIndexes {
  readonly #files: Files
  readonly #baseOffset: number
  readonly #batches: IndexedBatches
  readonly #offsetPath: string
  readonly #timePath: string
  /** Null while nobody needs them and the files hold the same. */
  #loaded: LoadedIndexes | null
  /** They were read from files, so what they say is checked where it is used. */
  #areStored = false
  /** The files hold what is in memory. */
  #hasFiles = false
  #bytesSinceEntry = 0
  #maxTimestamp = -1
  #offsetOfMaxTimestamp: number

  /**
   * @param path   Of the segment's files, without a suffix.
   * @param fresh  The segment begins: there are no files to be read.
   */
  constructor(files: Files, path: string, baseOffset: number, batches: IndexedBatches, fresh: boolean) {
    this.#files = files
    this.#baseOffset = baseOffset
    this.#batches = batches
    this.#offsetPath = `${path}.index`
    this.#timePath = `${path}.timeindex`
    this.#offsetOfMaxTimestamp = baseOffset
    this.#loaded = fresh ? emptyIndexes(baseOffset) : null
  }

  get paths(): readonly string[] {
    return [this.#offsetPath, this.#timePath]
  }

  /** True once the indexes have been there: telling the greatest timestamp needs them only the first time. */
  get knowsMaxTimestamp(): boolean {
    return this.#maxTimestamp >= 0
  }

  /** The files are missing, and what they would hold is in memory. */
  get lackFiles(): boolean {
    return this.#loaded !== null && !this.#hasFiles
  }

  /** The greatest timestamp of the segment's records; -1 if there is none. */
  get maxTimestamp(): number {
    if (!this.knowsMaxTimestamp) this.#load()
    return this.#maxTimestamp
  }

  /** True if an index file of `maxBytes` has no room for one more entry. */
  areFull(maxBytes: number): boolean {
    const { offsetIndex, timeIndex } = this.#load()
    // One entry of the time index is kept back for the end of the segment.
    return offsetIndex.sizeBytes + 8 > maxBytes || timeIndex.entryCount >= Math.floor(maxBytes / 12) - 1
  }

  /** Notes a batch: one entry for each `intervalBytes` of log. */
  add(batch: BatchPlace, intervalBytes: number): void {
    const { offsetIndex, timeIndex } = this.#load()
    if (batch.maxTimestamp > this.#maxTimestamp) {
      this.#maxTimestamp = batch.maxTimestamp
      this.#offsetOfMaxTimestamp = batch.lastOffset
    }
    this.#hasFiles = false
    if (this.#bytesSinceEntry > intervalBytes) {
      offsetIndex.append(batch.lastOffset, batch.positionBytes)
      timeIndex.maybeAppend(this.#maxTimestamp, this.#offsetOfMaxTimestamp)
      this.#bytesSinceEntry = 0
    }
    this.#bytesSinceEntry += batch.sizeBytes
  }

  /** Where to start looking for `offset`: the start of a batch at or before it. */
  floorPosition(offset: number): number {
    const entry = this.#load().offsetIndex.floor(offset)
    if (!this.#areStored || entry.positionBytes === 0 || this.#batches.placeAt(entry.positionBytes)?.lastOffset === entry.offset) {
      return entry.positionBytes
    }
    // An index file carries no checksum; this one belongs to another file, or has rotted. Unless it is the log that has: then it knows
    // best what lies behind the damage.
    if (this.#isLogDamaged()) {
      this.#areStored = false
      return entry.positionBytes
    }
    this.#rebuild()
    return this.floorPosition(offset)
  }

  #isLogDamaged(): boolean {
    try {
      this.#batches.find(0, () => false)
      return false
    } catch (error) {
      if (error instanceof KafkaError && error.code === 'CORRUPT_LOG') return true
      throw error
    }
  }

  /** The start of a batch at or before `positionBytes`. */
  floorOfPosition(positionBytes: number): number {
    return this.#load().offsetIndex.floorOfPosition(positionBytes)
  }

  /** An offset before which no record reaches `timestamp`. */
  floorOffset(timestamp: number): number {
    return this.#load().timeIndex.floorOffset(timestamp)
  }

  /** Begins anew, for a walk over the whole segment that adds all of its batches again. */
  reset(): LoadedIndexes {
    this.#areStored = false
    this.#hasFiles = false
    this.#bytesSinceEntry = 0
    this.#maxTimestamp = -1
    this.#offsetOfMaxTimestamp = this.#baseOffset
    this.#loaded = emptyIndexes(this.#baseOffset)
    return this.#loaded
  }

  /** Writes the files, when the segment gets no more batches. */
  write(): void {
    const { offsetIndex, timeIndex } = this.#load()
    // One last entry, so that the file alone tells the segment's greatest timestamp.
    if (this.#maxTimestamp >= 0) timeIndex.maybeAppend(this.#maxTimestamp, this.#offsetOfMaxTimestamp)
    try {
      this.#writeWhole(this.#offsetPath, offsetIndex.encode())
      this.#writeWhole(this.#timePath, timeIndex.encode())
      this.#hasFiles = true
    } catch (error) {
      // Half an index looks like a whole one of a shorter segment.
      this.removeFiles()
      throw error
    }
  }

  /** Gives back the memory if the files hold the same. */
  release(): void {
    if (this.#hasFiles) this.#loaded = null
  }

  /** Takes the files away; the next start makes them anew. */
  removeFiles(): void {
    this.#hasFiles = false
    for (const path of this.paths) this.#files.remove(path)
  }

  #load(): LoadedIndexes {
    if (this.#loaded !== null) return this.#loaded
    const offsetBytes = this.#readWhole(this.#offsetPath)
    const timeBytes = this.#readWhole(this.#timePath)
    const offsetIndex = offsetBytes && OffsetIndex.decode(this.#baseOffset, offsetBytes, this.#batches.sizeBytes)
    const timeIndex = timeBytes && TimeIndex.decode(this.#baseOffset, timeBytes)
    if (!offsetIndex || !timeIndex || !this.#arePlausible(offsetIndex, timeIndex)) return this.#rebuild()
    this.#areStored = true
    this.#hasFiles = true
    this.#maxTimestamp = timeIndex.lastTimestamp
    this.#offsetOfMaxTimestamp = timeIndex.lastOffset
    this.#loaded = { offsetIndex, timeIndex }
    return this.#loaded
  }

  /**
   * Checks the ends of indexes read from files against the log, which takes a look at a few headers: zeros, another segment's file or
   * one from before the last appends do not pass.
   */
  #arePlausible(offsetIndex: OffsetIndex, timeIndex: TimeIndex): boolean {
    const batches = this.#batches
    const last = offsetIndex.floor(Number.MAX_SAFE_INTEGER)
    if (last.positionBytes > 0 && batches.placeAt(last.positionBytes)?.lastOffset !== last.offset) return false
    try {
      if (batches.find(last.positionBytes, batch => batch.maxTimestamp > timeIndex.lastTimestamp) !== null) return false
      if (timeIndex.entryCount === 0) return true
      const { positionBytes } = offsetIndex.floor(timeIndex.lastOffset)
      return batches.find(positionBytes, batch => batch.lastOffset >= timeIndex.lastOffset)?.maxTimestamp === timeIndex.lastTimestamp
    } catch (error) {
      if (error instanceof KafkaError && error.code === 'CORRUPT_LOG') return false
      throw error
    }
  }

  #rebuild(): LoadedIndexes {
    const indexes = this.reset()
    try {
      this.#batches.find(0, batch => {
        this.add(batch, DEFAULT_INTERVAL_BYTES)
        return false
      })
    } catch (error) {
      // What lies before the damage can be found; who looks behind it meets it again.
      if (!(error instanceof KafkaError && error.code === 'CORRUPT_LOG')) throw error
    }
    return indexes
  }

  #readWhole(path: string): Buffer | null {
    try {
      return this.#files.info(path) === null ? null : Buffer.from(readWholeFile(this.#files, path))
    } catch (error) {
      // The log itself may well be readable, and has all that an index says.
      if (error instanceof StorageError && !isOutOfHandles(error)) return null
      throw error
    }
  }

  #writeWhole(path: string, bytes: Uint8Array): void {
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

function emptyIndexes(baseOffset: number): LoadedIndexes {
  return { offsetIndex: new OffsetIndex(baseOffset), timeIndex: new TimeIndex(baseOffset) }
}
