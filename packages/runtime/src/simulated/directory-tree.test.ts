import { describe, expect, test } from 'vitest'
import { DirectoryNode, type DiskNode, type NameLoss } from './directory-node.ts'
import { DirectoryTree } from './directory-tree.ts'
import { FileNode } from './file-node.ts'
import { SeededRandom } from './random.ts'

/** A tree with short words for its operations. */
class Names {
  readonly tree = new DirectoryTree(0)

  set(path: string, node: DiskNode | null): void {
    const place = this.#place(path)
    this.tree.journal.record(place.parent, [{ directory: place.parent, name: place.name, node }], 0)
  }

  create(path: string): void {
    this.set(path, new FileNode(0))
  }

  makeDirectory(path: string): void {
    this.set(path, new DirectoryNode(0))
  }

  rename(from: string, to: string): void {
    const [source, target] = [this.#place(from), this.#place(to)]
    const edits = [
      { directory: source.parent, name: source.name, node: null },
      { directory: target.parent, name: target.name, node: source.node },
    ]
    this.tree.journal.record(target.parent, edits, 0)
  }

  sync(path: string, changeCount = this.tree.journal.changeCount): void {
    const { node } = this.#place(path)
    if (node?.kind === 'directory') this.tree.journal.makeDurable(node, changeCount)
  }

  /** Paths of the files that are left. */
  crash(loss: NameLoss, seed = 0): string {
    this.tree.crash('keep', loss, new SeededRandom(seed))
    return [...this.tree.files('seen').keys()].sort().join(' ')
  }

  #place(path: string) {
    const place = this.tree.find(path)
    if (typeof place === 'string') throw new Error(place)
    return place
  }
}

/** All that random losses leave of what `prepare` does. */
function outcomes(prepare: (names: Names) => void): string[] {
  const seen = new Set<string>()
  for (let seed = 0; seed < 200; seed++) {
    const names = new Names()
    prepare(names)
    seen.add(names.crash('random', seed))
  }
  return [...seen].sort()
}

describe('names after a power cut', () => {
  test('without a sync: none, all, or any', () => {
    const prepare = (names: Names) => {
      names.create('/a')
      names.create('/b')
    }
    const [lost, kept] = [new Names(), new Names()]
    prepare(lost)
    prepare(kept)
    expect(lost.crash('lose')).toBe('')
    expect(kept.crash('keep')).toBe('/a /b')
    expect(outcomes(prepare)).toEqual(['', '/a', '/a /b', '/b'])
  })

  test('synced ones stay', () => {
    expect(
      outcomes(names => {
        names.create('/a')
        names.sync('/')
        names.create('/b')
      }),
    ).toEqual(['/a', '/a /b'])
  })

  test('changes of one name keep their order: a later one is only there if the earlier ones are', () => {
    const seen = new Set<string>()
    for (let seed = 0; seed < 100; seed++) {
      const names = new Names()
      const [first, second] = [new FileNode(0), new FileNode(0)]
      names.set('/a', first)
      names.sync('/')
      names.rename('/a', '/b')
      names.set('/a', second)
      names.crash('random', seed)
      const left = [...names.tree.files('seen')].map(([path, node]) => `${path} ${node === first ? 'first' : 'second'}`)
      seen.add(left.sort().join(', '))
    }
    expect([...seen].sort()).toEqual(['/a first', '/a second, /b first', '/b first'])
  })

  test('a rename is atomic: the old file or the new one, and never neither', () => {
    expect(
      outcomes(names => {
        names.create('/x')
        names.create('/x.tmp')
        names.sync('/')
        names.rename('/x.tmp', '/x')
      }),
    ).toEqual(['/x', '/x /x.tmp'])
  })

  test('a rename to another directory is made durable by the sync of that one', () => {
    const prepare = (synced: string) => (names: Names) => {
      names.makeDirectory('/from')
      names.makeDirectory('/to')
      names.create('/from/x')
      names.sync('/')
      names.sync('/from')
      names.rename('/from/x', '/to/y')
      names.sync(synced)
    }
    expect(outcomes(prepare('/to'))).toEqual(['/to/y'])
    expect(outcomes(prepare('/from'))).toEqual(['/from/x', '/to/y'])
  })

  test('a sync takes along what its changes build on', () => {
    expect(
      outcomes(names => {
        names.makeDirectory('/from')
        names.makeDirectory('/to')
        names.sync('/')
        names.create('/from/x')
        names.create('/from/other')
        names.rename('/from/x', '/to/y')
        names.sync('/to')
      }),
    ).toEqual(['/from/other /to/y', '/to/y'])
  })

  test('a file in a directory whose own name is lost is lost with it', () => {
    expect(
      outcomes(names => {
        names.makeDirectory('/d')
        names.create('/d/x')
        names.sync('/d')
      }),
    ).toEqual(['', '/d/x'])
  })

  test('a sync covers what was there when it began, also when another one ends before it', () => {
    const names = new Names()
    names.makeDirectory('/d')
    names.create('/a')
    names.create('/b')
    const began = names.tree.journal.changeCount
    names.create('/d/x')
    names.create('/c')
    names.sync('/d')
    names.sync('/', began)
    expect(names.crash('lose')).toBe('/a /b /d/x')
  })
})
