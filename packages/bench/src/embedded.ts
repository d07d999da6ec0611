import type { ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { commandFor, ourCommand, type Workshop } from './clients.ts'
import { summary } from './compare.ts'
import { type Measurement, measure, parseObject } from './measure.ts'
import { ended, start, stop } from './processes.ts'
import { type Scenario, scenarioOf } from './scenario.ts'

/** One opening of the embedded broker, in a process that does nothing else. */
export interface Opening {
  readonly what: string
  /** `openBroker()` alone. */
  readonly readyMs: number
  /** Loading the package, before it. */
  readonly importMs: number
  /** A second later. */
  readonly idleRssMiB: number
  /** User and system, of the whole process until then. */
  readonly cpuSecs: number
}

/** Our client against the embedded broker, once. */
export interface EmbeddedRun extends Measurement {
  readonly scenario: string
  /** In the same process or over TCP, and when records are synced. */
  readonly where: string
  readonly rep: number
  /** Of the broker's process during the run; null if it is the client's. */
  readonly brokerCpuSecs: number | null
}

export interface EmbeddedSetting {
  readonly workshop: Workshop
  readonly scale: number
  readonly reps: number
  readonly payloads: ReadonlyMap<number, string>
  readonly workFolder: string
  readonly tell: (line: string) => void
}

const SCENARIOS = ['P1', 'L1', 'C1']
const SMALL_RECORD_COUNT = 1000
/** An opening takes a fraction of a second, so a few more cost nothing. */
const LEAST_OPENINGS = 5
const IDLE_MS = 1000
/** A broker that takes this long to close hangs. */
const CLOSE_MS = 60_000

/** Opens the broker in memory, on an empty directory, and on a small one that was closed cleanly. */
export async function measureOpenings(setting: EmbeddedSetting): Promise<Opening[]> {
  const { workFolder, tell } = setting
  const openings: Opening[] = []
  const small = mkdtempSync(join(workFolder, 'small-'))
  const filling = await BrokerProcess.open(setting, 'batch', small)
  await mustRun(setting, { ...scenarioOf('P1', 1), recordCount: SMALL_RECORD_COUNT }, filling.bootstrap, 'small')
  await filling.close()
  for (let rep = 1; rep <= Math.max(setting.reps, LEAST_OPENINGS); rep++) {
    const empty = mkdtempSync(join(workFolder, 'empty-'))
    const places = [
      { what: 'in memory', fsync: 'memory', dataDir: '' },
      { what: 'empty directory', fsync: 'batch', dataDir: empty },
      { what: `directory with ${SMALL_RECORD_COUNT} records, cleanly closed`, fsync: 'batch', dataDir: small },
    ]
    for (const { what, fsync, dataDir } of places) {
      const broker = await BrokerProcess.open(setting, fsync, dataDir)
      await delay(IDLE_MS)
      const { cpuSecs, rssMiB } = await broker.usage()
      await broker.close()
      openings.push({ what, readyMs: broker.readyMs, importMs: broker.importMs, idleRssMiB: rssMiB, cpuSecs })
      tell(`${rep} open ${what}: ${broker.readyMs.toFixed(1)} ms`)
    }
    rmSync(empty, { recursive: true })
  }
  return openings
}

/** Our client against the embedded broker: in its own process, and over TCP against one in another. */
export async function measureEmbedded(setting: EmbeddedSetting): Promise<EmbeddedRun[]> {
  const runs: EmbeddedRun[] = []
  const scenarios = SCENARIOS.map(name => scenarioOf(name, setting.scale))
  const add = (run: EmbeddedRun) => {
    runs.push(run)
    setting.tell(`${run.rep}/${setting.reps} ${run.scenario} ${run.where}: ${summary(run)}`)
  }
  for (let rep = 1; rep <= setting.reps; rep++) {
    for (const fsync of ['memory', 'batch', 'os']) {
      for (const scenario of scenarios) {
        const where = fsync === 'memory' ? 'in process, in memory' : `in process, fsync '${fsync}'`
        add({ scenario: scenario.name, where, rep, brokerCpuSecs: null, ...(await inProcess(setting, fsync, scenario)) })
      }
    }
    for (const fsync of ['batch', 'os']) {
      const dataDir = mkdtempSync(join(setting.workFolder, 'tcp-'))
      const broker = await BrokerProcess.open(setting, fsync, dataDir)
      for (const scenario of scenarios) {
        if (scenario.mode === 'consume') await mustRun(setting, { ...scenario, mode: 'produce' }, broker.bootstrap, scenario.name)
        const before = await broker.usage()
        const measurement = await run(setting, scenario, broker.bootstrap, scenario.name)
        const after = await broker.usage()
        const brokerCpuSecs = after.cpuSecs - before.cpuSecs
        add({ scenario: scenario.name, where: `TCP, fsync '${fsync}'`, rep, brokerCpuSecs, ...measurement })
      }
      await broker.close()
      rmSync(dataDir, { recursive: true })
    }
  }
  return runs
}

async function inProcess(setting: EmbeddedSetting, fsync: string, scenario: Scenario): Promise<Measurement> {
  if (fsync === 'memory') return await run(setting, scenario, 'embedded memory', scenario.name)
  const dataDir = mkdtempSync(join(setting.workFolder, 'in-process-'))
  const measurement = await run(setting, scenario, `embedded ${fsync} ${dataDir}`, scenario.name)
  rmSync(dataDir, { recursive: true })
  return measurement
}

function run({ workshop, payloads, workFolder }: EmbeddedSetting, scenario: Scenario, bootstrap: string, topic: string) {
  const command = ourCommand(workshop, 'ours.mjs')
  return measure(commandFor(command, scenario, bootstrap, topic, payloads.get(scenario.valueBytes)!), workFolder)
}

async function mustRun(setting: EmbeddedSetting, scenario: Scenario, bootstrap: string, topic: string): Promise<void> {
  const { error } = await run(setting, scenario, bootstrap, topic)
  if (error !== null) throw new Error(`the embedded broker could not be filled: ${error}`)
}

type Said = Readonly<Record<string, unknown>>

/** `programs/broker.mjs`, running. */
class BrokerProcess {
  readonly readyMs: number
  readonly importMs: number
  readonly bootstrap: string
  readonly #child: ChildProcess
  readonly #ask: () => Promise<Said>

  private constructor(child: ChildProcess, ask: () => Promise<Said>, ready: Said) {
    this.#child = child
    this.#ask = ask
    this.readyMs = Number(ready['readyMs'])
    this.importMs = Number(ready['importMs'])
    this.bootstrap = `127.0.0.1:${Number(ready['port'])}`
  }

  static async open({ workshop }: EmbeddedSetting, fsync: string, dataDir: string): Promise<BrokerProcess> {
    const command = ourCommand(workshop, 'broker.mjs')
    mkdirSync(dataDir === '' ? command.cwd : dataDir, { recursive: true })
    const child = start({ ...command, args: [...command.args, fsync, dataDir] }, ['pipe', 'pipe', 'inherit'])
    const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]()
    const nextLine = async () => {
      const { value, done } = await lines.next()
      if (done === true) throw new Error(`the embedded broker ended (fsync ${fsync}, directory ${dataDir})`)
      return parseObject(value)
    }
    const ask = () => {
      child.stdin?.write('\n')
      return nextLine()
    }
    return new BrokerProcess(child, ask, await nextLine())
  }

  /** What its process has used so far. */
  async usage(): Promise<{ readonly cpuSecs: number; readonly rssMiB: number }> {
    const { cpuSecs, rssMiB } = await this.#ask()
    return { cpuSecs: Number(cpuSecs), rssMiB: Number(rssMiB) }
  }

  /** Lets it close the broker. */
  async close(): Promise<void> {
    const over = ended(this.#child)
    this.#child.stdin?.end()
    const guard = setTimeout(() => stop(this.#child), CLOSE_MS)
    const code = await over
    clearTimeout(guard)
    if (code !== 0) throw new Error(`the embedded broker did not close cleanly: exit code ${code}`)
  }
}
