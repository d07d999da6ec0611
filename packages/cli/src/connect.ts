import type { Admin } from '@logwerk/admin'
import { formatLogLine, KafkaError, type Logger, loggerTo, type World } from '@logwerk/runtime'
import { type ClientValues, clientSettings, serversOf } from './client-options.ts'
import type { Context } from './command.ts'
import { formatDuration } from './numbers.ts'
import { isDebugging } from './report-error.ts'

/** How long a command tries to reach the first broker before it says that nobody is there. */
const REACH_TIMEOUT_MS = 3000
/** Longest wait of a call to a cluster that has been reached. (Java's Admin waits 60 s; a person at a terminal does not.) */
const API_TIMEOUT_MS = 15_000

/**
 * Runs `body` with an admin client that has reached the cluster, and closes it.
 *
 * @throws KafkaError that names the address and the way out if nobody answers there, or somebody who does not speak Kafka's protocol.
 */
export async function withAdmin<T>(values: ClientValues, context: Context, body: (admin: Admin) => Promise<T>): Promise<T> {
  const { adminConfig, createAdmin } = await import('@logwerk/admin')
  const settings = await clientSettings(adminConfig, values, context)
  const admin = createAdmin({ defaultApiTimeoutMs: API_TIMEOUT_MS, ...settings, world: clientWorld(context) })
  try {
    await reach(admin, values, context.stopped, Number(settings['socketConnectionSetupTimeoutMs'] ?? REACH_TIMEOUT_MS))
    return await body(admin)
  } finally {
    await admin.close()
  }
}

/** The world in which clients of a command live: their warnings are lines on standard error, as everything that a command says. */
export function clientWorld({ io, world, print }: Pick<Context, 'io' | 'world' | 'print'>): World {
  return { ...world, log: isDebugging(io.env) ? debugLog(print) : quietLog(print) }
}

function quietLog(print: Context['print']): Logger {
  return loggerTo((_, message, fields) => print.warn(formatLogLine(message, fields)), 'warn')
}

function debugLog(print: Context['print']): Logger {
  return loggerTo((level, message, fields) => print.note(`${level}: ${formatLogLine(message, fields)}`), 'debug')
}

async function reach(admin: Admin, values: ClientValues, signal: AbortSignal, timeoutMs: number): Promise<void> {
  try {
    await admin.describeCluster({ signal, timeoutMs })
  } catch (error) {
    // A broker from before Kafka 2.8 is there, and that is all that was asked.
    if (error instanceof KafkaError && error.code === 'UNSUPPORTED_VERSION') return
    throw error instanceof KafkaError && UNREACHED.has(error.code) ? unreached(error, values, timeoutMs) : error
  }
}

const UNREACHED: ReadonlySet<string> = new Set(['NETWORK_EXCEPTION', 'REQUEST_TIMED_OUT', 'NOT_KAFKA'])

function unreached(error: KafkaError, values: ClientValues, timeoutMs: number): KafkaError {
  const reason = error.cause instanceof KafkaError ? error.cause : error
  if (reason.code === 'NOT_KAFKA') {
    return new KafkaError('NOT_KAFKA', `${reason.message}; name a Kafka broker with --bootstrap-server HOST:PORT`, {
      at: reason.at,
      cause: error,
    })
  }
  const servers = serversOf(values)
  const why = reason === error ? `no answer within ${formatDuration(timeoutMs)}` : reason.message
  return new KafkaError(
    'NETWORK_EXCEPTION',
    `no Kafka broker answers at ${servers}: ${why}; start one with "logwerk broker", or name another with --bootstrap-server HOST:PORT`,
    { at: { broker: servers }, cause: error },
  )
}
