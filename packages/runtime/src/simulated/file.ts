import type { File } from '../files.ts'
import { randomBelow } from '../random.ts'
import type { Disk, Handle } from './disk.ts'
import type { DiskOperation } from './disk-faults.ts'
import type { FileNode } from './file-node.ts'
import type { ProcessCore } from './process.ts'

/** The operating system takes at most this many chunks in one write (IOV_MAX on Linux and macOS). */
const MAX_CHUNKS = 1024

/** An open file of a simulated process. It goes on working after the file lost its name, as on any Unix. */
export class SimulatedFile implements File, Handle {
  readonly path: string
  readonly node: FileNode
  readonly process: ProcessCore
  readonly #disk: Disk
  readonly #writable: boolean
  #closed = false

  constructor(disk: Disk, process: ProcessCore, path: string, node: FileNode, writable: boolean) {
    this.path = path
    this.node = node
    this.process = process
    this.#disk = disk
    this.#writable = writable
    disk.handles.add(this)
  }

  sizeBytes(): number {
    this.#assertOpen('stat')
    return this.node.sizeBytes
  }

  read(into: Uint8Array, positionBytes: number): number {
    return this.#startRead(into, positionBytes)()
  }

  readLater(into: Uint8Array, positionBytes: number): Promise<number> {
    return this.process.asynchronously(this.#disk.readDelayMs(), 'readLater', () => this.#startRead(into, positionBytes))
  }

  writev(chunks: readonly Uint8Array[], positionBytes: number): number {
    if (chunks.length === 0) {
      this.#assertOpen('write to')
      return 0
    }
    this.#begin('write', 'write to', positionBytes)
    const bytes = Buffer.concat(chunks.length > MAX_CHUNKS ? chunks.slice(0, MAX_CHUNKS) : chunks)
    return this.#disk.step('write', this.path, fatal => {
      let count = this.#disk.grant(this.node, this.path, positionBytes, bytes.length)
      if (fatal === 'kill') count = randomBelow(this.#disk.random, count + 1)
      if (count > 0) this.node.write(count === bytes.length ? bytes : bytes.subarray(0, count), positionBytes, this.process.clock.nowMs())
      return count
    })
  }

  truncate(sizeBytes: number): void {
    this.#begin('truncate', 'truncate', sizeBytes)
    this.#disk.step('truncate', this.path, () => this.node.truncate(sizeBytes, this.process.clock.nowMs()))
  }

  datasync(): Promise<void> {
    return this.process.asynchronously(this.#disk.syncDelayMs(), 'datasync', () => this.#startSync())
  }

  datasyncNow(): void {
    this.#startSync()()
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    // What is under way in the background still ends well: a handle goes back when nobody needs it any more.
    this.#disk.handles.delete(this)
  }

  /** Checks, and begins, a read; the result ends it. */
  #startRead(into: Uint8Array, positionBytes: number): () => number {
    this.#assertOpen('read')
    this.#assertPosition('read', positionBytes)
    const osCode = this.#disk.failures.take('read', this.path)
    return () => {
      if (osCode !== null) throw this.#disk.error('read', this.path, osCode)
      return this.node.read(into, positionBytes)
    }
  }

  /** The same for a sync, which covers what has been written by now. */
  #startSync(): () => void {
    this.#assertOpen('sync')
    const changeCount = this.node.changeCount
    const osCode = this.#disk.failures.take('datasync', this.path)
    this.#disk.step('datasync', this.path, () => {})
    return () => {
      if (osCode !== null) {
        this.node.forget(changeCount)
        throw this.#disk.error('sync', this.path, osCode)
      }
      if (!this.#disk.settings.liesAboutSync) this.node.makeDurable(changeCount)
    }
  }

  #begin(operation: DiskOperation, what: string, positionBytes: number): void {
    this.#assertOpen(what)
    if (!this.#writable) throw this.#disk.error(what, this.path, operation === 'truncate' ? 'EINVAL' : 'EBADF')
    this.#assertPosition(what, positionBytes)
    const osCode = this.#disk.failures.take(operation, this.path)
    if (osCode !== null) throw this.#disk.error(what, this.path, osCode)
  }

  #assertOpen(what: string): void {
    this.process.assertAlive()
    if (this.#closed) throw this.#disk.error(what, this.path, 'EBADF')
  }

  #assertPosition(what: string, positionBytes: number): void {
    if (!Number.isSafeInteger(positionBytes) || positionBytes < 0) throw this.#disk.error(what, this.path, 'EINVAL')
  }
}
