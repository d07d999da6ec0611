import { Writable } from 'node:stream'
import { nodeWorld, writeToDescriptor } from '@logwerk/runtime'
import { type Input, type Io, type Output, OutputError } from './io.ts'
import { stopSignal } from './stop-signal.ts'

/** Where a pipe has no width. */
const DEFAULT_COLUMNS = 80

/** The streams, environment and signals of this process. The first SIGINT or SIGTERM asks to stop, a second one ends it at once. */
export function processIo(): Io {
  return {
    stdout: outputOf(wholeWrites(process.stdout)),
    stderr: outputOf(process.stderr),
    stdin: inputOf(process.stdin),
    env: process.env,
    signal: stopSignal(process, nodeWorld.clock),
  }
}

/** What an output needs of Node's stream. Exported for its test. */
export type OutputStream = Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'writableNeedDrain'> & Writable

/**
 * Node's stream to a file takes a write that was cut short for a whole one, and a disk that becomes full cuts one short: what `consume`
 * then commits would be lost without a word. Exported for its test.
 */
export function wholeWrites(stream: NodeJS.WriteStream & { readonly fd: number }): OutputStream {
  // Node's name for a file. Where it should be another one day, Node's stream has to do.
  if ((stream as { readonly _type?: unknown })._type !== 'fs') return stream
  const file = new Writable({
    autoDestroy: false,
    write: (chunk: Uint8Array, _encoding, done) => {
      try {
        writeToDescriptor(stream.fd, chunk)
      } catch (error) {
        return done(error as Error)
      }
      done()
    },
  })
  return Object.assign(file, { isTTY: false, columns: 0 })
}

/** Exported for its test. */
export function outputOf(stream: OutputStream): Output {
  const closed = new AbortController()
  const close = (error: NodeJS.ErrnoException) => closed.abort(error.code === 'EPIPE' ? error : outputError(error))
  // Without a listener Node would take the error for a crash.
  stream.on('error', close)
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
    flushed: () =>
      new Promise(resolve => {
        if (closed.signal.aborted) return resolve()
        stream.write('', error => {
          // Told here before it is told to the listener above.
          if (error) close(error)
          resolve()
        })
      }),
  }
}

function outputError(error: NodeJS.ErrnoException): OutputError {
  const what = error.code === 'ENOSPC' ? 'the disk that it goes to is full; free some room, or send it elsewhere (ENOSPC)' : error.message
  return new OutputError(`the output cannot be written: ${what}`, { cause: error })
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
