import { describe, expect, test } from 'vitest'
import { StorageError } from './errors.ts'
import { type Files, writeFully } from './files.ts'
import { createMemoryFiles } from './memory-files.ts'
import { checkTwins, withoutExclusiveCreation } from './simulated/files-twin.test-support.ts'
import { createSimulation } from './simulated/index.ts'

const RUNS = Number(process.env['LOGWERK_SEEDS'] ?? 50) * 3

function compareWithSimulated(sabotage?: (files: Files) => Files): Promise<void> {
  const makeTwins: Parameters<typeof checkTwins>[1] = simulation => {
    const files = createMemoryFiles(simulation.clock)
    files.makeDirectory('/root')
    simulation.files.makeDirectory('/root')
    return [
      { files: sabotage?.(files) ?? files, root: '/root', settle: promise => promise },
      { files: simulation.files, root: '/root', settle: promise => simulation.runUntil(promise) },
    ]
  }
  return checkTwins(RUNS, makeTwins, sabotage !== undefined)
}

test('files in memory answer as those of the simulated disk', async () => {
  await compareWithSimulated()
})

test('the check sees a difference', async () => {
  const failure = await compareWithSimulated(withoutExclusiveCreation).catch(error => error)
  expect(String(failure.cause)).toContain('to deeply equal')
})

describe('createMemoryFiles', () => {
  const setUp = () => {
    const simulation = createSimulation({ seed: 1 })
    return { simulation, files: createMemoryFiles(simulation.clock) }
  }
  const codeOf = (action: () => unknown): string => {
    try {
      action()
    } catch (error) {
      if (error instanceof StorageError) return error.osCode
      throw error
    }
    return 'none'
  }

  test('keeps its files to itself', () => {
    const { simulation, files } = setUp()
    files.open('/a', 'create')
    expect(createMemoryFiles(simulation.clock).info('/a')).toBeNull()
    expect(simulation.files.info('/a')).toBeNull()
  })

  test('every way of writing a path means the same place', () => {
    const { files } = setUp()
    files.makeDirectory('data/logs/')
    files.open('./data/logs/a', 'create')
    for (const path of ['/data/logs/a', 'data//logs/a', 'data/x/../logs/a', 'data\\logs\\a']) expect(files.info(path)?.kind).toBe('file')
    expect(files.list('.')).toEqual(['data'])
    expect(files.list('/')).toEqual(['data'])
  })

  test('tells when a file was changed', async () => {
    const { simulation, files } = setUp()
    const file = files.open('/a', 'create')
    const startMs = simulation.clock.nowMs()
    const modifiedMs = () => files.info('/a')!.modifiedMs - startMs
    await simulation.advance(1000)
    expect(modifiedMs()).toBe(0)
    file.writev([Uint8Array.of(1)], 0)
    expect(modifiedMs()).toBe(1000)
    await simulation.advance(1000)
    file.truncate(0)
    expect(modifiedMs()).toBe(2000)
    await simulation.advance(1000)
    file.read(new Uint8Array(1), 0)
    files.rename('/a', '/b')
    expect(files.info('/b')!.modifiedMs - startMs).toBe(2000)
  })

  test('holds much more than it begins with, written in any pieces', () => {
    const { files } = setUp()
    const file = files.open('/a', 'create')
    const expected = Buffer.alloc(300_000)
    for (let at = 0, size = 1; at < expected.length; at += size, size = Math.min(size * 3, expected.length - at)) {
      expected.fill(size & 0xff, at, at + size)
      writeFully(file, [expected.subarray(at, at + 1), expected.subarray(at + 1, at + size)], at)
      if (at + size === expected.length) break
    }
    const read = Buffer.alloc(expected.length + 1)
    expect(file.read(read, 0)).toBe(expected.length)
    expect(read.subarray(0, -1).equals(expected)).toBe(true)
  })

  test('what lies between the end and a later write is zeros, also where there was something once', () => {
    const { files } = setUp()
    const file = files.open('/a', 'create')
    file.writev([new Uint8Array(100).fill(7)], 0)
    file.truncate(10)
    file.writev([Uint8Array.of(8)], 20)
    file.truncate(30)
    const read = new Uint8Array(30)
    expect(file.read(read, 0)).toBe(30)
    expect([...read]).toEqual([...new Array(10).fill(7), ...new Array(10).fill(0), 8, ...new Array(9).fill(0)])
  })

  test('an open file outlives its name and its replacement', () => {
    const { files } = setUp()
    const old = files.open('/a', 'create')
    old.writev([Uint8Array.of(1)], 0)
    files.remove('/a')
    files.open('/a', 'create').writev([Uint8Array.of(2)], 0)
    const [before, after] = [new Uint8Array(1), new Uint8Array(1)]
    old.read(before, 0)
    files.open('/a', 'read').read(after, 0)
    expect([before[0], after[0]]).toEqual([1, 2])
  })

  test('positions below 0 and between two bytes are refused', async () => {
    const { files } = setUp()
    const file = files.open('/a', 'write')
    for (const position of [-1, 0.5, Number.NaN, 2 ** 53]) {
      expect(codeOf(() => file.read(new Uint8Array(1), position))).toBe('EINVAL')
      expect(codeOf(() => file.writev([Uint8Array.of(1)], position))).toBe('EINVAL')
      expect(codeOf(() => file.truncate(position))).toBe('EINVAL')
      await expect(file.readLater(new Uint8Array(1), position)).rejects.toMatchObject({ osCode: 'EINVAL' })
    }
  })

  test('the root can be neither moved nor removed', async () => {
    const { files } = setUp()
    files.makeDirectory('/')
    files.makeDirectory('/a')
    expect(codeOf(() => files.rename('/', '/a'))).toBe('EBUSY')
    expect(codeOf(() => files.rename('/a', '/'))).toBe('EBUSY')
    await expect(files.removeTree('/')).rejects.toMatchObject({ osCode: 'EBUSY' })
    expect(codeOf(() => files.remove('/'))).toBe('EISDIR')
  })

  test('errors say what, where and why', () => {
    const { files } = setUp()
    expect(() => files.open('/data/a', 'write')).toThrow(
      'cannot open /data/a (in memory): it, or a directory on the way to it, does not exist (ENOENT)',
    )
    expect(codeOf(() => files.syncDirectoryNow('/data'))).toBe('ENOENT')
  })

  test('a lock is held once, names its file, and is free after its release', () => {
    const { files } = setUp()
    const lock = files.lock('/.lock')
    expect(() => files.lock('/.lock')).toThrow('/.lock (in memory) is held by this process already')
    expect(() => files.lock('/.lock')).toThrow(expect.objectContaining({ code: 'DIRECTORY_LOCKED', at: { path: '/.lock' } }))
    lock.release()
    const second = files.lock('/.lock')
    // A second release of the first lock leaves the second one alone.
    lock.release()
    expect(() => files.lock('/.lock')).toThrow('is held')
    second.release()
    expect(files.list('/')).toEqual([])
  })
})
