import { describe, expect, test } from 'vitest'
import { KafkaError, StorageError } from '../errors.ts'
import { type File, type Files, readWholeFile, replaceFile, writeFully } from '../files.ts'
import { createSimulation, type Simulation } from './index.ts'

const bytes = (...values: number[]) => Uint8Array.from(values)

function write(files: Files, path: string, ...values: number[]): File {
  const file = files.open(path, 'write')
  file.writev([bytes(...values)], 0)
  return file
}

/** The code and message of the StorageError that `action` throws. */
function failureOf(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    if (error instanceof StorageError) return error.message
    throw error
  }
  return 'no failure'
}

describe('open', () => {
  test('read needs the file, create needs its absence, write does either', () => {
    const { files } = createSimulation({ seed: 6 })
    expect(failureOf(() => files.open('/a', 'read'))).toBe('cannot open /a: it does not exist (ENOENT, seed 6)')
    write(files, '/a', 1, 2)
    expect(failureOf(() => files.open('/a', 'create'))).toBe('cannot create /a: it exists already (EEXIST, seed 6)')
    expect([...readWholeFile(files, '/a')]).toEqual([1, 2])
    expect(failureOf(() => files.open('/d/a', 'write'))).toContain('ENOENT')
    expect(failureOf(() => files.open('/a/b', 'write'))).toContain('ENOTDIR')
    expect(failureOf(() => files.open('/', 'write'))).toContain('EISDIR')
  })

  test('the error carries path and code', () => {
    const { files } = createSimulation({ seed: 6 })
    const failure = (() => {
      try {
        return files.open('/a', 'read')
      } catch (error) {
        return error
      }
    })()
    expect(failure).toMatchObject({ code: 'STORAGE_ERROR', osCode: 'ENOENT', at: { path: '/a' } })
  })

  test('a file that was opened for reading cannot be written, and a closed one cannot be used', () => {
    const { files } = createSimulation({ seed: 1 })
    const writer = write(files, '/a', 1)
    const reader = files.open('/a', 'read')
    expect(failureOf(() => reader.writev([bytes(1)], 0))).toContain('EBADF')
    expect(failureOf(() => reader.truncate(0))).toContain('EINVAL')
    writer.close()
    writer.close()
    for (const use of [
      () => writer.writev([bytes(1)], 0),
      () => writer.read(new Uint8Array(1), 0),
      () => writer.sizeBytes(),
      () => writer.truncate(0),
      () => writer.datasyncNow(),
    ]) {
      expect(failureOf(use)).toContain('EBADF')
    }
  })
})

describe('reading and writing', () => {
  test('a position is a whole number that is not negative', () => {
    const file = createSimulation({ seed: 1 }).files.open('/a', 'create')
    for (const position of [-1, 0.5, Number.NaN, 2 ** 53]) {
      expect(failureOf(() => file.writev([bytes(1)], position))).toContain('EINVAL')
      expect(failureOf(() => file.read(new Uint8Array(1), position))).toContain('EINVAL')
      expect(failureOf(() => file.truncate(position))).toContain('EINVAL')
    }
  })

  test('all handles of a file see the same bytes, also after it lost its name', () => {
    const { files, disk } = createSimulation({ seed: 1 })
    const [one, two] = [write(files, '/a', 1, 2, 3), files.open('/a', 'read')]
    files.remove('/a')
    one.writev([bytes(9)], 1)
    const into = new Uint8Array(5)
    expect(two.read(into, 0)).toBe(3)
    expect([...into]).toEqual([1, 9, 3, 0, 0])
    expect(files.info('/a')).toBeNull()
    expect(disk.openFiles()).toEqual(['/a', '/a'])
  })

  test('a write takes a copy of its chunks, and at most 1024 of them', () => {
    const { files } = createSimulation({ seed: 1 })
    const file = files.open('/a', 'create')
    const chunk = bytes(1, 2)
    file.writev([chunk], 0)
    chunk.fill(9)
    expect([...readWholeFile(files, '/a')]).toEqual([1, 2])
    const chunks = Array.from({ length: 2000 }, (_, index) => bytes(index & 0xff))
    expect(file.writev(chunks, 0)).toBe(1024)
    writeFully(file, chunks, 0)
    expect([...readWholeFile(files, '/a')]).toEqual(chunks.map(([value]) => value))
  })

  test('readLater reads after a while, and finishes after a close', async () => {
    const simulation = createSimulation({ seed: 1 })
    const file = write(simulation.files, '/a', 1, 2, 3)
    const into = new Uint8Array(2)
    const reading = file.readLater(into, 1)
    file.close()
    expect([...into]).toEqual([0, 0])
    expect(await simulation.runUntil(reading)).toBe(2)
    expect([...into]).toEqual([2, 3])
    await expect(simulation.runUntil(file.readLater(into, 0))).rejects.toThrow('EBADF')
  })

  test('what is written is dated by the wall clock of the machine', async () => {
    const simulation = createSimulation({ seed: 1, startMs: 5000 })
    const file = write(simulation.files, '/a', 1)
    expect(simulation.files.info('/a')?.modifiedMs).toBe(5000)
    await simulation.advance(10)
    simulation.machine('localhost').clock.jumpWall(100)
    file.writev([bytes(1)], 0)
    expect(simulation.files.info('/a')).toEqual({ kind: 'file', sizeBytes: 1, modifiedMs: 5110 })
  })
})

describe('directories', () => {
  test('are made with their parents, listed in order, and told from files', () => {
    const { files } = createSimulation({ seed: 1 })
    files.makeDirectory('/data/b/c')
    files.makeDirectory('/data/b')
    write(files, '/data/a', 1).close()
    expect(files.list('/data')).toEqual(['a', 'b'])
    expect(files.info('/data/b')?.kind).toBe('directory')
    expect(failureOf(() => files.list('/data/a'))).toContain('ENOTDIR')
    expect(failureOf(() => files.list('/nothing'))).toContain('ENOENT')
    expect(failureOf(() => files.makeDirectory('/data/a'))).toContain('EEXIST')
    expect(failureOf(() => files.makeDirectory('/data/a/b'))).toContain('ENOTDIR')
    expect(failureOf(() => files.remove('/data/b'))).toContain('EISDIR')
    expect(files.info('/data/a/b')).toBeNull()
  })

  test('rename replaces a file, and moves a directory with what is in it', () => {
    const { files } = createSimulation({ seed: 1 })
    files.makeDirectory('/d/e')
    write(files, '/d/e/x', 1)
    write(files, '/a', 2)
    write(files, '/b', 3)
    files.rename('/a', '/b')
    expect([...readWholeFile(files, '/b')]).toEqual([2])
    files.rename('/d/e', '/f')
    expect([...readWholeFile(files, '/f/x')]).toEqual([1])
    expect(files.list('/')).toEqual(['b', 'd', 'f'])
    expect(failureOf(() => files.rename('/a', '/c'))).toContain('ENOENT')
    expect(failureOf(() => files.rename('/f', '/f/g'))).toContain('EINVAL')
    expect(failureOf(() => files.rename('/d', '/f'))).toContain('ENOTEMPTY')
    expect(failureOf(() => files.rename('/d', '/b'))).toContain('ENOTDIR')
    expect(failureOf(() => files.rename('/b', '/d'))).toContain('EISDIR')
  })

  test('removeTree takes a name after the other, with work in between; nothing to remove is no error', async () => {
    const simulation = createSimulation({ seed: 1 })
    const { files, disk } = simulation
    files.makeDirectory('/d/e')
    for (const name of ['/d/a', '/d/e/a', '/d/e/b', '/x']) write(files, name, 1)
    const counts: number[] = []
    const removal = files.removeTree('/d')
    await simulation.runUntil(() => counts.push(disk.contents().size) > 0 && files.info('/d') === null)
    await simulation.runUntil(removal)
    expect([...new Set(counts)]).toEqual([4, 3, 2, 1])
    expect(files.list('/')).toEqual(['x'])
    await simulation.runUntil(files.removeTree('/d'))
    await simulation.runUntil(files.removeTree('/x'))
    expect(files.list('/')).toEqual([])
  })
})

describe('locks', () => {
  test('are refused while held, naming the owner, and given back once', () => {
    const { files } = createSimulation({ seed: 8 })
    const lock = files.lock('/lock')
    expect(files.list('/')).toEqual(['lock'])
    const failure = (() => {
      try {
        return files.lock('//lock')
      } catch (error) {
        return error as KafkaError
      }
    })()
    expect(failure).toBeInstanceOf(KafkaError)
    expect(failure).toMatchObject({ code: 'DIRECTORY_LOCKED', at: { path: '//lock' } })
    expect((failure as KafkaError).message).toContain('held by this process already')
    lock.release()
    expect(files.list('/')).toEqual([])
    const next = files.lock('/lock')
    // A second release of the first lock is not one of the next.
    lock.release()
    expect(() => files.lock('/lock')).toThrow(KafkaError)
    next.release()
  })

  test('need their directory', () => {
    expect(failureOf(() => createSimulation({ seed: 1 }).files.lock('/d/lock'))).toContain('ENOENT')
  })
})

describe('durability', () => {
  /** Content of the files that survive the worst power cut. */
  const durable = (simulation: Simulation) => [...simulation.disk.durableContents()].map(([path, content]) => `${path}: ${content.join()}`)

  test('datasync covers what was written before the call, when its delay has passed, and no name', async () => {
    const simulation = createSimulation({ seed: 1 })
    const { files, disk } = simulation
    disk.settings.syncDelay = { minMs: 5, maxMs: 5 }
    files.syncDirectoryNow('/')
    const file = write(files, '/a', 1)
    files.syncDirectoryNow('/')
    const syncing = file.datasync()
    file.writev([bytes(2)], 1)
    file.close()
    await simulation.advance(4)
    expect(durable(simulation)).toEqual(['/a: '])
    await simulation.runUntil(syncing)
    expect(simulation.clock.monotonicMs()).toBe(5)
    expect(durable(simulation)).toEqual(['/a: 1'])
  })

  test('syncDirectory covers the names, and not what the files hold', async () => {
    const simulation = createSimulation({ seed: 1 })
    const file = write(simulation.files, '/a', 1)
    file.datasyncNow()
    expect(durable(simulation)).toEqual([])
    await simulation.runUntil(simulation.files.syncDirectory('/'))
    file.writev([bytes(2)], 1)
    expect(durable(simulation)).toEqual(['/a: 1'])
    file.datasyncNow()
    expect(durable(simulation)).toEqual(['/a: 1,2'])
  })

  test('replaceFile is all or nothing through any power cut', () => {
    for (let step = 1; ; step++) {
      let fatal = false
      for (let seed = 0; seed < 30; seed++) {
        const simulation = createSimulation({ seed })
        const { files, disk } = simulation
        replaceFile(files, '/checkpoint', new Uint8Array(5000).fill(1))
        disk.crashAtStep(disk.steps + step)
        try {
          replaceFile(files, '/checkpoint', new Uint8Array(6000).fill(2))
        } catch {
          fatal = true
        }
        if (simulation.machine('localhost').running) simulation.machine('localhost').crash()
        const left = simulation.disk.contents().get('/checkpoint')
        expect(left?.every(value => value === (left.length === 5000 ? 1 : 2))).toBe(true)
        expect([5000, 6000]).toContain(left?.length)
        if (!fatal) expect(left).toHaveLength(6000)
      }
      if (!fatal) {
        // Creation, write, sync, rename, sync of the directory.
        expect(step).toBe(6)
        return
      }
    }
  })
})
