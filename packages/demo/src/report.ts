import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Backup } from './backup.ts'
import type { GroupReader } from './group-reader.ts'
import { countedOf, countOf, sizeOf, timeOf } from './numbers.ts'
import type { StreamPlan } from './plan.ts'
import type { Screen } from './screen.ts'
import type { StreamResult } from './stream-flights.ts'
import { resumeTable } from './summary.ts'

/** A line with a label in front. */
export function report(screen: Screen, label: string, text: string): void {
  screen.print(`${screen.style.bold(label.padEnd(10))}${text}`)
}

/** As one would type it. */
export function shownPath(path: string): string {
  const short = relative(process.cwd(), path)
  return short === '' || short.startsWith('..') ? path : short
}

/** What the start before left, in words. The broker does not need to be told; these are the files by which it knows. */
export function stateOf(dataDir: string): string {
  if (!existsSync(join(dataDir, 'meta.properties'))) return 'a new directory'
  return existsSync(join(dataDir, '.kafka_cleanshutdown')) ? 'closed properly last time' : 'recovered: the last process on it was killed'
}

/** Where the groups go on; silent at the very first start. */
export function reportResume(screen: Screen, readers: readonly GroupReader[], backup: Backup): void {
  for (const { groupId } of readers.filter(({ beginsAnew }) => beginsAnew)) {
    report(screen, 'anew', `group ${groupId} reads everything again: what it had noted with its offsets is not there any more`)
  }
  const groups = readers.map(({ groupId, resumedFrom }) => ({ groupId, committed: resumedFrom }))
  if (groups.every(({ committed }) => committed.length === 0)) return
  report(screen, 'resuming', 'both groups go on from their committed offsets')
  screen.print(...resumeTable(groups, screen.style))
  if (backup.cutBytes > 0)
    report(screen, 'cut', `${sizeOf(backup.cutBytes)} off the backup: written before the kill and not committed, so they come again`)
}

/** What will be sent, and why. */
export function reportPlan(screen: Screen, { fromRow, toRow, flights, delays, isRecovery }: StreamPlan): void {
  const rows = `rows ${countOf(fromRow)} to ${countOf(toRow - 1)}`
  if (!isRecovery) return report(screen, 'sending', rows)
  report(screen, 'sending', `what is missing of ${rows}: ${countedOf(flights.length, 'flight')} and ${countedOf(delays.length, 'delay')}`)
  report(screen, '', screen.style.dim('(row i is stored exactly if it is not above the last row of its partition)'))
}

/** How much went how fast. */
export function reportStream(
  screen: Screen,
  { flights, delays }: StreamPlan,
  { recordCount, totalMs, busyMs, sliceRows }: StreamResult,
): void {
  const records = `${countedOf(flights.length, 'flight')} and ${countedOf(delays.length, 'delay')}`
  report(screen, 'stored', `${records} in ${timeOf(totalMs)}, slowed down so that you can watch`)
  report(
    screen,
    '',
    `${timeOf(busyMs)} of it busy: ${countOf((recordCount / busyMs) * 1000)} records a second, in slices of ${sliceRows} rows,`,
  )
  report(screen, '', 'each on the disk (fsync) before the next is sent')
}

/** What the reader may do now. */
export function reportNext(screen: Screen): void {
  const { bold, dim } = screen.style
  const line = (command: string, what: string) => `  ${command.padEnd(24)}${dim(what)}`
  screen.print(
    bold('try next'),
    line('npm start', 'the next 5,000 rows; both groups go on where they are'),
    line('npm start -- --kill', 'dies half-way by SIGKILL; the start after it recovers'),
    line('npm start -- --serve', 'keeps the broker open for `npx logwerk` and any Kafka client'),
  )
}
