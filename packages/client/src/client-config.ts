import { defineConfig, durationMs, stringList, text } from '@logwerk/runtime'

/** Options that every client has. Names, units and defaults are the Java clients'. */
export const clientConfig = defineConfig({
  bootstrapServers: stringList({
    kafkaKey: 'bootstrap.servers',
    default: [],
    doc: 'Addresses (`host:port`) of some brokers, to find the others from. Left out only with `broker`.',
  }),
  clientId: text({ kafkaKey: 'client.id', default: 'logwerk', doc: 'A name for the logs and quotas of brokers.' }),
  requestTimeoutMs: durationMs({
    kafkaKey: 'request.timeout.ms',
    default: 30_000,
    min: 1,
    max: 0x7fff_ffff,
    doc: 'Longest wait for the answer to one request; the connection is closed after it.',
  }),
  retryBackoffMs: durationMs({
    kafkaKey: 'retry.backoff.ms',
    default: 100,
    min: 0,
    doc: 'First wait before a failed request is tried again; doubles with each failure.',
  }),
  retryBackoffMaxMs: durationMs({
    kafkaKey: 'retry.backoff.max.ms',
    default: 1000,
    min: 0,
    doc: 'Longest wait before a failed request is tried again.',
  }),
  reconnectBackoffMs: durationMs({
    kafkaKey: 'reconnect.backoff.ms',
    default: 50,
    min: 0,
    doc: 'First wait before a broker is connected to again; doubles with each failure.',
  }),
  reconnectBackoffMaxMs: durationMs({
    kafkaKey: 'reconnect.backoff.max.ms',
    default: 1000,
    min: 0,
    doc: 'Longest wait before a broker is connected to again.',
  }),
  socketConnectionSetupTimeoutMs: durationMs({
    kafkaKey: 'socket.connection.setup.timeout.ms',
    default: 10_000,
    min: 1,
    doc: 'Longest wait for a connection to open; doubles with each failure.',
  }),
  socketConnectionSetupTimeoutMaxMs: durationMs({
    kafkaKey: 'socket.connection.setup.timeout.max.ms',
    default: 30_000,
    min: 1,
    doc: 'Longest that the wait for a connection grows to.',
  }),
  connectionsMaxIdleMs: durationMs({
    kafkaKey: 'connections.max.idle.ms',
    default: 540_000,
    min: 1,
    doc: 'A connection without requests for this long is closed.',
  }),
  metadataMaxAgeMs: durationMs({
    kafkaKey: 'metadata.max.age.ms',
    default: 300_000,
    min: 1,
    doc: 'Metadata older than this is asked for anew, so that new partitions are found.',
  }),
})
