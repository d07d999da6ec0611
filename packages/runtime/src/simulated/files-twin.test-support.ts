import fc from 'fast-check'
import { expect } from 'vitest'
import { KafkaError, StorageError } from '../errors.ts'
import type { File, FileInfo, Files, Lock } from '../files.ts'
import { createSimulation, type Simulation } from './simulation.ts'

// The same operations on two kinds of files: the twins have to give the same answers and the same errors.

const PATHS = ['a', 'b', 'd', 'd/a', 'd/b', 'd/e', 'd/e/a', 'none/a'] as const
const path = fc.constantFrom(...PATHS)
/** What is in a lock file is nobody's business. */
const pathOrLock = fc.constantFrom(...PATHS, 'lock')
const handle = fc.nat(3)

/** What a closed file has to refuse, but for a second close. */
const ON_CLOSED = ['sizeBytes', 'read', 'readLater', 'writev', 'truncate', 'datasync', 'datasyncNow', 'close'] as const

type Step =
  | { readonly kind: 'open'; readonly path: string; readonly mode: 'read' | 'write' | 'create' }
  | { readonly kind: 'info' | 'list' | 'makeDirectory' | 'remove' | 'removeTree' | 'syncDirectory'; readonly path: string }
  | { readonly kind: 'rename'; readonly path: string; readonly to: string }
  | { readonly kind: 'lock' }
  | { readonly kind: 'size' | 'close' | 'sync' | 'release'; readonly handle: number }
  | { readonly kind: 'afterClose'; readonly what: (typeof ON_CLOSED)[number] }
  | { readonly kind: 'write'; readonly handle: number; readonly at: number; readonly sizes: readonly number[] }
  | { readonly kind: 'read' | 'readLater'; readonly handle: number; readonly at: number; readonly length: number }
  | { readonly kind: 'truncate'; readonly handle: number; readonly size: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('open' as const), path, mode: fc.constantFrom('read', 'write', 'create') }) },
  fc.record({ kind: fc.constantFrom('info', 'list', 'makeDirectory', 'remove', 'removeTree', 'syncDirectory'), path: pathOrLock }),
  fc.record({ kind: fc.constant('lock' as const) }),
  fc.record({ kind: fc.constant('afterClose' as const), what: fc.constantFrom(...ON_CLOSED) }),
  fc.record({ kind: fc.constant('rename' as const), path, to: path }),
  fc.record({ kind: fc.constantFrom('size', 'close', 'sync', 'release'), handle }),
  fc.record({ kind: fc.constant('write' as const), handle, at: fc.nat(50), sizes: fc.array(fc.nat(20), { maxLength: 3 }) }),
  fc.record({ kind: fc.constantFrom('read', 'readLater'), handle, at: fc.nat(60), length: fc.nat(40) }),
  fc.record({ kind: fc.constant('truncate' as const), handle, size: fc.nat(60) }),
)

/** One of the two: its files below `root`, and the handles and locks that are open. */
class Twin {
  readonly #files: Files
  readonly #root: string
  readonly #settle: <T>(promise: Promise<T>) => Promise<T>
  readonly #open: File[] = []
  readonly #locks: Lock[] = []
  #closed: File | null = null

  constructor(files: Files, root: string, settle: <T>(promise: Promise<T>) => Promise<T>) {
    this.#files = files
    this.#root = root
    this.#settle = settle
  }

  async do(one: Step): Promise<string> {
    try {
      return `${await this.#do(one)}`
    } catch (error) {
      // The codes are those of Linux.
      if (error instanceof StorageError) return process.platform === 'linux' ? error.osCode : 'an error'
      if (error instanceof KafkaError) return error.code
      throw error
    }
  }

  end(): void {
    for (const file of this.#open) file.close()
    for (const lock of this.#locks) lock.release()
  }

  async #do(one: Step): Promise<unknown> {
    if ('path' in one) return this.#onPath(one, `${this.#root}/${one.path}`)
    if (one.kind === 'lock') return this.#lock(`${this.#root}/lock`)
    if (one.kind === 'release') return this.#locks[one.handle]?.release()
    if (one.kind === 'afterClose') return this.#onClosed(one.what)
    const file = this.#open[one.handle]
    if (file === undefined) return 'nothing'
    switch (one.kind) {
      case 'size':
        return file.sizeBytes()
      case 'close':
        this.#open.splice(one.handle, 1)
        this.#closed = file
        return file.close()
      case 'sync':
        file.datasyncNow()
        return this.#settle(file.datasync())
      case 'write':
        return file.writev(
          one.sizes.map((size, index) => new Uint8Array(size).fill(index + 1)),
          one.at,
        )
      case 'truncate':
        return file.truncate(one.size)
      case 'read':
      case 'readLater': {
        const into = new Uint8Array(one.length)
        const count = one.kind === 'read' ? file.read(into, one.at) : await this.#settle(file.readLater(into, one.at))
        return `${count}: ${into.join()}`
      }
    }
  }

  #onClosed(what: (typeof ON_CLOSED)[number]): unknown {
    const file = this.#closed
    if (file === null) return 'nothing'
    switch (what) {
      case 'read':
        return file.read(new Uint8Array(1), 0)
      case 'readLater':
        return this.#settle(file.readLater(new Uint8Array(1), 0))
      case 'writev':
        return file.writev([Uint8Array.of(9)], 0)
      case 'truncate':
        return file.truncate(0)
      case 'datasync':
        return this.#settle(file.datasync())
      default:
        return file[what]()
    }
  }

  #lock(at: string): unknown {
    if (this.#kindOf(at) === 'directory') return 'a directory'
    return void this.#locks.push(this.#files.lock(at))
  }

  /** Null also below a file, where Node's `stat` tells `ENOTDIR` on some systems. */
  #kindOf(at: string): FileInfo['kind'] | null {
    try {
      return this.#files.info(at)?.kind ?? null
    } catch (error) {
      if (error instanceof StorageError && error.osCode === 'ENOTDIR') return null
      throw error
    }
  }

  #onPath(one: Extract<Step, { path: string }>, at: string): unknown {
    const kind = this.#kindOf(at)
    switch (one.kind) {
      case 'open':
        // Systems differ here: some refuse, some open and refuse to read.
        if (one.mode === 'read' && kind === 'directory') return 'a directory'
        return void this.#open.push(this.#files.open(at, one.mode))
      case 'info': {
        const info = kind === null ? null : this.#files.info(at)
        return info === null ? null : `${info.kind} ${info.kind === 'file' && one.path !== 'lock' ? info.sizeBytes : ''}`
      }
      case 'list':
        return this.#files.list(at).join()
      case 'makeDirectory':
        return this.#files.makeDirectory(at)
      case 'remove':
        return this.#files.remove(at)
      case 'removeTree':
        return this.#settle(this.#files.removeTree(at))
      case 'syncDirectory':
        // A file can be opened and synced just as well on some systems.
        if (kind === 'file') return 'a file'
        return this.#settle(this.#files.syncDirectory(at))
      case 'rename':
        return this.#files.rename(at, `${this.#root}/${one.to}`)
    }
  }
}

/** One of the two kinds, made anew for a run: files, a directory in them that is there and empty, and how to wait for them. */
export interface Kind {
  readonly files: Files
  readonly root: string
  readonly settle: <T>(promise: Promise<T>) => Promise<T>
}

/**
 * Does the same on both kinds, and compares what they say. The simulation, made from the run's seed, is for whom it may concern.
 *
 * @param endOnFailure  The first difference will do: nobody asks for the smallest one.
 */
export async function checkTwins(
  runs: number,
  makeTwins: (simulation: Simulation, run: number) => readonly [Kind, Kind],
  endOnFailure = false,
): Promise<void> {
  let run = 0
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.array(step, { minLength: 10, maxLength: 40, size: 'max' }), async (seed, steps) => {
      const [one, other] = makeTwins(createSimulation({ seed }), run++).map(({ files, root, settle }) => new Twin(files, root, settle))
      try {
        for (const what of steps) expect([what, await one!.do(what)]).toEqual([what, await other!.do(what)])
      } finally {
        one!.end()
        other!.end()
      }
    }),
    { numRuns: runs, endOnFailure },
  )
}

/** The same files with a fault: a file that must not exist may exist. */
export function withoutExclusiveCreation(files: Files): Files {
  return {
    open: (at, mode) => files.open(at, mode === 'create' ? 'write' : mode),
    info: at => files.info(at),
    list: at => files.list(at),
    makeDirectory: at => files.makeDirectory(at),
    rename: (from, to) => files.rename(from, to),
    remove: at => files.remove(at),
    removeTree: at => files.removeTree(at),
    syncDirectory: at => files.syncDirectory(at),
    syncDirectoryNow: at => files.syncDirectoryNow(at),
    lock: at => files.lock(at),
  }
}
