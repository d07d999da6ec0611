import { isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import {
  DELAYS,
  delaysPartitionOf,
  FLIGHTS,
  flightOf,
  flightSerde,
  flightsPartitionOf,
  loadFlights,
  QUARTER_ROWS,
  rowAt,
  rowOf,
} from './flights.ts'
import { isLate, planOf } from './plan.ts'

const flights = await loadFlights()

/** The last rows of the partitions after the rows below `flightsEnd` and the delays below `delaysEnd` were stored. */
function storedUpTo(flightsEnd: number, delaysEnd = flightsEnd) {
  const stored = { flights: new Array<number>(FLIGHTS.partitionCount).fill(-1), delays: new Array<number>(DELAYS.partitionCount).fill(-1) }
  for (let row = 0; row < flightsEnd; row++) stored.flights[flightsPartitionOf(rowAt(flights, row))] = row
  for (let row = 0; row < delaysEnd; row++) {
    const flight = rowAt(flights, row)
    if (isLate(flight)) stored.delays[delaysPartitionOf(flight)] = row
  }
  return stored
}

test('every row of the data set survives the way to Avro and back', () => {
  const changed = flights.filter((flight, row) => {
    const read = flightSerde.deserialize(flightSerde.serialize(flightOf(flight, row)))
    return read.row !== row || !isDeepStrictEqual(rowOf(read), flight)
  })
  expect(changed).toEqual([])
})

test('each start sends the next quarter, and goes on counting behind the end of the set', () => {
  expect(planOf(flights, storedUpTo(0))).toMatchObject({ fromRow: 0, toRow: QUARTER_ROWS, isRecovery: false })
  const fifth = planOf(flights, storedUpTo(4 * QUARTER_ROWS))
  expect(fifth).toMatchObject({ fromRow: 20_000, toRow: 25_000, isRecovery: false })
  expect(fifth.flights).toHaveLength(QUARTER_ROWS)
  expect(fifth.delays).toEqual(planOf(flights, storedUpTo(0)).delays.map(row => row + 20_000))
})

test('a quarter that was cut off is finished: what is missing is sent, and nothing twice', () => {
  const stored = storedUpTo(7000, 6500)
  // One partition had got further than the others when the process died.
  const ahead = flightsPartitionOf(rowAt(flights, 0))
  for (let row = 7000; row < 7600; row++) if (flightsPartitionOf(rowAt(flights, row)) === ahead) stored.flights[ahead] = row
  const plan = planOf(flights, stored)
  expect(plan).toMatchObject({ fromRow: 5000, toRow: 10_000, isRecovery: true })
  const expected = Array.from({ length: 3000 }, (_, index) => 7000 + index).filter(
    row => row > 7599 || flightsPartitionOf(rowAt(flights, row)) !== ahead,
  )
  expect(plan.flights).toEqual(expected)
  expect(plan.delays[0]).toBeGreaterThanOrEqual(6500)
  expect(plan.delays.every(row => isLate(rowAt(flights, row)))).toBe(true)
})

test('a quarter of which only delays are missing is finished first', () => {
  const plan = planOf(flights, storedUpTo(5000, 4000))
  expect(plan).toMatchObject({ fromRow: 0, flights: [], isRecovery: true })
  expect(plan.delays.length).toBeGreaterThan(0)
})
