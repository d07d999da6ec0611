import { type Client, commandFor, javaCommand, type Workshop } from './clients.ts'
import { type Figures, type Measurement, measure } from './measure.ts'
import type { Options } from './options.ts'
import { type Scenario, scenarioOf, UNMEASURED_SENDS } from './scenario.ts'
import type { Topics } from './topics.ts'

/** One client, one scenario, once. */
export interface Run extends Measurement {
  readonly scenario: string
  readonly client: string
  readonly rep: number
}

export interface Comparison {
  readonly workshop: Workshop
  readonly options: Options
  readonly topics: Topics
  readonly bootstrap: string
  /** Path of the values, by their size. */
  readonly payloads: ReadonlyMap<number, string>
  readonly workFolder: string
  readonly tell: (line: string) => void
}

/**
 * Runs every client in every scenario against one broker. Within a repetition the clients follow each other scenario by scenario, and
 * each repetition begins with another one, so that what drifts on the machine or in the broker hits all of them.
 */
export async function compare(comparison: Comparison): Promise<Run[]> {
  const { options, topics } = comparison
  const { scenarios, clients, reps } = options
  const prefix = `bench-${process.pid}-${Date.now()}`
  const sources = await fillSources(comparison, prefix)
  const runs: Run[] = []
  for (let rep = 1; rep <= reps; rep++) {
    for (const scenario of scenarios) {
      const first = ((rep - 1) * Math.ceil(clients.length / reps)) % clients.length
      for (const client of [...clients.slice(first), ...clients.slice(0, first)]) {
        const topic = sources.get(scenario.name) ?? `${prefix}-${scenario.name}-${client.name}-${rep}`
        const run = { scenario: scenario.name, client: client.name, rep, ...(await runOnce(comparison, client, scenario, topic)) }
        runs.push(run)
        comparison.tell(`${rep}/${reps} ${scenario.name} ${client.name}: ${summary(run)}`)
      }
    }
  }
  await topics.delete([...sources.values()])
  return runs
}

/** What is consumed was written by Kafka's own client in all its defaults, so that no reader is given batches to its taste. */
async function fillSources(comparison: Comparison, prefix: string): Promise<Map<string, string>> {
  const { options, bootstrap, payloads, topics } = comparison
  const sources = new Map<string, string>()
  const fill = async (scenario: Scenario, topic: string) => {
    await topics.create(topic)
    await java(comparison, { ...scenario, mode: 'produce' }, topic)
    await checkStored(topics, topic, scenario.recordCount)
  }
  for (const scenario of options.scenarios) {
    if (scenario.mode !== 'consume') continue
    const topic = `${prefix}-${scenario.name}`
    comparison.tell(`filling the topic of ${scenario.name}`)
    await fill(scenario, topic)
    sources.set(scenario.name, topic)
  }
  // A broker of ours is new, and its code not yet compiled: whoever came first would pay for it.
  if (options.bootstrap === null) {
    comparison.tell('warming the broker up')
    const scenario = scenarioOf('P1', options.scale)
    const topic = `${prefix}-warm-up`
    await fill(scenario, topic)
    await java(comparison, { ...scenario, mode: 'consume' }, topic)
    await topics.delete([topic])
  }
  return sources

  async function java({ workshop, workFolder }: Comparison, scenario: Scenario, topic: string): Promise<void> {
    const command = commandFor(javaCommand(workshop), scenario, bootstrap, topic, payloads.get(scenario.valueBytes)!)
    const { error } = await measure(command, workFolder)
    if (error !== null) throw new Error(`Kafka's own client could not prepare ${topic}: ${error}`)
  }
}

async function runOnce(comparison: Comparison, client: Client, scenario: Scenario, topic: string): Promise<Measurement> {
  const { workshop, bootstrap, topics, payloads, workFolder } = comparison
  const command = commandFor(client.command(workshop), scenario, bootstrap, topic, payloads.get(scenario.valueBytes)!)
  if (scenario.mode !== 'consume') await topics.create(topic)
  const measurement = await measure(command, workFolder)
  try {
    if (measurement.figures !== null) await checkDone(topics, topic, scenario, measurement.figures)
    return measurement
  } catch (error) {
    return { ...measurement, figures: null, error: error instanceof Error ? error.message : String(error) }
  } finally {
    if (scenario.mode !== 'consume') await topics.delete([topic])
  }
}

/** A rate counts only if the work was done. */
async function checkDone(topics: Topics, topic: string, { mode, recordCount, valueBytes }: Scenario, { bytes }: Figures): Promise<void> {
  if (mode === 'produce') return await checkStored(topics, topic, recordCount)
  if (mode === 'latency') return await checkStored(topics, topic, recordCount + UNMEASURED_SENDS)
  const expected = recordCount * valueBytes
  if (bytes !== expected) throw new Error(`it read ${bytes} bytes of values where there are ${expected}`)
}

async function checkStored(topics: Topics, topic: string, expected: number): Promise<void> {
  const stored = await topics.recordCount(topic)
  if (stored !== expected) throw new Error(`${topic} should hold ${expected} records and holds ${stored}`)
}

/** One run in a few words. */
export function summary({ figures, error, cpuSecs }: Measurement): string {
  if (figures === null) return `FAILED: ${error}`
  const what =
    figures.p50 === null ? `${Math.round(figures.n / figures.secs).toLocaleString('en-US')} msgs/s` : `p50 ${figures.p50.toFixed(2)} ms`
  return `${what}, ${cpuSecs.toFixed(2)} CPU s`
}
