import { existsSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { type Admin, createAdmin } from '@logwerk/admin'
import { type Broker, openBroker } from '@logwerk/broker'
import { KafkaError } from '@logwerk/runtime'
import { Backup } from './backup.ts'
import { chartOf, progressOf } from './chart.ts'
import { Dashboard } from './dashboard.ts'
import { DELAYS, delaySerde, FLIGHTS, type FlightRow, flightSerde, loadFlights } from './flights.ts'
import { GroupReader } from './group-reader.ts'
import { countedOf, countOf, sizeOf, timeOf } from './numbers.ts'
import type { DemoOptions } from './options.ts'
import { lastRowsOf, planOf, type StreamPlan } from './plan.ts'
import type { Screen } from './screen.ts'
import { type StreamResult, streamFlights } from './stream-flights.ts'
import { dataTable, partitionTables, resumeTable } from './summary.ts'
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

/** Time between two pictures of the live chart. */
const DRAW_INTERVAL_MS = 80
const PROGRESS_COLUMNS = 24

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
  await using admin = createAdmin({ broker })
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

/** Draws the live chart; where that cannot be done, a line for each quarter of the way. */
class Progress {
  storedCount = 0
  readonly #screen: Screen
  readonly #toStore: number
  readonly #chart: () => readonly string[]
  readonly #timer: NodeJS.Timeout
  #told = 0

  constructor(screen: Screen, toStore: number, chart: () => readonly string[]) {
    this.#screen = screen
    this.#toStore = toStore
    this.#chart = chart
    this.#timer = setInterval(() => this.#show(), DRAW_INTERVAL_MS)
  }

  end(): void {
    clearInterval(this.#timer)
    this.#show()
    this.#screen.erase()
  }

  #show(): void {
    const share = this.#toStore === 0 ? 1 : this.storedCount / this.#toStore
    this.#screen.draw(['', progressOf(share, PROGRESS_COLUMNS), '', ...this.#chart()])
    if (this.#screen.isLive || Math.floor(share * 4) <= this.#told) return
    this.#told = Math.floor(share * 4)
    report(
      this.#screen,
      'stored',
      `${`${this.#told * 25} %`.padStart(5)}  ${countOf(this.storedCount)} of ${countedOf(this.#toStore, 'record')}`,
    )
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
  await using admin = createAdmin({ broker })
  const all = Array.from({ length: FLIGHTS.partitionCount }, (_, partition) => ({ topic: FLIGHTS.topic, partition, at: 'latest' as const }))
  return (await admin.listOffsets(all)).map(({ offset }) => offset)
}

/** What the start before left, in words. The broker does not need to be told; these are the files by which it knows. */
function stateOf(dataDir: string): string {
  if (!existsSync(join(dataDir, 'meta.properties'))) return 'a new directory'
  return existsSync(join(dataDir, '.kafka_cleanshutdown')) ? 'closed properly last time' : 'recovered: the last process on it was killed'
}

function reportResume(screen: Screen, readers: readonly GroupReader[], backup: Backup): void {
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

function reportPlan(screen: Screen, { fromRow, toRow, flights, delays, isRecovery }: StreamPlan): void {
  const rows = `rows ${countOf(fromRow)} to ${countOf(toRow - 1)}`
  if (!isRecovery) return report(screen, 'sending', rows)
  report(screen, 'sending', `what is missing of ${rows}: ${countedOf(flights.length, 'flight')} and ${countedOf(delays.length, 'delay')}`)
  report(screen, '', screen.style.dim('(row i is stored exactly if it is not above the last row of its partition)'))
}

function reportStream(screen: Screen, { flights, delays }: StreamPlan, { recordCount, totalMs, busyMs, sliceRows }: StreamResult): void {
  const records = `${countedOf(flights.length, 'flight')} and ${countedOf(delays.length, 'delay')}`
  report(screen, 'stored', `${records} in ${timeOf(totalMs)}, slowed down so that you can watch`)
  report(
    screen,
    '',
    `${timeOf(busyMs)} of it busy: ${countOf((recordCount / busyMs) * 1000)} records a second, in slices of ${sliceRows} rows,`,
  )
  report(screen, '', 'each on the disk (fsync) before the next is sent')
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

function reportNext(screen: Screen): void {
  const { bold, dim } = screen.style
  const line = (command: string, what: string) => `  ${command.padEnd(24)}${dim(what)}`
  screen.print(
    bold('try next'),
    line('npm start', 'the next 5,000 rows; both groups go on where they are'),
    line('npm start -- --kill', 'dies half-way by SIGKILL; the start after it recovers'),
    line('npm start -- --serve', 'keeps the broker open for `npx logwerk` and any Kafka client'),
  )
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

/** A line with a label in front. */
function report(screen: Screen, label: string, text: string): void {
  screen.print(`${screen.style.bold(label.padEnd(10))}${text}`)
}

/** As one would type it. */
function shownPath(path: string): string {
  const short = relative(process.cwd(), path)
  return short === '' || short.startsWith('..') ? path : short
}
