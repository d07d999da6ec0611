import { type ErrorPlace, sleep, type World } from '@logwerk/runtime'
import { Segment } from './segment.ts'
import { isOutOfHandles } from './shortage.ts'

/** Pause between two tries to sync a directory while too many files are open. */
const HANDLE_RETRY_MS = 100

/** The segments of one log in their directory: which there are, which of them are open, and what of them the disk does not have yet. */
export class LogSegments {
  readonly #world: World
  readonly #directory: string
  readonly #list: Segment[]
  readonly #at: ErrorPlace
  readonly #recoveryPoint: () => number
  /** Finished segments that may be open, the one used last at the end. */
  #open: Segment[] = []
  /** Segments with bytes that no sync has covered, oldest first; the active one is always synced. */
  #unsynced: Segment[] = []
  /** Names in the directory that no sync has covered. */
  #directoryChanged = true
  /** How many finished segments may be open. */
  maxOpen: number

  /**
   * @param list           Oldest first, at least one. It belongs to this object from now on.
   * @param recoveryPoint  Tells the offset below which everything is on the disk.
   */
  constructor(world: World, directory: string, at: ErrorPlace, list: Segment[], maxOpen: number, recoveryPoint: () => number) {
    this.#world = world
    this.#directory = directory
    this.#at = at
    this.#list = list
    this.maxOpen = maxOpen
    this.#recoveryPoint = recoveryPoint
    for (const segment of list.slice(0, -1)) segment.release()
  }

  /** Oldest first. */
  get list(): readonly Segment[] {
    return this.#list
  }

  /** The one that is written to. */
  get active(): Segment {
    return this.#list.at(-1)!
  }

  /** Index of the segment that holds `offset`, or would. */
  indexOf(offset: number): number {
    let low = 0
    let high = this.#list.length - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (this.#list[middle]!.baseOffset <= offset) low = middle
      else high = middle - 1
    }
    return low
  }

  /** `segment` is about to be used: of the others that are open the one that has not been for longest may go. */
  use(segment: Segment): void {
    if (segment === this.active || segment === this.#open.at(-1)) return
    const others = this.#open.filter(other => other !== segment)
    while (others.length >= this.maxOpen) {
      const index = others.findIndex(other => this.#isSynced(other))
      if (index < 0) break
      others.splice(index, 1)[0]!.release()
    }
    this.#open = [...others, segment]
  }

  #isSynced(segment: Segment): boolean {
    const next = this.#list[this.indexOf(segment.baseOffset) + 1]
    return next !== undefined && next.baseOffset <= this.#recoveryPoint() && !segment.isCut
  }

  /** The greatest timestamp in a segment, which is used for that only if it has to be. */
  maxTimestampOf(segment: Segment): number {
    if (!segment.knowsMaxTimestamp) this.use(segment)
    return segment.maxTimestamp
  }

  /** Begins a new active segment at `baseOffset`. @returns The finished one. @throws StorageError */
  roll(baseOffset: number): Segment {
    const finished = this.active
    finished.trim()
    this.#list.push(Segment.create(this.#world.files, this.#directory, baseOffset))
    this.#unsynced.push(finished)
    this.use(finished)
    this.#directoryChanged = true
    return finished
  }

  /** True if the oldest segment lies wholly below `offset`. */
  beginBelow(offset: number): boolean {
    return this.#list.length > 1 && this.#list[1]!.baseOffset <= offset
  }

  /** Takes away the segments that lie wholly below `offset`; the names of those that stay have to be synced. @throws StorageError */
  deleteBelow(offset: number): void {
    while (this.beginBelow(offset)) {
      const segment = this.#list.shift()!
      this.#unsynced = this.#unsynced.filter(other => other !== segment)
      this.#open = this.#open.filter(other => other !== segment)
      segment.delete()
      this.#directoryChanged = true
    }
  }

  /**
   * Resolves when all names, and everything appended before the call, is on the disk.
   *
   * @param isClosing  True if nobody may be kept waiting for want of a file handle.
   */
  async sync(isClosing: () => boolean): Promise<void> {
    // A roll while we wait adds to the list what it finishes: with bytes that this sync may not have covered.
    const segments = [...this.#unsynced, this.active]
    this.#unsynced = []
    if (this.#directoryChanged) {
      this.#directoryChanged = false
      await this.#syncDirectory(isClosing)
    }
    for (const segment of segments) {
      // It may be deleted in the meantime; and one that the sync before has covered whole may be closed, which is no reason to open it.
      if (this.#list.includes(segment) && !this.#isSynced(segment)) await segment.datasync()
    }
  }

  /** A directory is opened for its sync. While there is no handle to be had nothing has failed yet: who waits goes on waiting. */
  async #syncDirectory(isClosing: () => boolean): Promise<void> {
    const { files, clock, log } = this.#world
    for (let isFirst = true; ; isFirst = false) {
      try {
        return await files.syncDirectory(this.#directory)
      } catch (error) {
        if (!isOutOfHandles(error) || isClosing()) throw error
        if (isFirst) log.warn('too many open files: acknowledgements wait until there are fewer', { ...this.#at, error })
        await sleep(clock, HANDLE_RETRY_MS)
      }
    }
  }

  /** Syncs what {@link Segment.trim} has cut off: it must not come back. */
  async syncCuts(): Promise<void> {
    for (const segment of [...this.#unsynced, this.active]) if (segment.isCut) await segment.datasync()
  }

  /** Syncs the names in the directory, at once. @throws StorageError */
  syncNames(): void {
    if (!this.#directoryChanged) return
    this.#world.files.syncDirectoryNow(this.#directory)
    this.#directoryChanged = false
  }

  close(): void {
    for (const segment of this.#list) segment.close()
  }
}
