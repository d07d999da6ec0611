import { describe, expect, test } from 'vitest'
import { StorageError } from '../errors.ts'
import { type Files, readWholeFile, writeFully } from '../files.ts'
import { createSimulation, SimulatedCrash, SimulationError } from './index.ts'

const ones = (length: number) => new Uint8Array(length).fill(1)

function codeOf(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    if (error instanceof StorageError) return error.osCode
    throw error
  }
  return 'ok'
}

function withFile(seed = 1, content = ones(0)) {
  const simulation = createSimulation({ seed })
  const file = simulation.files.open('/a', 'create')
  if (content.length > 0) file.writev([content], 0)
  return { simulation, disk: simulation.disk, files: simulation.files, file }
}

describe('a full disk', () => {
  test('cuts the write that does not fit, fails the next one, and heals with more room', () => {
    const { disk, file } = withFile()
    disk.settings.capacityBytes = 100
    expect(file.writev([ones(80)], 0)).toBe(80)
    expect(file.writev([ones(10), ones(30)], 80)).toBe(20)
    expect(codeOf(() => file.writev([ones(1)], 100))).toBe('ENOSPC')
    expect(file.sizeBytes()).toBe(100)
    // What needs no room goes on.
    expect(file.writev([ones(50)], 50)).toBe(50)
    disk.settings.capacityBytes = 120
    expect(file.writev([ones(30)], 100)).toBe(20)
    disk.settings.fullOsCode = 'EDQUOT'
    expect(codeOf(() => writeFully(file, [ones(30)], 120))).toBe('EDQUOT')
  })

  test('counts all files, also one without a name until it is closed', () => {
    const { disk, files, file } = withFile(1, ones(60))
    disk.settings.capacityBytes = 100
    const other = files.open('/b', 'create')
    expect(other.writev([ones(100)], 0)).toBe(40)
    files.remove('/a')
    expect(codeOf(() => other.writev([ones(1)], 40))).toBe('ENOSPC')
    file.close()
    expect(other.writev([ones(100)], 40)).toBe(60)
  })
})

describe('short writes', () => {
  test('come as often as the settings say, and never write nothing', () => {
    const { simulation, disk, files, file } = withFile(3)
    disk.settings.shortWriteShare = 0.5
    let short = 0
    for (let index = 0; index < 400; index++) {
      const count = file.writev([ones(5), ones(5)], index * 10)
      expect(count).toBeGreaterThan(0)
      if (count < 10) short++
    }
    expect(short).toBeGreaterThan(150)
    expect(short).toBeLessThan(250)
    writeFully(file, [ones(500), ones(500)], 0)
    expect(
      readWholeFile(files, '/a')
        .subarray(0, 1000)
        .every(value => value === 1),
    ).toBe(true)
    expect(simulation.clock.monotonicMs()).toBe(0)
  })
})

describe('failing operations', () => {
  test('the n-th that matches fails once, with the code asked for', () => {
    const { disk, files, file } = withFile(1, ones(3))
    const into = new Uint8Array(3)
    disk.fail('read', { nth: 2 })
    expect(codeOf(() => file.read(into, 0))).toBe('ok')
    expect(codeOf(() => file.read(into, 0))).toBe('EIO')
    expect(codeOf(() => file.read(into, 0))).toBe('ok')
    disk.fail('open', { osCode: 'EACCES', path: path => path.endsWith('b') })
    expect(codeOf(() => files.open('/a', 'read'))).toBe('ok')
    expect(codeOf(() => files.open('/b', 'write'))).toBe('EACCES')
    expect(codeOf(() => files.open('/b', 'write'))).toBe('ok')
  })

  test('every operation can fail, and does nothing then', async () => {
    const { simulation, disk, files, file } = withFile(1, ones(3))
    const before = disk.contents()
    const steps = disk.steps
    for (const [operation, action] of [
      ['write', () => file.writev([ones(5)], 0)],
      ['truncate', () => file.truncate(0)],
      ['makeDirectory', () => files.makeDirectory('/d')],
      ['list', () => files.list('/')],
      ['rename', () => files.rename('/a', '/b')],
      ['remove', () => files.remove('/a')],
      ['lock', () => files.lock('/lock')],
      ['open', () => files.open('/c', 'create')],
    ] as const) {
      disk.fail(operation)
      expect(codeOf(action)).toBe('EIO')
    }
    disk.fail('remove')
    await expect(simulation.runUntil(files.removeTree('/a'))).rejects.toThrow('EIO')
    disk.fail('syncDirectory')
    await expect(simulation.runUntil(files.syncDirectory('/'))).rejects.toThrow('EIO')
    disk.fail('syncDirectory')
    expect(codeOf(() => files.syncDirectoryNow('/'))).toBe('EIO')
    disk.fail('read')
    await expect(simulation.runUntil(file.readLater(new Uint8Array(1), 0))).rejects.toThrow('EIO')
    expect(disk.contents()).toEqual(before)
    // The syncs had begun.
    expect(disk.steps).toBe(steps + 2)
    disk.fail('write')
    disk.heal()
    expect(codeOf(() => file.writev([ones(5)], 0))).toBe('ok')
  })

  test.each(['in the background', 'in place'])(
    'a datasync that fails %s loses its bytes; the next one succeeds without them',
    async how => {
      const { simulation, disk, files, file } = withFile(1, ones(3))
      files.syncDirectoryNow('/')
      disk.fail('datasync')
      if (how === 'in place') expect(codeOf(() => file.datasyncNow())).toBe('EIO')
      else await expect(simulation.runUntil(file.datasync())).rejects.toThrow('cannot sync /a: the disk reports an error (EIO, seed 1)')
      expect([...readWholeFile(files, '/a')]).toEqual([1, 1, 1])
      file.datasyncNow()
      expect([...disk.durableContents().get('/a')!]).toEqual([])
      disk.dropCaches()
      expect([...readWholeFile(files, '/a')]).toEqual([])
    },
  )
})

describe('lying syncs', () => {
  test('report success and leave everything at risk', async () => {
    const { simulation, disk, files, file } = withFile(1, ones(3))
    files.syncDirectoryNow('/')
    files.open('/b', 'create')
    disk.settings.liesAboutSync = true
    await simulation.runUntil(file.datasync())
    file.datasyncNow()
    files.syncDirectoryNow('/')
    await simulation.runUntil(files.syncDirectory('/'))
    expect(disk.durableContents()).toEqual(new Map([['/a', ones(0)]]))
    disk.settings.liesAboutSync = false
    file.datasyncNow()
    files.syncDirectoryNow('/')
    expect(disk.durableContents()).toEqual(
      new Map([
        ['/a', ones(3)],
        ['/b', ones(0)],
      ]),
    )
  })
})

describe('slow syncs', () => {
  test('take the time that the settings say', async () => {
    const { simulation, disk, files, file } = withFile(1, ones(3))
    disk.settings.syncDelay = { minMs: 5000, maxMs: 6000 }
    for (const start of [() => file.datasync(), () => files.syncDirectory('/')]) {
      const since = simulation.clock.monotonicMs()
      await simulation.runUntil(start())
      const tookMs = simulation.clock.monotonicMs() - since
      expect(tookMs).toBeGreaterThanOrEqual(5000)
      expect(tookMs).toBeLessThanOrEqual(6000)
    }
  })
})

describe('open files', () => {
  test('are limited per process', () => {
    const simulation = createSimulation({ seed: 1 })
    const { files, disk } = simulation
    disk.settings.maxOpenFiles = 2
    const first = files.open('/a', 'create')
    files.open('/b', 'create')
    expect(codeOf(() => files.open('/c', 'create'))).toBe('EMFILE')
    expect(files.list('/')).toEqual(['a', 'b'])
    simulation.machine('localhost').startProcess().world.files.open('/a', 'read')
    first.close()
    files.open('/c', 'create')
    expect(disk.openFiles()).toEqual(['/b', '/a', '/c'])
  })
})

describe('bits', () => {
  test('flip where they are told to, now and on the disk', () => {
    const { disk, files, file } = withFile(1, ones(10))
    file.datasyncNow()
    files.syncDirectoryNow('/')
    disk.flipBit('/a', 8 * 3 + 7)
    expect(readWholeFile(files, '/a')[3]).toBe(0x81)
    expect(disk.durableContents().get('/a')?.[3]).toBe(0x81)
    disk.corrupt('/a', 8, Uint8Array.of(7, 7, 7))
    expect([...readWholeFile(files, '/a').subarray(7)]).toEqual([1, 7, 7])
  })

  test('flip at random within bounds, one at a time', () => {
    const { disk, files } = withFile(1, ones(10))
    const flipped = new Set<number>()
    for (let index = 0; index < 200; index++) {
      const bit = disk.flipRandomBit('/a', 4, 6)
      flipped.add(bit)
      const now = readWholeFile(files, '/a')
      expect(now[Math.floor(bit / 8)]).toBe(1 ^ (1 << (bit % 8)))
      disk.flipBit('/a', bit)
    }
    expect([...flipped].sort((left, right) => left - right)).toEqual(Array.from({ length: 16 }, (_, index) => 32 + index))
    expect(readWholeFile(files, '/a')).toEqual(ones(10))
  })

  test('need a file, and a place in it', () => {
    const { disk } = withFile(5, ones(2))
    expect(() => disk.flipBit('/a', 16)).toThrow('/a has 2 bytes: there is no bit 16 (seed 5)')
    expect(() => disk.flipRandomBit('/a', 2)).toThrow(SimulationError)
    expect(() => disk.flipBit('/b', 0)).toThrow('there is no file /b on the disk of localhost (seed 5)')
  })
})

describe('fatal steps', () => {
  /** Some work of every kind. */
  async function work(files: Files): Promise<void> {
    files.makeDirectory('/d/e')
    const lock = files.lock('/d/lock')
    const file = files.open('/d/a', 'create')
    file.writev([ones(1000)], 0)
    await file.datasync()
    file.truncate(500)
    file.datasyncNow()
    files.rename('/d/a', '/d/b')
    await files.syncDirectory('/d')
    files.syncDirectoryNow('/')
    files.remove('/d/b')
    lock.release()
    await files.removeTree('/d')
  }
  // Two directories, lock, open, write, sync, truncation, sync, rename, two syncs of directories, removal, release, two names of the tree.
  const STEPS = 15

  test('are counted alike in every run', async () => {
    for (let seed = 0; seed < 5; seed++) {
      const simulation = createSimulation({ seed })
      await simulation.runUntil(work(simulation.files))
      expect(simulation.disk.steps).toBe(STEPS)
    }
  })

  test.each(['crash', 'kill'] as const)('a %s at each step in turn stops the work there and nowhere else', async by => {
    for (let step = 1; step <= STEPS; step++) {
      const simulation = createSimulation({ seed: step })
      const machine = simulation.machine('b')
      machine.disk.crashAtStep(step, { by })
      const failure = await simulation.runUntil(work(machine.world.files)).catch(error => error)
      expect(failure).toBeInstanceOf(SimulatedCrash)
      expect(failure.message).toMatch(
        new RegExp(`^b ${by === 'crash' ? 'lost power' : 'was killed'} at step ${step}: .*\\(seed ${step}\\)$`),
      )
      expect(machine.running).toBe(false)
      expect(machine.disk.steps).toBe(step)
      // The disk can be used again, and the step is not fatal twice.
      const { files } = machine.restart()
      await simulation.runUntil(files.removeTree('/d'))
      await simulation.runUntil(work(files))
    }
  })

  test('a kill in a write leaves any part of it, a crash what the disk leaves', () => {
    const sizes = { kill: new Set<number>(), lose: new Set<number>(), keep: new Set<number>() }
    for (let seed = 0; seed < 50; seed++) {
      for (const how of ['kill', 'lose', 'keep'] as const) {
        const { simulation, disk, files, file } = withFile(seed)
        files.syncDirectoryNow('/')
        disk.crashAtStep(disk.steps + 1, how === 'kill' ? { by: 'kill' } : { dataLoss: how })
        expect(() => file.writev([ones(100)], 0)).toThrow(SimulatedCrash)
        expect(simulation.machine('localhost').running).toBe(false)
        sizes[how].add(disk.contents().get('/a')?.length ?? -1)
      }
    }
    expect(sizes.kill.size).toBeGreaterThan(20)
    expect([...sizes.lose]).toEqual([0])
    expect([...sizes.keep]).toEqual([100])
  })

  test('a fatal sync makes nothing durable', async () => {
    const { simulation, disk, files, file } = withFile(1, ones(10))
    files.syncDirectoryNow('/')
    disk.crashAtStep(disk.steps + 1, { dataLoss: 'lose' })
    await expect(simulation.runUntil(file.datasync())).rejects.toThrow(SimulatedCrash)
    expect(disk.contents().get('/a')).toHaveLength(0)
  })

  test('a fatal step on a full disk is fatal all the same', () => {
    const { disk, file } = withFile(1)
    disk.settings.capacityBytes = 0
    disk.crashAtStep(disk.steps + 1)
    expect(() => file.writev([ones(1)], 0)).toThrow(SimulatedCrash)
  })

  test('a step that is past is refused, and one to come can be taken back', () => {
    const { disk, file } = withFile(5, ones(1))
    expect(() => disk.crashAtStep(2)).toThrow("step 2 of localhost's disk is past: 2 are done (seed 5)")
    disk.crashAtStep(3)
    disk.heal()
    file.writev([ones(1)], 0)
  })
})
