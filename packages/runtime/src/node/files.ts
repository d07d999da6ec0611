import {
  closeSync,
  constants,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  fsync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  read as readLater,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writevSync,
} from 'node:fs'
import { rm } from 'node:fs/promises'
import { StorageError } from '../errors.ts'
import type { File, FileInfo, Files, OpenMode } from '../files.ts'
import { takeLock } from './lock.ts'

const OPEN_FLAGS: Record<OpenMode, number> = {
  read: constants.O_RDONLY,
  write: constants.O_RDWR | constants.O_CREAT,
  create: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
}

/** The operating system takes at most this many chunks in one write (IOV_MAX on Linux and macOS). */
const MAX_CHUNKS = 1024

export const nodeFiles: Files = {
  open: (path, mode) => attempt(`open`, path, () => new NodeFile(path, openSync(path, OPEN_FLAGS[mode], 0o644))),
  info: path =>
    attempt('stat', path, () => {
      const stats = statSync(path, { throwIfNoEntry: false })
      if (stats === undefined) return null
      return { kind: stats.isDirectory() ? 'directory' : 'file', sizeBytes: stats.size, modifiedMs: stats.mtimeMs } satisfies FileInfo
    }),
  list: directory => attempt('list', directory, () => readdirSync(directory).sort()),
  makeDirectory: path => attempt('create the directory', path, () => void mkdirSync(path, { recursive: true })),
  rename: (from, to) => attempt(`rename to ${to}`, from, () => renameSync(from, to)),
  remove: path => attempt('remove', path, () => rmSync(path, { force: true })),
  removeTree: async path => {
    try {
      await rm(path, { recursive: true, force: true })
    } catch (error) {
      throw storageError('remove', path, error)
    }
  },
  syncDirectory: async path => {
    if (process.platform === 'win32') return
    const descriptor = attempt('open', path, () => openSync(path, constants.O_RDONLY))
    try {
      await later('sync', path, done => fsync(descriptor, done))
    } finally {
      closeSync(descriptor)
    }
  },
  syncDirectoryNow: path => {
    if (process.platform === 'win32') return
    const descriptor = attempt('open', path, () => openSync(path, constants.O_RDONLY))
    try {
      attempt('sync', path, () => fsyncSync(descriptor))
    } finally {
      closeSync(descriptor)
    }
  },
  lock: path => takeLock(path),
}

class NodeFile implements File {
  readonly path: string
  #descriptor: number
  /** Calls under way in the thread pool: the descriptor may only go back when they are done. */
  #busy = 0
  #closing = false

  constructor(path: string, descriptor: number) {
    this.path = path
    this.#descriptor = descriptor
  }

  sizeBytes(): number {
    return attempt('stat', this.path, () => fstatSync(this.#descriptor).size)
  }

  read(into: Uint8Array, positionBytes: number): number {
    try {
      let total = 0
      while (total < into.length) {
        const byteCount = readSync(this.#descriptor, into, total, into.length - total, positionBytes + total)
        if (byteCount === 0) break
        total += byteCount
      }
      return total
    } catch (error) {
      throw storageError('read', this.path, error)
    }
  }

  async readLater(into: Uint8Array, positionBytes: number): Promise<number> {
    let total = 0
    while (total < into.length) {
      const byteCount = await this.#hold<number>('read', done =>
        readLater(this.#descriptor, into, total, into.length - total, positionBytes + total, done),
      )
      if (byteCount === 0) break
      total += byteCount
    }
    return total
  }

  writev(chunks: readonly Uint8Array[], positionBytes: number): number {
    try {
      if (chunks.length <= MAX_CHUNKS) return writevSync(this.#descriptor, chunks as Uint8Array[], positionBytes)
      return writevSync(this.#descriptor, chunks.slice(0, MAX_CHUNKS), positionBytes)
    } catch (error) {
      throw storageError('write to', this.path, error)
    }
  }

  truncate(sizeBytes: number): void {
    attempt('truncate', this.path, () => ftruncateSync(this.#descriptor, sizeBytes))
  }

  async datasync(): Promise<void> {
    await this.#hold('sync', done => fdatasync(this.#descriptor, done))
  }

  datasyncNow(): void {
    attempt('sync', this.path, () => fdatasyncSync(this.#descriptor))
  }

  close(): void {
    if (this.#closing) return
    this.#closing = true
    if (this.#busy === 0) attempt('close', this.path, () => closeSync(this.#descriptor))
  }

  async #hold<T = void>(what: string, start: (done: Done<T>) => void): Promise<T> {
    this.#busy++
    try {
      return await later(what, this.path, start)
    } finally {
      this.#busy--
      if (this.#closing && this.#busy === 0) closeSync(this.#descriptor)
    }
  }
}

function attempt<T>(what: string, path: string, action: () => T): T {
  try {
    return action()
  } catch (error) {
    throw storageError(what, path, error)
  }
}

type Done<T> = (error: Error | null, value?: T) => void

function later<T = void>(what: string, path: string, start: (done: Done<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, value) => (error === null ? resolve(value as T) : reject(storageError(what, path, error))))
  })
}

const WAY_OUT: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full; free some room and try again',
  EDQUOT: 'the disk quota is used up; free some room and try again',
  EACCES: 'permission denied; check who owns it',
  EPERM: 'not permitted; check who owns it',
  EROFS: 'the file system is read-only',
  ENOENT: 'it does not exist',
  EEXIST: 'it exists already',
  ENOTDIR: 'a part of the path is not a directory',
  EMFILE: 'too many open files; raise the limit of open files (ulimit -n)',
  ENFILE: 'too many open files on this machine',
  EIO: 'the disk reports an error; check its health',
}

export function storageError(what: string, path: string, error: unknown): StorageError {
  if (error instanceof StorageError) return error
  const { code = 'UNKNOWN', message } = error as NodeJS.ErrnoException
  return new StorageError(`cannot ${what} ${path}: ${WAY_OUT[code] ?? message} (${code})`, code, { at: { path }, cause: error })
}
