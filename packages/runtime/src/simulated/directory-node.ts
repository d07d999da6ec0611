import { type Random, randomBelow } from '../random.ts'
import type { FileNode } from './file-node.ts'

/** What a power cut leaves of names that were created, changed or removed and whose directory was not synced: none of it, all, or some. */
export type NameLoss = 'lose' | 'keep' | 'random'

export type DiskNode = FileNode | DirectoryNode

/** A directory on a simulated disk: its names as programs see them, and as the disk holds them for certain. */
export class DirectoryNode {
  readonly kind = 'directory'
  modifiedMs: number
  seen = new Map<string, DiskNode>()
  readonly durable = new Map<string, DiskNode>()

  constructor(nowMs: number) {
    this.modifiedMs = nowMs
  }
}

/** One name in one directory, and what it means from now on; null: nothing. */
export interface NameEdit {
  readonly directory: DirectoryNode
  readonly name: string
  readonly node: DiskNode | null
}

interface NameChange {
  /** Place among all changes ever made. */
  readonly sequence: number
  /** Whose sync makes the change durable. */
  readonly directory: DirectoryNode
  readonly edits: readonly NameEdit[]
}

/**
 * The changes of names that no sync has covered yet. Each is atomic, a rename too: a power cut leaves it whole or not at all. Only those
 * of the same name keep their order; of the others, a later one may survive without an earlier one.
 */
export class NameJournal {
  #pending: NameChange[] = []
  #changeCount = 0

  /** @param directory  Whose sync makes it durable: for a rename, the one that holds the new name. */
  record(directory: DirectoryNode, edits: readonly NameEdit[], nowMs: number): void {
    for (const { directory: edited, name, node } of edits) {
      set(edited.seen, name, node)
      edited.modifiedMs = nowMs
    }
    this.#pending.push({ sequence: this.#changeCount++, directory, edits })
  }

  /** Changes made so far: what a sync that starts now covers. */
  get changeCount(): number {
    return this.#changeCount
  }

  /** A sync of `directory` that covers the first `changeCount` changes has worked. What these build on becomes durable with them. */
  makeDurable(directory: DirectoryNode, changeCount: number): void {
    const needed = new NameSet()
    const chosen = new Set<NameChange>()
    for (const change of this.#pending.toReversed()) {
      if (change.sequence >= changeCount || (change.directory !== directory && !needed.hasAny(change))) continue
      chosen.add(change)
      needed.add(change)
    }
    for (const change of this.#pending) if (chosen.has(change)) makeDurable(change)
    this.#pending = this.#pending.filter(change => !chosen.has(change))
  }

  /** The power is cut and comes back. */
  crash(loss: NameLoss, random: Random): void {
    const lost = new NameSet()
    for (const change of this.#pending) {
      if (loss === 'lose' || lost.hasAny(change) || (loss === 'random' && randomBelow(random, 2) === 0)) lost.add(change)
      else makeDurable(change)
    }
    this.#pending = []
  }
}

class NameSet {
  readonly #names = new Map<DirectoryNode, Set<string>>()

  add(change: NameChange): void {
    for (const { directory, name } of change.edits) {
      const names = this.#names.get(directory)
      if (names === undefined) this.#names.set(directory, new Set([name]))
      else names.add(name)
    }
  }

  hasAny(change: NameChange): boolean {
    return change.edits.some(({ directory, name }) => this.#names.get(directory)?.has(name) === true)
  }
}

function makeDurable(change: NameChange): void {
  for (const { directory, name, node } of change.edits) set(directory.durable, name, node)
}

function set(names: Map<string, DiskNode>, name: string, node: DiskNode | null): void {
  if (node === null) names.delete(name)
  else names.set(name, node)
}
