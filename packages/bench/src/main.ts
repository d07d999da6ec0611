import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import { join } from 'node:path'
import { staleBuilds } from './built-packages.ts'
import { allClients, type Client, type Need } from './clients.ts'
import { compare, type Run } from './compare.ts'
import { type EmbeddedRun, type EmbeddedSetting, measureEmbedded, measureOpenings, type Opening } from './embedded.ts'
import { CACHE } from './folders.ts'
import { helpText, type Options, readOptions } from './options.ts'
import { writePayloads } from './payloads.ts'
import { ask, stopAll } from './processes.ts'
import { type RealKafka, startRealKafka } from './real-kafka.ts'
import { comparisonTable, embeddedTable, openingsTable } from './report.ts'
import { scenarioOf } from './scenario.ts'
import { openTopics } from './topics.ts'
import { type Prepared, prepare } from './workshop.ts'

/** Above this share of the cores, others are at work and the figures say little. */
const BUSY_SHARE = 0.25

/** Everything that was measured, as it is written to the results. */
interface Results {
  readonly conditions: readonly string[]
  readonly clients: readonly Pick<Client, 'name' | 'what'>[]
  readonly runs: readonly Run[]
  readonly openings: readonly Opening[]
  readonly embedded: readonly EmbeddedRun[]
}

const tell = (line: string) => console.error(`${new Date().toISOString().slice(11, 19)} ${line}`)

// Before anything is prepared: that is work of our own.
const load = loadavg()[0] ?? 0

let workFolder = ''
let kafka: RealKafka | null = null

function cleanUp(): void {
  stopAll()
  kafka?.wipe()
  if (workFolder !== '') rmSync(workFolder, { recursive: true, force: true })
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    cleanUp()
    process.exit(1)
  })
}
try {
  const pathNode = ask({ program: 'node', args: ['-p', 'process.execPath'], cwd: '.' }).trim()
  const pathNodeMajor = Number(ask({ program: pathNode, args: ['-p', 'process.versions.node.split(".")[0]'], cwd: '.' }))
  const clients = allClients(pathNodeMajor < Number(process.versions.node.split('.')[0]) ? pathNodeMajor : null)
  const options = readOptions(process.argv.slice(2), clients)
  if (options === null) console.log(helpText(clients))
  else await run(options, pathNode)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
} finally {
  cleanUp()
}

async function run(options: Options, pathNode: string): Promise<void> {
  mkdirSync(CACHE, { recursive: true })
  workFolder = mkdtempSync(join(CACHE, 'run-'))
  const prepared = prepare(needsOf(options), workFolder, pathNode, tell)
  const conditions = conditionsOf(options, prepared)
  const payloads = new Map([100, 1024].map(bytes => [bytes, writePayloads(workFolder, bytes)]))
  const { workshop } = prepared

  const runs = options.scenarios.length === 0 ? [] : await runOnKafka()
  const setting: EmbeddedSetting = { workshop, scale: options.scale, reps: options.reps, payloads, workFolder, tell }
  const openings = options.embedded ? await measureOpenings(setting) : []
  const embedded = options.embedded ? await measureEmbedded(setting) : []
  const results = { conditions, clients: options.clients.map(({ name, what }) => ({ name, what })), runs, openings, embedded }
  const report = reportOf(options, results)
  console.log(report)
  keep(results, report)
  if ([...runs, ...embedded].some(({ figures }) => figures === null)) process.exitCode = 1

  async function runOnKafka(): Promise<Run[]> {
    if (options.bootstrap === null) {
      tell('starting Kafka')
      kafka = await startRealKafka(join(workFolder, 'kafka'))
    }
    const bootstrap = options.bootstrap ?? kafka!.bootstrap
    const topics = await openTopics(workshop.peers, bootstrap)
    const compared = await compare({ workshop, options, topics, bootstrap, payloads, workFolder, tell })
    await topics.close()
    // The embedded broker is measured alone.
    kafka?.wipe()
    return compared
  }
}

function needsOf({ clients, scenarios, embedded, bootstrap }: Options): Set<Need> {
  const needs = new Set<Need>(embedded ? ['native'] : [])
  if (scenarios.length === 0) return needs
  for (const { need } of clients) needs.add(need)
  needs.add('peers')
  if (bootstrap === null || scenarios.some(({ mode }) => mode === 'consume')) needs.add('java')
  return needs
}

function conditionsOf(options: Options, { workshop, kafkaVersion }: Prepared): string[] {
  const cores = cpus()
  const conditions = [
    `${new Date().toISOString().slice(0, 16)}Z, ${cores.length} × ${cores[0]?.model.trim() ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform}`,
    `Node ${process.versions.node}; the rows that say so ${ask({ program: workshop.pathNode, args: ['--version'], cwd: '.' }).trim()}`,
    `${options.reps} repetitions, ${options.scale} × the records of the full set; load of the machine at the start ${load.toFixed(2)}`,
  ]
  if (options.scenarios.length > 0) {
    conditions.push(
      options.bootstrap === null
        ? `Apache Kafka ${kafkaVersion}, one node, heap 1 GiB, its defaults, loopback`
        : `the broker at ${options.bootstrap}`,
    )
  }
  if (options.scale < 1) conditions.push('NOT FIGURES TO QUOTE: with fewer records, starting up is most of what is measured')
  if (load > BUSY_SHARE * cores.length) conditions.push('NOT FIGURES TO QUOTE: the machine had other work')
  const stale = staleBuilds()
  if (stale.length > 0)
    conditions.push(`built before the last change of ${stale.join(', ')}: run \`npm run build\` to measure the sources as they are`)
  for (const condition of conditions) tell(condition)
  return conditions
}

function reportOf({ scenarios, clients, embedded: withEmbedded, scale }: Options, results: Results): string {
  const reference = clients.find(({ name }) => name.startsWith('ours'))?.name ?? null
  const parts = [results.conditions.map(condition => `- ${condition}`).join('\n')]
  if (scenarios.length > 0) parts.push(clients.map(({ name, what }) => `- \`${name}\`: ${what}`).join('\n'))
  for (const scenario of scenarios) parts.push(comparisonTable(scenario, results.runs, reference))
  if (withEmbedded) {
    parts.push('Our own client (`ours`) against the embedded broker:', openingsTable(results.openings))
    const measured = [...new Set(results.embedded.map(({ scenario }) => scenario))]
    for (const name of measured) parts.push(embeddedTable(scenarioOf(name, scale), results.embedded))
  }
  return parts.join('\n\n')
}

function keep(results: Results, report: string): void {
  const folder = join(CACHE, 'results')
  mkdirSync(folder, { recursive: true })
  const path = join(folder, new Date().toISOString().replaceAll(':', '-').slice(0, 19))
  writeFileSync(`${path}.json`, `${JSON.stringify(results, null, 2)}\n`)
  writeFileSync(`${path}.md`, `${report}\n`)
  tell(`results: ${path}.json and .md`)
}
