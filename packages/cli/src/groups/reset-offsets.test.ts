import { expect, test } from 'vitest'
import { parseMoment } from './reset-offsets.ts'

test.each([
  ['2026-01-31T12:00:00Z', 1_769_860_800_000],
  ['2026-01-31T12:00:00.250', 1_769_860_800_250],
  ['2026-01-31T14:00+02:00', 1_769_860_800_000],
  ['2026-01-31', 1_769_817_600_000],
  ['31.1.2026', null],
  ['2026-13-31', null],
  ['yesterday', null],
])('the moment %s', (text, expected) => {
  expect(parseMoment(text)).toBe(expected)
})
