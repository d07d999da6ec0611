import type { Run } from './compare.ts'
import type { EmbeddedRun, Opening } from './embedded.ts'
import type { Figures, Measurement } from './measure.ts'
import type { Scenario } from './scenario.ts'
import { median } from './statistics.ts'

/** A measurement that succeeded. */
type Succeeded = Measurement & { readonly figures: Figures }

interface Row {
  readonly name: string
  readonly runs: readonly Succeeded[]
}

/**
 * One scenario as a Markdown table: medians, the best first; what failed below it.
 *
 * @param reference  The client that the others are compared with; null compares none.
 */
export function comparisonTable(scenario: Scenario, all: readonly Run[], reference: string | null): string {
  const runs = all.filter(run => run.scenario === scenario.name)
  const rows = sortedRows(scenario, runs, run => run.client)
  const base = rows.find(({ name }) => name === reference) ?? null
  const rated = base?.name ?? 'ours'
  const header = [
    'client',
    ...leadingHeads(scenario),
    `× ${rated}`,
    ...(scenario.mode === 'consume' ? ['msgs/s from subscribe', `× ${rated}`] : []),
    'CPU s',
    'CPU µs/msg',
    `CPU × ${rated}`,
    'peak RSS MiB',
    'whole process s',
    'reps',
  ]
  const lines = rows.map(row => {
    const cpuSecs = over(row, run => run.cpuSecs)
    return [
      row.name,
      ...leadingCells(scenario, row),
      base === null ? '' : ratio(row, base, scenario.mode === 'latency' ? latencyOf : rateOf),
      ...(scenario.mode === 'consume'
        ? [whole(over(row, ({ figures }) => rateFromSubscribe(figures))), base === null ? '' : ratio(row, base, rateFromSubscribe)]
        : []),
      cpuSecs.toFixed(2),
      over(row, run => (run.cpuSecs / run.figures.n) * 1e6).toFixed(1),
      base === null ? '' : (cpuSecs / over(base, run => run.cpuSecs)).toFixed(2),
      whole(over(row, run => run.peakRssMiB)),
      over(row, run => run.wallSecs).toFixed(1),
      String(row.runs.length),
    ]
  })
  return section(
    scenario,
    table(header, lines),
    failuresOf(runs, run => run.client),
  )
}

/** The same for the embedded broker. CPU is of the measured part only: a program in one process with its broker also fills it. */
export function embeddedTable(scenario: Scenario, all: readonly EmbeddedRun[]): string {
  const runs = all.filter(run => run.scenario === scenario.name)
  const isConsume = scenario.mode === 'consume'
  const header = [
    'broker',
    ...leadingHeads(scenario),
    ...(isConsume ? ['msgs/s from subscribe'] : []),
    'CPU s measured part',
    'CPU s broker',
    'peak RSS MiB',
    'reps',
  ]
  const lines = sortedRows(scenario, runs, run => run.where).map(row => {
    const brokers = runs.filter(run => run.where === row.name).flatMap(run => run.brokerCpuSecs ?? [])
    return [
      row.name,
      ...leadingCells(scenario, row),
      ...(isConsume ? [whole(over(row, ({ figures }) => rateFromSubscribe(figures)))] : []),
      over(row, run => run.figures.cpuInSecs ?? Number.NaN).toFixed(2),
      brokers.length === 0 ? 'in it' : median(brokers).toFixed(2),
      whole(over(row, run => run.peakRssMiB)),
      String(row.runs.length),
    ]
  })
  return section(
    scenario,
    table(header, lines),
    failuresOf(runs, run => run.where),
  )
}

/** What opening the embedded broker costs. */
export function openingsTable(openings: readonly Opening[]): string {
  const header = ['opened', 'openBroker() ms', 'min-max', 'import before it ms', 'idle RSS MiB', 'CPU s', 'reps']
  const lines = [...new Set(openings.map(({ what }) => what))].map(what => {
    const runs = openings.filter(opening => opening.what === what)
    const ready = runs.map(({ readyMs }) => readyMs)
    return [
      what,
      median(ready).toFixed(1),
      `${Math.min(...ready).toFixed(1)}-${Math.max(...ready).toFixed(1)}`,
      median(runs.map(({ importMs }) => importMs)).toFixed(1),
      median(runs.map(({ idleRssMiB }) => idleRssMiB)).toFixed(0),
      median(runs.map(({ cpuSecs }) => cpuSecs)).toFixed(2),
      String(runs.length),
    ]
  })
  return `**ready**: opening the embedded broker, each time in a new process\n\n${table(header, lines)}`
}

function leadingHeads({ mode }: Scenario): string[] {
  if (mode === 'latency') return ['p50 ms', 'min-max', 'p99 ms']
  return ['msgs/s', 'min-max', 'MB/s']
}

function leadingCells({ mode }: Scenario, row: Row): string[] {
  if (mode === 'latency') {
    const all = row.runs.map(({ figures }) => latencyOf(figures))
    const p99 = over(row, ({ figures }) => figures.p99 ?? Number.NaN)
    return [median(all).toFixed(2), `${Math.min(...all).toFixed(2)}-${Math.max(...all).toFixed(2)}`, p99.toFixed(2)]
  }
  const rates = row.runs.map(({ figures }) => rateOf(figures))
  return [
    whole(median(rates)),
    `${whole(Math.min(...rates))}-${whole(Math.max(...rates))}`,
    over(row, ({ figures }) => figures.bytes / figures.secs / 1e6).toFixed(1),
  ]
}

/** How this row's value relates to the other's. */
function ratio(row: Row, base: Row, figureOf: (figures: Figures) => number): string {
  return (over(row, ({ figures }) => figureOf(figures)) / over(base, ({ figures }) => figureOf(figures))).toFixed(2)
}

function sortedRows<R extends Measurement>({ mode }: Scenario, runs: readonly R[], nameOf: (run: R) => string): Row[] {
  const rows = [...new Set(runs.map(nameOf))].flatMap(name => {
    const succeeded = runs.filter(run => nameOf(run) === name).filter(hasFigures)
    return succeeded.length === 0 ? [] : [{ name, runs: succeeded }]
  })
  const score = (row: Row) => over(row, ({ figures }) => (mode === 'latency' ? latencyOf(figures) : -rateOf(figures)))
  return rows.sort((a, b) => score(a) - score(b))
}

function failuresOf<R extends Measurement & { readonly rep: number }>(runs: readonly R[], nameOf: (run: R) => string): string[] {
  return runs.filter(run => !hasFigures(run)).map(run => `${nameOf(run)}, repetition ${run.rep}, failed: ${run.error}`)
}

function section({ name, title }: Scenario, body: string, failures: readonly string[]): string {
  return [`**${name}**: ${title}`, body, ...failures].join('\n\n')
}

function table(header: readonly string[], lines: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [row(header), `|---|${'---:|'.repeat(header.length - 1)}`, ...lines.map(row)].join('\n')
}

function over(row: Row, value: (run: Succeeded) => number): number {
  return median(row.runs.map(value))
}

function hasFigures<R extends Measurement>(run: R): run is R & Succeeded {
  return run.figures !== null
}

function rateOf({ n, secs }: Figures): number {
  return n / secs
}

function rateFromSubscribe({ n, secs, join }: Figures): number {
  return n / (secs + (join ?? 0))
}

function latencyOf({ p50 }: Figures): number {
  return p50 ?? Number.NaN
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}
