import { createCodecs } from '@logwerk/compression'
import type { World } from '@logwerk/runtime'
import { createSimulation, type Simulation } from '@logwerk/runtime/simulated'
import type { CommandTree } from './command.ts'
import { commands } from './commands.ts'
import { type Input, type Io, type Output, OutputError } from './io.ts'
import type { ExitCode } from './report-error.ts'
import { run } from './run.ts'

// What is compiled or imported later takes real time, which simulations do not wait for.
await createCodecs({ native: () => null }).ready()
await Promise.all([import('@logwerk/admin'), import('@logwerk/producer'), import('@logwerk/consumer'), load(commands)])

async function load(tree: CommandTree): Promise<void> {
  if ('load' in tree) await tree.load()
  else await Promise.all(Object.values(tree.commands).map(load))
}

/** What tests say about the process that a command runs in. */
export interface TestIoOptions {
  readonly world?: World
  /** Standard output and error are a terminal. Default: pipes. */
  readonly isTTY?: boolean
  readonly env?: Readonly<Record<string, string>>
  /** Chunks of standard input; `'open'` never brings any and never ends. */
  readonly stdin?: readonly string[] | 'open'
  /** Standard output closes when it holds so many lines, as `head` would do. As in Node, the writer learns of it later. */
  readonly closesAfterLines?: number
  /** What closes it then is not its reader but a disk that is full. */
  readonly isFull?: boolean
}

/** Standard streams, environment and signals in memory. */
export class TestIo implements Io {
  readonly stdout: TestOutput
  readonly stderr: TestOutput
  readonly stdin: Input
  readonly env: Readonly<Record<string, string>>
  readonly #stop = new AbortController()
  readonly signal = this.#stop.signal
  readonly world?: World

  constructor({ world, isTTY = false, env = {}, stdin = [], closesAfterLines, isFull = false }: TestIoOptions = {}) {
    this.stdout = new TestOutput(isTTY, closesAfterLines, isFull ? new OutputError('the output cannot be written') : undefined)
    this.stderr = new TestOutput(isTTY)
    this.env = env
    if (world !== undefined) this.world = world
    this.stdin = {
      isTTY: false,
      async *chunks(signal) {
        if (stdin === 'open') await new Promise<void>(end => signal.addEventListener('abort', () => end(), { once: true }))
        else for (const chunk of stdin) yield Buffer.from(chunk)
      },
    }
  }

  /** SIGINT. */
  interrupt(): void {
    this.#stop.abort(new Error('stopped by SIGINT'))
  }
}

class TestOutput implements Output {
  readonly isTTY: boolean
  readonly columns = 100
  readonly #closed = new AbortController()
  readonly closed = this.#closed.signal
  readonly #closesAfterLines: number
  readonly #closesBy: Error
  #wrote: Promise<void> = Promise.resolve()
  /** Resolves with the first line that is written. */
  readonly firstLine: Promise<string>
  #onFirstLine: (line: string) => void = () => {}
  text = ''

  constructor(isTTY: boolean, closesAfterLines = Number.POSITIVE_INFINITY, closesBy = new Error('write EPIPE')) {
    this.isTTY = isTTY
    this.#closesAfterLines = closesAfterLines
    this.#closesBy = closesBy
    this.firstLine = new Promise(resolve => {
      this.#onFirstLine = resolve
    })
  }

  write(text: string): boolean {
    if (this.closed.aborted) return true
    this.text += text
    if (this.lines.length > 0) this.#onFirstLine(this.lines[0]!)
    if (this.lines.length >= this.#closesAfterLines) this.#wrote = this.#wrote.then(() => this.#closed.abort(this.#closesBy))
    return true
  }

  flushed(): Promise<void> {
    return this.#wrote
  }

  drained(): Promise<void> {
    return Promise.resolve()
  }

  get lines(): string[] {
    return this.text.split('\n').slice(0, -1)
  }

  /** Lines of JSON. */
  get objects(): Record<string, unknown>[] {
    return this.lines.map(line => JSON.parse(line) as Record<string, unknown>)
  }
}

/** What a command left behind. */
export interface Outcome {
  readonly exitCode: ExitCode
  readonly stdout: TestOutput
  readonly stderr: TestOutput
}

/** Runs commands that need no broker: the world is one in which nobody listens. */
export async function runAlone(
  argv: readonly string[],
  options: TestIoOptions = {},
  simulation = createSimulation({ seed: 1 }),
): Promise<Outcome> {
  const io = new TestIo({ world: simulation.world, ...options })
  const exitCode = await simulation.runUntil(run(argv, io))
  return { exitCode, stdout: io.stdout, stderr: io.stderr }
}

/** A simulation in which commands and a broker on localhost:9092 meet. */
export class TestCluster implements AsyncDisposable {
  readonly simulation: Simulation
  readonly #broker: { close(): Promise<void> }

  private constructor(simulation: Simulation, broker: { close(): Promise<void> }) {
    this.simulation = simulation
    this.#broker = broker
  }

  static async open(): Promise<TestCluster> {
    const { openBroker } = await import('@logwerk/broker')
    const simulation = createSimulation({ seed: 1 })
    const broker = await simulation.runUntil(openBroker({ world: simulation.world, host: 'localhost', port: 9092 }))
    return new TestCluster(simulation, broker)
  }

  /** Runs a command to its end. */
  async run(line: string | readonly string[], options: TestIoOptions = {}): Promise<Outcome> {
    return await runAlone(typeof line === 'string' ? line.split(' ') : line, options, this.simulation)
  }

  /** Runs a command that has to succeed and write nothing but JSON: its objects. */
  async ask(line: string, options: TestIoOptions = {}): Promise<Record<string, unknown>[]> {
    const { exitCode, stdout, stderr } = await this.run(line, options)
    if (exitCode !== 0) throw new Error(`${line}: ${stderr.text}`)
    return stdout.objects
  }

  /** Begins a command that does not end by itself. */
  start(line: string, options: TestIoOptions = {}): { readonly io: TestIo; readonly ended: Promise<ExitCode> } {
    const io = new TestIo({ world: this.simulation.world, ...options })
    return { io, ended: run(line.split(' '), io) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.simulation.runUntil(this.#broker.close())
  }
}
