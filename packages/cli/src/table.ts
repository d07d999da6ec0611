import type { Style } from './style.ts'

/** A column of a table for people. */
export interface Column<R> {
  /** Upper case by habit. */
  readonly title: string
  /** The cell; empty for nothing. Control characters are shown as escapes. */
  readonly cell: (row: R) => string
  /** Numbers stand on the right, so that their digits line up. Default: left. */
  readonly align?: 'left' | 'right'
}

const GAP = '  '

/** Lines of a table with aligned columns, its titles first; columns that are empty in every row are left out. */
export function formatTable<R>(columns: readonly Column<R>[], rows: readonly R[], style: Style): string[] {
  const shown = columns
    .map(column => ({ ...column, cells: rows.map(row => printable(column.cell(row))) }))
    .filter(({ cells }) => rows.length === 0 || cells.some(cell => cell !== ''))
    .map(column => ({ ...column, width: Math.max(...[column.title, ...column.cells].map(widthOf)) }))
  const line = (cellOf: (column: (typeof shown)[number]) => string) =>
    shown
      .map(column => {
        const text = cellOf(column)
        const padding = ' '.repeat(column.width - widthOf(text))
        return column.align === 'right' ? padding + text : text + padding
      })
      .join(GAP)
      .trimEnd()
  return [style.dim(line(({ title }) => title)), ...rows.map((_, index) => line(({ cells }) => cells[index]!))]
}

function widthOf(text: string): number {
  return [...text].length
}

/** Text from outside that cannot move the cursor, change colours, turn the direction of writing or begin a line. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu, character => ESCAPES[character] ?? hexEscape(character))
}

const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

function hexEscape(character: string): string {
  const code = character.codePointAt(0)!
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
}
