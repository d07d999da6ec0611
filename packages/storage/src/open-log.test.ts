import { createSimulation, type Simulation } from '@logwerk/runtime/simulated'
import { describe, expect, test } from 'vitest'
import { batchOf, noCodecs, sizeOfBatch } from './batches.test-support.ts'
import type { Log } from './log.ts'
import type { OpenLogOptions } from './open-log.ts'
import { allOffsets, openTestLog } from './test-log.test-support.ts'

const SIZE = sizeOfBatch()
const FIRST = '/log/00000000000000000000.log'
const SECOND = '/log/00000000000000000004.log'
const config = { segmentBytes: 4 * SIZE, indexIntervalBytes: 0 }

/** Ten batches of one record by one producer, in segments of four, everything synced; the process was killed then. */
async function killed(count = 10): Promise<Simulation> {
  const simulation = createSimulation({ seed: 1 })
  const log = openTestLog(simulation.world, config)
  for (let sequence = 0; sequence < count; sequence++) await append(simulation, log, sequence)
  const machine = simulation.machine('localhost')
  machine.kill()
  machine.restart()
  return simulation
}

/** The same, closed. */
async function closed(count = 10): Promise<Simulation> {
  const simulation = createSimulation({ seed: 1 })
  const log = openTestLog(simulation.world, config)
  for (let sequence = 0; sequence < count; sequence++) await append(simulation, log, sequence)
  await simulation.runUntil(log.close())
  return simulation
}

async function append(simulation: Simulation, log: Log, sequence: number): Promise<number> {
  return (await simulation.runUntil(log.append(batchOf({ timestamp: 1000 + sequence, producer: { id: 1, epoch: 0, sequence } }))))
    .baseOffset
}

function open(simulation: Simulation, options: Partial<OpenLogOptions> = {}): Log {
  return openTestLog(simulation.world, config, { cleanShutdown: false, ...options })
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, offset) => offset)
}

/** The times of ten records lead to them: the indexes are those of the log. */
function expectTimes(log: Log): void {
  for (let offset = log.logStartOffset; offset < log.logEndOffset; offset++) {
    expect(log.offsetForTimestamp(1000 + offset, log.logEndOffset, noCodecs)?.offset).toBe(offset)
  }
}

describe('a new log', () => {
  test('is empty, and begins where it is told to', () => {
    const simulation = createSimulation({ seed: 1 })
    const log = openTestLog(simulation.world, {}, { logStartOffset: 70 })
    expect([log.logStartOffset, log.logEndOffset, log.highWatermark, log.recoveryPoint, log.leaderEpoch]).toEqual([70, 70, 70, 70, 0])
    expect(simulation.files.list('/log')).toEqual(['00000000000000000070.log'])
  })
})

describe('after a clean shutdown', () => {
  test('nothing is walked: only the tail of the last segment is read', async () => {
    const simulation = await closed()
    simulation.disk.fail('read', { path: path => path === FIRST || path === SECOND })
    const log = open(simulation, { cleanShutdown: true, recoveryPoint: 10 })
    expect([log.logEndOffset, log.leaderEpoch, log.recoveryPoint, log.fence]).toEqual([10, 0, 10, null])
    expect(log.producers.producerCount).toBe(1)
    simulation.disk.heal()
    expect(allOffsets(log)).toEqual(upTo(10))
    expectTimes(log)
  })

  test('a last segment that is not as it was closed makes the log read-only, with file and byte', async () => {
    for (const spoil of [
      (simulation: Simulation) => simulation.disk.corrupt('/log/00000000000000000008.log', SIZE, Buffer.alloc(SIZE)),
      (simulation: Simulation) => simulation.files.open('/log/00000000000000000008.log', 'write').truncate(SIZE),
    ]) {
      const simulation = await closed()
      spoil(simulation)
      const log = open(simulation, { cleanShutdown: true, recoveryPoint: 10 })
      expect(log.fence?.message).toMatch(`/log/00000000000000000008.log is corrupt at byte ${SIZE}: `)
      expect(allOffsets(log)).toEqual(upTo(9))
      expect(() => log.read(9, { maxBytes: 1, minOneBatch: true, limitOffset: 10 })).toThrow(log.fence!)
    }
  })
})

describe('the end of the log after a crash', () => {
  const torn: [string, (simulation: Simulation) => void, number][] = [
    ['in the middle of a batch', ({ files }) => files.open('/log/00000000000000000008.log', 'write').truncate(SIZE + 30), 9],
    ['in the middle of a header', ({ files }) => files.open('/log/00000000000000000008.log', 'write').truncate(SIZE + 70), 9],
    ['in zeros', ({ files }) => files.open('/log/00000000000000000008.log', 'write').truncate(2 * SIZE + 5000), 10],
    ['in garbage', ({ files }) => files.open('/log/00000000000000000008.log', 'write').writev([Buffer.alloc(300, 0x5a)], 2 * SIZE), 10],
    ['in a batch with a flipped bit', ({ disk }) => disk.flipBit('/log/00000000000000000008.log', (SIZE + 75) * 8), 9],
    ['in a batch whose base offset has a flipped bit', ({ disk }) => disk.flipBit('/log/00000000000000000008.log', (SIZE + 6) * 8), 9],
    ['in a segment before the last', ({ disk }) => disk.flipBit(SECOND, (2 * SIZE + 75) * 8), 6],
    ['in a hole between two segments', ({ files }) => files.open(SECOND, 'write').truncate(3 * SIZE), 7],
    ['at once', ({ disk }) => disk.flipBit(FIRST, 75 * 8), 0],
  ]
  test.each(torn)('%s: it is cut at the last good batch, and what follows goes', async (_, tear, end) => {
    const simulation = await killed()
    tear(simulation)
    const log = open(simulation)
    expect(log.fence).toBeNull()
    expect(allOffsets(log)).toEqual(upTo(end))
    expectTimes(log)
    expect(simulation.log.filter(line => line.level === 'warn').map(line => [line.message, line.fields['logEndOffset']])).toEqual([
      ['the log ended in a batch that was not written whole; it was cut there', end],
    ])
    // The producer goes on where the log ends, with another process after it.
    expect(await append(simulation, log, end)).toBe(end)
    simulation.machine('localhost').crash({ dataLoss: 'lose', nameLoss: 'lose' })
    simulation.machine('localhost').restart()
    const again = open(simulation)
    expect(allOffsets(again)).toEqual(upTo(end + 1))
    const duplicate = await simulation.runUntil(again.append(batchOf({ producer: { id: 1, epoch: 0, sequence: end } })))
    expect(duplicate).toMatchObject({ duplicate: true, baseOffset: end })
  })

  test('a single flipped bit anywhere above the recovery point: never wrong bytes, never a failure', async () => {
    for (let bit = 0; bit < 2 * SIZE * 8; bit += 5) {
      const simulation = await killed(3)
      simulation.disk.flipBit(FIRST, SIZE * 8 + bit)
      const log = open(simulation, { recoveryPoint: 1 })
      const whole = 1 + Math.floor(bit / (SIZE * 8))
      // The leader epoch lies outside the CRC: a flip there is not seen.
      const inEpoch = bit % (SIZE * 8) >= 12 * 8 && bit % (SIZE * 8) < 16 * 8
      expect([bit, allOffsets(log)]).toEqual([bit, upTo(inEpoch ? 3 : whole)])
    }
  })
})

describe('damage below the recovery point', () => {
  test.each<[string, (simulation: Simulation) => void, number, string, number]>([
    ['a flipped bit', ({ disk }) => disk.flipBit(SECOND, (2 * SIZE + 75) * 8), 6, SECOND, 2 * SIZE],
    ['zeros', ({ disk }) => disk.corrupt(SECOND, SIZE, Buffer.alloc(2 * SIZE)), 5, SECOND, SIZE],
    [
      'a batch that is gone from the end of a file',
      ({ files }) => files.open('/log/00000000000000000008.log', 'write').truncate(0),
      8,
      '/log/00000000000000000008.log',
      0,
    ],
    ['a file that is gone', ({ files }) => files.remove('/log/00000000000000000008.log'), 8, SECOND, 4 * SIZE],
  ])(
    '%s: the log is read-only from there on, nothing is cut, and every later start says so again',
    async (_, spoil, end, path, position) => {
      const simulation = await killed()
      spoil(simulation)
      const before = logFiles(simulation)
      let recoveryPoint = 10
      for (let start = 0; start < 3; start++) {
        const log = open(simulation, { recoveryPoint: end <= 6 ? 7 : recoveryPoint })
        expect(log.fence).toMatchObject({ code: 'CORRUPT_LOG', at: { path } })
        expect(log.fence?.message).toMatch(
          new RegExp(`^${path} is corrupt at byte ${position}: .*restore the file from a backup or delete the topic`),
        )
        expect(allOffsets(log)).toEqual(upTo(end))
        expect(log.logEndOffset).toBe(end)
        for (const offset of [end, end + 1, 99]) {
          expect(() => log.read(offset, { maxBytes: 1, minOneBatch: true, limitOffset: 100 })).toThrow(log.fence!)
        }
        await expect(simulation.runUntil(log.append(batchOf()))).rejects.toThrow(log.fence!)
        recoveryPoint = log.recoveryPoint
        expect(recoveryPoint).toBeGreaterThan(end)
        await simulation.runUntil(log.close())
        expect(logFiles(simulation)).toEqual(before)
      }
    },
  )

  test('in a segment that is not walked: told to who reads there, and the rest can be read', async () => {
    const simulation = await killed()
    simulation.disk.corrupt(FIRST, 2 * SIZE, Buffer.alloc(61))
    simulation.files.remove('/log/leader-epoch-checkpoint')
    const log = open(simulation, { recoveryPoint: 10 })
    expect(log.fence).toBeNull()
    expect(log.logEndOffset).toBe(10)
    expect(() => log.read(2, { maxBytes: 1, minOneBatch: true, limitOffset: 10 })).toThrow(`${FIRST} is corrupt at byte ${2 * SIZE}`)
    expect(log.read(1, { maxBytes: 1, minOneBatch: true, limitOffset: 10 })).toHaveLength(SIZE)
    expect(log.read(3, { maxBytes: 1, minOneBatch: true, limitOffset: 10 })).toHaveLength(SIZE)
    expect(log.read(9, { maxBytes: 1, minOneBatch: true, limitOffset: 10 })).toHaveLength(SIZE)
  })
})

describe('segments below the recovery point', () => {
  test('are not walked', async () => {
    const simulation = await killed()
    simulation.disk.fail('read', { path: path => path === FIRST })
    expect(open(simulation, { recoveryPoint: 5 }).logEndOffset).toBe(10)
  })

  test('one that ends at the recovery point is: the sync may have ended before its index was in place', async () => {
    const simulation = await killed()
    simulation.disk.fail('read', { path: path => path === FIRST })
    expect(() => open(simulation, { recoveryPoint: 4 })).toThrow(/EIO/)
  })

  test('have holes where they were compacted', async () => {
    const simulation = await killed()
    // The first batch of the second segment is gone, as if compaction had dropped it.
    const file = simulation.files.open(SECOND, 'write')
    const rest = Buffer.alloc(3 * SIZE)
    file.read(rest, SIZE)
    file.truncate(0)
    file.writev([rest], 0)
    const log = open(simulation, { recoveryPoint: 8 })
    expect(log.fence).toBeNull()
    expect(allOffsets(log)).toEqual([0, 1, 2, 3, 5, 6, 7, 8, 9])
  })
})

describe('index files', () => {
  test.each<[string, (simulation: Simulation) => void]>([
    ['missing', ({ files }) => removeAll(files, 'index')],
    ['of odd length', ({ files }) => files.open('/log/00000000000000000000.index', 'write').truncate(7)],
    ['bogus', ({ disk }) => disk.corrupt('/log/00000000000000000004.timeindex', 0, Buffer.alloc(100, 0x7f))],
    ['of zeros', ({ disk }) => disk.corrupt('/log/00000000000000000004.index', 0, Buffer.alloc(100))],
    ['stale', ({ files }) => files.open('/log/00000000000000000004.timeindex', 'write').truncate(12)],
  ])('%s: the log is the same without them', async (_, spoil) => {
    for (const simulation of [await killed(), await closed()]) {
      spoil(simulation)
      const log = open(simulation, {
        recoveryPoint: 10,
        cleanShutdown: simulation.files.info('/log/00000000000000000010.snapshot') !== null,
      })
      expect(log.fence).toBeNull()
      expect(allOffsets(log)).toEqual(upTo(10))
      expectTimes(log)
    }
  })

  test.each(['index', 'timeindex'])('%s that the disk does not give out: the log is the same without them', async suffix => {
    const simulation = await closed()
    for (const name of simulation.files.list('/log').filter(name => name.endsWith(`.${suffix}`)))
      simulation.disk.fail('read', { path: path => path.endsWith(name) })
    const log = open(simulation, { recoveryPoint: 10, cleanShutdown: true })
    expect(log.fence).toBeNull()
    expect(allOffsets(log)).toEqual(upTo(10))
    expectTimes(log)
  })

  test('and a log that somebody takes away while the broker runs: not made anew, and told with its path', async () => {
    const simulation = await closed()
    const log = open(simulation, { recoveryPoint: 10, cleanShutdown: true })
    simulation.files.remove(FIRST)
    expect(() => log.read(0, { maxBytes: 1, minOneBatch: true, limitOffset: 10 })).toThrow(expect.objectContaining({ osCode: 'ENOENT' }))
    expect(simulation.files.info(FIRST)).toBeNull()
    expect(log.read(4, { maxBytes: 1, minOneBatch: true, limitOffset: 10 })).toHaveLength(SIZE)
  })

  test('without a log are removed', async () => {
    const simulation = await closed()
    for (const name of ['00000000000000000099.index', '00000000000000000099.timeindex', '00000000000000000099.txnindex']) {
      simulation.files.open(`/log/${name}`, 'create').close()
    }
    open(simulation)
    expect(simulation.files.list('/log').filter(name => name.startsWith('00000000000000000099'))).toEqual([])
  })

  test('of recovered segments are written again, except those of the active one', async () => {
    const simulation = await killed()
    const before = simulation.disk.contents()
    removeAll(simulation.files, 'index')
    open(simulation)
    for (const [path, bytes] of before) if (path.endsWith('index')) expect(simulation.disk.contents().get(path), path).toEqual(bytes)
    expect(simulation.files.list('/log').filter(name => name.endsWith('index'))).toHaveLength(4)
  })
})

describe('producer snapshots', () => {
  const next = (simulation: Simulation, log: Log, sequence: number) => append(simulation, log, sequence).catch(error => error.code)

  test.each<[string, (simulation: Simulation) => void]>([
    ['missing', ({ files }) => removeAll(files, 'snapshot')],
    ['all of zeros', ({ disk, files }) => snapshots(files).forEach(name => void disk.corrupt(`/log/${name}`, 0, Buffer.alloc(100)))],
    ['with a flipped bit in the newest', ({ disk, files }) => disk.flipBit(`/log/${snapshots(files).at(-1)}`, 77)],
    ['empty', ({ files }) => snapshots(files).forEach(name => void files.open(`/log/${name}`, 'write').truncate(0))],
    ['of a log that was longer', ({ files }) => files.rename(`/log/${snapshots(files)[0]}`, '/log/00000000000000000099.snapshot')],
  ])('%s: the state is that of a full replay', async (_, spoil) => {
    for (const cleanShutdown of [false, true]) {
      const simulation = await (cleanShutdown ? closed() : killed())
      spoil(simulation)
      const log = open(simulation, { recoveryPoint: 10, cleanShutdown })
      expect(await next(simulation, log, 9)).toBe(9)
      expect(await next(simulation, log, 11)).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
      expect(await next(simulation, log, 10)).toBe(10)
      expect(simulation.files.info('/log/00000000000000000099.snapshot')).toBeNull()
    }
  })

  test('missing, and a batch that has rotted below the recovery point: its producer is not taken from it', async () => {
    // Each byte of the producer id, its epoch and its sequence; a flip in the first makes the id larger than numbers can hold.
    for (const byte of [43, 44, 50, 52, 54]) {
      for (const cleanShutdown of [false, true]) {
        const simulation = await (cleanShutdown ? closed() : killed())
        removeAll(simulation.files, 'snapshot')
        simulation.disk.flipBit(FIRST, (SIZE + byte) * 8 + 6)
        const log = open(simulation, { recoveryPoint: 10, cleanShutdown })
        expect([log.fence, log.logEndOffset, log.producers.producerCount]).toEqual([null, 10, 1])
        expect(await next(simulation, log, 10)).toBe(10)
      }
    }
  })

  test('that the disk does not give out today are kept for tomorrow', async () => {
    const simulation = await closed()
    const before = snapshots(simulation.files)
    simulation.disk.fail('read', { path: path => path.endsWith('.snapshot') })
    expect(await next(simulation, open(simulation, { recoveryPoint: 10, cleanShutdown: true }), 10)).toBe(10)
    expect(snapshots(simulation.files)).toEqual(before)
  })

  test('one is kept that a power cut leads back to, however many rolls lie behind the last sync', async () => {
    const simulation = createSimulation({ seed: 1 })
    const machine = simulation.machine('localhost')
    const one = { segmentBytes: SIZE, fsync: 'os' } as const
    const log = openTestLog(simulation.world, one)
    const send = (producer: number, sequence: number, to = log) =>
      simulation.runUntil(to.append(batchOf({ producer: { id: producer, epoch: 0, sequence } })))
    await send(1, 0)
    await send(2, 0)
    await simulation.runUntil(log.flush())
    log.deleteRecordsBefore(1)
    log.deleteOldSegments()
    simulation.disk.settings.syncDelay = { minMs: 1e9, maxMs: 1e9 }
    for (let sequence = 1; sequence < 6; sequence++) await send(2, sequence)
    machine.crash({ dataLoss: 'lose', nameLoss: 'keep' })
    const recovered = openTestLog(machine.restart(), one, { cleanShutdown: false, logStartOffset: 1 })
    expect(allOffsets(recovered)).toEqual([1])
    // What producer 1 wrote was deleted, and is known all the same.
    await expect(send(1, 5, recovered)).rejects.toMatchObject({ code: 'OUT_OF_ORDER_SEQUENCE_NUMBER' })
  })

  test('one is written at the end of a recovery: the batches it stands for may be deleted before the next roll', async () => {
    const simulation = await killed()
    const log = open(simulation)
    expect(snapshots(simulation.files)).toContain('00000000000000000010.snapshot')
    log.deleteRecordsBefore(10)
    log.deleteOldSegments()
    simulation.machine('localhost').kill()
    simulation.machine('localhost').restart()
    expect(await next(simulation, open(simulation, { logStartOffset: 10 }), 10)).toBe(10)
  })
})

describe('leader epochs', () => {
  /** Three epochs: at 0, at 4 and at 7. */
  async function threeEpochs(): Promise<Simulation> {
    const simulation = await killed(4)
    const machine = simulation.machine('localhost')
    for (const [from, to] of [
      [4, 7],
      [7, 10],
    ] as const) {
      const log = open(simulation, { recoveryPoint: from })
      for (let sequence = from; sequence < to; sequence++) await append(simulation, log, sequence)
      machine.kill()
      machine.restart()
    }
    return simulation
  }

  const three = [
    { epoch: 0, startOffset: 0 },
    { epoch: 1, startOffset: 4 },
    { epoch: 2, startOffset: 7 },
  ]

  test('a new one begins after an unclean shutdown and only then', async () => {
    const simulation = await threeEpochs()
    const log = open(simulation, { recoveryPoint: 10 })
    expect(log.leaderEpoch).toBe(3)
    expect(log.leaderEpochs.entries).toEqual([...three, { epoch: 3, startOffset: 10 }])
    await simulation.runUntil(log.close())
    const again = open(simulation, { recoveryPoint: 10, cleanShutdown: true })
    expect(again.leaderEpoch).toBe(3)
    await append(simulation, again, 10)
    expect(again.leaderEpochs.entries).toEqual([...three, { epoch: 3, startOffset: 10 }])
  })

  test.each<[string, (simulation: Simulation) => void, number[]]>([
    ['lost', ({ files }) => files.remove('/log/leader-epoch-checkpoint'), [0, 5, 10]],
    ['empty', ({ files }) => files.open('/log/leader-epoch-checkpoint', 'write').truncate(0), [0, 5, 10]],
    ['damaged', ({ disk }) => disk.corrupt('/log/leader-epoch-checkpoint', 4, Buffer.from('x')), [0, 5, 10]],
    // Its name is synced with every roll, so it is older than batches of the last segments only.
    ['of before the last start', ({ files }) => replaceText(files, '/log/leader-epoch-checkpoint', '0\n2\n0 0\n1 4\n'), [0, 5]],
  ])('a file that is %s is made anew from the batches, whatever is walked', async (_, spoil, recoveryPoints) => {
    for (const recoveryPoint of recoveryPoints) {
      const simulation = await threeEpochs()
      spoil(simulation)
      expect(open(simulation, { recoveryPoint }).leaderEpochs.entries.slice(0, 3), `recovery point ${recoveryPoint}`).toEqual(three)
    }
  })

  test('a number is not given out twice, even if everything written under it is gone', async () => {
    const simulation = createSimulation({ seed: 1 })
    const machine = simulation.machine('localhost')
    const seen: number[] = []
    for (let start = 0; start < 4; start++) {
      const log = openTestLog(machine.world, { fsync: 'os' }, { cleanShutdown: start === 0 })
      expect(log.logEndOffset).toBe(0)
      seen.push(log.leaderEpoch)
      expect(await append(simulation, log, 0)).toBe(0)
      machine.crash({ dataLoss: 'lose', nameLoss: 'lose' })
      machine.restart()
    }
    expect(seen).toEqual([0, 1, 2, 3])
  })
})

describe('the start of the log', () => {
  test('hides what lies below it, and segments wholly below it go', async () => {
    const simulation = await killed()
    const log = open(simulation, { logStartOffset: 5 })
    expect([log.logStartOffset, allOffsets(log)]).toEqual([5, [5, 6, 7, 8, 9]])
    expect(simulation.files.info(FIRST)).toBeNull()
    expect(log.leaderEpochs.entries[0]).toEqual({ epoch: 0, startOffset: 5 })
  })

  test('a removal that a crash has undone for some segments leaves no hole', async () => {
    const simulation = await killed()
    simulation.files.remove(SECOND)
    const log = open(simulation, { logStartOffset: 9 })
    expect([log.logStartOffset, log.logEndOffset, log.segmentCount]).toEqual([9, 10, 1])
  })

  test('is where the log goes on if only deleted records are left', async () => {
    const simulation = await killed(3)
    const log = open(simulation, { logStartOffset: 7 })
    expect([log.logStartOffset, log.logEndOffset]).toEqual([7, 7])
    expect(simulation.files.list('/log').filter(name => name.endsWith('.log'))).toEqual(['00000000000000000007.log'])
    expect(await append(simulation, log, 3)).toBe(7)
  })

  test('is never below the first segment', async () => {
    const simulation = await killed()
    simulation.files.remove(FIRST)
    expect(open(simulation, { recoveryPoint: 10 }).logStartOffset).toBe(4)
  })
})

test('what a crash left of files that were being replaced or removed goes', async () => {
  const simulation = await closed()
  for (const name of ['00000000000000000000.log.deleted', 'leader-epoch-checkpoint.tmp', '00000000000000000004.log.cleaned']) {
    simulation.files.open(`/log/${name}`, 'create').close()
  }
  open(simulation)
  expect(simulation.files.list('/log').filter(name => /deleted|tmp|cleaned/.test(name))).toEqual([])
})

test('a log that cannot be opened leaves no file open', async () => {
  const simulation = await killed()
  simulation.disk.fail('read', { path: path => path === SECOND })
  expect(() => open(simulation)).toThrow(/EIO/)
  expect(simulation.disk.openFiles()).toEqual([])
})

test('what recovery found outlives a power cut from then on', async () => {
  const simulation = createSimulation({ seed: 1 })
  const machine = simulation.machine('localhost')
  const log = openTestLog(simulation.world, { ...config, fsync: 'os' })
  for (let sequence = 0; sequence < 10; sequence++) await append(simulation, log, sequence)
  machine.kill()
  machine.restart()
  // The recovery point lies within the second of three segments.
  expect(open(simulation, { recoveryPoint: 6 }).recoveryPoint).toBe(10)
  machine.crash({ dataLoss: 'lose', nameLoss: 'lose' })
  machine.restart()
  expect(allOffsets(open(simulation, { recoveryPoint: 10 })).slice(-6)).toEqual([4, 5, 6, 7, 8, 9])
})

function snapshots(files: Simulation['files']): string[] {
  return files.list('/log').filter(name => name.endsWith('.snapshot'))
}

function removeAll(files: Simulation['files'], suffix: string): void {
  for (const name of files.list('/log')) if (name.endsWith(suffix)) files.remove(`/log/${name}`)
}

function replaceText(files: Simulation['files'], path: string, text: string): void {
  const file = files.open(path, 'write')
  file.truncate(0)
  file.writev([Buffer.from(text)], 0)
  file.close()
}

/** The content of all segments. */
function logFiles(simulation: Simulation): Map<string, Uint8Array> {
  return new Map([...simulation.disk.contents()].filter(([path]) => path.endsWith('.log')))
}
