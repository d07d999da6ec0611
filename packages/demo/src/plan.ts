import type { Broker } from '@logwerk/broker'
import { type ConsumerOptions, createConsumer } from '@logwerk/consumer'
import { delaysPartitionOf, type FlightRow, flightsPartitionOf, LATE_MINUTES, QUARTER_ROWS, rowAt } from './flights.ts'

/** What this start sends: a quarter of the data set, or what is missing of the one that was cut off. */
export interface StreamPlan {
  /** The quarter's rows: from `fromRow`, below `toRow`. */
  readonly fromRow: number
  readonly toRow: number
  /** Rows to send to `flights`, ascending. */
  readonly flights: readonly number[]
  /** Rows to send to `delays`, ascending. */
  readonly delays: readonly number[]
  /** The start before was cut off in this quarter. */
  readonly isRecovery: boolean
}

/** The row of the last record of each partition; -1 for a partition without records. */
export type LastRows = readonly number[]

/**
 * Decides what to send from what is stored.
 *
 * The rule: a row's partition depends on its key alone, and an idempotent producer stores each partition's records in the order they were
 * sent, without gaps. So row i is stored exactly if i is not above the last row of its partition. No list of what was sent is kept
 * anywhere: the log is the list. A record that was stored but not acknowledged when the process died is found just the same, which is
 * why nothing comes twice.
 */
export function planOf(flights: readonly FlightRow[], stored: { readonly flights: LastRows; readonly delays: LastRows }): StreamPlan {
  const last = Math.max(-1, ...stored.flights, ...stored.delays)
  const quarter = last < 0 ? 0 : Math.floor(last / QUARTER_ROWS)
  const unfinished = missingOf(flights, quarter, stored)
  const isCutOff = unfinished.flights.length + unfinished.delays.length > 0
  if (isCutOff) return { ...unfinished, isRecovery: last >= 0 }
  return { ...missingOf(flights, quarter + 1, stored), isRecovery: false }
}

function missingOf(flights: readonly FlightRow[], quarter: number, stored: { readonly flights: LastRows; readonly delays: LastRows }) {
  const fromRow = quarter * QUARTER_ROWS
  const toRow = fromRow + QUARTER_ROWS
  const missing = { fromRow, toRow, flights: [] as number[], delays: [] as number[] }
  for (let row = fromRow; row < toRow; row++) {
    const flight = rowAt(flights, row)
    if (row > stored.flights[flightsPartitionOf(flight)]!) missing.flights.push(row)
    if (isLate(flight) && row > stored.delays[delaysPartitionOf(flight)]!) missing.delays.push(row)
  }
  return missing
}

/** True for a flight that belongs into `delays`. */
export function isLate({ delay }: FlightRow): boolean {
  return delay > LATE_MINUTES
}

/** Reads the last record of every partition, each by its offset, without a group. */
export async function lastRowsOf(
  broker: Broker,
  { topic, partitionCount }: { readonly topic: string; readonly partitionCount: number },
  value: NonNullable<ConsumerOptions<Uint8Array, { readonly row: number }>['value']>,
): Promise<number[]> {
  await using consumer = createConsumer({ broker, value })
  const all = Array.from({ length: partitionCount }, (_, partition) => ({ topic, partition }))
  const last = all.map(() => -1)
  // There are no gaps in these logs: the last record is right before the end.
  const filled = (await consumer.endOffsets(all)).filter(({ offset }) => offset > 0)
  consumer.assign(filled)
  for (const end of filled) consumer.seek(end, end.offset - 1)
  for (let found = 0; found < filled.length; ) {
    for (const record of await consumer.poll({ timeoutMs: 1000 })) {
      last[record.partition] = record.value!.row
      found++
    }
  }
  return last
}
