import { createCodecs } from '@logwerk/compression'
import { type BatchRules, checkBatch, RECORDS_AT, RecordBatchBuilder, RecordBatchView, recompressBatch } from '@logwerk/protocol'
import { nodeWorld } from '@logwerk/runtime'
import { beforeAll, describe, expect, test } from 'vitest'

// Protocol knows no codec, and compression no batch; what Kafka's own builder has compressed needs both.

declare global {
  interface ImportMeta {
    /** Vite's: the modules that a pattern finds. */
    glob<T>(patterns: string | readonly string[], options: { eager: true; import?: string }): Record<string, T>
  }
}

interface Row {
  readonly name: string
  readonly codec: string
  readonly baseTimestamp: number
  readonly maxTimestamp: number
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly transactional: boolean
  readonly hex: string
  readonly records: readonly {
    readonly offset: number
    readonly timestamp: number
    readonly timestampDelta: number
    readonly key: string | null
    readonly value: string | null
    readonly headers: readonly { readonly key: string; readonly value: string | null }[]
  }[]
}

/** Made by packages/interop/java/Batches.java. */
const rows = Object.values(
  import.meta.glob<readonly Row[]>('../../protocol/golden/record-batches.json', { eager: true, import: 'default' }),
).flat()

const bytesOf = (hex: string | null) => (hex === null ? null : Buffer.from(hex, 'hex'))

const batches = rows
  .filter(({ codec }) => codec !== 'none')
  .map(({ hex, records, ...row }) => ({
    ...row,
    bytes: Buffer.from(hex, 'hex'),
    records: records.map(record => ({
      ...record,
      key: bytesOf(record.key),
      value: bytesOf(record.value),
      headers: record.headers.map(({ key, value }) => ({ key, value: bytesOf(value) })),
    })),
  }))

/** Native codecs where there are some, and what stands in for them elsewhere. */
const worlds = [
  ['native', createCodecs(nodeWorld)],
  ['without native parts', createCodecs({ native: () => null })],
] as const

beforeAll(async () => {
  for (const [, codecs] of worlds) await codecs.ready()
})

test('there are goldens of every codec', () => {
  expect(new Set(batches.map(({ codec }) => codec))).toEqual(new Set(['gzip', 'snappy', 'lz4', 'zstd']))
})

describe.each(worlds)('%s', (_name, codecs) => {
  const rules: BatchRules = {
    codecs,
    maxBatchBytes: 1 << 20,
    maxDecompressedBytes: 1 << 24,
    timestampType: 'CreateTime',
    timestampBeforeMaxMs: Number.MAX_SAFE_INTEGER,
    timestampAfterMaxMs: Number.MAX_SAFE_INTEGER,
    requiresKey: false,
  }

  test.each(batches)('$codec, $name: read', ({ bytes, records }) => {
    const view = new RecordBatchView(bytes)
    const read = view.records(view.payload(codecs)).map(({ offset, timestamp, key, value, headers }) => ({
      offset,
      timestamp,
      key,
      value,
      headers: headers.map(header => ({ key: header.key, value: header.value })),
    }))
    expect(read).toEqual(records.map(({ timestampDelta: _, ...record }) => record))
  })

  test.each(batches)('$codec, $name: built here, it reads back the same', golden => {
    const builder = new RecordBatchBuilder(Buffer.alloc(RECORDS_AT))
    for (const { timestampDelta, key, value, headers } of golden.records)
      builder.append(golden.baseTimestamp + timestampDelta, key, value, headers)
    const { producerId, producerEpoch, baseSequence, transactional } = golden
    const codec = codecs.get(golden.codec as 'gzip')
    const ours = new RecordBatchView(builder.finish({ producerId, producerEpoch, baseSequence, transactional }, codec))
    const theirs = new RecordBatchView(golden.bytes)
    expect(ours.isCrcValid()).toBe(true)
    expect(ours.payload(codecs).equals(theirs.payload(codecs))).toBe(true)
  })

  test.each(batches)('$codec, $name: accepted, and stored anew in every other way', golden => {
    const bytes = Buffer.from(golden.bytes)
    // A producer's base offset is 0.
    bytes.writeBigInt64BE(0n, 0)
    const check = checkBatch(bytes, rules, golden.maxTimestamp)
    if (!check.ok) throw new Error(check.errorMessage)
    expect(check.batch.compressionType).toBe(golden.codec)
    const plain = check.batch.view.payload(codecs)
    for (const type of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
      const { view } = recompressBatch(check.batch, type, codecs)
      expect(view.compressionType).toBe(type)
      expect(view.isCrcValid(), type).toBe(true)
      expect(view.payload(codecs).equals(plain), type).toBe(true)
    }
  })
})
