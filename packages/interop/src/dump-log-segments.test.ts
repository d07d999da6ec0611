import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCodecs } from '@logwerk/compression'
import { type CompressionType, RECORDS_AT, RecordBatchBuilder, RecordBatchView } from '@logwerk/protocol'
import { NO_HEADERS, nodeWorld, resolveConfig, silentLogger } from '@logwerk/runtime'
import { type Log, LogDirectory, logConfig } from '@logwerk/storage'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runTool } from './kafka-tool.ts'

const world = { ...nodeWorld, log: silentLogger }
const codecs = createCodecs(world)
const COMPRESSION: readonly CompressionType[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']
const TOPIC = { topic: 'orders', partition: 0, topicId: 'YWJjZGVmZ2hpamtsbW5vcA' }
const RECORDS_PER_BATCH = 8
const START_MS = 1_760_000_000_000

const root = mkdtempSync(join(tmpdir(), 'logwerk-dump-'))
afterAll(() => rmSync(root, { recursive: true }))

function open(path: string): { readonly directory: LogDirectory; readonly log: Log } {
  const directory = LogDirectory.open(world, { path, nodeId: 1 })
  const config = resolveConfig('openPartition', logConfig, { segmentBytes: 30_000, indexIntervalBytes: 2000 })
  return { directory, log: directory.openPartition({ ...TOPIC, config }) }
}

/** A batch of an idempotent producer; each codec in turn, timestamps that go up and down. */
function batchAt(index: number) {
  const compressionType = COMPRESSION[index % COMPRESSION.length]!
  const builder = new RecordBatchBuilder(Buffer.allocUnsafeSlow(RECORDS_AT + 64))
  for (let record = 0; record < RECORDS_PER_BATCH; record++) {
    const value = JSON.stringify({ order: index * RECORDS_PER_BATCH + record, text: 'ordered '.repeat(record * 4) })
    builder.append(START_MS + index * 50 - ((record * 37) % 60), Buffer.from(`key ${record}`), Buffer.from(value), NO_HEADERS)
  }
  const stamp = { producerId: 4711 + (index % 3), producerEpoch: 2, baseSequence: Math.floor(index / 3) * RECORDS_PER_BATCH }
  const bytes = builder.finish(stamp, compressionType === 'none' ? undefined : codecs.get(compressionType))
  const view = new RecordBatchView(bytes)
  return { view, recordCount: RECORDS_PER_BATCH, lastOffsetDelta: RECORDS_PER_BATCH - 1, maxTimestamp: view.maxTimestamp, compressionType }
}

async function appendFrom(log: Log, from: number, to: number): Promise<void> {
  for (let index = from; index < to; index++) {
    expect((await log.append(batchAt(index))).baseOffset).toBe(index * RECORDS_PER_BATCH)
  }
}

function filesOf(path: string, suffix: string): string[] {
  const partition = join(path, 'orders-0')
  return readdirSync(partition)
    .filter(name => name.endsWith(suffix))
    .sort()
    .map(name => join(partition, name))
}

function dump(files: readonly string[], ...options: readonly string[]): string {
  expect(files.length).toBeGreaterThan(0)
  return runTool('org.apache.kafka.tools.DumpLogSegments', '--files', files.join(','), ...options)
}

interface DumpedBatch {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly codec: string
  readonly isValid: boolean
}

/** The line that the tool prints for each batch. */
function batchesIn(text: string): DumpedBatch[] {
  const lines = text.matchAll(/^baseOffset: (\d+) lastOffset: (\d+) .*compresscodec: (\w+) .*isvalid: (true|false)$/gm)
  return [...lines].map(([, baseOffset, lastOffset, codec, isValid]) => ({
    baseOffset: Number(baseOffset),
    lastOffset: Number(lastOffset),
    codec: codec!,
    isValid: isValid === 'true',
  }))
}

/** Everything by which the tool says that something is wrong. */
function complaintsIn(text: string): string[] {
  return text.split('\n').filter(line => /invalid bytes|mismatch|isvalid: false|not found|out of order|exception|error/i.test(line))
}

/** Kafka reads every file of a directory as we meant it: `batchCount` batches, and indexes that lead to them. */
function expectSound(path: string, batchCount: number): void {
  const logs = filesOf(path, '.log')
  expect(logs.length).toBeGreaterThan(2)
  const text = dump(logs, '--deep-iteration', '--print-data-log')
  expect(complaintsIn(text)).toEqual([])
  const expected = Array.from({ length: batchCount }, (_, index) => ({
    baseOffset: index * RECORDS_PER_BATCH,
    lastOffset: (index + 1) * RECORDS_PER_BATCH - 1,
    codec: COMPRESSION[index % COMPRESSION.length],
    isValid: true,
  }))
  expect(batchesIn(text)).toEqual(expected)
  const orders = [...text.matchAll(/payload: \{"order":(\d+)/g)].map(match => Number(match[1]))
  expect(orders).toEqual(Array.from({ length: batchCount * RECORDS_PER_BATCH }, (_, order) => order))

  const indexes = [...filesOf(path, '.index'), ...filesOf(path, '.timeindex')]
  // All but the active segment have them even after a crash.
  expect(indexes.length).toBeGreaterThanOrEqual(2 * (logs.length - 1))
  const entries = dump(indexes)
  expect(complaintsIn(entries)).toEqual([])
  expect([...entries.matchAll(/^offset: \d+ position: \d+$/gm)].length).toBeGreaterThan(logs.length)
  expect([...entries.matchAll(/^timestamp: \d+ offset: \d+$/gm)].length).toBeGreaterThan(logs.length)
  expect(complaintsIn(dump(indexes, '--verify-index-only'))).toEqual([])
  const sanity = dump(indexes, '--index-sanity-check')
  expect(complaintsIn(sanity)).toEqual([])
  expect([...sanity.matchAll(/passed sanity check/g)]).toHaveLength(indexes.length)
}

beforeAll(() => codecs.ready())

describe('Kafka reads with DumpLogSegments', () => {
  const clean = join(root, 'clean')
  const crashed = join(root, 'crashed')

  test('a directory that was closed: several segments, every codec, idempotent producers', async () => {
    const { directory, log } = open(clean)
    await appendFrom(log, 0, 150)
    await directory.close()
    expectSound(clean, 150)

    const snapshots = dump(filesOf(clean, '.snapshot'))
    expect(complaintsIn(snapshots)).toEqual([])
    for (const producer of [0, 1, 2]) {
      const lastSequence = 50 * RECORDS_PER_BATCH - 1
      const line = `producerId: ${4711 + producer} producerEpoch: 2 .*lastSequence: ${lastSequence} lastOffset: ${(147 + producer + 1) * RECORDS_PER_BATCH - 1} `
      expect(snapshots).toMatch(new RegExp(line))
    }
  })

  test('a directory after a crash, its recovery, and what was appended since', async () => {
    const running = join(root, 'running')
    const { directory, log } = open(running)
    await appendFrom(log, 0, 140)
    // What a process that is killed in the middle of a write leaves.
    cpSync(running, crashed, { recursive: true })
    await directory.close()
    rmSync(join(crashed, '.lock'))
    const active = filesOf(crashed, '.log').at(-1)!
    writeFileSync(active, batchAt(140).view.bytes.subarray(0, 200), { flag: 'a' })
    expect(dump([active])).toMatch(/Found 200 invalid bytes at the end of/)

    const recovered = open(crashed)
    expect([recovered.directory.cleanShutdown, recovered.log.logEndOffset]).toEqual([false, 140 * RECORDS_PER_BATCH])
    // While it is open the active segment has no indexes yet; Kafka makes them anew as well.
    expectSound(crashed, 140)
    await appendFrom(recovered.log, 140, 200)
    await recovered.directory.close()
    expectSound(crashed, 200)
  })

  test('and sees what we plant: a flipped bit, a wrong index entry', () => {
    const log = filesOf(clean, '.log')[1]!
    const bytes = readFileSync(log)
    const first = bytes.readInt32BE(8) + 12
    bytes[first + RECORDS_AT + 30]! ^= 0x10
    writeFileSync(log, bytes)
    const text = dump([log])
    expect(batchesIn(text).map(batch => batch.isValid)).toEqual(batchesIn(text).map((_, index) => index !== 1))
    expect(complaintsIn(text)).toEqual([expect.stringMatching(/isvalid: false/)])

    const index = filesOf(clean, '.index')[0]!
    const entries = readFileSync(index)
    // The second entry leads to the batch of the first.
    entries.copy(entries, 12, 4, 8)
    writeFileSync(index, entries)
    expect(complaintsIn(dump([index], '--verify-index-only'))).not.toEqual([])
  })
})
