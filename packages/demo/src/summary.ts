import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Admin } from '@logwerk/admin'
import type { TopicPartitionOffset } from '@logwerk/consumer'
import { DELAYS, FLIGHTS } from './flights.ts'
import { countedOf, countOf, sizeOf } from './numbers.ts'
import type { Style } from './screen.ts'

const LABEL_COLUMNS = 20
const CELL_COLUMNS = 8

/** A row of numbers, one for each partition. Null: there is none. */
export function rowOfCells(label: string, cells: readonly (string | number | null)[]): string {
  const texts = cells.map(cell => (cell === null ? '-' : typeof cell === 'number' ? countOf(cell) : cell).padStart(CELL_COLUMNS))
  return `  ${label.padEnd(LABEL_COLUMNS)}${texts.join('')}`
}

/** Where the groups go on: a table of the committed offsets, one line for each group. */
export function resumeTable(
  groups: readonly { readonly groupId: string; readonly committed: readonly TopicPartitionOffset[] }[],
  style: Style,
): string[] {
  const partitions = Array.from({ length: FLIGHTS.partitionCount }, (_, partition) => partition)
  return [
    style.dim(rowOfCells('flights, partition', partitions.map(String))),
    ...groups.map(({ groupId, committed }) => {
      return rowOfCells(
        `group ${groupId}`,
        partitions.map(partition => committed.find(offset => offset.partition === partition)?.offset ?? null),
      )
    }),
  ]
}

/** Both topics with the ends of their partitions, and how far each group is. */
export async function partitionTables(admin: Admin, groupIds: readonly string[], style: Style): Promise<string[]> {
  const lines: string[] = []
  for (const { topic, partitionCount } of [FLIGHTS, DELAYS]) {
    const partitions = Array.from({ length: partitionCount }, (_, partition) => ({ topic, partition, at: 'latest' as const }))
    const ends = (await admin.listOffsets(partitions)).map(({ offset }) => offset)
    lines.push(style.dim(rowOfCells(`${topic}, partition`, [...ends.map((_, partition) => String(partition)), 'all'])))
    lines.push(rowOfCells('records', [...ends, sumOf(ends)]))
    if (topic !== FLIGHTS.topic) continue
    for (const groupId of groupIds) {
      const lags = new Map((await admin.groupLag(groupId)).map(({ partition, lag }) => [partition, lag]))
      const cells = partitions.map(({ partition }) => lags.get(partition) ?? null)
      lines.push(rowOfCells(`lag of ${groupId}`, [...cells, sumOf(cells)]))
    }
  }
  return lines
}

/** What lies in the data directory: files and bytes of the topics, of the broker's own, and of the backup. */
export function dataTable(dataDir: string): string[] {
  const shown = [
    { pattern: /^flights-\d+$/, what: `flights-0 to flights-${FLIGHTS.partitionCount - 1}` },
    { pattern: /^delays-\d+$/, what: `delays-0 to delays-${DELAYS.partitionCount - 1}` },
    { pattern: /^__consumer_offsets-\d+$/, what: '__consumer_offsets-0 (where the groups are)' },
    { pattern: /^__cluster_metadata-0$/, what: '__cluster_metadata-0 (topics, producer ids)' },
    { pattern: /^backup$/, what: join('backup', 'flights.ndjson') },
  ]
  return shown.map(({ pattern, what }) => {
    const folders = readdirSync(dataDir).filter(name => pattern.test(name))
    const sizes = folders.flatMap(name => readdirSync(join(dataDir, name)).map(file => statSync(join(dataDir, name, file)).size))
    return `  ${what.padEnd(46)}${countedOf(sizes.length, 'file').padStart(10)}${sizeOf(sumOf(sizes)).padStart(12)}`
  })
}

function sumOf(numbers: readonly (number | null)[]): number {
  return numbers.reduce<number>((sum, number) => sum + (number ?? 0), 0)
}
