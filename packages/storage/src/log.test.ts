import { gunzipSync, gzipSync } from 'node:zlib'
import { type CompressionCodecs, crc32c, RecordBatchView, recompressBatch } from '@logwerk/protocol'
import type { Files, World } from '@logwerk/runtime'
import { createSimulation } from '@logwerk/runtime/simulated'
import { describe, expect, test } from 'vitest'
import { batchOf, noCodecs, sizeOfBatch } from './batches.test-support.ts'
import { allOffsets, offsetsRead, openTestLog } from './test-log.test-support.ts'

/** Size of a batch of one record. */
const SIZE = sizeOfBatch()

describe('append', () => {
  test('stamps base offset and leader epoch in place, and leaves the CRC valid', async () => {
    const simulation = createSimulation({ seed: 1 })
    const log = openTestLog(simulation.world, {}, { cleanShutdown: false })
    expect(log.leaderEpoch).toBe(1)
    await simulation.runUntil(log.append(batchOf({ recordCount: 3 })))
    const batch = batchOf({ recordCount: 2, fill: 'second' })
    const result = await simulation.runUntil(log.append(batch))
    expect(result).toEqual({ baseOffset: 3, lastOffset: 4, logAppendTime: -1, duplicate: false })
    const stored = new RecordBatchView(log.read(3, { maxBytes: 1000, minOneBatch: true, limitOffset: 5 }))
    expect([stored.baseOffset, stored.lastOffset, stored.partitionLeaderEpoch, stored.isCrcValid()]).toEqual([3, 4, 1, true])
    expect(stored.bytes).toEqual(batch.view.bytes)
    expect(log.logEndOffset).toBe(5)
  })

  test('gives offsets in the order of the calls, before anything is durable', async () => {
    const simulation = createSimulation({ seed: 1 })
    const log = openTestLog(simulation.world)
    const results = [3, 1, 2].map(recordCount => log.append(batchOf({ recordCount })))
    expect(log.logEndOffset).toBe(6)
    const offsets = (await simulation.runUntil(Promise.all(results))).map(result => result.baseOffset)
    expect(offsets).toEqual([0, 3, 4])
  })

  test('answers the time that the broker stamped where it did (LogAppendTime)', async () => {
    const simulation = createSimulation({ seed: 1 })
    const log = openTestLog(simulation.world)
    const batch = batchOf({ timestamp: 4711 })
    batch.view.bytes[22]! |= 0x08
    expect((await simulation.runUntil(log.append(batch))).logAppendTime).toBe(4711)
  })

  test('a duplicate is answered with the first offset and the first timestamp, and not stored', async () => {
    const simulation = createSimulation({ seed: 1 })
    const log = openTestLog(simulation.world)
    const send = (sequence: number) =>
      simulation.runUntil(log.append(batchOf({ recordCount: 2, timestamp: 5000 + sequence, producer: { id: 9, epoch: 0, sequence } })))
    await send(0)
    await send(2)
    expect(await send(0)).toEqual({ baseOffset: 0, lastOffset: 1, logAppendTime: 5000, duplicate: true })
    expect(log.logEndOffset).toBe(4)
    await expect(send(6)).rejects.toMatchObject({ code: 'OUT_OF_ORDER_SEQUENCE_NUMBER', at: { topic: 'orders', partition: 0 } })
    expect(log.logEndOffset).toBe(4)
  })

  test('a duplicate is not acknowledged before the first copy is', async () => {
    const simulation = createSimulation({ seed: 1 })
    simulation.disk.settings.syncDelay = { minMs: 10, maxMs: 10 }
    const log = openTestLog(simulation.world)
    const settled: string[] = []
    for (const name of ['first', 'second']) {
      log.append(batchOf({ producer: { id: 9, epoch: 0, sequence: 0 } })).then(({ duplicate }) => settled.push(`${name} ${duplicate}`))
    }
    // The directory is synced once, before the file.
    await simulation.advance(19)
    expect(settled).toEqual([])
    await simulation.advance(1)
    expect(settled).toEqual(['first false', 'second true'])
  })

  test('tells how many bytes the high watermark has passed, and where the segment begins that grows', async () => {
    for (const fsync of ['batch', 'os'] as const) {
      const simulation = createSimulation({ seed: 1 })
      const log = openTestLog(simulation.world, { fsync, segmentBytes: 2 * SIZE })
      const seen: number[][] = []
      log.onAdvance(() => seen.push([log.passedBytes / SIZE, log.activeSegmentBaseOffset]))
      for (let count = 0; count < 2; count++) await simulation.runUntil(log.append(batchOf()))
      const appending = log.append(batchOf())
      expect(log.passedBytes / SIZE, fsync).toBe(fsync === 'batch' ? 2 : 3)
      await simulation.runUntil(appending)
      expect(seen, fsync).toEqual([
        [1, 0],
        [2, 0],
        [3, 2],
      ])
    }
  })

  test('a batch that no segment can hold is refused', async () => {
    const simulation = createSimulation({ seed: 1 })
    const log = openTestLog(simulation.world, { segmentBytes: SIZE })
    await simulation.runUntil(log.append(batchOf()))
    await expect(simulation.runUntil(log.append(batchOf({ valueBytes: 21 })))).rejects.toMatchObject({ code: 'RECORD_LIST_TOO_LARGE' })
    expect(log.logEndOffset).toBe(1)
  })

  test('is refused once the log is closed or closing', async () => {
    const simulation = createSimulation({ seed: 1 })
    const log = openTestLog(simulation.world)
    const pending = log.append(batchOf())
    const closing = log.close()
    await expect(simulation.runUntil(log.append(batchOf()))).rejects.toMatchObject({ code: 'KAFKA_STORAGE_ERROR' })
    await simulation.runUntil(Promise.all([pending, closing, log.close()]))
    await expect(simulation.runUntil(log.append(batchOf()))).rejects.toThrow('the log is closed')
    expect(allOffsets(openTestLog(simulation.world))).toEqual([0])
  })
})

describe('high watermark', () => {
  test("with fsync 'batch' rises when the disk has the batch, and tells", async () => {
    const simulation = createSimulation({ seed: 1 })
    simulation.disk.settings.syncDelay = { minMs: 10, maxMs: 10 }
    const log = openTestLog(simulation.world)
    const seen: number[] = []
    const stop = log.onAdvance(() => seen.push(log.highWatermark))
    const first = log.append(batchOf({ recordCount: 3 }))
    await simulation.advance(15)
    const second = log.append(batchOf())
    expect([log.logEndOffset, log.highWatermark]).toEqual([4, 0])
    expect(offsetsRead(log, 0, { limitOffset: log.highWatermark })).toEqual([])
    await simulation.runUntil(Promise.all([first, second]))
    expect(seen).toEqual([3, 4])
    expect(log.highWatermark).toBe(4)
    stop()
    await simulation.runUntil(log.append(batchOf()))
    expect(seen).toEqual([3, 4])
  })

  test.each(['interval', 'os'] as const)('with fsync %j rises with the append', fsync => {
    const simulation = createSimulation({ seed: 1 })
    const log = openTestLog(simulation.world, { fsync })
    void log.append(batchOf({ recordCount: 3 }))
    expect(log.highWatermark).toBe(3)
  })

  test("rises when 'batch' is given up", () => {
    const simulation = createSimulation({ seed: 1 })
    const log = openTestLog(simulation.world)
    log.append(batchOf()).catch(() => {})
    log.configure({ ...log.config, fsync: 'os' })
    expect(log.highWatermark).toBe(1)
  })
})

describe('another fsync mode', () => {
  test.each([
    ['batch', 100],
    ['interval', 600],
  ] as const)(
    "to %j from 'os': what was appended before is synced as the new mode says, without waiting for an append",
    async (fsync, afterMs) => {
      const simulation = createSimulation({ seed: 1 })
      const log = openTestLog(simulation.world, { fsync: 'os' })
      void log.append(batchOf())
      await simulation.advance(10_000)
      expect(log.recoveryPoint).toBe(0)
      log.configure({ ...log.config, fsync, fsyncIntervalMs: 500 })
      await simulation.advance(afterMs)
      expect(log.recoveryPoint).toBe(1)
    },
  )

  test('a shorter interval holds at once, and none at all too', async () => {
    for (const [change, recoveryPoint] of [
      [{ fsyncIntervalMs: 500 }, 1],
      [{ fsync: 'os' }, 0],
    ] as const) {
      const simulation = createSimulation({ seed: 1 })
      const log = openTestLog(simulation.world, { fsync: 'interval', fsyncIntervalMs: 60_000 })
      void log.append(batchOf())
      await simulation.advance(100)
      log.configure({ ...log.config, ...change })
      await simulation.advance(600)
      expect(log.recoveryPoint).toBe(recoveryPoint)
      await simulation.advance(100_000)
      expect(log.recoveryPoint).toBe(recoveryPoint)
    }
  })
})

describe('roll', () => {
  test('by size', async () => {
    const simulation = createSimulation({ seed: 1 })
    const log = openTestLog(simulation.world, { segmentBytes: 3 * SIZE })
    for (let count = 0; count < 7; count++) await simulation.runUntil(log.append(batchOf()))
    expect(simulation.files.list('/log').filter(name => name.endsWith('.log'))).toEqual([
      '00000000000000000000.log',
      '00000000000000000003.log',
      '00000000000000000006.log',
    ])
    expect(log.segmentCount).toBe(3)
    expect(log.sizeBytes).toBe(7 * SIZE)
    expect(simulation.files.list('/log').filter(name => name.endsWith('index'))).toHaveLength(4)
  })

  test('by record time', async () => {
    const simulation = createSimulation({ seed: 1 })
    const log = openTestLog(simulation.world, { segmentMs: 100 })
    for (const timestamp of [1000, 1100, 1050, 1101, 1200, 1202]) await simulation.runUntil(log.append(batchOf({ timestamp })))
    expect(simulation.files.list('/log').filter(name => name.endsWith('.log'))).toEqual([
      '00000000000000000000.log',
      '00000000000000000003.log',
      '00000000000000000005.log',
    ])
  })

  test('by the size of an index', async () => {
    const simulation = createSimulation({ seed: 1 })
    const log = openTestLog(simulation.world, { segmentIndexBytes: 24, indexIntervalBytes: 0 })
    for (let timestamp = 1000; timestamp < 1006; timestamp++) await simulation.runUntil(log.append(batchOf({ timestamp })))
    expect(log.segmentCount).toBe(3)
  })

  test('syncs what it finishes in the background, in every mode', async () => {
    const simulation = createSimulation({ seed: 1 })
    const log = openTestLog(simulation.world, { segmentBytes: SIZE, fsync: 'os' })
    await simulation.runUntil(log.append(batchOf()))
    await simulation.advance(1000)
    expect(log.recoveryPoint).toBe(0)
    await simulation.runUntil(log.append(batchOf()))
    await simulation.advance(1000)
    expect(log.recoveryPoint).toBe(2)
    expect(simulation.disk.durableContents().get('/log/00000000000000000000.log')).toHaveLength(SIZE)
  })

  test('forgets producers that have not written for long', async () => {
    const simulation = createSimulation({ seed: 1 })
    const log = openTestLog(simulation.world, { segmentBytes: SIZE, producerIdExpirationMs: 10_000 })
    const send = (id: number, sequence: number) => simulation.runUntil(log.append(batchOf({ producer: { id, epoch: 0, sequence } })))
    await send(1, 0)
    await simulation.advance(8000)
    await send(2, 0)
    expect(log.producers.producerCount).toBe(2)
    await simulation.advance(3000)
    await send(2, 1)
    expect(log.producers.producerCount).toBe(1)
    expect((await send(2, 0)).duplicate).toBe(true)
  })

  test('does not forget a producer that is writing, however old its records are', async () => {
    const simulation = createSimulation({ seed: 1, startMs: Date.UTC(2026, 0) })
    const log = openTestLog(simulation.world, { segmentBytes: SIZE })
    const send = (sequence: number) =>
      simulation.runUntil(log.append(batchOf({ timestamp: Date.UTC(2001, 0), producer: { id: 1, epoch: 0, sequence } })))
    for (let sequence = 0; sequence < 4; sequence++) await send(sequence)
    expect(await send(2)).toMatchObject({ duplicate: true, baseOffset: 2 })
    expect(log.logEndOffset).toBe(4)
  })

  test('during a sync: what was appended after the sync began is covered by the next', async () => {
    const simulation = createSimulation({ seed: 1 })
    simulation.disk.settings.syncDelay = { minMs: 10, maxMs: 10 }
    const log = openTestLog(simulation.world, { segmentBytes: 2 * SIZE })
    const results = [log.append(batchOf())]
    await simulation.advance(15)
    results.push(log.append(batchOf()), log.append(batchOf()))
    await simulation.runUntil(Promise.all(results))
    expect(simulation.disk.durableContents().get('/log/00000000000000000000.log')).toHaveLength(2 * SIZE)
  })
})

describe('read', () => {
  /** Batches of two records at 0, 2, 4, ... in segments of three batches. */
  async function filled() {
    const simulation = createSimulation({ seed: 1 })
    const sizeBytes = sizeOfBatch({ recordCount: 2 })
    const log = openTestLog(simulation.world, { segmentBytes: 3 * sizeBytes, indexIntervalBytes: 0 })
    for (let index = 0; index < 8; index++) await simulation.runUntil(log.append(batchOf({ recordCount: 2 })))
    return { simulation, log, sizeBytes }
  }

  test('gives whole batches from the one that holds the offset, out of one segment', async () => {
    const { log } = await filled()
    expect(offsetsRead(log, 0)).toEqual([0, 2, 4])
    expect(offsetsRead(log, 3)).toEqual([2, 4])
    expect(offsetsRead(log, 5)).toEqual([4])
    expect(offsetsRead(log, 6)).toEqual([6, 8, 10])
    expect(offsetsRead(log, 15)).toEqual([14])
    expect(allOffsets(log)).toEqual([0, 2, 4, 6, 8, 10, 12, 14])
  })

  test('gives no more bytes than asked for', async () => {
    const { log, sizeBytes } = await filled()
    expect(offsetsRead(log, 0, { maxBytes: 2 * sizeBytes })).toEqual([0, 2])
    expect(offsetsRead(log, 0, { maxBytes: 3 * sizeBytes - 1 })).toEqual([0, 2])
    expect(log.read(0, { maxBytes: 3 * sizeBytes - 1, minOneBatch: true, limitOffset: 16 })).toHaveLength(2 * sizeBytes)
  })

  test('KIP-74: the first batch is given whole even if it is larger', async () => {
    const { log, sizeBytes } = await filled()
    for (const maxBytes of [0, 1, sizeBytes - 1]) expect(offsetsRead(log, 3, { maxBytes })).toEqual([2])
    for (const maxBytes of [0, 1, sizeBytes - 1]) expect(offsetsRead(log, 3, { maxBytes, minOneBatch: false })).toEqual([])
  })

  test('hides what lies at and past the limit', async () => {
    const { log } = await filled()
    expect(offsetsRead(log, 0, { limitOffset: 4 })).toEqual([0, 2])
    expect(offsetsRead(log, 4, { limitOffset: 4 })).toEqual([])
    expect(offsetsRead(log, 8, { limitOffset: 4 })).toEqual([])
  })

  test('at the end of the log gives nothing, outside of it OFFSET_OUT_OF_RANGE', async () => {
    const { log } = await filled()
    expect(offsetsRead(log, 16)).toEqual([])
    expect(() => offsetsRead(log, 17)).toThrow(expect.objectContaining({ code: 'OFFSET_OUT_OF_RANGE' }))
    expect(() => offsetsRead(log, -1)).toThrow(/the log holds 0 to 16/)
    log.deleteRecordsBefore(3)
    expect(() => offsetsRead(log, 2)).toThrow(/the log holds 3 to 16/)
    // The batch around the start is given whole: the reader drops what it did not ask for.
    expect(offsetsRead(log, 3)).toEqual([2, 4])
  })

  test('of damaged bytes names the file and the place', async () => {
    const { simulation, log, sizeBytes } = await filled()
    const path = '/log/00000000000000000006.log'
    simulation.disk.corrupt(path, sizeBytes, Buffer.alloc(sizeBytes))
    expect(offsetsRead(log, 2)).toEqual([2, 4])
    expect(() => offsetsRead(log, 8)).toThrow(expect.objectContaining({ code: 'CORRUPT_LOG', at: { path } }))
    expect(() => offsetsRead(log, 8)).toThrow(`${path} is corrupt at byte ${sizeBytes}`)
    // What lies in front of it can be read in one go, what lies behind it too.
    expect(offsetsRead(log, 6)).toEqual([6])
    expect(offsetsRead(log, 11)).toEqual([10])
  })
})

describe('finished segments', () => {
  test('have their indexes in memory if they were used last, and read from their files otherwise', async () => {
    const simulation = createSimulation({ seed: 1 })
    const opened: string[] = []
    const config = { segmentBytes: SIZE, maxOpenSegments: 2 }
    const log = openTestLog(watched(simulation.world, opened), config)
    for (let index = 0; index < 6; index++) await simulation.runUntil(log.append(batchOf({ timestamp: 1000 + index })))
    const readsOf = (action: () => unknown) => {
      opened.length = 0
      action()
      return opened.filter(path => path.endsWith('.index')).map(path => Number(path.slice(5, 25)))
    }
    // Those of the last two are there since they were rolled.
    expect(readsOf(() => [offsetsRead(log, 5), offsetsRead(log, 4), offsetsRead(log, 3)])).toEqual([])
    expect(readsOf(() => [offsetsRead(log, 0), offsetsRead(log, 0)])).toEqual([0])
    expect(readsOf(() => [offsetsRead(log, 3), offsetsRead(log, 0), offsetsRead(log, 4)])).toEqual([4])
    expect(readsOf(() => [offsetsRead(log, 3), offsetsRead(log, 0)])).toEqual([3, 0])
    // A look-up by time steps over the others by the greatest timestamp of each.
    expect(readsOf(() => [log.offsetForTimestamp(1005, 6, noCodecs), offsetsRead(log, 3), offsetsRead(log, 0)])).toEqual([])
    expect(readsOf(() => expect(log.offsetForTimestamp(1002, 6, noCodecs)?.offset).toBe(2))).toEqual([2])
    for (let offset = 0; offset < 6; offset++) expect(offsetsRead(log, offset)).toEqual([offset])
  })

  test('are open if they were used last', async () => {
    const simulation = createSimulation({ seed: 1 })
    const config = { segmentBytes: SIZE, maxOpenSegments: 2 }
    const open = () => simulation.disk.openFiles().map(path => Number(path.slice(5, 25)))
    const log = openTestLog(simulation.world, config)
    for (let count = 0; count < 8; count++) await simulation.runUntil(log.append(batchOf()))
    expect(open()).toEqual([5, 6, 7])
    expect(allOffsets(log)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    expect(open()).toEqual([7, 5, 6])
    simulation.machine('localhost').kill()
    // As many files as a process may have open are enough, however many segments there are to be recovered.
    simulation.disk.settings.maxOpenFiles = 4
    const again = openTestLog(simulation.machine('localhost').restart(), config, { cleanShutdown: false })
    expect(allOffsets(again)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    expect(open().sort()).toEqual([5, 6, 7])
    await simulation.runUntil(again.close())
    expect(open()).toEqual([])
  })

  test('stay open until they are synced, and are released then', async () => {
    const simulation = createSimulation({ seed: 1 })
    simulation.disk.settings.syncDelay = { minMs: 100, maxMs: 100 }
    const log = openTestLog(simulation.world, { segmentBytes: SIZE, maxOpenSegments: 1, fsync: 'os' })
    for (let count = 0; count < 6; count++) void log.append(batchOf())
    expect(simulation.disk.openFiles()).toHaveLength(6)
    await simulation.advance(10_000)
    void log.append(batchOf())
    expect(simulation.disk.openFiles()).toHaveLength(2)
    expect(allOffsets(log)).toEqual([0, 1, 2, 3, 4, 5, 6])
  })

  test('keep their indexes where there are no files for them', async () => {
    const simulation = createSimulation({ seed: 1 })
    const opened: string[] = []
    const log = openTestLog(watched(simulation.world, opened), { segmentBytes: SIZE, maxOpenSegments: 1 })
    await simulation.runUntil(log.append(batchOf()))
    simulation.disk.fail('open', { osCode: 'ENOSPC', path: path => path.endsWith('.index') })
    for (let count = 0; count < 5; count++) await simulation.runUntil(log.append(batchOf()))
    opened.length = 0
    for (let offset = 0; offset < 6; offset++) expect(offsetsRead(log, offset)).toEqual([offset])
    expect(opened).not.toContain('/log/00000000000000000000.index')
  })
})

/** A codec that counts what it restores. */
const gzip: CompressionCodecs & { count: number } = {
  count: 0,
  get: () => ({
    type: 'gzip',
    compress: input => gzipSync(input),
    decompress: (input, maxBytes) => {
      gzip.count++
      return gunzipSync(input, { maxOutputLength: maxBytes })
    },
  }),
}

/** A world that notes which files are opened. */
function watched(world: World, opened: string[]): World {
  const open: Files['open'] = (path, mode) => {
    opened.push(path)
    return world.files.open(path, mode)
  }
  const files = new Proxy(world.files, {
    get: (target, name) => {
      const member: unknown = name === 'open' ? open : Reflect.get(target, name)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
  return { ...world, files }
}

describe('look-up by time', () => {
  async function filled(segmentBytes = 1 << 20) {
    const simulation = createSimulation({ seed: 1 })
    const log = openTestLog(simulation.world, { segmentBytes, indexIntervalBytes: 0 })
    // Offsets 0 to 11; the clocks of the producers differ.
    for (const timestamp of [
      [100, 105, 103],
      [90, 91, 92],
      [110, 108, 120],
      [115, 116, 200],
    ]) {
      await simulation.runUntil(log.append(batchOf({ recordCount: 3, timestamp })))
    }
    return { simulation, log }
  }
  const offsetAt = (log: ReturnType<typeof openTestLog>, timestamp: number, limit = log.logEndOffset) =>
    log.offsetForTimestamp(timestamp, limit, noCodecs)?.offset ?? null

  test.each([
    ['one segment', 1 << 20],
    ['several segments', 200],
  ])('gives the first record at or after a timestamp, in %s', async (_, segmentBytes) => {
    const { log, simulation } = await filled(segmentBytes)
    const cases = [
      [0, 0],
      [100, 0],
      [101, 1],
      [104, 1],
      [106, 6],
      [110, 6],
      [111, 8],
      [121, 11],
      [200, 11],
      [201, null],
    ] as const
    for (const [timestamp, offset] of cases) expect([timestamp, offsetAt(log, timestamp)]).toEqual([timestamp, offset])
    await simulation.runUntil(log.close())
    // Also of segments that nobody has read from since the start.
    const reopened = openTestLog(simulation.world)
    for (const [timestamp, offset] of cases) expect([timestamp, offsetAt(reopened, timestamp)]).toEqual([timestamp, offset])
  })

  test('looks between the start of the log and the limit only', async () => {
    const { log } = await filled()
    expect(offsetAt(log, 106, 6)).toBeNull()
    expect(offsetAt(log, 106, 9)).toBe(6)
    expect(offsetAt(log, 111, 8)).toBeNull()
    log.deleteRecordsBefore(2)
    expect(offsetAt(log, 0)).toBe(2)
    expect(offsetAt(log, 104)).toBe(6)
  })

  test('gives timestamp and epoch of what it finds', async () => {
    const { log } = await filled()
    expect(log.offsetForTimestamp(104, 12, noCodecs)).toEqual({ timestamp: 105, offset: 1, leaderEpoch: 0 })
  })

  test('finds the record inside a compressed batch too', async () => {
    const simulation = createSimulation({ seed: 1 })
    const log = openTestLog(simulation.world, { indexIntervalBytes: 0 })
    for (let index = 0; index < 20; index++) {
      const timestamp = Array.from({ length: 50 }, (_, record) => 1000 * index + 10 * record)
      await simulation.runUntil(log.append(recompressBatch(batchOf({ recordCount: 50, timestamp }), 'gzip', gzip)))
    }
    for (const [timestamp, offset] of [
      [0, 0],
      [7001, 351],
      [7490, 399],
      [7491, 400],
      [19_490, 999],
    ] as const) {
      expect(log.offsetForTimestamp(timestamp, log.logEndOffset, gzip)?.offset).toBe(offset)
    }
    expect(log.offsetForTimestamp(19_491, log.logEndOffset, gzip)).toBeNull()
    expect(log.offsetOfMaxTimestamp(gzip)).toMatchObject({ timestamp: 19_490, offset: 999 })
    // Only the batch that holds the record is decompressed.
    const decompressions = gzip.count
    log.offsetForTimestamp(12_340, log.logEndOffset, gzip)
    expect(gzip.count - decompressions).toBe(1)
  })

  test('believes no batch that has rotted, and names file and byte', async () => {
    const { log, simulation } = await filled()
    const path = '/log/00000000000000000000.log'
    simulation.disk.flipBit(path, (sizeOfBatch({ recordCount: 3, timestamp: [100, 105, 103] }) + 80) * 8)
    expect(offsetAt(log, 100)).toBe(0)
    // The second batch is stepped over by its header: it has nothing so late.
    expect(offsetAt(log, 110)).toBe(6)
    simulation.disk.flipBit(path, 80 * 8)
    expect(() => offsetAt(log, 100)).toThrow(expect.objectContaining({ code: 'CORRUPT_LOG', at: { path } }))
    expect(() => offsetAt(log, 100)).toThrow(`${path} is corrupt at byte 0`)
  })

  test('with LogAppendTime every record has the time of its batch', async () => {
    const simulation = createSimulation({ seed: 1 })
    const log = openTestLog(simulation.world)
    const batch = batchOf({ recordCount: 3, timestamp: [1, 2, 5000] })
    batch.view.bytes[22]! |= 0x08
    batch.view.bytes.writeUInt32BE(crc32c(batch.view.bytes, 21), 17)
    await simulation.runUntil(log.append(batch))
    expect(log.offsetForTimestamp(3, 3, noCodecs)).toEqual({ timestamp: 5000, offset: 0, leaderEpoch: 0 })
  })

  test.each([
    ['one segment', 1 << 20],
    ['several segments', 200],
  ])('finds the record with the greatest timestamp, in %s', async (_, segmentBytes) => {
    const { log, simulation } = await filled(segmentBytes)
    expect(log.offsetOfMaxTimestamp(noCodecs)).toEqual({ timestamp: 200, offset: 11, leaderEpoch: 0 })
    await simulation.runUntil(log.append(batchOf({ timestamp: 150 })))
    await simulation.runUntil(log.close())
    expect(openTestLog(simulation.world).offsetOfMaxTimestamp(noCodecs)?.offset).toBe(11)
  })

  test('the greatest timestamp is one that has not been deleted', async () => {
    const simulation = createSimulation({ seed: 1 })
    const log = openTestLog(simulation.world)
    expect(log.offsetOfMaxTimestamp(noCodecs)).toBeNull()
    for (const timestamp of [900, 100, 200]) await simulation.runUntil(log.append(batchOf({ timestamp })))
    log.deleteRecordsBefore(1)
    expect(log.offsetOfMaxTimestamp(noCodecs)?.offset).toBe(2)
  })
})

describe('deleteRecordsBefore', () => {
  test('moves the start forward only, and not past the high watermark', async () => {
    const simulation = createSimulation({ seed: 1 })
    const log = openTestLog(simulation.world)
    await simulation.runUntil(log.append(batchOf({ recordCount: 10 })))
    log.append(batchOf()).catch(() => {})
    expect(log.deleteRecordsBefore(4)).toBe(4)
    expect(log.deleteRecordsBefore(2)).toBe(4)
    expect(() => log.deleteRecordsBefore(11)).toThrow(/records can be deleted up to the high watermark, 10/)
    expect(() => log.deleteRecordsBefore(-1)).toThrow(expect.objectContaining({ code: 'OFFSET_OUT_OF_RANGE' }))
    expect(log.leaderEpochs.entries).toEqual([{ epoch: 0, startOffset: 4 }])
  })

  test('segments wholly below the start go, also while a sync of them is under way', async () => {
    const simulation = createSimulation({ seed: 1 })
    simulation.disk.settings.syncDelay = { minMs: 10, maxMs: 10 }
    const log = openTestLog(simulation.world, { segmentBytes: 2 * SIZE, fsync: 'os' })
    for (let count = 0; count < 7; count++) void log.append(batchOf())
    await simulation.advance(5)
    log.deleteRecordsBefore(5)
    log.deleteOldSegments()
    await simulation.advance(1000)
    expect(log.fence).toBeNull()
    expect(simulation.files.list('/log').filter(name => !name.endsWith('.snapshot'))).toEqual([
      '00000000000000000004.index',
      '00000000000000000004.log',
      '00000000000000000004.timeindex',
      '00000000000000000006.log',
      'leader-epoch-checkpoint',
    ])
    expect(allOffsets(log)).toEqual([5, 6])
  })
})

describe('close and abandon', () => {
  test('a log that was closed starts without a walk, with its producers', async () => {
    const simulation = createSimulation({ seed: 1 })
    const log = openTestLog(simulation.world)
    await simulation.runUntil(log.append(batchOf({ producer: { id: 9, epoch: 0, sequence: 0 } })))
    await simulation.runUntil(log.close())
    expect(simulation.files.list('/log')).toEqual([
      '00000000000000000000.index',
      '00000000000000000000.log',
      '00000000000000000000.timeindex',
      '00000000000000000001.snapshot',
      'leader-epoch-checkpoint',
    ])
    const reopened = openTestLog(simulation.world)
    expect([reopened.logEndOffset, reopened.recoveryPoint, reopened.leaderEpoch]).toEqual([1, 1, 0])
    expect((await simulation.runUntil(reopened.append(batchOf({ producer: { id: 9, epoch: 0, sequence: 0 } })))).duplicate).toBe(true)
  })

  test('opening and closing again changes no file', async () => {
    const simulation = createSimulation({ seed: 1 })
    const log = openTestLog(simulation.world, { segmentBytes: 2 * SIZE })
    for (let sequence = 0; sequence < 5; sequence++)
      await simulation.runUntil(log.append(batchOf({ producer: { id: 9, epoch: 0, sequence } })))
    await simulation.runUntil(log.close())
    const before = simulation.disk.contents()
    const again = openTestLog(simulation.world, { segmentBytes: 2 * SIZE })
    expect(allOffsets(again)).toEqual([0, 1, 2, 3, 4])
    await simulation.runUntil(again.close())
    expect(simulation.disk.contents()).toEqual(before)
  })

  test('abandoning rejects who waits, and the sync under way is no failure of the disk', async () => {
    const simulation = createSimulation({ seed: 1 })
    const log = openTestLog(simulation.world)
    const result = log.append(batchOf())
    const outcome = expect(simulation.runUntil(result)).rejects.toMatchObject({ code: 'KAFKA_STORAGE_ERROR' })
    log.abandon()
    await outcome
    await simulation.advance(1000)
    expect(simulation.log.filter(line => line.level === 'error')).toEqual([])
  })
})
