import { KafkaError } from '@logwerk/runtime'
import { createSimulation, type Simulation } from '@logwerk/runtime/simulated'
import { describe, expect, test } from 'vitest'
import type { BatchPlace } from './batch-place.ts'
import { type BatchOptions, batchOf, configOf, sizeOfBatch } from './batches.test-support.ts'
import { Segment, segmentName } from './segment.ts'

const config = configOf({ indexIntervalBytes: 300 })
const LOG = '/p/00000000000000000100.log'
const INDEX = '/p/00000000000000000100.index'
/** Size of the batches that `fill` writes. */
const SIZE = sizeOfBatch({ recordCount: 3 })
const TIME_INDEX = '/p/00000000000000000100.timeindex'

function create(simulation: Simulation): Segment {
  simulation.files.makeDirectory('/p')
  return Segment.create(simulation.files, '/p', 100)
}

/** Appends a batch at the end; the offset behind it. */
function append(segment: Segment, baseOffset: number, options: BatchOptions = {}): number {
  const { view, lastOffsetDelta } = batchOf(options)
  view.bytes.writeUInt32BE(baseOffset, 4)
  segment.append([view], config)
  return baseOffset + lastOffsetDelta + 1
}

/** Forty batches of three records, each batch 10 ms after the one before. */
function fill(segment: Segment, count = 40): void {
  for (let index = 0, offset = 100; index < count; index++)
    offset = append(segment, offset, { recordCount: 3, timestamp: 1000 + index * 10 })
}

function places(segment: Segment): BatchPlace[] {
  const found: BatchPlace[] = []
  segment.find(0, place => {
    found.push(place)
    return false
  })
  return found
}

/** For every offset: does the walk from where the index points meet its batch first, at most an interval away? */
function expectLookups(segment: Segment, intervalBytes: number): void {
  const all = places(segment)
  for (let offset = 100; offset < 220; offset++) {
    const wanted = all.find(place => place.lastOffset >= offset)
    const from = segment.floorPosition(offset)
    expect(segment.find(from, place => place.lastOffset >= offset)).toEqual(wanted)
    expect(wanted!.positionBytes - from).toBeLessThanOrEqual(2 * (intervalBytes + wanted!.sizeBytes))
  }
}

test('a file is named by its base offset, in 20 digits', () => {
  expect(segmentName(0)).toBe('00000000000000000000')
  expect(segmentName(9_007_199_254_740_991)).toBe('00009007199254740991')
})

describe('append', () => {
  test('puts batches one behind the other, and finds each', () => {
    const segment = create(createSimulation({ seed: 1 }))
    fill(segment)
    const all = places(segment)
    expect(all.map(place => place.baseOffset)).toEqual(Array.from({ length: 40 }, (_, index) => 100 + index * 3))
    expect(all.at(-1)!.positionBytes + all.at(-1)!.sizeBytes).toBe(segment.sizeBytes)
    expect(segment.readBatch(all[7]!).baseOffset).toBe(121)
    expectLookups(segment, 300)
  })

  test('goes on after short writes', () => {
    const simulation = createSimulation({ seed: 1 })
    simulation.disk.settings.shortWriteShare = 0.8
    const segment = create(simulation)
    fill(segment)
    for (const place of places(segment)) expect(segment.readBatch(place).isCrcValid()).toBe(true)
  })

  test('that the disk refuses in the middle leaves nothing behind', () => {
    const simulation = createSimulation({ seed: 1 })
    const segment = create(simulation)
    fill(segment, 3)
    const before = segment.sizeBytes
    simulation.disk.settings.capacityBytes = before + 50
    expect(() => append(segment, 109)).toThrow(/ENOSPC/)
    expect(segment.sizeBytes).toBe(before)
    expect(simulation.files.info(LOG)?.sizeBytes).toBe(before)
    simulation.disk.settings.capacityBytes = Number.POSITIVE_INFINITY
    append(segment, 109)
    expect(places(segment).map(place => place.baseOffset)).toEqual([100, 103, 106, 109])
  })

  test('whose rest cannot be cut off either has it cut off later', () => {
    const simulation = createSimulation({ seed: 1 })
    const segment = create(simulation)
    fill(segment, 3)
    const before = segment.sizeBytes
    simulation.disk.settings.capacityBytes = before + 50
    simulation.disk.fail('truncate')
    expect(() => append(segment, 109, { valueBytes: 500 })).toThrow(/ENOSPC/)
    expect(simulation.files.info(LOG)?.sizeBytes).toBe(before + 50)
    expect(places(segment)).toHaveLength(3)
    segment.trim()
    expect(simulation.files.info(LOG)?.sizeBytes).toBe(before)
  })
})

describe('isFullFor', () => {
  function full(
    segment: Segment,
    { sizeBytes = 100, lastOffset = 200, maxTimestamp = 1000 },
    limits: Parameters<typeof configOf>[0],
  ): boolean {
    return segment.isFullFor(sizeBytes, lastOffset, maxTimestamp, configOf(limits))
  }

  test('an empty segment takes anything', () => {
    const segment = create(createSimulation({ seed: 1 }))
    expect(full(segment, { sizeBytes: 1000, maxTimestamp: 9e12, lastOffset: 2 ** 40 }, { segmentBytes: 14, segmentMs: 1 })).toBe(false)
  })

  test('by size: when the batch does not fit any more', () => {
    const segment = create(createSimulation({ seed: 1 }))
    fill(segment, 2)
    const { sizeBytes } = segment
    expect(full(segment, { sizeBytes: 100 }, { segmentBytes: sizeBytes + 100 })).toBe(false)
    expect(full(segment, { sizeBytes: 101 }, { segmentBytes: sizeBytes + 100 })).toBe(true)
  })

  test('by record time since the first batch, not by the clock', async () => {
    const simulation = createSimulation({ seed: 1 })
    const segment = create(simulation)
    fill(segment, 2)
    await simulation.advance(1_000_000)
    expect(full(segment, { maxTimestamp: 1500 }, { segmentMs: 500 })).toBe(false)
    expect(full(segment, { maxTimestamp: 1501 }, { segmentMs: 500 })).toBe(true)
    segment.close()
    const reopened = Segment.open(simulation.files, '/p', 100)
    expect(full(reopened, { maxTimestamp: 1500 }, { segmentMs: 500 })).toBe(false)
    expect(full(reopened, { maxTimestamp: 1501 }, { segmentMs: 500 })).toBe(true)
  })

  test('not by time if the first batch has no timestamp', () => {
    const segment = create(createSimulation({ seed: 1 }))
    append(segment, 100, { timestamp: -1 })
    expect(full(segment, { maxTimestamp: 9e12 }, { segmentMs: 500 })).toBe(false)
  })

  test('by the size of the offset index', () => {
    const segment = create(createSimulation({ seed: 1 }))
    for (let offset = 100; offset < 110; offset++) append(segment, offset, { valueBytes: 400, timestamp: 1000 })
    // Nine entries of 8 bytes; the time index has one.
    expect(full(segment, {}, { segmentIndexBytes: 80 })).toBe(false)
    expect(full(segment, {}, { segmentIndexBytes: 79 })).toBe(true)
  })

  test('by the size of the time index, of which one entry is kept for the end', () => {
    const segment = create(createSimulation({ seed: 1 }))
    for (let offset = 100; offset < 110; offset++) append(segment, offset, { valueBytes: 400, timestamp: 1000 + offset })
    // Nine entries of 12 bytes.
    expect(full(segment, {}, { segmentIndexBytes: 132 })).toBe(false)
    expect(full(segment, {}, { segmentIndexBytes: 131 })).toBe(true)
  })

  test('by offset: the index holds 31 bits of it', () => {
    const segment = create(createSimulation({ seed: 1 }))
    fill(segment, 1)
    expect(full(segment, { lastOffset: 100 + 0x7fff_ffff }, {})).toBe(false)
    expect(full(segment, { lastOffset: 101 + 0x7fff_ffff }, {})).toBe(true)
  })
})

describe('index files', () => {
  function closed(): Simulation {
    const simulation = createSimulation({ seed: 1 })
    const segment = create(simulation)
    fill(segment)
    segment.writeIndexes()
    segment.close()
    return simulation
  }

  test('have one entry for each interval, and a last time entry for the greatest timestamp', () => {
    const simulation = closed()
    const segment = Segment.open(simulation.files, '/p', 100)
    expect(segment.maxTimestamp).toBe(1390)
    expectLookups(segment, 300)
    const index = Buffer.from(simulation.disk.contents().get(INDEX)!)
    // More than 300 bytes have to lie between two entries' batches: with batches of 142 bytes every third has one.
    expect(SIZE).toBe(142)
    expect(index.length).toBe(13 * 8)
    expect([index.readInt32BE(0), index.readInt32BE(4), index.readInt32BE(8), index.readInt32BE(12)]).toEqual([11, 3 * SIZE, 20, 6 * SIZE])
    const times = Buffer.from(simulation.disk.contents().get(TIME_INDEX)!)
    expect([Number(times.readBigInt64BE(times.length - 12)), times.readInt32BE(times.length - 4)]).toEqual([1390, 119])
  })

  test.each<[string, (simulation: Simulation) => void]>([
    ['missing', ({ files }) => bothIndexes(path => files.remove(path))],
    ['missing for one of two', ({ files }) => files.remove(TIME_INDEX)],
    ['of odd length', ({ files }) => files.open(INDEX, 'write').truncate(13)],
    ['of zeros', ({ disk }) => bothIndexes(path => disk.corrupt(path, 0, Buffer.alloc(2000)))],
    ['empty', ({ files }) => bothIndexes(path => files.open(path, 'write').truncate(0))],
    ['those of an earlier, shorter segment', ({ files }) => truncateTo(files, 5)],
    ['pointing into the middle of batches', ({ disk }) => shiftPositions(disk, 40)],
    ['wrong in a single entry', ({ disk }) => disk.flipBit(INDEX, (4 * 8 + 7) * 8)],
  ])('%s are made anew', (_, spoil) => {
    const simulation = closed()
    spoil(simulation)
    const segment = Segment.open(simulation.files, '/p', 100)
    expect(segment.maxTimestamp).toBe(1390)
    expectLookups(segment, 4096)
  })

  test('are taken away again if there is no room for them', () => {
    const simulation = createSimulation({ seed: 1 })
    const segment = create(simulation)
    fill(segment)
    simulation.disk.settings.capacityBytes = segment.sizeBytes + 30
    expect(() => segment.writeIndexes()).toThrow(/ENOSPC/)
    expect(simulation.files.list('/p')).toEqual(['00000000000000000100.log'])
  })
})

describe('damage', () => {
  test('is told with file and byte, and the batches before it are found', () => {
    const simulation = createSimulation({ seed: 1 })
    const segment = create(simulation)
    fill(segment)
    segment.close()
    const at = 20 * SIZE
    simulation.disk.corrupt(LOG, at, Buffer.alloc(61))
    const reopened = Segment.open(simulation.files, '/p', 100)
    expect(reopened.find(reopened.floorPosition(150), place => place.lastOffset >= 150)?.baseOffset).toBe(148)
    const failure = () => reopened.find(reopened.floorPosition(170), place => place.lastOffset >= 170)
    expect(failure).toThrow(KafkaError)
    expect(failure).toThrow(`${LOG} is corrupt at byte ${at}: `)
  })

  test('a batch that reaches past the end of the file is damage too', () => {
    const simulation = createSimulation({ seed: 1 })
    const segment = create(simulation)
    fill(segment, 2)
    segment.truncate(SIZE + 100)
    expect(() => places(segment)).toThrow(`is corrupt at byte ${SIZE}: `)
  })

  test('that is hidden is the end of the segment', () => {
    const segment = create(createSimulation({ seed: 1 }))
    fill(segment, 4)
    segment.hideFrom(2 * SIZE)
    expect(places(segment)).toHaveLength(2)
  })
})

test('a segment that is deleted takes its indexes with it', () => {
  const simulation = createSimulation({ seed: 1 })
  const segment = create(simulation)
  fill(segment)
  segment.writeIndexes()
  segment.delete()
  expect(simulation.files.list('/p')).toEqual([])
})

function truncateTo(files: Simulation['files'], entries: number): void {
  files.open(INDEX, 'write').truncate(entries * 8)
  files.open(TIME_INDEX, 'write').truncate(entries * 12)
}

function shiftPositions(disk: Simulation['disk'], bytes: number): void {
  const index = Buffer.from(disk.contents().get(INDEX)!)
  for (let at = 4; at < index.length; at += 8) index.writeInt32BE(index.readInt32BE(at) + bytes, at)
  disk.corrupt(INDEX, 0, index)
}

function bothIndexes(action: (path: string) => void): void {
  action(INDEX)
  action(TIME_INDEX)
}
