import { expect, test } from 'vitest'
import { complaintsAbout, type Found } from './kill-checker.ts'

const log: readonly Found[] = [0, 1].flatMap(partition =>
  Array.from({ length: 50 }, (_, index) => ({ partition, offset: index + 3, n: index })),
)

test('a whole log is fine, also with records that nobody was told of', () => {
  expect(complaintsAbout(log, log)).toEqual([])
  expect(complaintsAbout(log.slice(0, 20), log)).toEqual([])
  expect(complaintsAbout([{ partition: 0, offset: -1, n: 7 }], log)).toEqual([])
})

test('a lost record is found', () => {
  expect(complaintsAbout(log, log.toSpliced(17, 1))).toEqual(['partition 0: record 17 was acknowledged at offset 20, where nothing is'])
  expect(complaintsAbout([{ partition: 0, offset: -1, n: 99 }], log)).toHaveLength(1)
})

test('a record that is there twice is found', () => {
  const doubled = [...log, { partition: 1, offset: 53, n: 49 }]
  expect(complaintsAbout(log, doubled)).toEqual(['partition 1: record 49 at offset 52 and again at 53'])
})

test('records out of order are found', () => {
  const swapped = log.map(found => (found.partition === 0 && (found.n === 5 || found.n === 6) ? { ...found, n: 11 - found.n } : found))
  expect(complaintsAbout([], swapped)).toEqual(['partition 0, offset 9: record 5 after record 6'])
  expect(complaintsAbout(log, swapped)).toHaveLength(3)
})

test('offsets that do not rise are found', () => {
  expect(complaintsAbout([], [log[1]!, log[0]!]).length).toBeGreaterThan(0)
})
