import { StorageError } from '../errors.ts'
import { type Random, randomBelow, randomFraction } from '../random.ts'
import { namesOf } from '../tree-rules.ts'
import { delayWithin } from './delay-range.ts'
import type { NameLoss } from './directory-node.ts'
import { DirectoryTree } from './directory-tree.ts'
import { type DiskOperation, type DiskSettings, defaultDiskSettings, type FailureOptions, PlannedFailures } from './disk-faults.ts'
import type { DataLoss, FileNode } from './file-node.ts'
import { SimulatedCrash, SimulationError } from './simulation-error.ts'
import type { TaskOwner } from './task-heap.ts'

/** What a power cut leaves; what is not said is as in {@link DiskSettings}. */
export interface CrashOptions {
  readonly dataLoss?: DataLoss
  readonly nameLoss?: NameLoss
}

/** How a process ends at a step: by a power cut or by kill -9. */
export interface FatalStepOptions extends CrashOptions {
  readonly by?: 'crash' | 'kill'
}

/**
 * The disk of a simulated machine, from the side of the test: its faults, and its content without going through a process. Programs use
 * the `files` of a world on that machine.
 */
export interface SimulatedDisk {
  readonly settings: DiskSettings
  /** File operations so far that change something: creations, writes, truncations, renames, removals, directories, syncs, locks. */
  readonly steps: number
  /**
   * The operation that makes `steps` equal to `step` ends its process: it throws a {@link SimulatedCrash} (asynchronous ones reject
   * with it), and the machine crashes or its processes are killed. A crash loses what is not synced, this operation included; a kill
   * in the middle of a write leaves a part of it.
   */
  crashAtStep(step: number, options?: FatalStepOptions): void
  /**
   * Makes one coming operation fail. A `datasync` that fails loses what it should have synced, as on Linux: programs still see the
   * bytes, and the next sync succeeds without them.
   */
  fail(operation: DiskOperation, options?: FailureOptions): void
  /** Takes back the failures and the fatal step that are still to come; `settings` stay. */
  heal(): void
  /** Flips one bit of a file on the disk itself: bit `bit % 8` of byte `floor(bit / 8)`. */
  flipBit(path: string, bit: number): void
  /** Flips a bit drawn from the seed, between two positions; returns which. */
  flipRandomBit(path: string, fromBytes?: number, toBytes?: number): number
  /** Overwrites a part of a file on the disk itself; what lies past its end is dropped. */
  corrupt(path: string, positionBytes: number, bytes: Uint8Array): void
  /** The system forgets its copies: reads see what the disk holds and what is still to be written. Shows what a failed sync lost. */
  dropCaches(): void
  /** The files that programs see, with a copy of their content. */
  contents(): Map<string, Uint8Array>
  /** The files that survive any power cut, with the content that does. */
  durableContents(): Map<string, Uint8Array>
  /** Paths of the files that are open now, in the order in which they were opened. */
  openFiles(): string[]
}

/** A file that a process has open. */
export interface Handle {
  readonly path: string
  readonly node: FileNode
  readonly process: TaskOwner
}

interface DiskHost {
  readonly seed: number
  /** Name of the machine. */
  readonly name: string
  readonly strike: (how: 'crash' | 'kill', options: CrashOptions) => void
}

export class Disk implements SimulatedDisk {
  readonly settings = defaultDiskSettings()
  readonly random: Random
  readonly tree: DirectoryTree
  readonly failures = new PlannedFailures()
  readonly handles = new Set<Handle>()
  /** Lock files that are held, and by whom. */
  readonly locks = new Map<FileNode, TaskOwner>()
  readonly #host: DiskHost
  #steps = 0
  #fatal: { readonly step: number; readonly by: 'crash' | 'kill'; readonly options: CrashOptions } | null = null

  constructor(host: DiskHost, random: Random, nowMs: number) {
    this.#host = host
    this.random = random
    this.tree = new DirectoryTree(nowMs)
  }

  get steps(): number {
    return this.#steps
  }

  crashAtStep(step: number, options: FatalStepOptions = {}): void {
    if (step <= this.#steps)
      throw new SimulationError(this.#host.seed, `step ${step} of ${this.#host.name}'s disk is past: ${this.#steps} are done`)
    const { by = 'crash', ...losses } = options
    this.#fatal = { step, by, options: losses }
  }

  fail(operation: DiskOperation, options: FailureOptions = {}): void {
    this.failures.add(operation, options)
  }

  heal(): void {
    this.failures.clear()
    this.#fatal = null
  }

  flipBit(path: string, bit: number): void {
    const file = this.#file(path)
    const at = Math.floor(bit / 8)
    const byte = file.view()[at]
    if (byte === undefined) throw new SimulationError(this.#host.seed, `${path} has ${file.sizeBytes} bytes: there is no bit ${bit}`)
    file.corrupt(at, Uint8Array.of(byte ^ (1 << (bit % 8))))
  }

  flipRandomBit(path: string, fromBytes = 0, toBytes = this.#file(path).sizeBytes): number {
    if (toBytes <= fromBytes) throw new SimulationError(this.#host.seed, `${path} has no bytes from ${fromBytes} to ${toBytes}`)
    const bit = (fromBytes + randomBelow(this.random, toBytes - fromBytes)) * 8 + randomBelow(this.random, 8)
    this.flipBit(path, bit)
    return bit
  }

  corrupt(path: string, positionBytes: number, bytes: Uint8Array): void {
    this.#file(path).corrupt(positionBytes, bytes)
  }

  dropCaches(): void {
    for (const file of this.#allFiles()) file.dropCache()
  }

  contents(): Map<string, Uint8Array> {
    return new Map([...this.tree.files('seen')].map(([path, file]) => [path, file.view().slice()]))
  }

  durableContents(): Map<string, Uint8Array> {
    return new Map([...this.tree.files('durable')].map(([path, file]) => [path, file.view('durable').slice()]))
  }

  openFiles(): string[] {
    return [...this.handles].map(handle => handle.path)
  }

  /** Counts a step and does `action`, telling it whether, and how, its process dies with it. */
  step<T>(operation: DiskOperation, path: string, action: (fatal: 'crash' | 'kill' | null) => T): T {
    this.#steps++
    const fatal = this.#fatal
    if (fatal === null || fatal.step !== this.#steps) return action(null)
    this.#fatal = null
    try {
      action(fatal.by)
    } catch (error) {
      // There is nobody left who could hear of a failure.
      if (!(error instanceof StorageError)) throw error
    }
    this.#host.strike(fatal.by, fatal.options)
    throw new SimulatedCrash(
      this.#host.seed,
      `${this.#host.name} ${fatal.by === 'crash' ? 'lost power' : 'was killed'} at step ${fatal.step}: ${operation} ${path}`,
    )
  }

  /** How many of `wantedBytes` a write at `positionBytes` of `file` may write; a full disk throws. */
  grant(file: FileNode, path: string, positionBytes: number, wantedBytes: number): number {
    const { capacityBytes, fullOsCode, shortWriteShare } = this.settings
    let granted = wantedBytes
    if (capacityBytes !== Number.POSITIVE_INFINITY) {
      const growth = positionBytes + wantedBytes - file.sizeBytes
      const shortage = growth > 0 ? growth - Math.max(0, capacityBytes - this.#usedBytes()) : 0
      if (shortage > 0) granted = wantedBytes - shortage
      if (granted <= 0 && wantedBytes > 0) throw this.error('write to', path, fullOsCode)
    }
    if (granted > 1 && shortWriteShare > 0 && randomFraction(this.random) < shortWriteShare)
      granted = 1 + randomBelow(this.random, granted - 1)
    return granted
  }

  /** Draws how long the next sync takes. */
  syncDelayMs(): number {
    return delayWithin(this.settings.syncDelay, this.random)
  }

  /** Draws how long the next read off the event loop takes. */
  readDelayMs(): number {
    return delayWithin(this.settings.readDelay, this.random)
  }

  /** A process is gone: its files are closed, its locks stale. */
  abandon(process: TaskOwner): void {
    for (const handle of this.handles) if (handle.process === process) this.handles.delete(handle)
    for (const [file, holder] of this.locks) if (holder === process) this.locks.delete(file)
  }

  crash(options: CrashOptions): void {
    this.tree.crash(options.dataLoss ?? this.settings.dataLoss, options.nameLoss ?? this.settings.nameLoss, this.random)
  }

  error(what: string, path: string, osCode: string): StorageError {
    const reason = REASONS[osCode] ?? 'the simulated disk fails'
    return new StorageError(`cannot ${what} ${path}: ${reason} (${osCode}, seed ${this.#host.seed})`, osCode, { at: { path } })
  }

  #file(path: string): FileNode {
    const place = this.tree.find(path)
    if (typeof place === 'string' || place.node?.kind !== 'file') {
      throw new SimulationError(this.#host.seed, `there is no file /${namesOf(path).join('/')} on the disk of ${this.#host.name}`)
    }
    return place.node
  }

  /** Those with a name, and those without that are still open. */
  #allFiles(): Set<FileNode> {
    return new Set([...this.tree.files('seen').values(), ...[...this.handles].map(handle => handle.node)])
  }

  #usedBytes(): number {
    let used = 0
    for (const file of this.#allFiles()) used += file.sizeBytes
    return used
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EBADF: 'it is closed, or was opened for reading only',
  EBUSY: 'it is in use by the system',
  EDQUOT: 'the disk quota is used up; free some room and try again',
  EEXIST: 'it exists already',
  EINVAL: 'the file, the position or the name does not allow it',
  EIO: 'the disk reports an error',
  EISDIR: 'it is a directory',
  EMFILE: 'too many open files; close some or raise the limit',
  ENOENT: 'it does not exist',
  ENOSPC: 'the disk is full; free some room and try again',
  ENOTDIR: 'a part of the path is not a directory',
  ENOTEMPTY: 'the directory is not empty',
}
