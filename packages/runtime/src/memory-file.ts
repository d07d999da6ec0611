import type { Clock } from './clock.ts'
import { StorageError } from './errors.ts'
import type { File } from './files.ts'

const INITIAL_BYTES = 4096

/** A file's bytes: a buffer that doubles, so that appending costs what it writes. They outlive the file's name while it is open. */
export class MemoryNode {
  #bytes = Buffer.allocUnsafeSlow(0)
  sizeBytes = 0
  modifiedMs: number

  constructor(nowMs: number) {
    this.modifiedMs = nowMs
  }

  read(into: Uint8Array, positionBytes: number): number {
    const byteCount = Math.max(Math.min(into.length, this.sizeBytes - positionBytes), 0)
    into.set(this.#bytes.subarray(positionBytes, positionBytes + byteCount))
    return byteCount
  }

  write(chunks: readonly Uint8Array[], positionBytes: number): number {
    let end = positionBytes
    for (const chunk of chunks) end += chunk.length
    // Nothing written leaves the size alone, however far out.
    if (end === positionBytes) return 0
    this.#extendTo(end, positionBytes)
    let at = positionBytes
    for (const chunk of chunks) {
      this.#bytes.set(chunk, at)
      at += chunk.length
    }
    return end - positionBytes
  }

  truncate(sizeBytes: number): void {
    if (sizeBytes > this.sizeBytes) this.#extendTo(sizeBytes, sizeBytes)
    this.sizeBytes = sizeBytes
  }

  /** Makes room up to `endBytes`, with zeros from the old end of the file to `zerosToBytes`. */
  #extendTo(endBytes: number, zerosToBytes: number): void {
    if (endBytes > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(endBytes, this.#bytes.length * 2, INITIAL_BYTES))
      grown.set(this.#bytes.subarray(0, this.sizeBytes))
      this.#bytes = grown
    }
    if (zerosToBytes > this.sizeBytes) this.#bytes.fill(0, this.sizeBytes, zerosToBytes)
    this.sizeBytes = Math.max(this.sizeBytes, endBytes)
  }
}

/** An open file in memory. */
export class MemoryFile implements File {
  readonly path: string
  readonly #node: MemoryNode
  readonly #writable: boolean
  readonly #clock: Clock
  #closed = false

  constructor(path: string, node: MemoryNode, writable: boolean, clock: Clock) {
    this.path = path
    this.#node = node
    this.#writable = writable
    this.#clock = clock
  }

  sizeBytes(): number {
    this.#check('stat')
    return this.#node.sizeBytes
  }

  read(into: Uint8Array, positionBytes: number): number {
    this.#check('read', positionBytes)
    return this.#node.read(into, positionBytes)
  }

  async readLater(into: Uint8Array, positionBytes: number): Promise<number> {
    return this.read(into, positionBytes)
  }

  writev(chunks: readonly Uint8Array[], positionBytes: number): number {
    this.#check('write to', positionBytes)
    if (chunks.length === 0) return 0
    if (!this.#writable) throw memoryError('write to', this.path, 'EBADF')
    const byteCount = this.#node.write(chunks, positionBytes)
    this.#node.modifiedMs = this.#clock.nowMs()
    return byteCount
  }

  truncate(sizeBytes: number): void {
    this.#check('truncate', sizeBytes)
    if (!this.#writable) throw memoryError('truncate', this.path, 'EINVAL')
    this.#node.truncate(sizeBytes)
    this.#node.modifiedMs = this.#clock.nowMs()
  }

  async datasync(): Promise<void> {
    this.#check('sync')
  }

  datasyncNow(): void {
    this.#check('sync')
  }

  close(): void {
    this.#closed = true
  }

  #check(what: string, positionBytes = 0): void {
    if (this.#closed) throw memoryError(what, this.path, 'EBADF')
    if (!Number.isSafeInteger(positionBytes) || positionBytes < 0) throw memoryError(what, this.path, 'EINVAL')
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EBADF: 'it is closed, or was opened for reading only',
  EBUSY: 'it is the root',
  EEXIST: 'it exists already',
  EINVAL: 'the file, the position or the name does not allow it',
  EISDIR: 'it is a directory',
  ENOENT: 'it, or a directory on the way to it, does not exist',
  ENOTDIR: 'a part of the path is not a directory',
  ENOTEMPTY: 'the directory is not empty',
}

export function memoryError(what: string, path: string, osCode: string): StorageError {
  return new StorageError(`cannot ${what} ${path} (in memory): ${REASONS[osCode]} (${osCode})`, osCode, { at: { path } })
}
