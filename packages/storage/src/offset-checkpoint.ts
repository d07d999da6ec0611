import type { Files, Logger } from '@logwerk/runtime'
import { checkpointNumber, readCheckpoint, writeCheckpoint } from './checkpoint-file.ts'

/** A checkpoint file with one offset for each partition of a data directory. Partitions go by the names of their directories. */
export class OffsetCheckpoint {
  readonly #files: Files
  readonly #path: string
  #offsets: ReadonlyMap<string, number>

  private constructor(files: Files, path: string, offsets: ReadonlyMap<string, number>) {
    this.#files = files
    this.#path = path
    this.#offsets = offsets
  }

  /**
   * Reads the file; without one nothing is known.
   *
   * @param consequence  Of a file that is damaged, for the warning: then nothing is known either.
   */
  static open({ files, log }: { readonly files: Files; readonly log: Logger }, path: string, consequence: string): OffsetCheckpoint {
    const offsets = new Map<string, number>()
    const rows = readCheckpoint(files, path, 3)
    if (rows === null && files.info(path) !== null) log.warn(`${path} is damaged; ${consequence}`)
    for (const [topic, partition, offset] of rows ?? []) {
      const value = checkpointNumber(offset)
      if (value !== null) offsets.set(`${topic}-${partition}`, value)
    }
    return new OffsetCheckpoint(files, path, offsets)
  }

  get(name: string): number | undefined {
    return this.#offsets.get(name)
  }

  /** Writes these offsets; partitions that are not among them keep theirs. @throws StorageError */
  update(changed: Iterable<readonly [name: string, offset: number]>): void {
    const offsets = new Map(this.#offsets)
    for (const [name, offset] of changed) offsets.set(name, offset)
    const isWritten = this.#files.info(this.#path) !== null && offsets.size === this.#offsets.size
    if (!isWritten || [...offsets].some(([name, offset]) => this.#offsets.get(name) !== offset)) this.#write(offsets)
  }

  /** Takes a partition out. @throws StorageError */
  forget(name: string): void {
    const offsets = new Map(this.#offsets)
    if (offsets.delete(name)) this.#write(offsets)
  }

  /** What could not be written is not known either: the next call tries again. */
  #write(offsets: ReadonlyMap<string, number>): void {
    const rows = [...offsets].map(([name, offset]) => {
      const dash = name.lastIndexOf('-')
      return [name.slice(0, dash), name.slice(dash + 1), offset] as const
    })
    writeCheckpoint(this.#files, this.#path, rows)
    this.#offsets = offsets
  }
}
