import { replaceFile } from '@logwerk/runtime'
import { createSimulation } from '@logwerk/runtime/simulated'
import { expect, test } from 'vitest'
import { runAlone, TestCluster } from './test-io.test-support.ts'

test.each([
  'topics list',
  'produce --topic t',
  'consume --topic t',
  'groups list',
  'configs describe --entity-type topics --entity-name t',
])('%s: where nobody listens it ends within a few seconds with the address and the way out', async line => {
  const simulation = createSimulation({ seed: 1 })
  const beganMs = simulation.clock.monotonicMs()
  const { exitCode, stderr } = await runAlone(line.split(' '), {}, simulation)
  expect(exitCode).toBe(1)
  expect(stderr.lines).toEqual([
    expect.stringMatching(
      /^error: no Kafka broker answers at localhost:9092: .*; start one with "logwerk broker", or name another with --bootstrap-server/,
    ),
  ])
  expect(simulation.clock.monotonicMs() - beganMs).toBeLessThanOrEqual(4000)
})

test('a server that speaks something else is told from one that is silent', async () => {
  const simulation = createSimulation({ seed: 1 })
  const { network } = simulation.world
  await simulation.runUntil(
    network.listen({ host: 'localhost', port: 8080 }, connection => {
      connection.onData(
        () => Buffer.alloc(1024),
        () => connection.write([Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')]),
      )
    }),
  )
  await simulation.runUntil(
    network.listen({ host: 'localhost', port: 8081 }, connection => {
      connection.onData(
        () => Buffer.alloc(1024),
        () => {},
      )
    }),
  )
  const http = await runAlone('topics list --bootstrap-server localhost:8080'.split(' '), {}, simulation)
  expect([http.exitCode, http.stderr.text]).toEqual([
    1,
    expect.stringMatching(/^error: the server at localhost:8080 does not speak the Kafka protocol.*NOT_KAFKA/),
  ])
  const silent = await runAlone('topics list --bootstrap-server localhost:8081'.split(' '), {}, simulation)
  expect([silent.exitCode, silent.stderr.text]).toEqual([
    1,
    expect.stringMatching(/^error: no Kafka broker answers at localhost:8081: no answer within 3\.0 s;/),
  ])
})

test('an interrupt ends the trying', async () => {
  const cluster = await TestCluster.open()
  const { io, ended } = cluster.start('topics list --bootstrap-server localhost:1')
  await cluster.simulation.advance(500)
  io.interrupt()
  expect(await cluster.simulation.runUntil(ended)).toBe(1)
  expect(io.stderr.text).toBe('error: stopped by SIGINT\n')
  await cluster[Symbol.asyncDispose]()
})

test('one file of properties serves all commands: what only other clients know is left aside, what none knows is an error', async () => {
  const cluster = await TestCluster.open()
  replaceFile(cluster.simulation.files, '/c.properties', Buffer.from('bootstrap.servers=localhost:9092\nlinger.ms=7\nmax.poll.records=3\n'))
  const options = { env: { LOGWERK_COMMAND_CONFIG: '/c.properties' } }
  await cluster.ask('topics create --topic t', options)
  await cluster.ask('produce --topic t', { ...options, stdin: ['a\n'] })
  expect(await cluster.ask('consume --topic t --from-beginning --max-messages 1', options)).toMatchObject([{ value: 'a' }])
  replaceFile(cluster.simulation.files, '/c.properties', Buffer.from('linger.mss=7\n'))
  const wrong = await cluster.run('produce --topic t', options)
  expect([wrong.exitCode, wrong.stderr.text]).toEqual([2, expect.stringContaining('unknown property linger.mss')])
  await cluster[Symbol.asyncDispose]()
})

test('the address comes from the flag, then the environment, then the file', async () => {
  const cluster = await TestCluster.open()
  replaceFile(cluster.simulation.files, '/c.properties', Buffer.from('bootstrap.servers=file:1\n'))
  const env = { LOGWERK_COMMAND_CONFIG: '/c.properties', LOGWERK_BOOTSTRAP_SERVER: 'env:1' }
  expect((await cluster.run('topics list --bootstrap-server flag:1', { env })).stderr.text).toContain('flag:1')
  expect((await cluster.run('topics list', { env })).stderr.text).toContain('env:1')
  expect((await cluster.run('topics list --command-config /c.properties')).stderr.text).toContain('file:1')
  expect((await cluster.run('topics list')).exitCode).toBe(0)
  await cluster[Symbol.asyncDispose]()
})
