import { type Files, writeFully } from '@logwerk/runtime'
import { checkpointNumber, formatCheckpoint, readCheckpoint, writeCheckpoint } from './checkpoint-file.ts'

/** An epoch and the first offset that was, or will be, written in it. */
export interface LeaderEpoch {
  readonly epoch: number
  readonly startOffset: number
}

export const LEADER_EPOCH_FILE = 'leader-epoch-checkpoint'

/**
 * The leader epochs of one partition, both numbers rising. A reader that remembers the epoch of its last record can ask where that
 * epoch ended, and so learn that the log was cut under it (KIP-101, KIP-320). Source: Kafka's `LeaderEpochFileCache`.
 */
export class LeaderEpochs {
  #entries: LeaderEpoch[]

  constructor(entries: readonly LeaderEpoch[] = []) {
    this.#entries = [...entries]
  }

  get entries(): readonly LeaderEpoch[] {
    return this.#entries
  }

  /** The newest epoch; -1 if there is none yet. */
  get latest(): number {
    return this.#entries.at(-1)?.epoch ?? -1
  }

  /**
   * Notes that `epoch` starts at `startOffset`. Entries that this contradicts (a later or equal epoch, or an offset at or past it) go.
   * True if anything changed.
   */
  assign(epoch: number, startOffset: number): boolean {
    const last = this.#entries.at(-1)
    if (last !== undefined && last.epoch === epoch && last.startOffset <= startOffset) return false
    this.#entries = this.#entries.filter(entry => entry.epoch < epoch && entry.startOffset < startOffset)
    this.#entries.push({ epoch, startOffset })
    return true
  }

  /** The epoch that `offset` was written in; -1 if it is older than all. */
  epochOf(offset: number): number {
    for (let index = this.#entries.length - 1; index >= 0; index--) {
      if (this.#entries[index]!.startOffset <= offset) return this.#entries[index]!.epoch
    }
    return -1
  }

  /**
   * The answer to OffsetForLeaderEpoch: the largest epoch at or below `asked`, and where it ended.
   * Measured on Kafka 4.4.0: newest epoch -> log end; newer than that or -1 -> (-1, -1); older than all -> (asked, first start).
   */
  endOffsetOf(asked: number, logEndOffset: number): { readonly epoch: number; readonly endOffset: number } {
    const undefinedOffset = { epoch: -1, endOffset: -1 }
    if (asked < 0 || asked > this.latest) return undefinedOffset
    if (asked === this.latest) return { epoch: asked, endOffset: logEndOffset }
    const first = this.#entries[0]!
    if (asked < first.epoch) return { epoch: asked, endOffset: first.startOffset }
    const index = this.#entries.findLastIndex(entry => entry.epoch <= asked)
    return { epoch: this.#entries[index]!.epoch, endOffset: this.#entries[index + 1]!.startOffset }
  }

  /** Forgets epochs that start past the log's new end. One that starts at the end stays: its number must not be given out again. */
  truncateFromEnd(logEndOffset: number): void {
    this.#entries = this.#entries.filter(entry => entry.startOffset <= logEndOffset)
  }

  /** Forgets epochs that ended before the log's new start, and lets the one around it begin there. */
  truncateFromStart(logStartOffset: number): void {
    const index = this.#entries.findLastIndex(entry => entry.startOffset <= logStartOffset)
    if (index < 0) return
    this.#entries = [{ epoch: this.#entries[index]!.epoch, startOffset: logStartOffset }, ...this.#entries.slice(index + 1)]
  }

  write(files: Files, path: string): void {
    writeCheckpoint(files, path, this.#rows())
  }

  /** Replaces the file without waiting for the disk; a reader that finds it cut short reads the epochs off the batches. */
  writeUnsynced(files: Files, path: string): void {
    const temporary = `${path}.tmp`
    files.remove(temporary)
    const file = files.open(temporary, 'create')
    try {
      writeFully(file, [formatCheckpoint(this.#rows())], 0)
    } finally {
      file.close()
    }
    files.rename(temporary, path)
  }

  /** The epochs of a checkpoint file; null if there is none that makes sense, and they have to be read off the batches. */
  static read(files: Files, path: string): LeaderEpochs | null {
    const rows = readCheckpoint(files, path, 2)
    if (rows === null) return null
    const entries: LeaderEpoch[] = []
    for (const [first, second] of rows) {
      const epoch = checkpointNumber(first)
      const startOffset = checkpointNumber(second)
      const last = entries.at(-1)
      if (epoch === null || startOffset === null || (last !== undefined && (epoch <= last.epoch || startOffset <= last.startOffset)))
        return null
      entries.push({ epoch, startOffset })
    }
    return new LeaderEpochs(entries)
  }

  #rows(): [number, number][] {
    return this.#entries.map(({ epoch, startOffset }) => [epoch, startOffset])
  }
}
