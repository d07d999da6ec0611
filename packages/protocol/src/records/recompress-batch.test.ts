import { expect, test } from 'vitest'
import { RecordBatchView } from './batch-view.ts'
import { type CheckedRecordBatch, checkBatch } from './check-batch.ts'
import { recompressBatch } from './recompress-batch.ts'
import { batchOf, gzipCodec, testCodecs } from './record-batches.test-support.ts'

const records = [
  { key: 'a', value: 'x'.repeat(100), timestamp: 5 },
  { key: null, value: null, timestamp: 2000 },
]
const stamp = { producerId: 77, producerEpoch: 3, baseSequence: 9, partitionLeaderEpoch: 4 }

function checked(bytes: Buffer): CheckedRecordBatch {
  const check = checkBatch(
    bytes,
    {
      codecs: testCodecs,
      maxBatchBytes: 10_000,
      maxDecompressedBytes: 10_000,
      timestampType: 'CreateTime',
      timestampBeforeMaxMs: Number.MAX_SAFE_INTEGER,
      timestampAfterMaxMs: 10_000,
      requiresKey: false,
    },
    1000,
  )
  if (!check.ok) throw new Error(check.errorMessage)
  return check.batch
}

function shown({ view, compressionType, ...rest }: CheckedRecordBatch) {
  const {
    baseOffset,
    lastOffset,
    partitionLeaderEpoch,
    producerId,
    producerEpoch,
    baseSequence,
    baseTimestamp,
    maxTimestamp,
    recordCount,
  } = view
  const decoded = view
    .records(view.payload(testCodecs))
    .map(({ offset, timestamp, key, value }) => [offset, timestamp, key && String(key), value && String(value)])
  expect(view.compressionType).toBe(compressionType)
  expect(view.isCrcValid()).toBe(true)
  return {
    ...rest,
    baseOffset,
    lastOffset,
    partitionLeaderEpoch,
    producerId,
    producerEpoch,
    baseSequence,
    baseTimestamp,
    maxTimestamp,
    recordCount,
    decoded,
  }
}

test('everything but the compression stays as it is', () => {
  const plain = checked(batchOf(records, stamp))
  const compressed = recompressBatch(plain, 'gzip', testCodecs)
  expect(compressed.compressionType).toBe('gzip')
  expect(compressed.view.sizeBytes).toBeLessThan(plain.view.sizeBytes)
  expect(shown(compressed)).toEqual(shown(plain))
  const again = recompressBatch(compressed, 'none', testCodecs)
  expect(again.view.bytes.equals(plain.view.bytes)).toBe(true)
  expect(again.compressionType).toBe('none')
})

test('what the producer compressed is left alone', () => {
  const bytes = batchOf(records, stamp, gzipCodec)
  const before = Buffer.from(bytes)
  recompressBatch(checked(bytes), 'none', testCodecs)
  expect(bytes.equals(before)).toBe(true)
})

test('a level is handed on', () => {
  const varied = checked(batchOf([{ value: Array.from({ length: 500 }, (_, index) => `${index * index}`).join() }]))
  const fast = recompressBatch(varied, 'gzip', testCodecs, 1)
  const best = recompressBatch(varied, 'gzip', testCodecs, 9)
  expect(best.view.sizeBytes).toBeLessThan(fast.view.sizeBytes)
  expect(new RecordBatchView(fast.view.bytes).isCrcValid()).toBe(true)
})
