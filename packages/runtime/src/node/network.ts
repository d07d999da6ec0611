import { lookup } from 'node:dns/promises'
import { createServer, connect as tcpConnect } from 'node:net'
import { KafkaError, messageOf } from '../errors.ts'
import { formatEndpoint, type Network, type Resolve } from '../network.ts'
import { nodeClock } from './clock.ts'
import { NodeConnection } from './connection.ts'
import { ReadBridge } from './read-bridge.ts'

/** TCP. */
export const nodeNetwork: Network = {
  connect(to, options = {}) {
    return new Promise((resolve, reject) => {
      const { signal, timeoutMs = Number.POSITIVE_INFINITY } = options
      if (signal?.aborted) return reject(signal.reason)
      const bridge = new ReadBridge()
      const socket = attempt(
        () =>
          tcpConnect({
            host: to.host,
            port: to.port,
            noDelay: true,
            onread: { buffer: () => bridge.room(), callback: byteCount => bridge.filled(byteCount) },
          }),
        error => unreachable(`connect to ${formatEndpoint(to)}`, error, formatEndpoint(to)),
      )
      const fail = (error: unknown) => {
        cleanUp()
        // What it still has to say about its end is of no interest, but would be an uncaught exception.
        socket.on('error', () => {})
        socket.destroy()
        reject(error)
      }
      const onError = (error: Error) => fail(unreachable(`connect to ${formatEndpoint(to)}`, error, formatEndpoint(to)))
      const onAbort = () => fail(signal?.reason)
      const timer =
        timeoutMs === Number.POSITIVE_INFINITY
          ? undefined
          : nodeClock.setTimer(timeoutMs, () => onError(new Error(`no answer within ${timeoutMs} ms`)))
      const cleanUp = () => {
        timer?.cancel()
        socket.off('error', onError)
        signal?.removeEventListener('abort', onAbort)
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      socket.once('error', onError)
      socket.once('connect', () => {
        cleanUp()
        resolve(new NodeConnection(socket, bridge))
      })
    })
  },

  listen(at, onConnection) {
    return new Promise((resolve, reject) => {
      const server = createServer({ noDelay: true }, socket => onConnection(new NodeConnection(socket, null)))
      const refuse = (error: unknown) =>
        new KafkaError('INVALID_CONFIG', `cannot listen on ${formatEndpoint(at)}: ${reasonOf(error)}`, { cause: error })
      // Once it listens, an error is of one connection that could not be accepted (too many open files): the others are not touched by it.
      server.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EADDRINUSE') return reject(refuse(error))
        const message = `${formatEndpoint(at)} is in use by another process; choose another port, or 0 for a free one`
        reject(new KafkaError('ADDRESS_IN_USE', message, { cause: error }))
      })
      const onListening = () => {
        const bound = server.address()
        const port = bound !== null && typeof bound === 'object' ? bound.port : at.port
        resolve({
          address: { host: at.host, port },
          // The port is given back in place; Node's own callback would wait for the last accepted connection to end.
          close: async () => void server.close(),
        })
      }
      attempt(() => server.listen({ host: at.host, port: at.port }, onListening), refuse)
    })
  },
}

export const nodeResolve: Resolve = async host => {
  try {
    const found = await lookup(host, { all: true, order: 'verbatim' })
    return found.map(entry => entry.address)
  } catch (error) {
    throw unreachable(`resolve ${host}`, error, host)
  }
}

/** Node throws where a port is none. */
function attempt<T>(action: () => T, refuse: (error: unknown) => KafkaError): T {
  try {
    return action()
  } catch (error) {
    throw refuse(error)
  }
}

function unreachable(what: string, error: unknown, broker: string): KafkaError {
  return new KafkaError('NETWORK_EXCEPTION', `cannot ${what}: ${reasonOf(error)}`, { at: { broker }, cause: error })
}

/** A host with several addresses fails with one error for each, and no message of its own. */
function reasonOf(error: unknown): string {
  return error instanceof AggregateError && error.message === '' ? error.errors.map(messageOf).join('; ') : messageOf(error)
}
