import { StorageError } from './errors.ts'

/** `read`: must exist. `write`: created if missing, kept if present; reads and writes. `create`: must not exist. */
export type OpenMode = 'read' | 'write' | 'create'

/**
 * An open file. What a Kafka log does all day is synchronous on purpose: a 16 KB write costs 13 µs in place and about 200 µs through
 * Node's thread pool. Only what really waits for a disk is asynchronous.
 */
export interface File {
  readonly path: string
  sizeBytes(): number
  /** Reads at `positionBytes` until `into` is full or the file ends; returns the bytes read. */
  read(into: Uint8Array, positionBytes: number): number
  /** The same for cold and bulk reads, off the event loop. */
  readLater(into: Uint8Array, positionBytes: number): Promise<number>
  /** Writes `chunks` one behind the other at `positionBytes`. May write less than all (a full disk throws); returns the bytes written. */
  writev(chunks: readonly Uint8Array[], positionBytes: number): number
  truncate(sizeBytes: number): void
  /** Resolves when everything written before the call is on the disk. */
  datasync(): Promise<void>
  /** The same, holding up the process: for opening and closing. */
  datasyncNow(): void
  /** Idempotent. */
  close(): void
}

export interface FileInfo {
  readonly kind: 'file' | 'directory'
  readonly sizeBytes: number
  readonly modifiedMs: number
}

/** A directory's lock; see {@link Files.lock}. */
export interface Lock {
  /** Idempotent. */
  release(): void
}

/**
 * Files and directories. Paths use `/` or the platform's separator. Every failure is a KafkaError `STORAGE_ERROR` that names the path
 * and the operating system's code in `osCode` (`ENOENT`, `ENOSPC`, ...); see {@link StorageError}.
 */
export interface Files {
  open(path: string, mode: OpenMode): File
  /** Null if there is nothing at `path`. */
  info(path: string): FileInfo | null
  /** Names in a directory, sorted. */
  list(directory: string): string[]
  /** Creates missing parents too; no error if it is there. */
  makeDirectory(path: string): void
  /** Replaces `to` atomically if it exists. Durable after a sync of the directory. */
  rename(from: string, to: string): void
  /** Removes a file; no error if it is missing. */
  remove(path: string): void
  /** Removes a directory with its content, off the event loop; no error if it is missing. */
  removeTree(path: string): Promise<void>
  /** Makes creations, renames and removals in `path` durable. A no-op where directories cannot be synced (Windows). */
  syncDirectory(path: string): Promise<void>
  syncDirectoryNow(path: string): void
  /**
   * Takes the lock file at `path` for this process. A lock whose owner is gone (killed, power lost, its process id since reused by
   * another program) is taken over.
   *
   * @throws KafkaError `DIRECTORY_LOCKED` that names the owner.
   */
  lock(path: string): Lock
}

/** Reads a whole file. @throws StorageError, `ENOENT` if it is missing. */
export function readWholeFile(files: Files, path: string): Uint8Array {
  const file = files.open(path, 'read')
  try {
    const bytes = new Uint8Array(file.sizeBytes())
    const byteCount = file.read(bytes, 0)
    return bytes.subarray(0, byteCount)
  } finally {
    file.close()
  }
}

/** Writes all of `chunks`, going on after short writes. @throws StorageError, also where the system goes on writing nothing. */
export function writeFully(file: File, chunks: readonly Uint8Array[], positionBytes: number): void {
  let rest = chunks
  let at = positionBytes
  for (;;) {
    const byteCount = file.writev(rest, at)
    at += byteCount
    let written = byteCount
    let index = 0
    while (index < rest.length && written >= rest[index]!.length) written -= rest[index++]!.length
    if (index === rest.length) return
    if (byteCount === 0 && index === 0) {
      const message = `cannot write to ${file.path}: the system takes no bytes and gives no reason; check the disk (EIO)`
      throw new StorageError(message, 'EIO', { at: { path: file.path } })
    }
    rest = [rest[index]!.subarray(written), ...rest.slice(index + 1)]
  }
}

/**
 * Replaces the file at `path` so that a crash leaves either the old content or the new one: `path.tmp`, sync, rename, sync of the
 * directory. The rule of Kafka's own checkpoint files.
 */
export function replaceFile(files: Files, path: string, bytes: Uint8Array): void {
  const temporary = `${path}.tmp`
  files.remove(temporary)
  const file = files.open(temporary, 'create')
  try {
    writeFully(file, [bytes], 0)
    file.datasyncNow()
  } finally {
    file.close()
  }
  files.rename(temporary, path)
  files.syncDirectoryNow(parentOf(path))
}

/** The directory that holds `path`. */
export function parentOf(path: string): string {
  const end = Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\'))
  return end <= 0 ? (end === 0 ? '/' : '.') : path.slice(0, end)
}
