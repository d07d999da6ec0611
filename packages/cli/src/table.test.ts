import { expect, test } from 'vitest'
import { styleOf } from './style.ts'
import { formatTable, printable } from './table.ts'
import { TestIo } from './test-io.test-support.ts'

const plain = styleOf(new TestIo().stdout, {})

interface Row {
  readonly name: string
  readonly count: string
  readonly note: string
}

const columns = [
  { title: 'NAME', cell: ({ name }: Row) => name },
  { title: 'COUNT', cell: ({ count }: Row) => count, align: 'right' as const },
  { title: 'NOTE', cell: ({ note }: Row) => note },
]

test('columns are as wide as their widest cell, numbers stand on the right, and no line ends in blanks', () => {
  const rows = [
    { name: 'a', count: '1', note: '' },
    { name: 'größer', count: '12,345', note: 'x' },
  ]
  expect(formatTable(columns, rows, plain)).toEqual(['NAME     COUNT  NOTE', 'a            1', 'größer  12,345  x'])
})

test('a column that is empty in every row is left out', () => {
  expect(formatTable(columns, [{ name: 'a', count: '1', note: '' }], plain)).toEqual(['NAME  COUNT', 'a         1'])
})

test('text from outside cannot move the cursor, colour the terminal, or turn the direction of writing', () => {
  expect(printable('a\u001b[31mb\r\n\tc\u0085d\u2028e\u202ef\u0000')).toBe('a\\x1b[31mb\\r\\n\\tc\\x85d\\u2028e\\u202ef\\x00')
  expect(printable('日本 🎉')).toBe('日本 🎉')
})

test('colours are for terminals, unless NO_COLOR or a dumb one say otherwise', () => {
  const terminal = new TestIo({ isTTY: true }).stdout
  expect(styleOf(terminal, {}).bold('x')).toBe('\u001b[1mx\u001b[22m')
  expect(styleOf(terminal, { NO_COLOR: '' }).bold('x')).toBe('\u001b[1mx\u001b[22m')
  expect(styleOf(terminal, { NO_COLOR: '1' }).bold('x')).toBe('x')
  expect(styleOf(terminal, { TERM: 'dumb' }).bold('x')).toBe('x')
  expect(plain.red('x')).toBe('x')
})
