import type { Clock } from './clock.ts'
import { KafkaError, StorageError } from './errors.ts'
import { type File, type FileInfo, type Files, type OpenMode, parentOf } from './files.ts'

/** A file's bytes: a buffer that doubles, so that appending costs what it writes. */
interface Node {
  bytes: Buffer
  sizeBytes: number
  modifiedMs: number
}

const INITIAL_BYTES = 4096

/**
 * Files in memory, for a broker that keeps nothing. Fast and without faults; a sync does nothing, and everything is gone with the
 * process. (Tests of durability use the simulated disk.)
 */
export function createMemoryFiles(clock: Clock): Files {
  const nodes = new Map<string, Node>()
  const directories = new Set<string>(['/'])
  const locks = new Set<string>()
  const failure = (path: string, code: string, why: string) =>
    new StorageError(`${path} (in memory): ${why} (${code})`, code, { at: { path } })
  const existing = (path: string): Node => {
    const node = nodes.get(path)
    if (node === undefined) throw failure(path, 'ENOENT', 'there is no such file')
    return node
  }

  return {
    open(path, mode) {
      const known = nodes.get(path)
      if (known === undefined) {
        if (mode === 'read') throw failure(path, 'ENOENT', 'there is no such file')
        if (!directories.has(parentOf(path))) throw failure(path, 'ENOENT', 'its directory does not exist')
        nodes.set(path, { bytes: Buffer.allocUnsafeSlow(INITIAL_BYTES), sizeBytes: 0, modifiedMs: clock.nowMs() })
      } else if (mode === 'create') throw failure(path, 'EEXIST', 'it exists already')
      return new MemoryFile(path, nodes.get(path)!, mode, clock)
    },
    info(path): FileInfo | null {
      const node = nodes.get(path)
      if (node !== undefined) return { kind: 'file', sizeBytes: node.sizeBytes, modifiedMs: node.modifiedMs }
      return directories.has(path) ? { kind: 'directory', sizeBytes: 0, modifiedMs: 0 } : null
    },
    list(directory) {
      if (!directories.has(directory)) throw failure(directory, 'ENOENT', 'there is no such directory')
      const names: string[] = []
      for (const path of [...nodes.keys(), ...directories]) {
        if (path !== directory && parentOf(path) === directory) names.push(path.slice(directory === '/' ? 1 : directory.length + 1))
      }
      return names.sort()
    },
    makeDirectory(path) {
      for (let at = path; !directories.has(at) && at !== '.'; at = parentOf(at)) directories.add(at)
    },
    rename(from, to) {
      const node = nodes.get(from)
      if (node !== undefined) {
        nodes.delete(from)
        nodes.set(to, node)
        return
      }
      if (!directories.has(from)) throw failure(from, 'ENOENT', 'there is no such file')
      for (const [path, inner] of [...nodes]) {
        if (!path.startsWith(`${from}/`)) continue
        nodes.delete(path)
        nodes.set(to + path.slice(from.length), inner)
      }
      for (const path of [...directories]) {
        if (path !== from && !path.startsWith(`${from}/`)) continue
        directories.delete(path)
        directories.add(to + path.slice(from.length))
      }
    },
    remove: path => void nodes.delete(path),
    async removeTree(path) {
      for (const inner of [...nodes.keys()]) if (inner === path || inner.startsWith(`${path}/`)) nodes.delete(inner)
      for (const inner of [...directories]) if (inner === path || inner.startsWith(`${path}/`)) directories.delete(inner)
    },
    async syncDirectory(path) {
      if (!directories.has(path)) existing(path)
    },
    syncDirectoryNow() {},
    lock(path) {
      if (locks.has(path)) throw new KafkaError('DIRECTORY_LOCKED', `${path} is held already`, { at: { path } })
      locks.add(path)
      return { release: () => void locks.delete(path) }
    },
  }
}

class MemoryFile implements File {
  readonly path: string
  readonly #node: Node
  readonly #mode: OpenMode
  readonly #clock: Clock

  constructor(path: string, node: Node, mode: OpenMode, clock: Clock) {
    this.path = path
    this.#node = node
    this.#mode = mode
    this.#clock = clock
  }

  sizeBytes(): number {
    return this.#node.sizeBytes
  }

  read(into: Uint8Array, positionBytes: number): number {
    const { bytes, sizeBytes } = this.#node
    const byteCount = Math.max(Math.min(into.length, sizeBytes - positionBytes), 0)
    into.set(bytes.subarray(positionBytes, positionBytes + byteCount))
    return byteCount
  }

  async readLater(into: Uint8Array, positionBytes: number): Promise<number> {
    return this.read(into, positionBytes)
  }

  writev(chunks: readonly Uint8Array[], positionBytes: number): number {
    this.#ensureWritable()
    const node = this.#node
    let at = positionBytes
    for (const chunk of chunks) at += chunk.length
    if (at > node.bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(at, node.bytes.length * 2))
      grown.set(node.bytes.subarray(0, node.sizeBytes))
      node.bytes = grown
    }
    if (positionBytes > node.sizeBytes) node.bytes.fill(0, node.sizeBytes, positionBytes)
    let position = positionBytes
    for (const chunk of chunks) {
      node.bytes.set(chunk, position)
      position += chunk.length
    }
    node.sizeBytes = Math.max(node.sizeBytes, at)
    node.modifiedMs = this.#clock.nowMs()
    return at - positionBytes
  }

  truncate(sizeBytes: number): void {
    this.#ensureWritable()
    if (sizeBytes > this.#node.sizeBytes) this.writev([new Uint8Array(sizeBytes - this.#node.sizeBytes)], this.#node.sizeBytes)
    this.#node.sizeBytes = sizeBytes
  }

  async datasync(): Promise<void> {}

  datasyncNow(): void {}

  close(): void {}

  #ensureWritable(): void {
    if (this.#mode === 'read')
      throw new StorageError(`${this.path} (in memory): it is open for reading only (EBADF)`, 'EBADF', { at: { path: this.path } })
  }
}
