import { RecordBatchView } from '@logwerk/protocol'
import { expect, test } from 'vitest'
import { type AbortedTransaction, AbortedTransactions } from './aborted-transactions.ts'
import { batchAt, markerAt } from './batches.test-support.ts'

/** For each batch whether it is hidden. */
function hidden(aborted: readonly AbortedTransaction[], batches: readonly Buffer[]): boolean[] {
  const transactions = new AbortedTransactions(aborted)
  return batches.map(batch => transactions.hides(new RecordBatchView(batch)))
}

test('a transaction is hidden from its first record to its abort marker, and the producer is seen again after it', () => {
  const batches = [batchAt(0, ['a', 'b'], 7), markerAt(2, 'ABORT', 7), batchAt(3, ['c'], 7), markerAt(4, 'COMMIT', 7)]
  expect(hidden([{ producerId: 7, firstOffset: 0 }], batches)).toEqual([true, true, false, true])
})

test('producers are told apart, and records without a transaction are seen', () => {
  const batches = [
    batchAt(0, ['a'], 7),
    batchAt(1, ['b'], 8),
    batchAt(2, ['c']),
    markerAt(3, 'ABORT', 8),
    markerAt(4, 'COMMIT', 7),
    batchAt(5, ['d'], 8),
  ]
  expect(hidden([{ producerId: 8, firstOffset: 1 }], batches)).toEqual([false, true, false, true, true, false])
})

test('the list may be in any order, and name a producer twice', () => {
  const batches = [
    batchAt(0, ['a'], 7),
    markerAt(1, 'ABORT', 7),
    batchAt(2, ['b'], 7),
    markerAt(3, 'COMMIT', 7),
    batchAt(4, ['c'], 7),
    markerAt(5, 'ABORT', 7),
  ]
  const aborted = [
    { producerId: 7, firstOffset: 4 },
    { producerId: 7, firstOffset: 0 },
  ]
  expect(hidden(aborted, batches)).toEqual([true, true, false, true, true, true])
})

test('a transaction that began before the answer is hidden from its first batch on', () => {
  expect(hidden([{ producerId: 7, firstOffset: 3 }], [batchAt(10, ['x'], 7), markerAt(11, 'ABORT', 7)])).toEqual([true, true])
})

test('a commit marker does not end the hiding of another transaction of the same producer, only an abort does', () => {
  const batches = [markerAt(0, 'COMMIT', 7), batchAt(1, ['a'], 7), markerAt(2, 'ABORT', 7)]
  expect(hidden([{ producerId: 7, firstOffset: 1 }], batches)).toEqual([true, true, true])
})
