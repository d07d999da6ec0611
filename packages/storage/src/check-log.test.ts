import { createSimulation, type Simulation } from '@logwerk/runtime/simulated'
import { describe, expect, test } from 'vitest'
import { batchOf, configOf } from './batches.test-support.ts'
import { checkLog } from './check-log.test-support.ts'
import type { Log } from './log.ts'
import { LogHistory, type ReadableLog } from './log-history.test-support.ts'
import { openLog } from './open-log.ts'
import { ProducerState } from './producer-state.ts'

const FILE = '/log/00000000000000000000.log'
const BATCH_COUNT = 12

function open({ world }: Simulation): Log {
  const config = configOf({ indexIntervalBytes: 200 })
  return openLog(world, {
    directory: '/log',
    topic: 'orders',
    partition: 0,
    config,
    cleanShutdown: true,
    recoveryPoint: 0,
    logStartOffset: 0,
  })
}

/** A closed log of twelve acknowledged batches of three records, by one producer. */
async function filledLog(): Promise<{ readonly simulation: Simulation; readonly history: LogHistory }> {
  const simulation = createSimulation({ seed: 1 })
  const history = new LogHistory()
  const log = open(simulation)
  for (let index = 0; index < BATCH_COUNT; index++) {
    const timestamps = [0, 1, 2].map(record => 1000 + index * 10 + record)
    const batch = batchOf({ recordCount: 3, timestamp: timestamps, fill: `${index}`, producer: { id: 1, epoch: 0, sequence: index * 3 } })
    const { baseOffset, lastOffset } = await simulation.runUntil(log.append(batch))
    history.batches.push({ baseOffset, lastOffset, view: batch.view, timestamps, acknowledged: true })
  }
  await simulation.runUntil(log.close())
  return { simulation, history }
}

/** The names of the invariants that a checker found violated. */
function violated(log: ReadableLog, history: LogHistory): string[] {
  const complaints = checkLog(log, history, { keepsAcknowledged: true })
  return [...new Set(complaints.map(complaint => complaint.slice(0, complaint.indexOf(':'))))].sort()
}

test('an honest log passes', async () => {
  const { simulation, history } = await filledLog()
  expect(checkLog(open(simulation), history, { keepsAcknowledged: true })).toEqual([])
})

describe('planted on the disk of a log that is then trusted:', () => {
  test.each<[string, (batches: Buffer[]) => Buffer[], string[]]>([
    ['a lost batch', batches => batches.toSpliced(4, 1), ['order', 'prefix', 'time index']],
    [
      'two batches in the wrong order',
      batches => batches.toSpliced(4, 2, batches[5]!, batches[4]!),
      ['index', 'order', 'prefix', 'time index'],
    ],
    ['a batch twice', batches => batches.toSpliced(5, 0, batches[4]!), ['order', 'prefix']],
    ['a batch with other content', batches => batches.toSpliced(4, 1, flipped(batches[4]!)), ['prefix']],
    ['an acknowledged batch that is silently gone', batches => batches.slice(0, -1), ['acknowledged']],
  ])('%s', async (_, plant, expected) => {
    const { simulation, history } = await filledLog()
    const file = simulation.files.open(FILE, 'write')
    const bytes = Buffer.alloc(file.sizeBytes())
    file.read(bytes, 0)
    const size = bytes.length / BATCH_COUNT
    const batches = Array.from({ length: BATCH_COUNT }, (__, index) => bytes.subarray(index * size, (index + 1) * size))
    file.truncate(0)
    file.writev(plant(batches), 0)
    for (const name of simulation.files.list('/log')) if (name.endsWith('.snapshot')) simulation.files.remove(`/log/${name}`)
    expect(violated(open(simulation), history)).toEqual(expect.arrayContaining(expected))
  })
})

describe('planted between the log and the checker:', () => {
  test('an index entry that leads to the wrong batch', async () => {
    const { simulation, history } = await filledLog()
    const log = open(simulation)
    const read: Log['read'] = (offset, options) => log.read(offset === 17 && options.maxBytes === 1 ? 18 : offset, options)
    expect(violated(lyingLog(log, { read }), history)).toEqual(['index'])
  })

  test('a time index that starts too late', async () => {
    const { simulation, history } = await filledLog()
    const log = open(simulation)
    const late: Log['offsetForTimestamp'] = (timestamp, ...rest) => log.offsetForTimestamp(timestamp + 1, ...rest)
    expect(violated(lyingLog(log, { offsetForTimestamp: late }), history)).toEqual(['time index'])
  })

  test('producers that are forgotten', async () => {
    const { simulation, history } = await filledLog()
    const log = open(simulation)
    expect(violated(lyingLog(log, { producers: new ProducerState(1) }), history)).toEqual(['producers'])
  })

  test('a start of the log that nobody asked for', async () => {
    const { simulation, history } = await filledLog()
    const log = open(simulation)
    await simulation.runUntil(log.flush())
    log.deleteRecordsBefore(6)
    expect(violated(log, history)).toEqual(['start'])
  })
})

/** The log with a lie in one place. */
function lyingLog(log: Log, lie: Partial<ReadableLog>): ReadableLog {
  return {
    logStartOffset: log.logStartOffset,
    logEndOffset: log.logEndOffset,
    producers: log.producers,
    read: (offset, options) => log.read(offset, options),
    offsetForTimestamp: (timestamp, limitOffset, codecs) => log.offsetForTimestamp(timestamp, limitOffset, codecs),
    ...lie,
  }
}

function flipped(batch: Buffer): Buffer {
  const copy = Buffer.from(batch)
  copy[batch.length - 5]! ^= 1
  return copy
}
