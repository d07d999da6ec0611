import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from 'node:child_process'

const running = new Set<ChildProcess>()

/** A program to run. */
export interface Command {
  readonly program: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
}

/** Starts a program as the leader of a process group of its own, so that {@link stop} reaches what it starts in turn. */
export function start({ program, args, cwd, env }: Command, stdio: NonNullable<SpawnOptions['stdio']>): ChildProcess {
  const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio, detached: true })
  running.add(child)
  child.once('close', () => running.delete(child))
  child.once('error', () => running.delete(child))
  return child
}

/** Ends the process and its group at once, if it still runs. */
export function stop(child: ChildProcess): void {
  if (!running.has(child) || child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It has just ended by itself.
  }
}

/** Ends everything that {@link start} started and that still runs. */
export function stopAll(): void {
  for (const child of running) stop(child)
}

/** Resolves with the exit code when the process is over; a signal counts as 1. Rejects if it could not be started. */
export function ended(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', code => resolve(code ?? 1))
  })
}

/**
 * Runs a program to its end and answers with what it prints; its errors go to this process's.
 *
 * @throws Error that names the program, if it is not there or fails.
 */
export function ask({ program, args, cwd, env }: Command): string {
  try {
    return execFileSync(program, args, {
      cwd,
      env: { ...process.env, ...env },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      maxBuffer: 1 << 26,
    })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw new Error(`${program} is not on the PATH`, { cause: error })
    throw new Error(`${[program, ...args].join(' ')} failed`, { cause: error })
  }
}
