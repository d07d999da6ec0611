import type { Files } from '../files.ts'
import type { World } from '../world.ts'
import { SimulatedClock, WallTime } from './clock.ts'
import type { SimulatedDisk } from './disk.ts'
import { type LogLine, LogLines } from './log-lines.ts'
import { type Machine, MachineCore } from './machine.ts'
import type { SimulatedNetwork } from './network.ts'
import { DEFAULT_MACHINE, NetworkFabric } from './network-fabric.ts'
import { SeededRandom } from './random.ts'
import { Scheduler } from './scheduler.ts'

export interface SimulationOptions {
  /** Any safe integer. Everything that is left to chance follows from it. */
  readonly seed: number
  /** Wall-clock time at the beginning. Default 2026-01-01 00:00 UTC. */
  readonly startMs?: number
  /** Tasks that may run without time moving on; one more is taken for an endless loop. Default 250,000. */
  readonly maxTasksPerMoment?: number
}

export interface RunOptions {
  /** Virtual time after which waiting is given up. Default 10 minutes. */
  readonly limitMs?: number
}

/**
 * A world in memory in which time, chance, network and disks are made up from a seed. The same program with the same seed does the same
 * things in the same order. Nothing happens by itself: `advance`, `runUntil` and `settle` make time pass, and they are the only things
 * to await in a test; a promise of simulated work awaited by itself never settles.
 */
export interface Simulation {
  readonly seed: number
  /** The machine of the name `localhost`, there from the beginning: its main process, disk and files. */
  readonly world: World
  readonly disk: SimulatedDisk
  readonly files: Files
  /** The clock of the test itself, which survives every crash. Its `jumpWall` moves the wall clocks of all machines. */
  readonly clock: SimulatedClock
  readonly network: SimulatedNetwork
  /** The last 10,000 lines that were logged, on all machines. */
  readonly log: readonly LogLine[]
  /** A digest of everything that ran so far: what, for whom, when, in which order. Runs that are alike have the same one. */
  readonly fingerprint: string
  /** A source of chance for the test, apart from everybody else's: the same name gives the same sequence. */
  random(name: string): SeededRandom
  /** The machine of that name; made at the first call. */
  machine(name: string): Machine
  /** Runs everything that is due within `durationMs`, and lets that time pass. */
  advance(durationMs: number): Promise<void>
  /** Runs everything that is due now, until nothing is. */
  settle(): Promise<void>
  /**
   * Runs task by task until the promise settles or the predicate, asked before each task, holds.
   *
   * @returns What the promise resolves to.
   * @throws  What the promise rejects with; SimulationError if nothing is left to run or `limitMs` passes before.
   */
  runUntil<T>(promise: Promise<T>, options?: RunOptions): Promise<T>
  runUntil(predicate: () => boolean, options?: RunOptions): Promise<void>
}

/** 2026-01-01 00:00 UTC. */
const DEFAULT_START_MS = 1_767_225_600_000
const DEFAULT_LIMIT_MS = 600_000
/** More than any honest work does at one moment. */
const DEFAULT_MAX_TASKS_PER_MOMENT = 250_000

/** Makes a world from a seed. */
export function createSimulation(options: SimulationOptions): Simulation {
  return new SimulationCore(options)
}

class SimulationCore implements Simulation {
  readonly seed: number
  readonly clock: SimulatedClock
  readonly network: NetworkFabric
  readonly #random: SeededRandom
  readonly #scheduler: Scheduler
  readonly #logLines = new LogLines()
  readonly #wall: WallTime
  readonly #machines = new Map<string, MachineCore>()
  #lastProcessId = 0

  constructor({ seed, startMs = DEFAULT_START_MS, maxTasksPerMoment = DEFAULT_MAX_TASKS_PER_MOMENT }: SimulationOptions) {
    this.seed = seed
    this.#random = new SeededRandom(seed)
    this.#scheduler = new Scheduler(this.#random, maxTasksPerMoment)
    this.#wall = new WallTime(null, startMs)
    this.clock = new SimulatedClock(this.#scheduler, null, this.#wall)
    this.network = new NetworkFabric(this.#scheduler, this.#random.fork('network'))
    this.machine(DEFAULT_MACHINE)
  }

  get world(): World {
    return this.machine(DEFAULT_MACHINE).world
  }

  get disk(): SimulatedDisk {
    return this.machine(DEFAULT_MACHINE).disk
  }

  get files(): Files {
    return this.world.files
  }

  get log(): readonly LogLine[] {
    return this.#logLines.lines()
  }

  get fingerprint(): string {
    return this.#scheduler.fingerprint
  }

  random(name: string): SeededRandom {
    return this.#random.fork(`test ${name}`)
  }

  machine(name: string): Machine {
    let machine = this.#machines.get(name)
    if (machine === undefined) {
      if (!/^[^\s:/\\]+$/.test(name)) throw this.#scheduler.error(`"${name}" is no host name, which the name of a machine has to be`)
      machine = new MachineCore(name, {
        random: this.#random,
        scheduler: this.#scheduler,
        fabric: this.network,
        logLines: this.#logLines,
        wall: this.#wall,
        nextProcessId: () => ++this.#lastProcessId,
      })
      this.#machines.set(name, machine)
    }
    return machine
  }

  async advance(durationMs: number): Promise<void> {
    const untilMs = this.#scheduler.nowMs + durationMs
    await this.#scheduler.run(untilMs, () => false)
    this.#scheduler.passTo(untilMs)
  }

  settle(): Promise<void> {
    return this.advance(0)
  }

  async runUntil<T>(what: Promise<T> | (() => boolean), { limitMs = DEFAULT_LIMIT_MS }: RunOptions = {}): Promise<T | undefined> {
    const untilMs = this.#scheduler.nowMs + limitMs
    const outcome = typeof what === 'function' ? null : watch(what)
    const ended = await this.#scheduler.run(untilMs, typeof what === 'function' ? what : () => outcome?.settled === true)
    if (ended === 'done') return typeof what === 'function' ? undefined : what
    if (ended === 'idle') throw this.#scheduler.error(`nothing is left to run, and ${describe(what)}`)
    this.#scheduler.passTo(untilMs)
    throw this.#scheduler.error(`${limitMs} ms have passed, and ${describe(what)}`)
  }
}

function watch(promise: Promise<unknown>): { settled: boolean } {
  const outcome = { settled: false }
  const settle = () => {
    outcome.settled = true
  }
  promise.then(settle, settle)
  return outcome
}

function describe(what: Promise<unknown> | (() => boolean)): string {
  return typeof what === 'function' ? `the condition does not hold: ${what}` : 'the promise has not settled'
}
