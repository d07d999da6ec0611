import { setTimeout as sleep } from 'node:timers/promises'
import type { Broker } from '@logwerk/broker'
import { createProducer, type DeliveryCallback, type Producer, type ProducerRecord } from '@logwerk/producer'
import { string } from '@logwerk/serde-bytes'
import {
  byOrigin,
  DELAYS,
  type Delay,
  delaySerde,
  FLIGHTS,
  type Flight,
  type FlightRow,
  flightOf,
  flightSerde,
  QUARTER_ROWS,
  routeOf,
  rowAt,
} from './flights.ts'
import { PRODUCER_PATIENCE } from './patience.ts'
import type { StreamPlan } from './plan.ts'

export interface StreamOptions {
  /** Time to stretch a whole quarter over, so that one can watch it; 0 sends as fast as it goes. */
  readonly quarterMs: number
  /** Told of every record that is stored, with the records stored so far in this run, both topics together. */
  readonly onStored: (storedCount: number) => void
  readonly signal: AbortSignal
}

/** How the stream went. */
export interface StreamResult {
  readonly recordCount: number
  /** Wall time, pauses included. */
  readonly totalMs: number
  /** Time between handing records over and having them acknowledged as durable, pauses left out. */
  readonly busyMs: number
  /** Rows that were handed over at once; the next ones waited until these were stored. */
  readonly sliceRows: number
}

/** Time from one slice of rows to the next. */
const SLICE_MS = 100

/**
 * Sends the rows of the plan, in order: every one to `flights` in Avro, the late ones to `delays` in JSON.
 *
 * @throws KafkaError of the first record that was not stored; `signal.reason`.
 */
export async function streamFlights(
  broker: Broker,
  flights: readonly FlightRow[],
  plan: StreamPlan,
  { quarterMs, onStored, signal }: StreamOptions,
): Promise<StreamResult> {
  await using toFlights = createProducer<string, Flight>({
    broker,
    ...PRODUCER_PATIENCE,
    key: string,
    value: flightSerde,
    partitioner: byOrigin,
  })
  await using toDelays = createProducer<string, Delay>({ broker, ...PRODUCER_PATIENCE, key: string, value: delaySerde })
  let storedCount = 0
  let failure: Error | null = null
  const onDelivery: DeliveryCallback = error => {
    if (error !== null) failure ??= error
    else onStored(++storedCount)
  }
  const began = performance.now()
  let busyMs = 0
  const delayed = new Set(plan.delays)
  const missing = new Set(plan.flights)
  const rows = [...new Set([...plan.flights, ...plan.delays])].sort((a, b) => a - b)
  const sliceRows = quarterMs === 0 ? QUARTER_ROWS : Math.ceil((QUARTER_ROWS * SLICE_MS) / quarterMs)
  for (let at = 0; at < rows.length; at += sliceRows) {
    const sliceBegan = performance.now()
    for (const row of rows.slice(at, at + sliceRows)) {
      const flight = rowAt(flights, row)
      const key = routeOf(flight)
      if (missing.has(row)) await enqueue(toFlights, { topic: FLIGHTS.topic, key, value: flightOf(flight, row) }, onDelivery)
      if (delayed.has(row)) {
        const { origin, destination, delay } = flight
        await enqueue(toDelays, { topic: DELAYS.topic, key, value: { row, origin, destination, delay } }, onDelivery)
      }
    }
    await Promise.all([toFlights.flush(), toDelays.flush()])
    busyMs += performance.now() - sliceBegan
    // A row behind one that was lost must not be sent: the rule of plan.ts lives on there being no gaps.
    if (failure !== null) throw failure
    signal.throwIfAborted()
    const isLast = at + sliceRows >= rows.length
    if (quarterMs > 0 && !isLast) await sleep(Math.max(0, sliceBegan + SLICE_MS - performance.now()), undefined, { signal })
  }
  return { recordCount: storedCount, totalMs: performance.now() - began, busyMs, sliceRows }
}

/** The fast way to send: no promise for each record. Waits only while the producer's buffer is full. */
async function enqueue<V>(producer: Producer<string, V>, record: ProducerRecord<string, V>, onDelivery: DeliveryCallback): Promise<void> {
  while (!producer.enqueue(record, onDelivery)) await producer.ready()
}
