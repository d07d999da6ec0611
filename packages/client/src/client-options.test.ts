import type { Network } from '@logwerk/runtime'
import { createSimulation } from '@logwerk/runtime/simulated'
import { expect, test } from 'vitest'
import { whereTo } from './client-options.ts'

const { world } = createSimulation({ seed: 1 })
const network: Network = createSimulation({ seed: 2 }).world.network

test('addresses are parsed', () => {
  expect(whereTo('createX', { world }, ['a:1', '[::1]:9092', 'PLAINTEXT://b:2'])).toEqual({
    world,
    bootstrap: [
      { host: 'a', port: 1 },
      { host: '::1', port: 9092 },
      { host: 'b', port: 2 },
    ],
  })
})

test('an embedded broker brings its own network', () => {
  const { world: inside, bootstrap } = whereTo('createX', { world, broker: { bootstrapServers: ['localhost:9092'], network } }, [])
  expect(inside).toEqual({ ...world, network })
  expect(bootstrap).toHaveLength(1)
})

test.each<[string, Parameters<typeof whereTo>[1], string[], string]>([
  ['none', { world }, [], 'createX: option "bootstrapServers" is missing: addresses of some brokers, e.g. [\'localhost:9092\']'],
  ['one without a port', { world }, ['a:1', 'localhost'], 'createX: bootstrapServers: "localhost" is not of the form host:port'],
  ['one with a port that there is not', { world }, ['a:70000'], 'createX: bootstrapServers: "a:70000" is not of the form host:port'],
  [
    'addresses beside a broker',
    { world, broker: { bootstrapServers: [], network } },
    ['a:1'],
    'createX: give either "broker" or "bootstrapServers", not both',
  ],
])('%s is an error that names the option', (_, options, servers, message) => {
  expect(() => whereTo('createX', options, servers)).toThrow(message)
})
