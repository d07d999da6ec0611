import { expect, test } from 'vitest'
import { formatBytes, formatCount, formatCounted, formatDuration } from './numbers.ts'

test('numbers are written for people', () => {
  expect([0, 999, 1000, 1_234_567, -4321].map(formatCount)).toEqual(['0', '999', '1,000', '1,234,567', '-4,321'])
  expect([formatCounted(1, 'record'), formatCounted(2000, 'record'), formatCounted(0, 'record')]).toEqual([
    '1 record',
    '2,000 records',
    '0 records',
  ])
  expect([0, 1023, 1024, 1_572_864, 5 * 2 ** 40].map(formatBytes)).toEqual(['0 B', '1023 B', '1.0 KiB', '1.5 MiB', '5.0 TiB'])
  expect([0.4, 999, 1500, 59_900, 185_000].map(formatDuration)).toEqual(['0 ms', '999 ms', '1.5 s', '59.9 s', '3 min 5 s'])
})
