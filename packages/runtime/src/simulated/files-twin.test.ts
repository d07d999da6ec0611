import { tmpdir } from 'node:os'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { KafkaError, StorageError } from '../errors.ts'
import type { File, FileInfo, Files, Lock } from '../files.ts'
import { nodeWorld } from '../node/world.ts'
import { createSimulation } from './simulation.ts'

// The same operations on the simulated disk and on the real one: the twin has to give the same answers and the same errors.

const PATHS = ['a', 'b', 'd', 'd/a', 'd/b', 'd/e', 'd/e/a', 'none/a'] as const
const path = fc.constantFrom(...PATHS)
/** What is in a lock file is nobody's business. */
const pathOrLock = fc.constantFrom(...PATHS, 'lock')
const handle = fc.nat(3)

type Step =
  | { readonly kind: 'open'; readonly path: string; readonly mode: 'read' | 'write' | 'create' }
  | { readonly kind: 'info' | 'list' | 'makeDirectory' | 'remove' | 'removeTree' | 'syncDirectory'; readonly path: string }
  | { readonly kind: 'rename'; readonly path: string; readonly to: string }
  | { readonly kind: 'lock' }
  | { readonly kind: 'size' | 'close' | 'sync' | 'release'; readonly handle: number }
  | { readonly kind: 'write'; readonly handle: number; readonly at: number; readonly sizes: readonly number[] }
  | { readonly kind: 'read' | 'readLater'; readonly handle: number; readonly at: number; readonly length: number }
  | { readonly kind: 'truncate'; readonly handle: number; readonly size: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('open' as const), path, mode: fc.constantFrom('read', 'write', 'create') }) },
  fc.record({ kind: fc.constantFrom('info', 'list', 'makeDirectory', 'remove', 'removeTree', 'syncDirectory'), path: pathOrLock }),
  fc.record({ kind: fc.constant('lock' as const) }),
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

  constructor(files: Files, root: string, settle: <T>(promise: Promise<T>) => Promise<T>) {
    this.#files = files
    this.#root = root
    this.#settle = settle
  }

  async do(one: Step): Promise<string> {
    try {
      return `${await this.#do(one)}`
    } catch (error) {
      // The codes are those of Linux. Node has one of its own for a directory where a file is needed.
      if (error instanceof StorageError) return process.platform === 'linux' ? error.osCode.replace('ERR_FS_', '') : 'an error'
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
    const file = this.#open[one.handle]
    if (file === undefined) return 'nothing'
    switch (one.kind) {
      case 'size':
        return file.sizeBytes()
      case 'close':
        this.#open.splice(one.handle, 1)
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

let rounds = 0

async function checkTwins(sabotage: (files: Files) => Files = files => files): Promise<void> {
  const real = nodeWorld.files
  const base = `${tmpdir()}/logwerk-twin-${nodeWorld.random.uuid()}`
  try {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.array(step, { minLength: 10, maxLength: 40, size: 'max' }), async (seed, steps) => {
        const simulation = createSimulation({ seed })
        const root = `${base}/${rounds++}`
        real.makeDirectory(root)
        simulation.files.makeDirectory(root)
        const node = new Twin(real, root, promise => promise)
        const twin = new Twin(sabotage(simulation.files), root, promise => simulation.runUntil(promise))
        try {
          for (const one of steps) expect([one, await twin.do(one)]).toEqual([one, await node.do(one)])
        } finally {
          node.end()
        }
      }),
      { numRuns: 150 },
    )
  } finally {
    await real.removeTree(base)
  }
}

test('the simulated disk answers as the real one', async () => {
  await checkTwins()
})

test('the check sees a difference', async () => {
  const failure = await checkTwins(files => ({
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
  })).catch(error => error)
  expect(String(failure.cause)).toContain('to deeply equal')
})
