import type { Clock } from '@logwerk/runtime'

const STOP_SIGNALS = ['SIGINT', 'SIGTERM'] as const
type StopSignalName = (typeof STOP_SIGNALS)[number]

/**
 * A signal that follows the first one so soon is the same one: npm and npx pass Ctrl-C on to a process that has it from the terminal
 * already.
 */
const SAME_SIGNAL_MS = 500

/** What is needed of `process`. */
export interface SignalSource {
  readonly pid: number
  on(name: StopSignalName, listener: (name: StopSignalName) => void): unknown
  off(name: StopSignalName, listener: (name: StopSignalName) => void): unknown
  kill(pid: number, name: StopSignalName): unknown
}

/**
 * Aborts at the first SIGINT or SIGTERM. A second one ends the process at once, as it would end any other that does not listen: its
 * parent sees by which signal.
 */
export function stopSignal(source: SignalSource, clock: Pick<Clock, 'monotonicMs'>): AbortSignal {
  const stop = new AbortController()
  let firstMs: number | null = null
  const onSignal = (name: StopSignalName) => {
    if (firstMs === null) {
      firstMs = clock.monotonicMs()
      stop.abort(new Error(`stopped by ${name}`))
    } else if (clock.monotonicMs() - firstMs > SAME_SIGNAL_MS) {
      for (const one of STOP_SIGNALS) source.off(one, onSignal)
      source.kill(source.pid, name)
    }
  }
  for (const name of STOP_SIGNALS) source.on(name, onSignal)
  return stop.signal
}
