import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { isDeepStrictEqual } from 'node:util'
import type { Broker } from '@logwerk/broker'
import { createConsumer } from '@logwerk/consumer'
import type { OriginTally } from './dashboard.ts'
import { DELAYS, type Delay, delaySerde, type FlightRow, rowAt } from './flights.ts'
import { isLate } from './plan.ts'

/** What was compared and what does not fit; no complaints means that all is well. */
export interface Verdict {
  readonly complaints: readonly string[]
  /** Records of the topic `delays`. */
  readonly delayCount: number
}

/** Enough to see what is wrong. */
const MOST_COMPLAINTS = 5

/** Compares what came out with what went in, over all runs: the rows 0 to `rowCount - 1`. */
export async function verify(
  broker: Broker,
  flights: readonly FlightRow[],
  rowCount: number,
  results: { readonly backupPath: string; readonly origins: readonly OriginTally[] },
): Promise<Verdict> {
  const late: number[] = []
  for (let row = 0; row < rowCount; row++) if (isLate(rowAt(flights, row))) late.push(row)
  const delays = await readDelays(broker)
  const complaints = [
    ...(await complaintsAboutBackup(results.backupPath, flights, rowCount)),
    ...complaintsAboutTallies(results.origins, flights, rowCount),
    ...complaintsAboutDelays(delays, flights, late),
  ]
  const more = complaints.length - MOST_COMPLAINTS
  const shown = more > 0 ? [...complaints.slice(0, MOST_COMPLAINTS), `and ${more} more`] : complaints
  return { complaints: shown, delayCount: delays.length }
}

/** Every row has to be there exactly once, with the content that the data set has. */
export async function complaintsAboutBackup(path: string, flights: readonly FlightRow[], rowCount: number): Promise<string[]> {
  const seen = new Uint8Array(rowCount)
  const complaints: string[] = []
  let lineNumber = 0
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    lineNumber++
    const parsed = parsedLine(line)
    if (parsed === null || !Number.isInteger(parsed.row) || parsed.row < 0 || parsed.row >= rowCount) {
      complaints.push(`${path}:${lineNumber}: not a row from 0 to ${rowCount - 1}`)
      continue
    }
    const { row, ...flight } = parsed
    if (seen[row] === 1) complaints.push(`${path}:${lineNumber}: row ${row} is there twice`)
    seen[row] = 1
    if (!isDeepStrictEqual(flight, rowAt(flights, row))) complaints.push(`${path}:${lineNumber}: row ${row} differs from the data set`)
  }
  const missing = seen.reduce((count, one) => count + 1 - one, 0)
  if (missing > 0) complaints.push(`${path}: ${missing} rows are missing, the first is ${seen.indexOf(0)}`)
  return complaints
}

function parsedLine(line: string): (FlightRow & { readonly row: number }) | null {
  try {
    return JSON.parse(line) as FlightRow & { readonly row: number }
  } catch {
    return null
  }
}

/** The dashboard's tallies have to be those that counting the data set gives. */
export function complaintsAboutTallies(origins: readonly OriginTally[], flights: readonly FlightRow[], rowCount: number): string[] {
  const expected = new Map<string, OriginTally>()
  for (let row = 0; row < rowCount; row++) {
    const { origin, delay } = rowAt(flights, row)
    const { flightCount, delayMinutes } = expected.get(origin) ?? { flightCount: 0, delayMinutes: 0 }
    expected.set(origin, { origin, flightCount: flightCount + 1, delayMinutes: delayMinutes + delay })
  }
  const found = new Map(origins.map(tally => [tally.origin, tally]))
  return [...new Set([...expected.keys(), ...found.keys()])].flatMap(origin => {
    if (isDeepStrictEqual(expected.get(origin), found.get(origin))) return []
    return [`dashboard: ${origin} has ${textOf(found.get(origin))} instead of ${textOf(expected.get(origin))}`]
  })
}

function textOf(tally: OriginTally | undefined): string {
  return tally === undefined ? 'no flights' : `${tally.flightCount} flights with ${tally.delayMinutes} minutes of delay`
}

/** Every late flight has to be there exactly once. */
export function complaintsAboutDelays(delays: readonly Delay[], flights: readonly FlightRow[], late: readonly number[]): string[] {
  const sorted = [...delays].sort((a, b) => a.row - b.row)
  const expected = late.map(row => {
    const { origin, destination, delay } = rowAt(flights, row)
    return { row, origin, destination, delay }
  })
  const at = expected.findIndex((delay, index) => !isDeepStrictEqual(delay, sorted[index]))
  if (at < 0 && sorted.length === expected.length) return []
  return [
    `delays: ${sorted.length} records instead of ${expected.length}; the first difference is at row ${expected[at]?.row ?? sorted[expected.length]?.row}`,
  ]
}

/** All of the topic, from the beginning, without a group. */
async function readDelays(broker: Broker): Promise<Delay[]> {
  await using consumer = createConsumer({ broker, value: delaySerde, autoOffsetReset: 'earliest' })
  const all = Array.from({ length: DELAYS.partitionCount }, (_, partition) => ({ topic: DELAYS.topic, partition }))
  const recordCount = (await consumer.endOffsets(all)).reduce((sum, { offset }) => sum + offset, 0)
  consumer.assign(all)
  const delays: Delay[] = []
  while (delays.length < recordCount) for (const { value } of await consumer.poll({ timeoutMs: 1000 })) delays.push(value!)
  return delays
}
