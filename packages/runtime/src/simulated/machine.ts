import type { World } from '../world.ts'
import { SimulatedClock, WallTime } from './clock.ts'
import { type CrashOptions, Disk, type SimulatedDisk } from './disk.ts'
import { SimulatedFiles } from './files.ts'
import type { LogLine, LogLines } from './log-lines.ts'
import type { NetworkFabric } from './network-fabric.ts'
import { ProcessCore, type SimulatedProcess } from './process.ts'
import { ProcessNetwork } from './process-network.ts'
import type { SeededRandom } from './random.ts'
import type { Scheduler } from './scheduler.ts'

/** A machine of a simulation: one host name, one disk, one wall clock, and the processes that run on it. */
export interface Machine {
  /** Its host name too. */
  readonly name: string
  /** What its main process sees; another one after each `restart`. @throws SimulationError while nothing runs. */
  readonly world: World
  readonly disk: SimulatedDisk
  /** `jumpWall` moves the wall clock of this machine only; it stays moved over a restart. */
  readonly clock: SimulatedClock
  /** False from a crash or kill to the restart. */
  readonly running: boolean
  /** Lines logged on this machine. */
  readonly log: readonly LogLine[]
  /**
   * A power cut. Every process is gone, and of what was not synced the disk keeps what the options and its settings say. Other machines are
   * not told: their connections go silent until this machine is back and answers with a reset.
   */
  crash(options?: CrashOptions): void
  /** Kill -9 for every process. Files keep all that was written; connections end, listeners and locks are given back. */
  kill(): void
  /** Starts the main process anew, on the same disk. */
  restart(): World
  /** One process more on a running machine, with a world of its own on the same disk and under the same host name. */
  startProcess(): SimulatedProcess
  /** Resolves at the next crash or kill; at once if nothing runs. Waiting for it beside the work shows when a step was fatal. */
  whenDown(): Promise<void>
}

/** What all machines of a simulation share. */
export interface Surroundings {
  readonly random: SeededRandom
  readonly scheduler: Scheduler
  readonly fabric: NetworkFabric
  readonly logLines: LogLines
  readonly wall: WallTime
  readonly nextProcessId: () => number
}

export class MachineCore implements Machine {
  readonly name: string
  readonly disk: Disk
  readonly clock: SimulatedClock
  readonly #surroundings: Surroundings
  readonly #random: SeededRandom
  readonly #wall: WallTime
  readonly #processes = new Set<ProcessCore>()
  #world: World | null = null
  #startedCount = 0
  #whenDown: (() => void)[] = []

  constructor(name: string, surroundings: Surroundings) {
    const { scheduler, random, fabric, wall } = surroundings
    this.name = name
    this.#surroundings = surroundings
    this.#random = random.fork(`machine ${name}`)
    this.#wall = new WallTime(wall, 0)
    this.clock = new SimulatedClock(scheduler, null, this.#wall)
    const strike = (how: 'crash' | 'kill', options: CrashOptions) => (how === 'crash' ? this.crash(options) : this.kill())
    this.disk = new Disk({ seed: random.seed, name, strike }, this.#random.fork('disk'), this.clock.nowMs())
    fabric.addMachine(name)
    this.#world = this.#start().world
  }

  get world(): World {
    if (this.#world === null) throw this.#surroundings.scheduler.error(`nothing runs on machine ${this.name}: call restart() first`)
    return this.#world
  }

  get running(): boolean {
    return this.#world !== null
  }

  get log(): readonly LogLine[] {
    return this.#surroundings.logLines.lines(this.name)
  }

  crash(options: CrashOptions = {}): void {
    this.#endAll('crash')
    this.#surroundings.fabric.setPowered(this.name, false)
    this.disk.crash(options)
  }

  kill(): void {
    this.#endAll('kill')
  }

  restart(): World {
    if (this.#world !== null) throw this.#surroundings.scheduler.error(`machine ${this.name} is running: crash() or kill() it first`)
    this.#surroundings.fabric.setPowered(this.name, true)
    this.#world = this.#start().world
    return this.#world
  }

  startProcess(): SimulatedProcess {
    if (this.#world === null) throw this.#surroundings.scheduler.error(`nothing runs on machine ${this.name}: call restart() first`)
    const { core, world } = this.#start()
    return {
      id: core.id,
      get alive() {
        return core.alive
      },
      world,
      kill: () => this.#end(core, 'kill'),
    }
  }

  whenDown(): Promise<void> {
    return new Promise(resolve => {
      if (this.#world === null) resolve()
      else this.#whenDown.push(resolve)
    })
  }

  #endAll(how: 'crash' | 'kill'): void {
    for (const process of this.#processes) this.#end(process, how)
    this.#world = null
    const waiting = this.#whenDown
    this.#whenDown = []
    for (const resolve of waiting) resolve()
  }

  #end(process: ProcessCore, how: 'crash' | 'kill'): void {
    if (!this.#processes.delete(process)) return
    process.end(how)
    this.#surroundings.fabric.abandon(process, how)
    this.disk.abandon(process)
  }

  #start(): { readonly core: ProcessCore; readonly world: World } {
    const { scheduler, fabric, logLines, nextProcessId } = this.#surroundings
    const core = new ProcessCore(nextProcessId(), this.name, scheduler, this.#wall)
    this.#processes.add(core)
    const world: World = {
      clock: core.clock,
      // Counted per machine: one machine more leaves the chance of the others as it was.
      random: this.#random.fork(`process ${++this.#startedCount}`),
      network: new ProcessNetwork(fabric, core),
      files: new SimulatedFiles(this.disk, core),
      resolve: host => core.asynchronously(0, 'resolve', () => () => fabric.addressesOf(host)),
      log: logLines.logger(
        this.name,
        () => scheduler.nowMs,
        () => core.alive,
      ),
      native: () => null,
    }
    return { core, world }
  }
}
