import { readFile } from 'node:fs/promises'
import { choosePartition, hashOf, javaDefault, type PartitionInput } from '@logwerk/partitioner'
import { type AvroOutput, type AvroSchema, avro } from '@logwerk/serde-avro'
import { json } from '@logwerk/serde-json'

/** A flight as the data set has it: flights inside the United States in early 2001, in order of departure. */
export interface FlightRow {
  /** Departure, local time: `2001/01/01 00:47`. */
  readonly date: string
  /** Minutes; negative for an early arrival. */
  readonly delay: number
  /** Miles. */
  readonly distance: number
  /** Airports by their three letters. */
  readonly origin: string
  readonly destination: string
}

/** Rows of the data set that one start streams. */
export const QUARTER_ROWS = 5000
/** A flight later than this many minutes goes to the topic `delays` as well. */
export const LATE_MINUTES = 60

export const FLIGHTS = { topic: 'flights', partitionCount: 6 } as const
export const DELAYS = { topic: 'delays', partitionCount: 3 } as const

const flightSchema = {
  type: 'record',
  name: 'Flight',
  namespace: 'logwerk.demo',
  fields: [
    { name: 'row', type: 'int', doc: 'Number of the record, counting on when the data set begins anew.' },
    { name: 'departure', type: { type: 'long', logicalType: 'timestamp-millis' } },
    { name: 'delay', type: 'int', doc: 'Minutes.' },
    { name: 'distance', type: 'int', doc: 'Miles.' },
    { name: 'origin', type: 'string' },
    { name: 'destination', type: 'string' },
  ],
} as const satisfies AvroSchema

/** The value of a record of `flights`; the type follows from the schema. */
export type Flight = AvroOutput<typeof flightSchema>
export const flightSerde = avro(flightSchema)

/** The value of a record of `delays`. */
export interface Delay {
  readonly row: number
  readonly origin: string
  readonly destination: string
  readonly delay: number
}
export const delaySerde = json<Delay>()

/**
 * The demo's own partitioner: all flights of one origin share a partition, so they stay in order, and one consumer sees them all. The
 * default would hash the whole key and spread the airport's routes over all partitions.
 */
export const byOrigin = hashOf(({ key }: PartitionInput<string>) => key?.split('-', 1)[0] ?? null, 'byOrigin')

/** The data set: 20,000 flights. */
export async function loadFlights(): Promise<readonly FlightRow[]> {
  // The package exports its code only; the data lies beside it.
  const file = new URL('../data/flights-20k.json', import.meta.resolve('vega-datasets'))
  return JSON.parse(await readFile(file, 'utf8')) as FlightRow[]
}

/** The row of that number; behind the last one the set begins anew. */
export function rowAt(flights: readonly FlightRow[], row: number): FlightRow {
  return flights[row % flights.length]!
}

/** The key of a flight, in both topics. */
export function routeOf({ origin, destination }: FlightRow): string {
  return `${origin}-${destination}`
}

/** What is sent for a row. */
export function flightOf(flight: FlightRow, row: number): Flight {
  const { date, ...rest } = flight
  const [year, month, day, hour, minute] = date.split(/[/ :]/).map(Number)
  // The time is local to the airport; as UTC it at least comes back as it was.
  return { ...rest, row, departure: new Date(Date.UTC(year!, month! - 1, day!, hour!, minute!)) }
}

/** The row that was sent. */
export function rowOf({ departure, delay, distance, origin, destination }: Flight): FlightRow {
  const date = departure.toISOString().slice(0, 16).replace('T', ' ').replaceAll('-', '/')
  return { date, delay, distance, origin, destination }
}

/** Partition of a row in `flights`, as the producer will choose it. */
export function flightsPartitionOf(flight: FlightRow): number {
  return choosePartition(byOrigin, inputOf(flight, FLIGHTS))!
}

/** Partition of a row in `delays`, where the default decides by the key. */
export function delaysPartitionOf(flight: FlightRow): number {
  return choosePartition(javaDefault, inputOf(flight, DELAYS))!
}

function inputOf(flight: FlightRow, { topic, partitionCount }: { topic: string; partitionCount: number }): PartitionInput<string> {
  const key = routeOf(flight)
  return { topic, key, keyBytes: Buffer.from(key), value: null, valueBytes: null, headers: [], partitionCount, availablePartitions: [] }
}
