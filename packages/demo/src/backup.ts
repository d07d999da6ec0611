import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { TopicPartitionOffset } from '@logwerk/consumer'
import { rowOf } from './flights.ts'
import type { FlightRecord, GroupWork } from './group-reader.ts'

/**
 * The group that copies every flight into a file, one JSON object a line.
 *
 * First the lines are written and synced, then the offsets are committed, with the file's length as their note. A kill in between leaves
 * lines that are not committed; the next start cuts the file at the committed length and reads those records again. So the file
 * has each flight exactly once, without any help of a transaction.
 */
export class Backup implements GroupWork {
  readonly groupId = 'backup'
  readonly path: string
  #file: FileHandle | null = null
  #lengthBytes = 0
  #lines: string[] = []
  /** Bytes cut off at the start: written before a kill and not committed. */
  cutBytes = 0

  constructor(path: string) {
    this.path = path
  }

  async restore(committed: readonly TopicPartitionOffset[]): Promise<boolean> {
    // All partitions are committed together, so all tell the same length, unless somebody else has set offsets.
    const lengths = new Set(committed.map(({ metadata }) => Number(metadata ?? 0)))
    const committedBytes = lengths.size > 1 ? Number.POSITIVE_INFINITY : ([...lengths][0] ?? 0)
    const isOurs = committedBytes > 0 || committed.every(({ offset }) => offset === 0)
    await mkdir(dirname(this.path), { recursive: true })
    // 'a' makes the file if there is none; 'r+' then writes where it is told to.
    await (await open(this.path, 'a')).close()
    this.#file = await open(this.path, 'r+')
    const { size } = await this.#file.stat()
    const isComplete = isOurs && size >= committedBytes
    this.#lengthBytes = isComplete ? committedBytes : 0
    this.cutBytes = size - this.#lengthBytes
    await this.#file.truncate(this.#lengthBytes)
    return isComplete
  }

  apply({ value }: FlightRecord): void {
    const flight = value!
    this.#lines.push(`${JSON.stringify({ row: flight.row, ...rowOf(flight) })}\n`)
  }

  async checkpoint(): Promise<() => string> {
    const bytes = Buffer.from(this.#lines.join(''))
    this.#lines = []
    const file = this.#file!
    for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at, bytes.length - at, this.#lengthBytes + at)).bytesWritten
    await file.datasync()
    this.#lengthBytes += bytes.length
    const note = String(this.#lengthBytes)
    return () => note
  }

  async close(): Promise<void> {
    await this.#file?.close()
    this.#file = null
  }
}
