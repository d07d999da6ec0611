import { describe, expect, test } from 'vitest'
import { RecordBatchView } from './batch-view.ts'
import { endTransactionBatch, markerOf } from './control-batch.ts'
import { goldenBatches } from './golden-batches.test-support.ts'
import { batchOf, patched } from './record-batches.test-support.ts'

const markers = goldenBatches.filter(({ control }) => control)

test('there are goldens', () => {
  expect(markers.map(({ name }) => name)).toEqual(['commit marker', 'abort marker'])
})

describe.each(markers)('$name', golden => {
  const marker = golden.name === 'commit marker' ? 'COMMIT' : 'ABORT'
  // Written by Batches.java.
  const coordinatorEpoch = golden.name === 'commit marker' ? 5 : 0x7fff_ffff

  test('is written as Kafka writes it', () => {
    const { producerId, producerEpoch, partitionLeaderEpoch, maxTimestamp } = golden
    const batch = endTransactionBatch({
      marker,
      producerId,
      producerEpoch,
      coordinatorEpoch,
      timestamp: maxTimestamp,
      partitionLeaderEpoch,
    })
    batch.writeBigInt64BE(BigInt(golden.baseOffset), 0)
    expect(batch.toString('hex')).toBe(golden.bytes.toString('hex'))
  })

  test('is read', () => {
    expect(markerOf(new RecordBatchView(golden.bytes))).toEqual({ marker, coordinatorEpoch })
  })
})

describe('markerOf skips what is no end of a transaction', () => {
  test.each([
    ['another kind', '\0\0\0\x02', '\0\0\0\0\0\0'],
    ['a short key', '\0\0', '\0\0\0\0\0\0'],
    ['a short value', '\0\0\0\x01', '\0\0'],
    ['no value', '\0\0\0\x01', null],
    ['no key', null, '\0\0\0\0\0\0'],
  ])('%s', (_name, key, value) => {
    expect(markerOf(new RecordBatchView(batchOf([{ key, value }], { control: true })))).toBeNull()
  })

  test('no record', () => {
    const empty = patched(batchOf([{}], { control: true }).subarray(0, 61), bytes => {
      bytes.writeInt32BE(49, 8)
      bytes.writeInt32BE(0, 57)
    })
    expect(markerOf(new RecordBatchView(empty))).toBeNull()
  })
})
