import type { DelayRange } from './delay-range.ts'
import type { NameLoss } from './directory-node.ts'
import type { DataLoss } from './file-node.ts'

/** Operations of a disk that can be made to fail. */
export type DiskOperation =
  | 'open'
  | 'read'
  | 'write'
  | 'truncate'
  | 'datasync'
  | 'makeDirectory'
  | 'list'
  | 'rename'
  | 'remove'
  | 'syncDirectory'
  | 'lock'

/** How a simulated disk behaves; every field may be changed while the simulation runs. */
export interface DiskSettings {
  /** Room for the content of all files. Default: no limit. A write that does not fit whole is cut short, and the next one fails. */
  capacityBytes: number
  /** With what a write on a full disk fails. Default `ENOSPC`. */
  fullOsCode: 'ENOSPC' | 'EDQUOT'
  /** Part of all writes, from 0 to 1, that write less than they were given. Default 0. */
  shortWriteShare: number
  /** Syncs report success and do nothing. Default false. */
  liesAboutSync: boolean
  /** Files that one process may have open. Default: no limit. Opening one more fails with `EMFILE`. */
  maxOpenFiles: number
  /** How long a sync takes. Default 0 to 2 ms. */
  syncDelay: DelayRange
  /** How long `readLater` and each step of `removeTree` take. Default 0 to 1 ms. */
  readDelay: DelayRange
  /** What a power cut leaves of bytes that were not synced. Default `random`. */
  dataLoss: DataLoss
  /** What it leaves of names that were not synced. Default `random`. */
  nameLoss: NameLoss
}

export function defaultDiskSettings(): DiskSettings {
  return {
    capacityBytes: Number.POSITIVE_INFINITY,
    fullOsCode: 'ENOSPC',
    shortWriteShare: 0,
    liesAboutSync: false,
    maxOpenFiles: Number.POSITIVE_INFINITY,
    syncDelay: { minMs: 0, maxMs: 2 },
    readDelay: { minMs: 0, maxMs: 1 },
    dataLoss: 'random',
    nameLoss: 'random',
  }
}

/** One failure to come. */
export interface FailureOptions {
  /** Which of the matching operations from now on fails, counted from 1. Default 1. */
  readonly nth?: number
  /** Default `EIO`. */
  readonly osCode?: string
  /** Which paths count. Default: all. */
  readonly path?: (path: string) => boolean
}

/** Failures that were asked for and have not happened yet. */
export class PlannedFailures {
  #rules: { readonly operation: DiskOperation; readonly osCode: string; readonly path: (path: string) => boolean; rest: number }[] = []

  add(operation: DiskOperation, options: FailureOptions): void {
    this.#rules.push({ operation, osCode: options.osCode ?? 'EIO', path: options.path ?? (() => true), rest: options.nth ?? 1 })
  }

  clear(): void {
    this.#rules = []
  }

  /** The code with which this operation has to fail; null if it does not. */
  take(operation: DiskOperation, path: string): string | null {
    let osCode: string | null = null
    for (const rule of this.#rules) if (rule.operation === operation && rule.path(path) && --rule.rest === 0) osCode ??= rule.osCode
    this.#rules = this.#rules.filter(rule => rule.rest > 0)
    return osCode
  }
}
