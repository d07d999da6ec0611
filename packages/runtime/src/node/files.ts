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
import { dirname } from 'node:path'
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
  makeDirectory: path => attempt('create the directory', path, () => makeDirectories(path)),
  rename: (from, to) => {
    try {
      renameSync(from, to)
    } catch (error) {
      throw storageError('rename', from, error, ` to ${to}`)
    }
  },
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
  readonly #descriptor: number
  /** Calls under way in the thread pool: the descriptor may only go back when they are done. */
  #busy = 0
  #closed = false

  constructor(path: string, descriptor: number) {
    this.path = path
    this.#descriptor = descriptor
  }

  sizeBytes(): number {
    const descriptor = this.#use('stat')
    return attempt('stat', this.path, () => fstatSync(descriptor).size)
  }

  read(into: Uint8Array, positionBytes: number): number {
    const descriptor = this.#use('read', positionBytes)
    try {
      let total = 0
      while (total < into.length) {
        const byteCount = readUninterrupted(descriptor, into, total, positionBytes + total)
        if (byteCount === 0) break
        total += byteCount
      }
      return total
    } catch (error) {
      throw storageError('read', this.path, error)
    }
  }

  async readLater(into: Uint8Array, positionBytes: number): Promise<number> {
    const descriptor = this.#use('read', positionBytes)
    return this.#hold(async () => {
      let total = 0
      while (total < into.length) {
        const at = total
        const byteCount = await later<number>('read', this.path, done => {
          const read = () =>
            readLater(descriptor, into, at, into.length - at, positionBytes + at, (error, count) =>
              isInterrupted(error) ? read() : done(error, count),
            )
          read()
        })
        if (byteCount === 0) break
        total += byteCount
      }
      return total
    })
  }

  writev(chunks: readonly Uint8Array[], positionBytes: number): number {
    const descriptor = this.#use('write to', positionBytes)
    try {
      if (chunks.length <= MAX_CHUNKS) return writevSync(descriptor, chunks as Uint8Array[], positionBytes)
      return writevSync(descriptor, chunks.slice(0, MAX_CHUNKS), positionBytes)
    } catch (error) {
      throw storageError('write to', this.path, error)
    }
  }

  truncate(sizeBytes: number): void {
    const descriptor = this.#use('truncate', sizeBytes)
    attempt('truncate', this.path, () => ftruncateSync(descriptor, sizeBytes))
  }

  async datasync(): Promise<void> {
    const descriptor = this.#use('sync')
    await this.#hold(() => later('sync', this.path, done => fdatasync(descriptor, done)))
  }

  datasyncNow(): void {
    const descriptor = this.#use('sync')
    attempt('sync', this.path, () => fdatasyncSync(descriptor))
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    if (this.#busy === 0) this.#giveBack()
  }

  /**
   * The descriptor, for one call. After `close` the system may give its number to another file, and a position below 0 means "where the
   * last call ended" to it: neither may get through.
   */
  #use(what: string, positionBytes = 0): number {
    if (this.#closed) throw failed(what, this.path, 'EBADF')
    if (!Number.isSafeInteger(positionBytes) || positionBytes < 0) throw failed(what, this.path, 'EINVAL')
    return this.#descriptor
  }

  async #hold<T>(work: () => Promise<T>): Promise<T> {
    this.#busy++
    try {
      return await work()
    } finally {
      this.#busy--
      if (this.#closed && this.#busy === 0) this.#giveBack()
    }
  }

  #giveBack(): void {
    attempt('close', this.path, () => closeSync(this.#descriptor))
  }
}

/** libuv repeats a call that a signal interrupted, but not a read; file systems outside the kernel and in the network end one so. */
function readUninterrupted(descriptor: number, into: Uint8Array, at: number, positionBytes: number): number {
  for (;;) {
    try {
      return readSync(descriptor, into, at, into.length - at, positionBytes)
    } catch (error) {
      if (!isInterrupted(error)) throw error
    }
  }
}

function isInterrupted(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | null)?.code === 'EINTR'
}

/**
 * Node's own recursive `mkdir` calls a read-only file system a missing directory (ENOENT), and never ends where the system itself refuses
 * a name so, as in /proc.
 */
function makeDirectories(path: string): void {
  try {
    makeOneDirectory(path)
  } catch (error) {
    const parent = dirname(path)
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === path) throw error
    makeDirectories(parent)
    makeOneDirectory(path)
  }
}

function makeOneDirectory(path: string): void {
  try {
    mkdirSync(path)
  } catch (error) {
    // Who says what about a path that is there differs by system: Windows refuses to make the root of a drive.
    if (!(statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false)) throw error
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
  ENOENT: 'it, or a directory on the way to it, does not exist',
  EEXIST: 'it exists already',
  ENOTDIR: 'a part of the path is not a directory',
  EISDIR: 'it is a directory',
  ENOTEMPTY: 'the directory is not empty',
  EXDEV: 'the two are on different file systems; keep a data directory on one',
  EBUSY: 'it is in use by the system',
  EBADF: 'it is closed, or was opened for reading only',
  EINVAL: 'the file, the position or the name does not allow it',
  ENAMETOOLONG: 'the path is too long',
  EMFILE: 'too many open files; raise the limit of open files (ulimit -n)',
  ENFILE: 'too many open files on this machine',
  EIO: 'the disk reports an error; check its health',
}

/** The StorageError for what Node threw: "cannot <what> <path><tail>: <why and what now> (<code>)". */
export function storageError(what: string, path: string, error: unknown, tail = ''): StorageError {
  if (error instanceof StorageError) return error
  const { code = 'UNKNOWN', message } = error as NodeJS.ErrnoException
  // Node has codes of its own where it looks before it asks the system, e.g. ERR_FS_EISDIR.
  return failed(what, path, code.replace(/^ERR_FS_(?=E[A-Z]+$)/, ''), tail, message, error)
}

function failed(what: string, path: string, osCode: string, tail = '', why = '', cause?: unknown): StorageError {
  return new StorageError(`cannot ${what} ${path}${tail}: ${WAY_OUT[osCode] ?? why} (${osCode})`, osCode, { at: { path }, cause })
}
