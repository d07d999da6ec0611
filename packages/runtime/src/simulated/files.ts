import { KafkaError } from '../errors.ts'
import type { File, FileInfo, Files, Lock, OpenMode } from '../files.ts'
import { type NodeKind, namesOf, renameObstacle } from '../tree-rules.ts'
import { DirectoryNode, type DiskNode } from './directory-node.ts'
import type { Place } from './directory-tree.ts'
import type { Disk } from './disk.ts'
import type { DiskOperation } from './disk-faults.ts'
import { SimulatedFile } from './file.ts'
import { FileNode } from './file-node.ts'
import type { ProcessCore } from './process.ts'

/** What the system reports as the size of a directory. */
const DIRECTORY_BYTES = 4096

/** The disk of a machine, as one of its processes uses it. */
export class SimulatedFiles implements Files {
  readonly #disk: Disk
  readonly #process: ProcessCore

  constructor(disk: Disk, process: ProcessCore) {
    this.#disk = disk
    this.#process = process
  }

  open(path: string, mode: OpenMode): File {
    this.#begin('open', 'open', path)
    const place = this.#find('open', path)
    let node = place.node
    if (node !== null && mode === 'create') throw this.#disk.error('create', path, 'EEXIST')
    if (node?.kind === 'directory') throw this.#disk.error('open', path, 'EISDIR')
    if (this.#openCount() >= this.#disk.settings.maxOpenFiles) throw this.#disk.error('open', path, 'EMFILE')
    if (node === null) {
      if (mode === 'read') throw this.#disk.error('open', path, 'ENOENT')
      node = this.#create(path, place)
    }
    return new SimulatedFile(this.#disk, this.#process, path, node, mode !== 'read')
  }

  info(path: string): FileInfo | null {
    this.#process.assertAlive()
    const place = this.#disk.tree.find(path)
    if (typeof place === 'string' || place.node === null) return null
    const { kind, modifiedMs } = place.node
    return { kind, sizeBytes: place.node.kind === 'file' ? place.node.sizeBytes : DIRECTORY_BYTES, modifiedMs }
  }

  list(directory: string): string[] {
    this.#begin('list', 'list', directory)
    return [...this.#directory('list', directory).seen.keys()].sort()
  }

  makeDirectory(path: string): void {
    this.#begin('makeDirectory', 'create the directory', path)
    const names = namesOf(path)
    for (let depth = 1; depth <= names.length; depth++) {
      const partial = `/${names.slice(0, depth).join('/')}`
      const place = this.#find('create the directory', partial)
      if (place.node?.kind === 'file') throw this.#disk.error('create the directory', path, depth === names.length ? 'EEXIST' : 'ENOTDIR')
      if (place.node !== null) continue
      this.#disk.step('makeDirectory', partial, () => this.#set(place, new DirectoryNode(this.#nowMs())))
    }
  }

  rename(from: string, to: string): void {
    this.#begin('rename', `rename to ${to}`, from)
    const source = this.#find('rename', from)
    const target = this.#find(`rename ${from} to`, to)
    const node = source.node
    if (node === null) throw this.#disk.error('rename', from, 'ENOENT')
    if (node === target.node) return
    if (source.name === '' || target.name === '') throw this.#disk.error('rename', from, 'EBUSY')
    const osCode = renameObstacle(namesOf(from), kindOf(node), namesOf(to), target.node === null ? null : kindOf(target.node))
    if (osCode !== null) throw this.#disk.error(`rename ${from} to`, to, osCode)
    this.#disk.step('rename', from, () => {
      const edits = [
        { directory: source.parent, name: source.name, node: null },
        { directory: target.parent, name: target.name, node },
      ]
      this.#disk.tree.journal.record(target.parent, edits, this.#nowMs())
    })
  }

  remove(path: string): void {
    this.#begin('remove', 'remove', path)
    const place = this.#findToRemove(path)
    if (place === null) return
    if (place.node?.kind === 'directory') throw this.#disk.error('remove', path, 'EISDIR')
    this.#disk.step('remove', path, () => this.#set(place, null))
  }

  removeTree(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      if (!this.#process.alive) return
      // One name after the other, others working in between: a crash, or a look at the directory, may find a part of it.
      const next = () => {
        this.#process
          .later(this.#disk.readDelayMs(), 'removeTree', () => this.#removeLeaf(path))
          .then(more => (more ? next() : resolve()), reject)
      }
      next()
    })
  }

  syncDirectory(path: string): Promise<void> {
    return this.#process.asynchronously(this.#disk.syncDelayMs(), 'syncDirectory', () => this.#startSync(path))
  }

  syncDirectoryNow(path: string): void {
    this.#process.assertAlive()
    this.#startSync(path)()
  }

  lock(path: string): Lock {
    this.#begin('lock', 'lock', path)
    const place = this.#find('lock', path)
    if (place.node?.kind === 'directory') throw this.#disk.error('lock', path, 'EISDIR')
    // The lock goes with the file, as with the real one: whoever removes or replaces the file has broken the lock.
    const held = place.node === null ? undefined : this.#disk.locks.get(place.node)
    if (held !== undefined) throw this.#lockedBy(path, held === this.#process ? 'this process already' : held.name)
    const node = this.#disk.step('lock', path, () => {
      const file = new FileNode(this.#nowMs())
      file.write(Buffer.from(`${this.#process.name}\n`), 0, this.#nowMs())
      this.#set(place, file)
      return file
    })
    this.#disk.locks.set(node, this.#process)
    return {
      release: () => {
        if (!this.#disk.locks.delete(node)) return
        const now = this.#disk.tree.find(path)
        if (typeof now !== 'string' && now.node === node) this.#disk.step('lock', path, () => this.#set(now, null))
      },
    }
  }

  /** Checks, and begins a sync of, a directory; the result ends it. */
  #startSync(path: string): () => void {
    const directory = this.#directory('sync', path)
    const changeCount = this.#disk.tree.journal.changeCount
    const osCode = this.#disk.failures.take('syncDirectory', path)
    this.#disk.step('syncDirectory', path, () => {})
    return () => {
      if (osCode !== null) throw this.#disk.error('sync', path, osCode)
      if (!this.#disk.settings.liesAboutSync) this.#disk.tree.journal.makeDurable(directory, changeCount)
    }
  }

  #create(path: string, place: Place): FileNode {
    return this.#disk.step('open', path, () => {
      const node = new FileNode(this.#nowMs())
      this.#set(place, node)
      return node
    })
  }

  /** Removes the first name at or below `path` that has nothing below it; false if it was the last. */
  #removeLeaf(path: string): boolean {
    let place = this.#findToRemove(path)
    if (place === null) return false
    let leafPath = path
    while (place.node?.kind === 'directory' && place.node.seen.size > 0) {
      const name: string = place.node.seen.keys().next().value!
      place = { parent: place.node, name, node: place.node.seen.get(name) ?? null }
      leafPath = `${leafPath}/${name}`
    }
    const leaf = place
    if (leaf.name === '') throw this.#disk.error('remove', path, 'EBUSY')
    const osCode = this.#disk.failures.take('remove', leafPath)
    if (osCode !== null) throw this.#disk.error('remove', leafPath, osCode)
    this.#disk.step('remove', leafPath, () => this.#set(leaf, null))
    return leafPath !== path
  }

  #set(place: Place, node: DiskNode | null): void {
    this.#disk.tree.journal.record(place.parent, [{ directory: place.parent, name: place.name, node }], this.#nowMs())
  }

  #begin(operation: DiskOperation, what: string, path: string): void {
    this.#process.assertAlive()
    const osCode = this.#disk.failures.take(operation, path)
    if (osCode !== null) throw this.#disk.error(what, path, osCode)
  }

  #find(what: string, path: string): Place {
    const place = this.#disk.tree.find(path)
    if (typeof place === 'string') throw this.#disk.error(what, path, place)
    return place
  }

  /** Null if there is nothing to remove. */
  #findToRemove(path: string): Place | null {
    const place = this.#disk.tree.find(path)
    if (place === 'ENOTDIR') throw this.#disk.error('remove', path, place)
    return place === 'ENOENT' || place.node === null ? null : place
  }

  #directory(what: string, path: string): DirectoryNode {
    const { node } = this.#find(what, path)
    if (node === null) throw this.#disk.error(what, path, 'ENOENT')
    if (node.kind === 'file') throw this.#disk.error(what, path, 'ENOTDIR')
    return node
  }

  #openCount(): number {
    let count = 0
    for (const handle of this.#disk.handles) if (handle.process === this.#process) count++
    return count
  }

  #lockedBy(path: string, owner: string): KafkaError {
    const message = `${path} is held by ${owner}: stop that one or choose another directory (seed ${this.#process.scheduler.seed})`
    return new KafkaError('DIRECTORY_LOCKED', message, { at: { path } })
  }

  #nowMs(): number {
    return this.#process.clock.nowMs()
  }
}

function kindOf(node: DiskNode): NodeKind {
  return node.kind === 'file' ? 'file' : node.seen.size === 0 ? 'emptyDirectory' : 'directory'
}
