import type { Random } from '../random.ts'
import { namesOf } from '../tree-rules.ts'
import { DirectoryNode, type DiskNode, NameJournal, type NameLoss } from './directory-node.ts'
import type { DataLoss, FileNode } from './file-node.ts'

/** A place in the tree, with or without something there. */
export interface Place {
  readonly parent: DirectoryNode
  /** Empty for the root. */
  readonly name: string
  readonly node: DiskNode | null
}

/** All files and directories of a disk. The root exists from the beginning and is durable. */
export class DirectoryTree {
  readonly root: DirectoryNode
  readonly journal = new NameJournal()

  constructor(nowMs: number) {
    this.root = new DirectoryNode(nowMs)
  }

  /** What is at `path`, or the operating system's code if a directory on the way is missing or is a file. */
  find(path: string): Place | 'ENOENT' | 'ENOTDIR' {
    const names = namesOf(path)
    let place: Place = { parent: this.root, name: '', node: this.root }
    for (const name of names) {
      if (place.node === null) return 'ENOENT'
      if (place.node.kind === 'file') return 'ENOTDIR'
      place = { parent: place.node, name, node: place.node.seen.get(name) ?? null }
    }
    return place
  }

  /** Every file by its path, as programs see the names or as the disk holds them for certain. */
  files(which: 'seen' | 'durable'): Map<string, FileNode> {
    const found = new Map<string, FileNode>()
    const visit = (directory: DirectoryNode, prefix: string) => {
      for (const [name, node] of directory[which]) {
        if (node.kind === 'file') found.set(`${prefix}/${name}`, node)
        else visit(node, `${prefix}/${name}`)
      }
    }
    visit(this.root, '')
    return found
  }

  /** The power is cut and comes back: names first, then the content of every file that still has one. */
  crash(dataLoss: DataLoss, nameLoss: NameLoss, random: Random): void {
    this.journal.crash(nameLoss, random)
    const restore = (directory: DirectoryNode) => {
      directory.seen = new Map(directory.durable)
      for (const node of directory.durable.values()) {
        if (node.kind === 'file') node.crash(dataLoss, random)
        else restore(node)
      }
    }
    restore(this.root)
  }
}
