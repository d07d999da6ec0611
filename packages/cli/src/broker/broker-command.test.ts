import { replaceFile } from '@logwerk/runtime'
import { createSimulation, type Simulation } from '@logwerk/runtime/simulated'
import { describe, expect, test } from 'vitest'
import { run } from '../run.ts'
import { runAlone, TestIo, type TestIoOptions } from '../test-io.test-support.ts'

function start(line: string, simulation: Simulation, options: TestIoOptions = {}) {
  const io = new TestIo({ world: simulation.world, ...options })
  return { io, ended: run(['broker', ...line.split(' ')], io) }
}

describe('in a simulation', () => {
  test('it says where it listens, in lines of JSON, until it is asked to stop; then everything is there at the next start', async () => {
    const simulation = createSimulation({ seed: 1 })
    const first = start('--host localhost --data-dir /data --num-partitions 3', simulation)
    await simulation.advance(1000)
    expect(first.io.stdout.objects).toEqual([
      {
        event: 'listening',
        bootstrapServers: ['localhost:9092'],
        port: 9092,
        dataDir: '/data',
        fsync: 'batch',
        clusterId: expect.any(String),
        nodeId: 1,
        readyMs: expect.any(Number),
      },
    ])
    await runAlone(['produce', '--topic', 'auto'], { stdin: ['a\n'] }, simulation)
    first.io.interrupt()
    expect(await simulation.runUntil(first.ended)).toBe(0)
    expect(first.io.stdout.objects.slice(1)).toEqual([{ event: 'stopping' }, { event: 'stopped' }])

    const second = start('--host localhost --data-dir /data', simulation)
    await simulation.advance(1000)
    const { stdout } = await runAlone(['consume', '--topic', 'auto', '--from-beginning', '--max-messages', '1'], {}, simulation)
    expect(stdout.objects).toMatchObject([{ value: 'a' }])
    expect((await runAlone(['topics', 'describe', '--topic', 'auto'], {}, simulation)).stdout.objects).toMatchObject([
      { partitions: { length: 3 } },
    ])
    second.io.interrupt()
    await simulation.runUntil(second.ended)
  })

  test('people get a banner with what to type next', async () => {
    const simulation = createSimulation({ seed: 1 })
    const { io, ended } = start('--host localhost --port 9393 --memory', simulation, { isTTY: true, env: { NO_COLOR: '1' } })
    await simulation.advance(1000)
    expect(io.stdout.text).toContain('address   localhost:9393')
    expect(io.stdout.text).toContain('in memory, gone when it stops')
    expect(io.stdout.text).toContain('logwerk consume --topic greetings --from-beginning --bootstrap-server localhost:9393')
    io.interrupt()
    expect(await simulation.runUntil(ended)).toBe(0)
  })

  test('flags beat the environment, which beats the file; a property of Kafka that has another name here says so', async () => {
    const simulation = createSimulation({ seed: 1 })
    const file = 'logwerk.host=localhost\nlogwerk.port=1\nlogwerk.memory=true\nnum.partitions=5\n'
    replaceFile(simulation.files, '/b.properties', Buffer.from(file))
    const { io, ended } = start('--config /b.properties --port 3', simulation, { env: { LOGWERK_PORT: '2' } })
    await simulation.advance(1000)
    expect(io.stdout.objects).toMatchObject([{ bootstrapServers: ['localhost:3'], dataDir: null }])
    io.interrupt()
    await simulation.runUntil(ended)
    replaceFile(simulation.files, '/b.properties', Buffer.from('log.dirs=/d\n'))
    const { exitCode, stderr } = await runAlone(['broker', '--config', '/b.properties'], {}, simulation)
    expect([exitCode, stderr.text]).toEqual([
      2,
      'error: unknown property log.dirs; use logwerk.data.dir, one directory (logwerk broker --help)\n',
    ])
  })

  test('an empty data directory is refused: it would be the one that the command is called in', async () => {
    const { exitCode, stderr } = await runAlone(['broker', '--data-dir', ''])
    expect([exitCode, stderr.text]).toEqual([2, 'error: --data-dir must be a directory, not "" (logwerk broker --help)\n'])
  })

  test('a port that is taken, and a directory that is in use, are errors that name them', async () => {
    const simulation = createSimulation({ seed: 1 })
    const { io, ended } = start('--host localhost --data-dir /data', simulation)
    await simulation.advance(1000)
    const port = await runAlone(['broker', '--host', 'localhost', '--memory'], {}, simulation)
    expect([port.exitCode, port.stderr.text]).toEqual([1, expect.stringMatching(/^error: .*localhost:9092.*ADDRESS_IN_USE/)])
    const directory = await runAlone(['broker', '--host', 'localhost', '--port', '1', '--data-dir', '/data'], {}, simulation)
    expect([directory.exitCode, directory.stderr.text]).toEqual([1, expect.stringMatching(/^error: \/data.*DIRECTORY_LOCKED/)])
    io.interrupt()
    await simulation.runUntil(ended)
  })
})

test('over real sockets: a broker on a free port, records in and out, and a clean end', async () => {
  const broker = new TestIo()
  const ended = run(['broker', '--memory', '--port', '0'], broker)
  const [address = ''] = JSON.parse(await broker.stdout.firstLine).bootstrapServers as string[]
  const client = { LOGWERK_BOOTSTRAP_SERVER: address }
  const produced = new TestIo({ env: client, stdin: ['a\nb\n'] })
  expect(await run(['produce', '--topic', 't'], produced)).toBe(0)
  const consumed = new TestIo({ env: client })
  expect(await run(['consume', '--topic', 't', '--from-beginning', '--group', 'g', '--max-messages', '2'], consumed)).toBe(0)
  expect(consumed.stdout.objects).toMatchObject([{ value: 'a' }, { value: 'b' }])
  const described = new TestIo({ env: client })
  expect(await run(['groups', 'describe', '--group', 'g'], described)).toBe(0)
  expect(described.stdout.objects).toMatchObject([{ groupId: 'g', lag: 0 }])
  broker.interrupt()
  expect(await ended).toBe(0)
})
