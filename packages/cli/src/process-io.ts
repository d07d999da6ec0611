import type { Input, Io, Output } from './io.ts'

const STOP_SIGNALS = ['SIGINT', 'SIGTERM'] as const
/** Where a pipe has no width. */
const DEFAULT_COLUMNS = 80

/**
 * The streams, environment and signals of this process. The first SIGINT or SIGTERM asks to stop; the next one finds nobody listening
 * and ends the process as it would any other.
 */
export function processIo(): Io {
  const stop = new AbortController()
  const onSignal = (signal: NodeJS.Signals) => {
    for (const name of STOP_SIGNALS) process.off(name, onSignal)
    stop.abort(new Error(`stopped by ${signal}`))
  }
  for (const name of STOP_SIGNALS) process.on(name, onSignal)
  return {
    stdout: outputOf(process.stdout),
    stderr: outputOf(process.stderr),
    stdin: inputOf(process.stdin),
    env: process.env,
    signal: stop.signal,
  }
}

function outputOf(stream: NodeJS.WriteStream): Output {
  const closed = new AbortController()
  // EPIPE: the reader has gone. Without a listener Node would take the error for a crash.
  stream.on('error', error => closed.abort(error))
  return {
    isTTY: stream.isTTY === true,
    get columns() {
      // A terminal that does not know its size says 0.
      return stream.columns > 0 ? stream.columns : DEFAULT_COLUMNS
    },
    closed: closed.signal,
    write: text => closed.signal.aborted || stream.write(text),
    drained: () =>
      new Promise(resolve => {
        if (closed.signal.aborted || !stream.writableNeedDrain) return resolve()
        const done = () => {
          stream.off('drain', done)
          closed.signal.removeEventListener('abort', done)
          resolve()
        }
        stream.on('drain', done)
        closed.signal.addEventListener('abort', done)
      }),
  }
}

function inputOf(stream: NodeJS.ReadStream): Input {
  return {
    isTTY: stream.isTTY === true,
    async *chunks(signal) {
      // An open standard input would keep the process alive.
      const end = () => stream.destroy()
      signal.addEventListener('abort', end, { once: true })
      try {
        if (!signal.aborted) for await (const chunk of stream) yield chunk as Uint8Array
      } catch (error) {
        if (!signal.aborted) throw error
      } finally {
        signal.removeEventListener('abort', end)
        end()
      }
    },
  }
}
