import { expect, test } from 'vitest'
import { checkDelivery, type SentRecord } from './delivery-check.ts'

const record = (id: string, ...fates: (number | null)[]): SentRecord => ({ log: 't-0', id, fates })
const log = (...ids: string[]) => new Map([['t-0', ids]])

test('nothing is wrong with records that are stored once and in order, nor with a failed one that is or is not', () => {
  expect(
    checkDelivery([record('a', 0), record('b', -1), record('c', null), record('d', null), record('e', 3)], log('a', 'b', 'd', 'e')),
  ).toEqual([])
  expect(checkDelivery([], new Map())).toEqual([])
})

test.each<[string, SentRecord[], string[], string]>([
  ['a loss', [record('a', 0), record('b', 1), record('c', 1)], ['a', 'c'], 't-0 b: acknowledged at 1 and lost'],
  ['a duplicate', [record('a', 0), record('b', 1)], ['a', 'b', 'a'], 't-0 a: stored 2 times, at 0, 2'],
  ['a duplicate of one that failed', [record('a', null)], ['a', 'a'], 't-0 a: stored 2 times, at 0, 1'],
  ['a reordering', [record('a', 1), record('b', 0)], ['b', 'a'], 't-0 b: stored at 0, in front of one that was sent before it'],
  ['a reordering of one that failed', [record('a', null), record('b', 0)], ['b', 'a'], 't-0 b: stored at 0, in front'],
  ['a wrong place', [record('a', 1), record('b', -1)], ['a', 'b'], 't-0 a: acknowledged at 1, stored at 0'],
  ['a callback that was never called', [record('a')], [], 't-0 a: its callback was called 0 times'],
  ['a callback that was called twice', [record('a', 0, null)], ['a'], 't-0 a: its callback was called 2 times'],
  ['a record from nowhere', [record('a', 0)], ['a', 'z'], 't-0 z: nobody sent it, and it is stored at 1'],
])('%s is found', (_, sent, ids, complaint) => {
  const complaints = checkDelivery(sent, log(...ids))
  expect(complaints).toHaveLength(1)
  expect(complaints[0]).toContain(complaint)
})
