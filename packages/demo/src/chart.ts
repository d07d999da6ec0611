import type { OriginTally } from './dashboard.ts'
import { countOf } from './numbers.ts'
import type { Style } from './screen.ts'

/** Bars of the chart, where there is room. */
const MOST_BARS = 10
/** Columns beside the bar: name, count, delay, gaps. */
const BESIDE_BAR = 30
const MOST_BAR_COLUMNS = 44
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']
/** A mean delay above this many minutes stands out. */
const LONG_DELAY_MINUTES = 10

/**
 * The airports with most flights as bars, with their mean delay; below them the totals.
 *
 * @param room  Columns and lines that may be used; below two lines for the totals there is at least one bar.
 */
export function chartOf(
  origins: readonly OriginTally[],
  style: Style,
  room: { readonly columns: number; readonly rows: number },
): string[] {
  const shown = origins.slice(0, Math.max(1, Math.min(MOST_BARS, room.rows - 2)))
  const barColumns = Math.max(4, Math.min(MOST_BAR_COLUMNS, room.columns - BESIDE_BAR))
  const most = shown[0]?.flightCount ?? 1
  const [flightCount, delayMinutes] = origins.reduce(([f, d], tally) => [f + tally.flightCount, d + tally.delayMinutes], [0, 0])
  return [
    style.dim(`${'from'.padEnd(6)}${'flights'.padEnd(barColumns + 1)}${''.padStart(8)}${'mean delay'.padStart(12)}`),
    ...shown.map(tally => {
      const bar = style.cyan(barOf((tally.flightCount / most) * barColumns).padEnd(barColumns))
      return `${tally.origin.padEnd(6)}${bar} ${countOf(tally.flightCount).padStart(8)}${delayOf(tally, style)}`
    }),
    `${style.bold('all'.padEnd(6))}${`${origins.length} airports`.padEnd(barColumns + 1)}${style.bold(countOf(flightCount).padStart(8))}${delayOf({ flightCount, delayMinutes }, style)}`,
  ]
}

/** A bar of that many columns, to an eighth. */
export function barOf(columns: number): string {
  const eighths = Math.round(columns * 8)
  return '█'.repeat(eighths >> 3) + EIGHTHS[eighths & 7]!
}

/** `███████░░░░░  58 %` */
export function progressOf(share: number, columns: number): string {
  const done = Math.floor(share * columns)
  return `${'█'.repeat(done)}${'░'.repeat(columns - done)} ${`${Math.floor(share * 100)} %`.padStart(5)}`
}

function delayOf({ flightCount, delayMinutes }: { readonly flightCount: number; readonly delayMinutes: number }, style: Style): string {
  if (flightCount === 0) return ''
  const mean = delayMinutes / flightCount
  const text = `${mean < 0 ? '' : '+'}${mean.toFixed(1)} min`.padStart(12)
  return mean > LONG_DELAY_MINUTES ? style.yellow(text) : text
}
