import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Command, ended, start, stop } from './processes.ts'

/** What a program prints about itself. */
export interface Figures {
  /** Records. */
  readonly n: number
  /** Of values. */
  readonly bytes: number
  /** First send to last acknowledgement, or first record to last. */
  readonly secs: number
  /** User and system time within `secs`; null if the program does not tell. */
  readonly cpuInSecs: number | null
  /** From the subscription to the first record, in seconds; null but for consumers. */
  readonly join: number | null
  /** Milliseconds; null but for `latency`. */
  readonly p50: number | null
  readonly p99: number | null
  /** Language and version. */
  readonly runtime: string
}

/** One run of a program: what it says, and what the system saw of the whole process, start-up included. */
export interface Measurement {
  readonly figures: Figures | null
  /** Why `figures` is null. */
  readonly error: string | null
  /** User and system. */
  readonly cpuSecs: number
  readonly peakRssMiB: number
  readonly wallSecs: number
}

/** GNU time, which knows the peak memory of any program. */
export const TIME_PROGRAM = '/usr/bin/time'
/** A program that takes this long hangs. */
const HANG_MS = 300_000
const ERROR_LENGTH = 500

/** Runs a program of `programs/` and measures it. What goes wrong is part of the answer. */
export async function measure(command: Command, workFolder: string): Promise<Measurement> {
  const timePath = join(workFolder, 'time.txt')
  const child = start(
    { ...command, program: TIME_PROGRAM, args: ['-o', timePath, '-f', '%U %S %M %e', command.program, ...command.args] },
    ['ignore', 'pipe', 'pipe'],
  )
  let output = ''
  let errors = ''
  child.stdout?.setEncoding('utf8').on('data', text => {
    output += text
  })
  child.stderr?.setEncoding('utf8').on('data', text => {
    errors += text
  })
  let isHanging = false
  const guard = setTimeout(() => {
    isHanging = true
    stop(child)
  }, HANG_MS)
  try {
    const code = await ended(child)
    if (isHanging) throw new Error(`it hung: stopped after ${HANG_MS / 1000} s. ${errors.trim()}`)
    if (code !== 0) throw new Error(`exit code ${code}: ${errors.trim()}`)
    return { figures: parseFigures(output), error: null, ...readTime(timePath) }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return { figures: null, error: message.slice(0, ERROR_LENGTH), cpuSecs: 0, peakRssMiB: 0, wallSecs: 0 }
  } finally {
    clearTimeout(guard)
    rmSync(timePath, { force: true })
  }
}

function readTime(path: string): Pick<Measurement, 'cpuSecs' | 'peakRssMiB' | 'wallSecs'> {
  const [user = 0, system = 0, peakKiB = 0, wall = 0] = readFileSync(path, 'utf8').trim().split(' ').map(Number)
  return { cpuSecs: user + system, peakRssMiB: peakKiB / 1024, wallSecs: wall }
}

/** @throws Error if the program did not end with a line of figures */
function parseFigures(output: string): Figures {
  const line = output.trim().split('\n').at(-1) ?? ''
  const said = parseObject(line)
  const required = (name: string) => {
    const value = said[name]
    if (typeof value !== 'number') throw new Error(`it printed no "${name}" but: ${line}`)
    return value
  }
  const optional = (name: string) => (said[name] === undefined ? null : required(name))
  return {
    n: required('n'),
    bytes: required('bytes'),
    secs: required('secs'),
    cpuInSecs: optional('cpuInSecs'),
    join: optional('join'),
    p50: optional('p50'),
    p99: optional('p99'),
    runtime: String(said['runtime']),
  }
}

/** @throws Error for text that is not a JSON object */
export function parseObject(line: string): Readonly<Record<string, unknown>> {
  let parsed: unknown = null
  try {
    parsed = JSON.parse(line)
  } catch {
    // Reported below.
  }
  if (typeof parsed !== 'object' || parsed === null) throw new Error(`it printed no figures but: ${line.slice(0, ERROR_LENGTH)}`)
  return parsed as Record<string, unknown>
}
