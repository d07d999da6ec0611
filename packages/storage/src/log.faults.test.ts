import { KafkaError } from '@logwerk/runtime'
import { createSimulation, type Simulation } from '@logwerk/runtime/simulated'
import { describe, expect, test } from 'vitest'
import { batchOf, sizeOfBatch } from './batches.test-support.ts'
import type { Log } from './log.ts'
import { allOffsets, offsetsRead, openTestLog } from './test-log.test-support.ts'

const SIZE = sizeOfBatch()

/** What an append comes to: the offset, or the code of the error. */
async function outcomeOf(simulation: Simulation, log: Log, valueBytes = 20): Promise<number | string> {
  try {
    return (await simulation.runUntil(log.append(batchOf({ valueBytes })))).baseOffset
  } catch (error) {
    return error instanceof KafkaError ? error.code : String(error)
  }
}

describe('a full disk', () => {
  for (const [osCode, freeBytes] of [
    ['ENOSPC', 0],
    ['ENOSPC', 30],
    ['EDQUOT', 30],
  ] as const) {
    test(`${osCode} with room for ${freeBytes} bytes: the append fails, nothing partial stays, reads go on, and so do appends when there is room`, async () => {
      const simulation = createSimulation({ seed: 1 })
      const { settings } = simulation.disk
      const log = openTestLog(simulation.world)
      for (let count = 0; count < 3; count++) await outcomeOf(simulation, log)
      settings.fullOsCode = osCode
      settings.capacityBytes = usedBytes(simulation) + freeBytes
      const failure = await simulation.runUntil(log.append(batchOf())).catch(error => error)
      expect(failure).toMatchObject({ code: 'KAFKA_STORAGE_ERROR', at: { topic: 'orders', partition: 0, path: '/log' } })
      expect(failure.message).toMatch(/orders-0: cannot write to \/log\/0{20}\.log: .*free some room and try again/)
      expect(simulation.files.info('/log/00000000000000000000.log')?.sizeBytes).toBe(3 * SIZE)
      expect([log.logEndOffset, log.fence]).toEqual([3, null])
      expect(allOffsets(log)).toEqual([0, 1, 2])
      settings.capacityBytes = Number.POSITIVE_INFINITY
      expect(await outcomeOf(simulation, log)).toBe(3)
      await simulation.runUntil(log.close())
      expect(allOffsets(openTestLog(simulation.world))).toEqual([0, 1, 2, 3])
    })
  }

  test('at any byte during appends, rolls and their snapshots: what was acknowledged stays, the rest can be sent again', async () => {
    for (let freeBytes = 0; freeBytes < 12 * SIZE; freeBytes += 17) {
      const simulation = createSimulation({ seed: freeBytes })
      const { settings } = simulation.disk
      const log = openTestLog(simulation.world, { segmentBytes: 3 * SIZE, indexIntervalBytes: 0 })
      settings.capacityBytes = usedBytes(simulation) + freeBytes
      const acknowledged: number[] = []
      for (let sequence = 0; sequence < 12; sequence++) {
        const batch = () => log.append(batchOf({ timestamp: 1000 + sequence, producer: { id: 1, epoch: 0, sequence } }))
        try {
          acknowledged.push((await simulation.runUntil(batch())).baseOffset)
        } catch (error) {
          expect(error, `${freeBytes} bytes free`).toMatchObject({ code: 'KAFKA_STORAGE_ERROR' })
          expect(allOffsets(log)).toEqual(acknowledged)
          settings.capacityBytes += 500
          sequence--
        }
      }
      settings.capacityBytes = Number.POSITIVE_INFINITY
      expect(acknowledged, `${freeBytes} bytes free`).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
      await simulation.runUntil(log.close())
      // What there was no room for at a roll is there after the close.
      const named = (suffix: string) => simulation.files.list('/log').filter(name => name.endsWith(suffix)).length
      expect([named('.index'), named('.timeindex')], `${freeBytes} bytes free`).toEqual([named('.log'), named('.log')])
      const reopened = openTestLog(simulation.world)
      expect(allOffsets(reopened)).toEqual(acknowledged)
      for (let offset = 0; offset < 12; offset++) {
        expect(reopened.offsetForTimestamp(1000 + offset, 12, { get: () => expect.unreachable() })?.offset).toBe(offset)
      }
    }
  })

  test('what the close cuts off behind the last batch stays cut off, whatever a power cut does after it', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const simulation = createSimulation({ seed })
      const machine = simulation.machine('localhost')
      const log = openTestLog(simulation.world)
      await outcomeOf(simulation, log)
      simulation.disk.settings.capacityBytes = usedBytes(simulation) + 70
      if (seed % 2 === 0) simulation.disk.fail('truncate')
      expect(await outcomeOf(simulation, log, 500)).toBe('KAFKA_STORAGE_ERROR')
      simulation.disk.settings.capacityBytes = Number.POSITIVE_INFINITY
      await simulation.runUntil(log.close())
      machine.crash()
      const again = openTestLog(machine.restart(), {}, { recoveryPoint: 1 })
      expect([again.fence, allOffsets(again)], `seed ${seed}`).toEqual([null, [0]])
      expect(await outcomeOf(simulation, again)).toBe(1)
    }
  })

  test('and so it does while a sync is under way that would have covered it', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const simulation = createSimulation({ seed })
      const machine = simulation.machine('localhost')
      const log = openTestLog(simulation.world, { segmentBytes: 1000 })
      expect(await outcomeOf(simulation, log, 500)).toBe(0)
      simulation.disk.settings.syncDelay = { minMs: 100, maxMs: 100 }
      simulation.disk.settings.capacityBytes = usedBytes(simulation) + 200
      // The new segment is there, and the sync that follows a roll; the batch is not.
      expect(await outcomeOf(simulation, log, 600)).toBe('KAFKA_STORAGE_ERROR')
      expect(log.segmentCount).toBe(2)
      simulation.disk.settings.capacityBytes = Number.POSITIVE_INFINITY
      await simulation.advance(110 + seed * 10)
      await simulation.runUntil(log.close())
      machine.crash()
      const again = openTestLog(machine.restart(), {}, { recoveryPoint: 1 })
      expect([again.fence, allOffsets(again)], `seed ${seed}`).toEqual([null, [0]])
      expect(await outcomeOf(simulation, again)).toBe(1)
    }
  })

  test('does not keep a log from being recovered and read', async () => {
    const simulation = createSimulation({ seed: 1 })
    const machine = simulation.machine('localhost')
    const log = openTestLog(simulation.world, { segmentBytes: 3 * SIZE })
    for (let count = 0; count < 8; count++) await outcomeOf(simulation, log)
    machine.kill()
    simulation.disk.settings.capacityBytes = 0
    const recovered = openTestLog(machine.restart(), { segmentBytes: 3 * SIZE }, { cleanShutdown: false })
    expect(allOffsets(recovered)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    expect(await outcomeOf(simulation, recovered)).toBe('KAFKA_STORAGE_ERROR')
    simulation.disk.settings.capacityBytes = Number.POSITIVE_INFINITY
    expect(await outcomeOf(simulation, recovered)).toBe(8)
  })
})

describe('a sync that fails with EIO', () => {
  test('fences the log: who waits is told, later appends are refused, and a new start recovers', async () => {
    const simulation = createSimulation({ seed: 1 })
    const machine = simulation.machine('localhost')
    const log = openTestLog(simulation.world)
    expect(await outcomeOf(simulation, log)).toBe(0)
    simulation.disk.fail('datasync', { path: path => path.endsWith('.log') })
    const pending = [log.append(batchOf()), log.append(batchOf())]
    const outcomes = await simulation.runUntil(Promise.allSettled(pending))
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'KAFKA_STORAGE_ERROR', at: { topic: 'orders', partition: 0 } } })
    }
    // The next sync would succeed, without the bytes: nobody asks for it.
    expect(await outcomeOf(simulation, log)).toBe('KAFKA_STORAGE_ERROR')
    expect(log.fence?.message).toMatch(
      /orders-0: the disk failed to sync, so nothing more is written until the broker is started again: .*EIO/,
    )
    expect([log.highWatermark, log.recoveryPoint]).toEqual([1, 1])
    expect(simulation.log.filter(line => line.level === 'error').map(line => line.message)).toEqual([
      'the disk failed to sync; the partition is read-only now',
    ])
    await expect(simulation.runUntil(log.flush())).rejects.toMatchObject({ code: 'KAFKA_STORAGE_ERROR' })
    await simulation.runUntil(log.close())

    machine.crash()
    const recovered = openTestLog(machine.restart(), {}, { cleanShutdown: false, recoveryPoint: 1 })
    expect(allOffsets(recovered)[0]).toBe(0)
    expect(recovered.fence).toBeNull()
    expect(await outcomeOf(simulation, recovered)).toBe(recovered.logEndOffset - 1)
  })

  test.each(['close', 'kill'] as const)(
    'does not deceive the next start, where the system shows what the disk does not have (%s): a power cut takes nothing acknowledged after it',
    async end => {
      const simulation = createSimulation({ seed: 1 })
      const machine = simulation.machine('localhost')
      const options = { cleanShutdown: false, recoveryPoint: 1 }
      const log = openTestLog(simulation.world, { segmentBytes: 3 * SIZE })
      expect(await outcomeOf(simulation, log)).toBe(0)
      simulation.disk.fail('datasync', { path: path => path.endsWith('.log') })
      await simulation.runUntil(Promise.allSettled(Array.from({ length: 4 }, () => log.append(batchOf()))))
      if (end === 'close') await simulation.runUntil(log.close())
      machine.kill()
      const second = openTestLog(machine.restart(), { segmentBytes: 3 * SIZE }, options)
      expect(allOffsets(second)).toEqual([0, 1, 2, 3, 4])
      expect(await outcomeOf(simulation, second)).toBe(5)
      machine.crash({ dataLoss: 'lose', nameLoss: 'lose' })
      const third = openTestLog(machine.restart(), { segmentBytes: 3 * SIZE }, options)
      expect([third.fence, allOffsets(third)]).toEqual([null, [0, 1, 2, 3, 4, 5]])
      // It is made good once.
      expect(simulation.files.list('/log').filter(name => !/^\d{20}/.test(name))).toEqual(['leader-epoch-checkpoint'])
    },
  )

  test('as a log is recovered keeps it shut, and the next start makes good for it', async () => {
    const simulation = createSimulation({ seed: 1 })
    const machine = simulation.machine('localhost')
    const log = openTestLog(simulation.world, { fsync: 'os' })
    for (let count = 0; count < 3; count++) await outcomeOf(simulation, log)
    machine.kill()
    simulation.disk.fail('datasync')
    const world = machine.restart()
    expect(() => openTestLog(world, {}, { cleanShutdown: false })).toThrow(/EIO/)
    const second = openTestLog(world, {}, { cleanShutdown: false })
    expect(await outcomeOf(simulation, second)).toBe(3)
    machine.crash({ dataLoss: 'lose', nameLoss: 'lose' })
    expect(allOffsets(openTestLog(machine.restart(), {}, { cleanShutdown: false }))).toEqual([0, 1, 2, 3])
  })

  test.each(['os', 'interval'] as const)('is noticed with fsync %j too, where nobody waits for it', async fsync => {
    const simulation = createSimulation({ seed: 1 })
    const log = openTestLog(simulation.world, { fsync })
    simulation.disk.fail('datasync')
    expect(await outcomeOf(simulation, log)).toBe(0)
    if (fsync === 'os') await simulation.runUntil(log.flush()).catch(() => {})
    await simulation.advance(5000)
    expect(await outcomeOf(simulation, log)).toBe('KAFKA_STORAGE_ERROR')
  })

  test('of the directory fences the log as well', async () => {
    const simulation = createSimulation({ seed: 1 })
    const log = openTestLog(simulation.world)
    simulation.disk.fail('syncDirectory')
    expect(await outcomeOf(simulation, log)).toBe('KAFKA_STORAGE_ERROR')
    expect(log.fence).not.toBeNull()
  })

  test('at any sync of a roll fences the log', async () => {
    for (const operation of ['datasync', 'syncDirectory'] as const) {
      const simulation = createSimulation({ seed: 1 })
      const log = openTestLog(simulation.world, { segmentBytes: SIZE })
      expect(await outcomeOf(simulation, log)).toBe(0)
      simulation.disk.fail(operation, { path: path => !path.endsWith('.log') })
      expect(await outcomeOf(simulation, log), operation).toBe('KAFKA_STORAGE_ERROR')
      expect(log.fence, operation).not.toBeNull()
    }
  })
})

describe('a sync that fails outside of the group commit', () => {
  /** A log whose name, and whose first batch, no sync has covered yet; with two segments, so that there is one to delete. */
  async function rolled(simulation: Simulation): Promise<{ log: Log; pending: Promise<unknown>[] }> {
    const log = openTestLog(simulation.world, { segmentBytes: SIZE })
    await outcomeOf(simulation, log)
    simulation.disk.settings.syncDelay = { minMs: 10, maxMs: 10 }
    return { log, pending: [log.append(batchOf()), log.append(batchOf())] }
  }

  test('of the directory, as segments are deleted: the next sync would succeed, and acknowledges nothing', async () => {
    const simulation = createSimulation({ seed: 1 })
    const { log, pending } = await rolled(simulation)
    log.deleteRecordsBefore(1)
    simulation.disk.fail('syncDirectory')
    expect(() => log.deleteOldSegments()).toThrow(/EIO/)
    for (const outcome of await simulation.runUntil(Promise.allSettled(pending))) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'KAFKA_STORAGE_ERROR' } })
    }
    await simulation.advance(1000)
    expect([log.highWatermark, log.recoveryPoint]).toEqual([1, 1])
  })

  test('of a snapshot, at a roll: what waits in the segment before it is not acknowledged', async () => {
    const simulation = createSimulation({ seed: 1 })
    const { log, pending } = await rolled(simulation)
    // The sync of the first of them is under way.
    await simulation.advance(5)
    simulation.disk.fail('syncDirectory')
    pending.push(log.append(batchOf()))
    for (const outcome of await simulation.runUntil(Promise.allSettled(pending))) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'KAFKA_STORAGE_ERROR' } })
    }
    await simulation.advance(1000)
    expect([log.highWatermark, log.recoveryPoint]).toEqual([1, 1])
    await expect(simulation.runUntil(log.flush())).rejects.toBe(log.fence)
  })
})

describe('too many open files', () => {
  test('at a roll: its index and snapshot are left out, and nothing is fenced', async () => {
    for (const what of ['index', 'snapshot.tmp']) {
      const simulation = createSimulation({ seed: 1 })
      const log = openTestLog(simulation.world, { segmentBytes: SIZE })
      await outcomeOf(simulation, log)
      simulation.disk.fail('open', { osCode: 'EMFILE', path: path => path.endsWith(what) })
      expect(await outcomeOf(simulation, log)).toBe(1)
      expect(log.fence).toBeNull()
      expect(simulation.log.filter(line => line.level === 'warn')).toHaveLength(1)
      simulation.machine('localhost').kill()
      expect(allOffsets(openTestLog(simulation.machine('localhost').restart(), {}, { cleanShutdown: false, recoveryPoint: 2 }))).toEqual([
        0, 1,
      ])
    }
  })

  test('for the snapshot of a roll, or of a start: segments go only when something else tells what their producers wrote', async () => {
    const simulation = createSimulation({ seed: 1 })
    const machine = simulation.machine('localhost')
    const producer = { id: 7, epoch: 0, sequence: 0 }
    const config = { segmentBytes: SIZE }
    const noSnapshot = () => simulation.disk.fail('open', { osCode: 'EMFILE', path: path => path.endsWith('.snapshot.tmp') })
    let log = openTestLog(simulation.world, config)
    await simulation.runUntil(log.append(batchOf({ producer })))
    noSnapshot()
    await outcomeOf(simulation, log)
    log.deleteRecordsBefore(1)
    noSnapshot()
    log.deleteOldSegments()
    machine.kill()
    noSnapshot()
    for (let start = 0; start < 3; start++) {
      log = openTestLog(machine.restart(), config, { cleanShutdown: false, logStartOffset: 1 })
      expect([log.logStartOffset, log.segmentCount, allOffsets(log)]).toEqual([1, 1, [1]])
      expect(await simulation.runUntil(log.append(batchOf({ producer })))).toMatchObject({ baseOffset: 0, duplicate: true })
      machine.kill()
    }
    expect([...simulation.disk.contents().keys()].filter(path => path.endsWith('.log'))).toEqual([`/log/${'1'.padStart(20, '0')}.log`])
  })

  test('for the snapshot of a roll: the one before is kept for as long as a power cut may need it', async () => {
    const simulation = createSimulation({ seed: 1 })
    const machine = simulation.machine('localhost')
    const producer = { id: 7, epoch: 0, sequence: 0 }
    const log = openTestLog(simulation.world, { segmentBytes: 2 * SIZE })
    await simulation.runUntil(log.append(batchOf({ producer })))
    for (let offset = 1; offset < 4; offset++) await outcomeOf(simulation, log)
    log.deleteRecordsBefore(2)
    log.deleteOldSegments()
    simulation.disk.fail('open', { osCode: 'EMFILE', path: path => path.endsWith('.snapshot.tmp') })
    await outcomeOf(simulation, log)
    simulation.disk.settings.syncDelay = { minMs: 1e9, maxMs: 1e9 }
    for (let offset = 5; offset < 7; offset++) void log.append(batchOf())
    machine.crash({ dataLoss: 'lose', nameLoss: 'keep' })
    const again = openTestLog(machine.restart(), {}, { cleanShutdown: false, logStartOffset: 2 })
    expect(allOffsets(again)).toEqual([2, 3, 4])
    simulation.disk.settings.syncDelay = { minMs: 0, maxMs: 0 }
    expect(await simulation.runUntil(again.append(batchOf({ producer })))).toMatchObject({ baseOffset: 0, duplicate: true })
  })

  test('for the snapshot of a roll: a log that is damaged too keeps what a backup will go on from', async () => {
    const simulation = createSimulation({ seed: 1 })
    const machine = simulation.machine('localhost')
    const producer = { id: 7, epoch: 0, sequence: 0 }
    const log = openTestLog(simulation.world, { segmentBytes: SIZE })
    await simulation.runUntil(log.append(batchOf({ producer })))
    for (let count = 0; count < 2; count++) {
      simulation.disk.fail('open', { osCode: 'EMFILE', path: path => path.endsWith('.snapshot.tmp') })
      await outcomeOf(simulation, log)
    }
    machine.kill()
    const path = '/log/00000000000000000002.log'
    const backup = Buffer.from(simulation.disk.contents().get(path)!)
    const options = { cleanShutdown: false, logStartOffset: 1, recoveryPoint: 3 }
    simulation.disk.corrupt(path, 0, Buffer.alloc(SIZE))
    expect(openTestLog(machine.restart(), {}, options).fence).not.toBeNull()
    machine.kill()
    simulation.disk.corrupt(path, 0, backup)
    const again = openTestLog(machine.restart(), {}, options)
    expect(await simulation.runUntil(again.append(batchOf({ producer })))).toMatchObject({ baseOffset: 0, duplicate: true })
  })

  test('for the snapshot of a roll: the deletion makes one', async () => {
    const simulation = createSimulation({ seed: 1 })
    const machine = simulation.machine('localhost')
    const producer = { id: 7, epoch: 0, sequence: 0 }
    const log = openTestLog(simulation.world, { segmentBytes: SIZE })
    await simulation.runUntil(log.append(batchOf({ producer })))
    simulation.disk.fail('open', { osCode: 'EMFILE', path: path => path.endsWith('.snapshot.tmp') })
    await outcomeOf(simulation, log)
    log.deleteRecordsBefore(1)
    log.deleteOldSegments()
    expect(log.segmentCount).toBe(1)
    machine.kill()
    const again = openTestLog(machine.restart(), {}, { cleanShutdown: false, logStartOffset: 1 })
    expect(await simulation.runUntil(again.append(batchOf({ producer })))).toMatchObject({ baseOffset: 0, duplicate: true })
  })

  test.each(['EMFILE', 'ENFILE'])('as the directory is to be synced (%s): the acknowledgement waits until it can be', async osCode => {
    const simulation = createSimulation({ seed: 1 })
    const machine = simulation.machine('localhost')
    const log = openTestLog(simulation.world)
    for (let count = 0; count < 5; count++) simulation.disk.fail('syncDirectory', { osCode, nth: count + 1 })
    const outcome = outcomeOf(simulation, log)
    expect(log.highWatermark).toBe(0)
    expect(await outcome).toBe(0)
    expect(log.fence).toBeNull()
    machine.crash({ dataLoss: 'lose', nameLoss: 'lose' })
    expect(allOffsets(openTestLog(machine.restart(), {}, { cleanShutdown: false }))).toEqual([0])
  })

  test('as a finished segment is to be synced that a reader has closed: all of it was synced before, so nothing is opened', async () => {
    const simulation = createSimulation({ seed: 1 })
    const machine = simulation.machine('localhost')
    const log = openTestLog(simulation.world, { segmentBytes: SIZE, maxOpenSegments: 1 })
    for (let count = 0; count < 3; count++) await outcomeOf(simulation, log)
    simulation.disk.settings.syncDelay = { minMs: 100, maxMs: 100 }
    const third = log.append(batchOf())
    await simulation.advance(150)
    // Segment 3 is finished while the sync that covers it is under way: the next one finds it among those to be synced.
    const fourth = log.append(batchOf())
    await simulation.runUntil(third)
    await simulation.advance(50)
    expect(offsetsRead(log, 0)).toEqual([0])
    let hasHandles = false
    simulation.disk.fail('open', { osCode: 'EMFILE', path: path => !hasHandles && path.endsWith('3.log') })
    expect((await simulation.runUntil(fourth)).baseOffset).toBe(4)
    expect(log.fence).toBeNull()
    hasHandles = true
    machine.crash({ dataLoss: 'lose', nameLoss: 'lose' })
    expect(allOffsets(openTestLog(machine.restart(), {}, { cleanShutdown: false }))).toEqual([0, 1, 2, 3, 4])
  })

  test('for as long as the log is open: closing it does not wait for ever', async () => {
    const simulation = createSimulation({ seed: 1 })
    const log = openTestLog(simulation.world)
    for (let count = 0; count < 500; count++) simulation.disk.fail('syncDirectory', { osCode: 'EMFILE', nth: count + 1 })
    const outcome = log.append(batchOf()).catch(error => error.code)
    await simulation.advance(5000)
    expect(log.fence).toBeNull()
    await expect(simulation.runUntil(log.close())).rejects.toMatchObject({ code: 'KAFKA_STORAGE_ERROR' })
    expect(await outcome).toBe('KAFKA_STORAGE_ERROR')
  })

  test('as the snapshots are looked through before segments are deleted: nothing is fenced, whatever the reason', async () => {
    for (const osCode of ['EMFILE', 'EIO']) {
      const simulation = createSimulation({ seed: 1 })
      const log = openTestLog(simulation.world, { segmentBytes: SIZE })
      await simulation.runUntil(log.append(batchOf({ producer: { id: 7, epoch: 0, sequence: 0 } })))
      await outcomeOf(simulation, log)
      log.deleteRecordsBefore(1)
      simulation.disk.fail('list', { osCode })
      expect(() => log.deleteOldSegments()).toThrow(osCode)
      expect([log.fence, log.segmentCount]).toEqual([null, 2])
      log.deleteOldSegments()
      expect(log.segmentCount).toBe(1)
    }
  })

  test('as segments are deleted: they go the next time', async () => {
    const simulation = createSimulation({ seed: 1 })
    const log = openTestLog(simulation.world, { segmentBytes: SIZE, fsync: 'os' })
    for (let count = 0; count < 3; count++) void log.append(batchOf())
    log.deleteRecordsBefore(2)
    simulation.disk.fail('syncDirectory', { osCode: 'EMFILE' })
    expect(() => log.deleteOldSegments()).toThrow(/EMFILE/)
    expect(log.fence).toBeNull()
    log.deleteOldSegments()
    expect(log.segmentCount).toBe(1)
  })
})

describe('a write that fails with EIO', () => {
  test('is no reason to fence: the batch is not there, the next one is', async () => {
    const simulation = createSimulation({ seed: 1 })
    const log = openTestLog(simulation.world)
    await outcomeOf(simulation, log)
    simulation.disk.fail('write')
    expect(await outcomeOf(simulation, log)).toBe('KAFKA_STORAGE_ERROR')
    expect(await outcomeOf(simulation, log)).toBe(1)
    expect(allOffsets(log)).toEqual([0, 1])
  })
})

describe('a slow disk', () => {
  test('bounds what waits for it: THROTTLING_QUOTA_EXCEEDED until it has caught up', async () => {
    const simulation = createSimulation({ seed: 1 })
    simulation.disk.settings.syncDelay = { minMs: 5000, maxMs: 5000 }
    const log = openTestLog(simulation.world, { maxPendingSyncBytes: 10 * SIZE })
    const pending = Array.from({ length: 20 }, () => log.append(batchOf()).then(String, error => error.code))
    // One batch more than fits: the limit is met, not foreseen.
    expect(log.logEndOffset).toBe(11)
    const outcomes = await simulation.runUntil(Promise.all(pending))
    expect(outcomes.filter(outcome => outcome === 'THROTTLING_QUOTA_EXCEEDED')).toHaveLength(9)
    expect(await outcomeOf(simulation, log)).toBe(11)
    const refused = Array.from({ length: 12 }, () => log.append(batchOf()))
    await expect(simulation.runUntil(refused[11]!)).rejects.toMatchObject({ retriable: true, at: { topic: 'orders', partition: 0 } })
    await simulation.runUntil(Promise.allSettled(refused))
  })

  test("holds nobody up with fsync 'os'", async () => {
    const simulation = createSimulation({ seed: 1 })
    simulation.disk.settings.syncDelay = { minMs: 5000, maxMs: 5000 }
    const log = openTestLog(simulation.world, { maxPendingSyncBytes: 1, fsync: 'os' })
    for (let offset = 0; offset < 20; offset++) expect(await outcomeOf(simulation, log)).toBe(offset)
    expect(simulation.clock.monotonicMs()).toBe(0)
  })
})

describe('a disk that lies about its syncs', () => {
  test('is found out after a power cut, and nothing is cut away', async () => {
    const simulation = createSimulation({ seed: 1 })
    const machine = simulation.machine('localhost')
    const log = openTestLog(simulation.world)
    expect(await outcomeOf(simulation, log)).toBe(0)
    simulation.disk.settings.liesAboutSync = true
    expect(await outcomeOf(simulation, log)).toBe(1)
    machine.crash({ dataLoss: 'lose' })
    const recovered = openTestLog(machine.restart(), {}, { cleanShutdown: false, recoveryPoint: 2 })
    expect(recovered.fence).toMatchObject({ code: 'CORRUPT_LOG' })
    expect(allOffsets(recovered)).toEqual([0])
  })
})

function usedBytes({ disk }: Simulation): number {
  let used = 0
  for (const bytes of disk.contents().values()) used += bytes.length
  return used
}
