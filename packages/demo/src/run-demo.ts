import { join, resolve } from 'node:path'
import { type Admin, createAdmin } from '@logwerk/admin'
import { type Broker, openBroker } from '@logwerk/broker'
import { KafkaError } from '@logwerk/runtime'
import { Backup } from './backup.ts'
import { chartOf } from './chart.ts'
import { Dashboard } from './dashboard.ts'
import { DELAYS, delaySerde, FLIGHTS, type FlightRow, flightSerde, loadFlights } from './flights.ts'
import { GroupReader } from './group-reader.ts'
import { countedOf, countOf, timeOf } from './numbers.ts'
import type { DemoOptions } from './options.ts'
import { PATIENCE } from './patience.ts'
import { lastRowsOf, planOf, type StreamPlan } from './plan.ts'
import { Progress } from './progress.ts'
import { report, reportNext, reportPlan, reportResume, reportStream, shownPath, stateOf } from './report.ts'
import type { Screen } from './screen.ts'
import { type StreamResult, streamFlights } from './stream-flights.ts'
import { dataTable, partitionTables } from './summary.ts'
import { verify } from './verify.ts'

/** What the demo is run with, besides its options. */
export interface DemoSurroundings {
  readonly screen: Screen
  /** Stops the stream, or ends the serving. */
  readonly signal: AbortSignal
  /** Ends this process at once: what `--kill` calls. */
  readonly kill: () => void
  /** Time that a quarter's stream is stretched over; 0: as fast as it goes. */
  readonly quarterMs: number
}

/**
 * One start of the demo: opens the broker, sends the next quarter of the flights while two groups read it, and compares what came out
 * with what went in.
 *
 * @returns True if everything fits.
 * @throws  KafkaError, e.g. `DIRECTORY_LOCKED`, `ADDRESS_IN_USE`; `signal.reason` if it was stopped before the stream was over.
 */
export async function runDemo(options: DemoOptions, surroundings: DemoSurroundings): Promise<boolean> {
  const { screen } = surroundings
  const dataDir = resolve(options.dataDir)
  const { bold, dim } = screen.style
  screen.print(bold('Logwerk demo') + dim(': real flights through an embedded Kafka broker'), '')
  const before = stateOf(dataDir)
  const began = performance.now()
  await using broker = await openBroker({ dataDir, port: options.serve ? options.port : -1 })
  report(screen, 'broker', `ready in ${timeOf(performance.now() - began)} on ${shownPath(dataDir)}, ${before}`)
  await using admin = createAdmin({ broker, ...PATIENCE })
  await ensureTopics(admin)
  report(screen, 'topics', `flights (${FLIGHTS.partitionCount} partitions, Avro), delays (${DELAYS.partitionCount} partitions, JSON)`)

  const flights = await loadFlights()
  const plan = planOf(flights, {
    flights: await lastRowsOf(broker, FLIGHTS, flightSerde),
    delays: await lastRowsOf(broker, DELAYS, delaySerde),
  })
  const dashboard = new Dashboard()
  const backup = new Backup(join(dataDir, 'backup', 'flights.ndjson'))
  const readers = [await GroupReader.open(broker, dashboard), await GroupReader.open(broker, backup)] as const
  try {
    reportResume(screen, readers, backup)
    reportPlan(screen, plan)
    const result = await streamAndRead(
      { broker, flights, plan, dashboard, readers, kill: options.kill ? surroundings.kill : null },
      surroundings,
    )
    screen.print('', ...chartOf(dashboard.origins(), screen.style, screen), '')
    reportStream(screen, plan, result)
  } finally {
    for (const reader of readers) await reader.close()
    await backup.close()
  }
  const fits = await reportVerdict(screen, broker, flights, plan.toRow, { backupPath: backup.path, origins: dashboard.origins() })
  const groupIds = readers.map(({ groupId }) => groupId)
  screen.print('', ...(await partitionTables(admin, groupIds, screen.style)))
  screen.print('', `${bold('data')} in ${shownPath(dataDir)}, in Kafka's own format`, ...dataTable(dataDir), '')
  if (options.serve) await serve(screen, broker, surroundings.signal)
  else reportNext(screen)
  return fits
}

interface Parts {
  readonly broker: Broker
  readonly flights: readonly FlightRow[]
  readonly plan: StreamPlan
  readonly dashboard: Dashboard
  readonly readers: readonly GroupReader[]
  readonly kill: (() => void) | null
}

/** Sends and reads at the same time, until both groups have everything. The first failure ends all three. */
async function streamAndRead({ broker, flights, plan, dashboard, readers, kill }: Parts, around: DemoSurroundings): Promise<StreamResult> {
  const { screen, quarterMs } = around
  const failed = new AbortController()
  const signal = AbortSignal.any([around.signal, failed.signal])
  const toStore = plan.flights.length + plan.delays.length
  let killAt = kill === null ? Number.POSITIVE_INFINITY : Math.ceil(toStore / 2)
  const progress = new Progress(screen, toStore, () => chartOf(dashboard.origins(), screen.style, roomOn(screen)))
  const onStored = (storedCount: number) => {
    progress.storedCount = storedCount
    if (storedCount < killAt) return
    killAt = Number.POSITIVE_INFINITY
    screen.print(
      '',
      `Killing this process (SIGKILL) with ${countOf(storedCount)} of ${countOf(toStore)} records acknowledged.`,
      'Run npm start again to see it recover.',
    )
    kill?.()
  }
  try {
    const reading = readers.map(reader => reader.run(signal))
    const streaming = (async () => {
      const result = await streamFlights(broker, flights, plan, { quarterMs, onStored, signal })
      const ends = await endOffsetsOf(broker)
      for (const reader of readers) reader.finishAt(ends)
      return result
    })()
    const all = [streaming, ...reading]
    for (const one of all) one.catch(error => failed.abort(error))
    // All have to come to their end before the broker closes, the failed ones too.
    await Promise.allSettled(all)
    // The first to fail is why the others were stopped.
    signal.throwIfAborted()
    return await streaming
  } finally {
    progress.end()
  }
}

/** Six lines are taken by what stands around the chart. */
function roomOn({ columns, rows }: Screen) {
  return { columns, rows: rows - 6 }
}

async function ensureTopics(admin: Admin): Promise<void> {
  const there = new Map((await admin.listTopics()).map(topic => [topic.name, topic.partitionCount]))
  for (const { topic, partitionCount } of [FLIGHTS, DELAYS]) {
    const found = there.get(topic)
    if (found === undefined) await admin.createTopics([{ name: topic, partitions: partitionCount }])
    else if (found !== partitionCount) {
      // Keys have moved, so nothing that plan.ts concludes would hold.
      throw new KafkaError('ILLEGAL_STATE', `topic ${topic} has ${found} partitions by now, and the demo counts on ${partitionCount}`)
    }
  }
}

async function endOffsetsOf(broker: Broker): Promise<number[]> {
  await using admin = createAdmin({ broker, ...PATIENCE })
  const all = Array.from({ length: FLIGHTS.partitionCount }, (_, partition) => ({ topic: FLIGHTS.topic, partition, at: 'latest' as const }))
  return (await admin.listOffsets(all)).map(({ offset }) => offset)
}

async function reportVerdict(
  screen: Screen,
  broker: Broker,
  flights: readonly FlightRow[],
  rowCount: number,
  results: Parameters<typeof verify>[3],
): Promise<boolean> {
  const { complaints, delayCount } = await verify(broker, flights, rowCount, results)
  const { green, red } = screen.style
  if (complaints.length > 0) {
    for (const complaint of complaints) report(screen, 'WRONG', red(complaint))
    return false
  }
  report(screen, 'verified', green(`backup: the rows 0 to ${countOf(rowCount - 1)}, each exactly once and as in the data set`))
  report(screen, '', green(`dashboard: flights and mean delays of ${results.origins.length} airports are those of the data set`))
  report(screen, '', green(`delays: ${countedOf(delayCount, 'record')}, every flight that was over an hour late exactly once`))
  return true
}

async function serve(screen: Screen, broker: Broker, signal: AbortSignal): Promise<void> {
  const server = broker.bootstrapServers[0]!
  const at = `--bootstrap-server ${server}`
  screen.print(
    `${screen.style.bold('listening')} on ${server} until Ctrl-C, for any Kafka client. In another terminal:`,
    `  npx logwerk topics describe --topic flights ${at}`,
    `  npx logwerk groups describe --group dashboard ${at}`,
    `  npx logwerk consume --topic delays --from-beginning ${at}`,
  )
  if (!signal.aborted) await new Promise(resolve => signal.addEventListener('abort', resolve, { once: true }))
}
