import { apiVersions, decodeResponseHeader, fetchApi, MessageReader, metadata } from '@logwerk/protocol'
import { KafkaError } from '@logwerk/runtime'
import { createSimulation } from '@logwerk/runtime/simulated'
import { expect, test } from 'vitest'
import { headerBytes, requestBytes } from './raw-client.test-support.ts'
import { CLOSE, type Outcome, Router, SILENCE } from './router.ts'

const from = { advertised: { host: 'here', port: 1 }, remote: { host: 'there', port: 2 }, signal: new AbortController().signal }

function routerFor(handle: Parameters<Router['on']>[1] = () => ({ brokers: [], topics: [] })) {
  const simulation = createSimulation({ seed: 1 })
  const router = new Router(simulation.world)
  router.on(metadata, handle as never)
  return { router, log: simulation }
}

const request = requestBytes(metadata, 12, { topics: null }, { correlationId: 77, clientId: 'me' })

function reasonOf(outcome: Outcome): string {
  return outcome.kind === 'close' ? outcome.reason : outcome.kind
}

test('an answer carries the correlation id', async () => {
  const { router } = routerFor()
  const outcome = await router.route(request, from)
  if (outcome.kind !== 'respond') throw new Error(reasonOf(outcome))
  const reader = new MessageReader(Buffer.concat(outcome.chunks))
  expect(decodeResponseHeader(reader, metadata, 12)).toBe(77)
})

test('the handler learns version, client and address', async () => {
  let seen: unknown
  const { router } = routerFor((_request, context) => {
    seen = context
    return SILENCE
  })
  expect(reasonOf(await router.route(request, from))).toBe('silence')
  expect(seen).toMatchObject({ version: 12, clientId: 'me', advertised: { host: 'here', port: 1 } })
})

test('an API that is spoken but has no handler is not offered, and closes the connection', async () => {
  const { router } = routerFor()
  const outcome = await router.route(requestBytes(fetchApi, 12, { maxWaitMs: 0, minBytes: 0, topics: [] }), from)
  expect(outcome).toEqual({ kind: 'close', reason: 'the API is not offered', fields: { apiKey: 1, clientId: 'raw' } })
  expect(router.advertised).toEqual([{ apiKey: 3, minVersion: 0, maxVersion: 13 }])
})

test('without ApiVersions its unknown versions are not answered either', async () => {
  const { router } = routerFor()
  expect(reasonOf(await router.route(Buffer.concat([headerBytes(apiVersions.key, 99), Buffer.from('00', 'hex')]), from))).toBe(
    'the API is not offered',
  )
})

test('a handler that closes says so', async () => {
  const { router } = routerFor(() => CLOSE)
  expect(reasonOf(await router.route(request, from))).toBe('a request that is not answered failed')
})

test.each([
  ['throws', () => Promise.reject(new TypeError('a bug'))],
  ['rejects with a KafkaError', () => Promise.reject(new KafkaError('KAFKA_STORAGE_ERROR', 'a disk'))],
  ['answers what cannot be encoded', () => ({ brokers: 'no list', topics: [] })],
])('a handler that %s closes the connection, and the log has the stack', async (_name, handle) => {
  const { router, log } = routerFor(handle as never)
  expect(reasonOf(await router.route(request, from))).toBe('the broker failed')
  expect(log.log).toMatchObject([{ level: 'error', message: 'a request handler failed', fields: { api: 'Metadata', version: 12 } }])
})

test('a handler that ends with the connection is nobody’s failure', async () => {
  const gone = new AbortController()
  const { router, log } = routerFor(() => {
    gone.abort(new Error('the client hung up'))
    return Promise.reject(gone.signal.reason)
  })
  expect(reasonOf(await router.route(request, { ...from, signal: gone.signal }))).toBe('silence')
  expect(log.log).toEqual([])
})
