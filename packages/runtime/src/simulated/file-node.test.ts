import { describe, expect, test } from 'vitest'
import { type DataLoss, FileNode } from './file-node.ts'
import { SeededRandom } from './random.ts'

const filled = (length: number, value: number) => new Uint8Array(length).fill(value)

/** A file with 1,000 durable ones, then 3 unsynced writes that reach to 10,000: twos, threes, fours. */
function prepared(): FileNode {
  const file = new FileNode(0)
  file.write(filled(1000, 1), 0, 0)
  file.makeDurable(file.changeCount)
  file.write(filled(3000, 2), 1000, 0)
  file.write(filled(3000, 3), 4000, 0)
  file.write(filled(3000, 4), 7000, 0)
  return file
}

function afterCrash(loss: DataLoss, seed: number, make = prepared): Uint8Array {
  const file = make()
  file.crash(loss, new SeededRandom(seed))
  // Not toEqual: it looks at each of ten thousand bytes by itself.
  expect(Buffer.compare(file.view('durable'), file.view())).toBe(0)
  return file.view().slice()
}

/** What `prepared` holds at `at` if everything is there. */
const whole = (at: number) => (at < 1000 ? 1 : at < 4000 ? 2 : at < 7000 ? 3 : 4)
const isPrefix = (bytes: Uint8Array) => bytes.every((value, at) => value === whole(at))
const seeds = Array.from({ length: 200 }, (_, seed) => seed)

describe('a power cut', () => {
  test('lose: only what was synced is left', () => {
    for (const seed of seeds.slice(0, 5)) expect(afterCrash('lose', seed)).toEqual(filled(1000, 1))
  })

  test('keep: everything is left', () => {
    const left = afterCrash('keep', 1)
    expect(left).toHaveLength(10_000)
    expect(isPrefix(left)).toBe(true)
  })

  test('zeros: the size is left, with zeros behind what was synced', () => {
    expect(afterCrash('zeros', 1)).toEqual(Uint8Array.from({ length: 10_000 }, (_, at) => (at < 1000 ? 1 : 0)))
  })

  test('torn: a prefix is left, cut at writes, at sectors and at any byte', () => {
    const sizes = seeds.map(seed => {
      const left = afterCrash('torn', seed)
      expect(isPrefix(left)).toBe(true)
      expect(left.length).toBeGreaterThanOrEqual(1000)
      return left.length
    })
    expect(sizes.some(size => [1000, 4000, 7000, 10_000].includes(size))).toBe(true)
    expect(sizes.some(size => size % 512 === 0)).toBe(true)
    expect(sizes.some(size => size % 512 !== 0 && size % 1000 !== 0)).toBe(true)
  })

  test('torn: the order of overwrites and truncations holds', () => {
    const make = () => {
      const file = new FileNode(0)
      file.write(filled(10, 1), 0, 0)
      file.makeDurable(file.changeCount)
      file.truncate(4, 0)
      file.write(filled(4, 2), 4, 0)
      return file
    }
    const outcomes = new Set(seeds.map(seed => afterCrash('torn', seed, make).join('')))
    expect([...outcomes].sort()).toEqual(['1111', '1111111111', '11112', '111122', '1111222', '11112222'])
  })

  test('pages: any 4 KiB pages are left, the others are as before or zeros, and the size may be there without them', () => {
    const kept = new Set<string>()
    for (const seed of seeds) {
      const left = afterCrash('pages', seed)
      const pages = [0, 1, 2].map(page => {
        const from = Math.max(1000, page * 4096)
        const part = left.subarray(from, (page + 1) * 4096)
        if (part.length === 0) return '-'
        if (part.every((value, index) => value === whole(from + index))) return 'k'
        expect(part.every(value => value === 0)).toBe(true)
        return '0'
      })
      expect(isPrefix(left.subarray(0, 1000))).toBe(true)
      kept.add(`${pages.join('')} ${left.length}`)
    }
    // Three pages kept or not, with the size kept, or as far as the last page that is there.
    for (const outcome of ['kkk 10000', '0kk 10000', 'k0k 10000', '000 10000', 'k-- 4096', '0k- 8192', '--- 1000'])
      expect(kept).toContain(outcome)
  })

  test('random: every kind of loss comes up', () => {
    const left = seeds.map(seed => afterCrash('random', seed))
    expect(left.some(bytes => bytes.length === 1000)).toBe(true)
    expect(left.some(bytes => bytes.length === 10_000 && isPrefix(bytes))).toBe(true)
    expect(left.some(bytes => bytes.length === 10_000 && bytes.subarray(1000).every(value => value === 0))).toBe(true)
    expect(left.some(bytes => bytes.length % 1000 !== 0 && isPrefix(bytes))).toBe(true)
    expect(left.some(bytes => !isPrefix(bytes) && bytes.includes(4))).toBe(true)
  })

  test('a file that is synced whole loses nothing and draws no chance', () => {
    const file = new FileNode(0)
    file.write(filled(10, 1), 0, 0)
    file.makeDurable(file.changeCount)
    const random = new SeededRandom(1)
    file.crash('random', random)
    expect(file.view()).toEqual(filled(10, 1))
    expect(random.uint32()).toBe(new SeededRandom(1).uint32())
  })
})

describe('syncs', () => {
  test('cover what was written before they began, in whichever order they end', () => {
    const file = new FileNode(0)
    file.write(filled(1, 1), 0, 0)
    const first = file.changeCount
    file.write(filled(1, 2), 1, 0)
    const second = file.changeCount
    file.write(filled(1, 3), 2, 0)
    file.makeDurable(second)
    file.makeDurable(first)
    expect([...file.view('durable')]).toEqual([1, 2])
    file.makeDurable(file.changeCount)
    expect([...file.view('durable')]).toEqual([1, 2, 3])
  })

  test('one that failed loses its bytes for good, though programs see them until the cache goes', () => {
    const file = new FileNode(0)
    file.write(filled(2, 1), 0, 0)
    file.forget(file.changeCount)
    file.write(filled(2, 2), 2, 0)
    file.makeDurable(file.changeCount)
    expect([...file.view()]).toEqual([1, 1, 2, 2])
    expect([...file.view('durable')]).toEqual([0, 0, 2, 2])
    file.write(filled(1, 3), 4, 0)
    file.dropCache()
    expect([...file.view()]).toEqual([0, 0, 2, 2, 3])
  })

  test('a power cut after a failed sync brings nothing of it back', () => {
    for (const seed of seeds) {
      const file = new FileNode(0)
      file.write(filled(5000, 1), 0, 0)
      file.forget(file.changeCount)
      file.write(filled(5000, 2), 5000, 0)
      file.crash('random', new SeededRandom(seed))
      expect(file.view().includes(1)).toBe(false)
    }
  })
})

test('corrupt changes what programs see, what the disk holds and what is still to be written', () => {
  const file = new FileNode(0)
  file.write(filled(4, 1), 0, 0)
  file.makeDurable(file.changeCount)
  file.write(filled(4, 2), 4, 0)
  file.corrupt(3, Uint8Array.of(7, 8))
  expect([...file.view()]).toEqual([1, 1, 1, 7, 8, 2, 2, 2])
  expect([...file.view('durable')]).toEqual([1, 1, 1, 7])
  file.makeDurable(file.changeCount)
  expect([...file.view('durable')]).toEqual([1, 1, 1, 7, 8, 2, 2, 2])
  file.corrupt(7, Uint8Array.of(9, 9, 9))
  expect([...file.view()]).toEqual([1, 1, 1, 7, 8, 2, 2, 9])
})
