import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { StorageError } from './errors.ts'
import { type File, type Files, parentOf, readWholeFile, replaceFile, writeFully } from './files.ts'
import { createSimulation, type Machine, SimulatedCrash } from './simulated/index.ts'

const SEEDS = Number(process.env['LOGWERK_SEEDS'] ?? 50)

const bytes = (length: number, from = 0) => Uint8Array.from({ length }, (_, index) => (from + index) % 251)

describe('writeFully', () => {
  test('goes on after short writes until every byte of every chunk is there', () => {
    fc.assert(
      fc.property(fc.integer(), fc.array(fc.nat(50), { maxLength: 12 }), fc.nat(20), (seed, sizes, at) => {
        const { files, disk } = createSimulation({ seed })
        disk.settings.shortWriteShare = 0.7
        const file = files.open('/a', 'create')
        const content = bytes(sizes.reduce((sum, size) => sum + size, 0))
        const ends = sizes.map((_, index) => sizes.slice(0, index + 1).reduce((sum, size) => sum + size, 0))
        const chunks = ends.map((end, index) => content.subarray(end - sizes[index]!, end))
        writeFully(file, chunks, at)
        const expected = content.length === 0 ? [] : [...new Uint8Array(at), ...content]
        expect([...readWholeFile(files, '/a')]).toEqual(expected)
      }),
      { numRuns: SEEDS * 4 },
    )
  })

  test('the fault is really there: a write alone falls short', () => {
    const { files, disk } = createSimulation({ seed: 1 })
    disk.settings.shortWriteShare = 1
    expect(files.open('/a', 'create').writev([bytes(100)], 0)).toBeLessThan(100)
  })

  test('more chunks than the system takes at once, most of them empty', () => {
    const { files } = createSimulation({ seed: 1 })
    const chunks = Array.from({ length: 5000 }, (_, index) => bytes(index % 7 === 0 ? 3 : 0, index))
    writeFully(files.open('/a', 'create'), chunks, 0)
    expect(Buffer.from(readWholeFile(files, '/a')).equals(Buffer.concat(chunks))).toBe(true)
    writeFully(files.open('/b', 'create'), [...new Array(1500).fill(new Uint8Array(0)), bytes(2)], 0)
    expect([...readWholeFile(files, '/b')]).toEqual([0, 1])
  })

  test('a disk that becomes full on the way is its error', () => {
    const { files, disk } = createSimulation({ seed: 1 })
    disk.settings.capacityBytes = 60
    const file = files.open('/a', 'create')
    expect(() => writeFully(file, [bytes(50), bytes(50)], 0)).toThrow(expect.objectContaining({ osCode: 'ENOSPC' }))
    expect(file.sizeBytes()).toBe(60)
  })

  test('a system that takes no bytes and says nothing does not hold it up for ever', () => {
    const file = { path: '/a', writev: () => 0 } as unknown as File
    expect(() => writeFully(file, [bytes(1)], 0)).toThrow('cannot write to /a: the system takes no bytes and gives no reason')
    writeFully(file, [new Uint8Array(0)], 0)
    writeFully(file, [], 0)
  })
})

describe('readWholeFile', () => {
  test('reads it, and an empty one, and leaves nothing open', () => {
    const { files, disk } = createSimulation({ seed: 1 })
    replaceFile(files, '/a', bytes(5))
    replaceFile(files, '/b', bytes(0))
    expect([...readWholeFile(files, '/a')]).toEqual([0, 1, 2, 3, 4])
    expect(readWholeFile(files, '/b')).toHaveLength(0)
    expect(disk.openFiles()).toEqual([])
  })

  test('a missing file and a disk that fails are their errors, and nothing stays open', () => {
    const { files, disk } = createSimulation({ seed: 1 })
    expect(() => readWholeFile(files, '/a')).toThrow(expect.objectContaining({ osCode: 'ENOENT' }))
    replaceFile(files, '/a', bytes(5))
    disk.fail('read')
    expect(() => readWholeFile(files, '/a')).toThrow(expect.objectContaining({ osCode: 'EIO' }))
    expect(disk.openFiles()).toEqual([])
  })
})

/** What is at /data/a after a crash at each step of replacing `old`, which is durable, by `next`; "done" if the replacement returned. */
function outcomesOf(seedCount: number, by: 'crash' | 'kill', replace: typeof replaceFile): Set<string> {
  const outcomes = new Set<string>()
  for (let seed = 0; seed < seedCount; seed++) {
    for (let step = 1; ; step++) {
      const simulation = createSimulation({ seed })
      const machine = simulation.machine('b')
      machine.world.files.makeDirectory('/data')
      machine.world.files.syncDirectoryNow('/')
      replaceFile(machine.world.files, '/data/a', bytes(3000))
      machine.disk.settings.shortWriteShare = 0.3
      const done = survives(machine, step, by, files => replace(files, '/data/a', bytes(4000, 100)))
      machine.disk.heal()
      if (machine.running) machine.crash()
      const files = machine.restart().files
      const found = files.info('/data/a') === null ? null : Buffer.from(readWholeFile(files, '/data/a'))
      const what = found?.equals(bytes(3000)) ? 'old' : found?.equals(bytes(4000, 100)) ? 'new' : 'damaged'
      outcomes.add(done ? `done: ${what}` : what)
      // What a crash has left is in nobody's way.
      replaceFile(files, '/data/a', bytes(10))
      expect(readWholeFile(files, '/data/a')).toEqual(bytes(10))
      if (done) break
    }
  }
  return outcomes
}

function survives(machine: Machine, step: number, by: 'crash' | 'kill', work: (files: Files) => void): boolean {
  machine.disk.crashAtStep(machine.disk.steps + step, { by })
  try {
    work(machine.world.files)
    return true
  } catch (error) {
    if (error instanceof SimulatedCrash) return false
    throw error
  }
}

describe('replaceFile', () => {
  test.each(['crash', 'kill'] as const)('a %s at any step leaves the old content or the new one; what was done stays done', by => {
    expect([...outcomesOf(Math.ceil(SEEDS / 2), by, replaceFile)].sort()).toEqual(['done: new', 'new', 'old'])
  })

  test('the check sees a replacement that syncs nothing, and one that writes in place', () => {
    const hasty = outcomesOf(10, 'crash', (files, path, content) => {
      const file = files.open(`${path}.tmp`, 'write')
      writeFully(file, [content], 0)
      file.close()
      files.rename(`${path}.tmp`, path)
    })
    expect(hasty).toContain('damaged')
    expect(hasty).toContain('done: old')
    const inPlace = outcomesOf(10, 'kill', (files, path, content) => writeFully(files.open(path, 'write'), [content], 0))
    expect(inPlace).toContain('damaged')
  })

  test('closes its file and leaves the old content when the disk refuses', () => {
    for (const operation of ['open', 'write', 'datasync', 'rename'] as const) {
      const { files, disk } = createSimulation({ seed: 1 })
      replaceFile(files, '/a', bytes(5))
      disk.fail(operation)
      expect(() => replaceFile(files, '/a', bytes(7))).toThrow(StorageError)
      expect(disk.openFiles()).toEqual([])
      expect(readWholeFile(files, '/a')).toEqual(bytes(5))
      replaceFile(files, '/a', bytes(7))
      expect(readWholeFile(files, '/a')).toEqual(bytes(7))
      expect(files.list('/')).toEqual(['a'])
    }
  })
})

test.each([
  ['/data/orders-0/a.log', '/data/orders-0'],
  ['/data', '/'],
  ['data/a', 'data'],
  ['data', '.'],
  ['./data', '.'],
  ['C:\\data\\a', 'C:\\data'],
  ['data\\x/a', 'data\\x'],
])('parentOf(%s) is %s', (path, parent) => {
  expect(parentOf(path)).toBe(parent)
})
