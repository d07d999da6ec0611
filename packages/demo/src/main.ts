import { messageOf } from '@logwerk/runtime'
import { beginAnew, explained } from './explain.ts'
import { type DemoOptions, HELP, parseOptions, USAGE } from './options.ts'
import { runDemo } from './run-demo.ts'
import { Screen } from './screen.ts'

/** Long enough to watch, short enough to wait for. */
const QUARTER_MS = 4500
/** Nobody watches a pipe; slow enough that a kill finds both groups at work. */
const PIPED_QUARTER_MS = 1000
/** npm passes Ctrl-C on to a process that has got it from the terminal already. */
const SAME_SIGNAL_MS = 500

/** @returns 0 done, 1 failed or stopped, 2 wrong usage. */
async function main(): Promise<number> {
  let options: DemoOptions | typeof HELP
  try {
    options = parseOptions(process.argv.slice(2), process.env)
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`)
    return 2
  }
  if (options === HELP) {
    process.stdout.write(USAGE)
    return 0
  }
  // A reader that goes away (`npm start | head`) is no reason to stop half-way.
  process.stdout.on('error', () => {})
  const signal = stopSignal()
  try {
    const fits = await runDemo(options, {
      screen: new Screen(process.stdout, process.env),
      signal,
      kill: () => process.kill(process.pid, 'SIGKILL'),
      quarterMs: process.stdout.isTTY ? QUARTER_MS : PIPED_QUARTER_MS,
    })
    if (!fits) process.stderr.write(`What came out is not what went in. ${beginAnew(options)}\n`)
    return fits ? 0 : 1
  } catch (error) {
    if (signal.aborted) process.stderr.write(`${messageOf(signal.reason)}\n`)
    else process.stderr.write(`${explained(error, options)}\n`)
    return 1
  }
}

/** Aborts at SIGINT and SIGTERM; a second one leaves at once, which loses nothing either. */
function stopSignal(): AbortSignal {
  const stop = new AbortController()
  let firstMs: number | null = null
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (firstMs !== null && performance.now() - firstMs > SAME_SIGNAL_MS) process.exit(1)
      firstMs ??= performance.now()
      stop.abort(new Error(`Stopped by ${name}. What was stored stays; npm start goes on with the rest.`))
    })
  }
  return stop.signal
}

process.exitCode = await main()
