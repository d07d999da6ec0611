import type { Clock } from './clock.ts'
import { KafkaError } from './errors.ts'
import type { File, FileInfo, Files, Lock, OpenMode } from './files.ts'
import { MemoryFile, MemoryNode, memoryError } from './memory-file.ts'
import { type NodeKind, namesOf, renameObstacle } from './tree-rules.ts'

/**
 * Files in memory, for a broker that keeps nothing. Fast and without faults; a sync does nothing, and everything is gone with the
 * process. Paths start at one root, relative ones too. (Tests of durability use the simulated disk.)
 */
export function createMemoryFiles(clock: Clock): Files {
  return new MemoryFiles(clock)
}

class Directory {
  readonly entries = new Map<string, MemoryNode | Directory>()
}

/** A place in the tree, with or without something there. */
interface Place {
  readonly parent: Directory
  /** Empty for the root. */
  readonly name: string
  readonly node: MemoryNode | Directory | null
}

class MemoryFiles implements Files {
  readonly #clock: Clock
  readonly #root = new Directory()
  /** Files whose name is a lock that is held. */
  readonly #locks = new Set<MemoryNode>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  open(path: string, mode: OpenMode): File {
    const { parent, name, node } = this.#place('open', path)
    if (node !== null && mode === 'create') throw memoryError('open', path, 'EEXIST')
    if (node instanceof Directory) throw memoryError('open', path, 'EISDIR')
    if (node === null && mode === 'read') throw memoryError('open', path, 'ENOENT')
    const file = node ?? new MemoryNode(this.#clock.nowMs())
    if (node === null) parent.entries.set(name, file)
    return new MemoryFile(path, file, mode !== 'read', this.#clock)
  }

  info(path: string): FileInfo | null {
    const place = this.#find(path)
    if (typeof place === 'string' || place.node === null) return null
    if (place.node instanceof Directory) return { kind: 'directory', sizeBytes: 0, modifiedMs: 0 }
    return { kind: 'file', sizeBytes: place.node.sizeBytes, modifiedMs: place.node.modifiedMs }
  }

  list(directory: string): string[] {
    return [...this.#directory('list', directory).entries.keys()].sort()
  }

  makeDirectory(path: string): void {
    let at = this.#root
    const names = namesOf(path)
    for (const [index, name] of names.entries()) {
      let next = at.entries.get(name)
      if (next instanceof MemoryNode) throw memoryError('create the directory', path, index === names.length - 1 ? 'EEXIST' : 'ENOTDIR')
      if (next === undefined) {
        next = new Directory()
        at.entries.set(name, next)
      }
      at = next
    }
  }

  rename(from: string, to: string): void {
    const source = this.#place('rename', from)
    const target = this.#place(`rename ${from} to`, to)
    if (source.node === null) throw memoryError('rename', from, 'ENOENT')
    if (source.node === target.node) return
    if (source.name === '' || target.name === '') throw memoryError('rename', from, 'EBUSY')
    const osCode = renameObstacle(namesOf(from), kindOf(source.node), namesOf(to), target.node === null ? null : kindOf(target.node))
    if (osCode !== null) throw memoryError(`rename ${from} to`, to, osCode)
    source.parent.entries.delete(source.name)
    target.parent.entries.set(target.name, source.node)
  }

  remove(path: string): void {
    const place = this.#placeToRemove(path)
    if (place?.node instanceof Directory) throw memoryError('remove', path, 'EISDIR')
    place?.parent.entries.delete(place.name)
  }

  async removeTree(path: string): Promise<void> {
    const place = this.#placeToRemove(path)
    if (place?.name === '') throw memoryError('remove', path, 'EBUSY')
    place?.parent.entries.delete(place.name)
  }

  async syncDirectory(path: string): Promise<void> {
    this.#directory('sync', path)
  }

  syncDirectoryNow(path: string): void {
    this.#directory('sync', path)
  }

  lock(path: string): Lock {
    const { parent, name, node } = this.#place('lock', path)
    if (node instanceof Directory) throw memoryError('lock', path, 'EISDIR')
    if (node !== null && this.#locks.has(node)) {
      throw new KafkaError('DIRECTORY_LOCKED', `${path} (in memory) is held by this process already`, { at: { path } })
    }
    const held = new MemoryNode(this.#clock.nowMs())
    this.#locks.add(held)
    parent.entries.set(name, held)
    return {
      release: () => {
        if (!this.#locks.delete(held)) return
        const now = this.#find(path)
        if (typeof now !== 'string' && now.node === held) now.parent.entries.delete(now.name)
      },
    }
  }

  /** What is at `path`, or the operating system's code if a directory on the way is missing or is a file. */
  #find(path: string): Place | 'ENOENT' | 'ENOTDIR' {
    let place: Place = { parent: this.#root, name: '', node: this.#root }
    for (const name of namesOf(path)) {
      if (place.node === null) return 'ENOENT'
      if (place.node instanceof MemoryNode) return 'ENOTDIR'
      place = { parent: place.node, name, node: place.node.entries.get(name) ?? null }
    }
    return place
  }

  #place(what: string, path: string): Place {
    const place = this.#find(path)
    if (typeof place === 'string') throw memoryError(what, path, place)
    return place
  }

  /** Null if there is nothing to remove. */
  #placeToRemove(path: string): Place | null {
    const place = this.#find(path)
    if (place === 'ENOTDIR') throw memoryError('remove', path, place)
    return place === 'ENOENT' || place.node === null ? null : place
  }

  #directory(what: string, path: string): Directory {
    const { node } = this.#place(what, path)
    if (node instanceof Directory) return node
    throw memoryError(what, path, node === null ? 'ENOENT' : 'ENOTDIR')
  }
}

function kindOf(node: MemoryNode | Directory): NodeKind {
  return node instanceof MemoryNode ? 'file' : node.entries.size === 0 ? 'emptyDirectory' : 'directory'
}
