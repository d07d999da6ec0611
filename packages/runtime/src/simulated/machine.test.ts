import { describe, expect, test } from 'vitest'
import { sleep } from '../clock.ts'
import type { Connection } from '../network.ts'
import { createSimulation, SimulatedCrash } from './index.ts'

/** Machine `a` is connected to machine `b`, whose end is `server`. */
async function connected(seed: number) {
  const simulation = createSimulation({ seed })
  const [a, b] = [simulation.machine('a'), simulation.machine('b')]
  const accepted: Connection[] = []
  await simulation.runUntil(b.world.network.listen({ host: 'b', port: 9092 }, end => accepted.push(end)))
  const client = await simulation.runUntil(a.world.network.connect({ host: 'b', port: 9092 }))
  const received: number[] = []
  const room = new Uint8Array(100)
  client.onData(
    () => room,
    count => received.push(...room.subarray(0, count)),
  )
  const closes: (Error | null)[] = []
  client.onClose(error => closes.push(error))
  return { simulation, a, b, client, server: accepted[0]!, received, closes }
}

describe.each(['crash', 'kill'] as const)('%s', how => {
  test('ends everything that the processes had going, and restart begins anew', async () => {
    const simulation = createSimulation({ seed: 1 })
    const machine = simulation.machine('b')
    const old = machine.world
    const ran: string[] = []
    old.clock.setTimer(10, () => ran.push('timer'))
    old.clock.soon(() => ran.push('soon'))
    old.files.makeDirectory('/data')
    const file = old.files.open('/data/file', 'create')
    for (const [what, promise] of Object.entries({
      sleep: sleep(old.clock, 5),
      sync: file.datasync(),
      syncDirectory: old.files.syncDirectory('/data'),
      read: file.readLater(new Uint8Array(1), 0),
      removal: old.files.removeTree('/data'),
      listen: old.network.listen({ host: 'b', port: 1 }, () => {}),
      connect: old.network.connect({ host: 'localhost', port: 1 }, { timeoutMs: 100 }),
      resolve: old.resolve('b'),
    })) {
      promise.then(
        () => ran.push(what),
        () => ran.push(what),
      )
    }
    machine[how]()
    await simulation.advance(1_000_000)
    expect(ran).toEqual([])
    expect(machine.running).toBe(false)
    expect(machine.disk.openFiles()).toEqual([])
    expect(() => machine.world).toThrow('nothing runs on machine b: call restart() first')

    const fresh = machine.restart()
    expect(machine.world).toBe(fresh)
    expect(fresh).not.toBe(old)
    await simulation.runUntil(fresh.network.listen({ host: 'b', port: 1 }, () => {}))
    await simulation.runUntil(sleep(fresh.clock, 1))
  })

  test('stops code that is still running at its next file operation, and ignores the rest of what it does', async () => {
    const simulation = createSimulation({ seed: 9 })
    const machine = simulation.machine('b')
    const { files, clock, network, log } = machine.world
    const file = files.open('/file', 'create')
    const lock = files.lock('/lock')
    machine[how]()
    for (const operation of [
      () => file.writev([new Uint8Array(1)], 0),
      () => file.read(new Uint8Array(1), 0),
      () => file.sizeBytes(),
      () => file.truncate(0),
      () => file.datasyncNow(),
      () => files.open('/file', 'read'),
      () => files.list('/'),
      () => files.info('/file'),
      () => files.remove('/file'),
      () => files.rename('/file', '/other'),
      () => files.makeDirectory('/d'),
      () => files.syncDirectoryNow('/'),
      () => files.lock('/lock'),
    ]) {
      expect(operation).toThrow(SimulatedCrash)
      expect(operation).toThrow('(seed 9)')
    }
    file.close()
    lock.release()
    log.error('nobody hears this')
    const ran: string[] = []
    clock.setTimer(0, () => ran.push('timer'))
    clock.soon(() => ran.push('soon'))
    network.connect({ host: 'b', port: 1 }).catch(() => ran.push('connect'))
    file.datasync().catch(() => ran.push('datasync'))
    await simulation.advance(1_000_000)
    expect(ran).toEqual([])
    expect(machine.log).toEqual([])
  })

  test('gives listeners and locks back', async () => {
    const simulation = createSimulation({ seed: 1 })
    const machine = simulation.machine('b')
    const old = machine.world
    old.files.lock('/lock')
    await simulation.runUntil(old.network.listen({ host: 'b', port: 9092 }, () => {}))
    machine[how]()
    const { files, network } = machine.restart()
    files.lock('/lock')
    await simulation.runUntil(network.listen({ host: 'b', port: 9092 }, () => {}))
  })

  test('is announced to those who wait for it', async () => {
    const simulation = createSimulation({ seed: 1 })
    const machine = simulation.machine('b')
    const seen: string[] = []
    void machine.whenDown().then(() => seen.push('down'))
    await simulation.advance(5)
    expect(seen).toEqual([])
    machine[how]()
    await simulation.settle()
    expect(seen).toEqual(['down'])
    await simulation.runUntil(machine.whenDown())
  })

  test('a task that throws because its own process ended fails nobody', async () => {
    const simulation = createSimulation({ seed: 1 })
    const machine = simulation.machine('b')
    const { clock } = machine.world
    clock.setTimer(1, () => {
      machine[how]()
      throw new Error('the process is gone')
    })
    await simulation.advance(5)
    expect(machine.running).toBe(false)
  })

  test('nor does one that throws in a handler of the network', async () => {
    const { simulation, a, b, client, server } = await connected(1)
    const file = b.world.files.open('/log', 'create')
    server.onData(
      () => new Uint8Array(10),
      count => void file.writev([new Uint8Array(count)], 0),
    )
    b.disk.crashAtStep(b.disk.steps + 1, { by: how })
    client.write([Uint8Array.of(1)])
    await simulation.advance(100)
    expect([a.running, b.running]).toEqual([true, false])
  })

  test('restart needs a machine that is down', () => {
    const machine = createSimulation({ seed: 1 }).machine('b')
    expect(() => machine.restart()).toThrow('machine b is running')
    machine[how]()
    machine.restart()
    expect(machine.running).toBe(true)
  })
})

describe('kill', () => {
  test('keeps every byte and name that was written, synced or not', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const machine = createSimulation({ seed }).machine('b')
      const { files } = machine.world
      files.makeDirectory('/data')
      files.open('/data/a', 'create').writev([Uint8Array.of(1, 2, 3)], 0)
      files.rename('/data/a', '/data/b')
      const before = machine.disk.contents()
      machine.kill()
      expect(machine.disk.contents()).toEqual(before)
      // None of it was durable, though: a power cut after the kill still takes it.
      machine.crash({ dataLoss: 'lose', nameLoss: 'lose' })
      expect(machine.disk.contents()).toEqual(new Map())
    }
  })

  test('ends connections: what the system had taken arrives, then an end or a reset', async () => {
    const outcomes = new Set<string>()
    for (let seed = 0; seed < 30; seed++) {
      const { simulation, b, server, received, closes } = await connected(seed)
      simulation.network.settings.delay = { minMs: 10, maxMs: 20 }
      server.write([Uint8Array.of(1, 2, 3)])
      await simulation.settle()
      server.write([Uint8Array.of(4, 5, 6)])
      b.kill()
      await simulation.advance(100)
      expect(received).toEqual([1, 2, 3])
      expect(closes).toHaveLength(1)
      outcomes.add(closes[0] === null ? 'end' : 'reset')
      expect(simulation.network.connections()).toEqual([])
    }
    expect([...outcomes].sort()).toEqual(['end', 'reset'])
  })

  test('leaves a system behind that refuses connections', async () => {
    const { simulation, a, b } = await connected(1)
    b.kill()
    await expect(simulation.runUntil(a.world.network.connect({ host: 'b', port: 9092 }))).rejects.toThrow('ECONNREFUSED')
  })
})

describe('crash', () => {
  test('is silence for other machines until the machine is back and resets what it does not know', async () => {
    const { simulation, b, client, closes } = await connected(1)
    b.crash()
    client.write([Uint8Array.of(1)])
    await simulation.advance(60_000)
    expect(closes).toEqual([])
    b.restart()
    await simulation.advance(100)
    expect(closes).toHaveLength(1)
    expect(closes[0]?.message).toContain('was reset')
    expect(simulation.network.connections()).toEqual([])
  })

  test('a peer that only listens never hears of it, not even after the restart, until it writes', async () => {
    const { simulation, b, client, closes } = await connected(1)
    b.crash()
    b.restart()
    await simulation.advance(60_000)
    expect(closes).toEqual([])
    client.close()
    await simulation.advance(100)
    expect(closes).toHaveLength(1)
  })

  test('leaves nobody behind to refuse a connection', async () => {
    const { simulation, a, b } = await connected(1)
    b.crash()
    const failure = simulation.runUntil(a.world.network.connect({ host: 'b', port: 9092 }, { timeoutMs: 5000 }))
    await expect(failure).rejects.toThrow('no answer within 5000 ms')
  })

  test('takes names and bytes that were not synced, as it is told', async () => {
    const machine = createSimulation({ seed: 1 }).machine('b')
    const write = (path: string, value: number) => {
      const file = machine.world.files.open(path, 'create')
      file.writev([Uint8Array.of(value)], 0)
      return file
    }
    write('/synced', 1).datasyncNow()
    machine.world.files.syncDirectoryNow('/')
    write('/nameless', 2).datasyncNow()
    machine.crash({ dataLoss: 'keep', nameLoss: 'lose' })
    expect(machine.disk.contents()).toEqual(new Map([['/synced', Uint8Array.of(1)]]))
  })
})

test.each(['', 'a b', 'a:1', 'a/b'])('"%s" is no name for a machine', name => {
  expect(() => createSimulation({ seed: 3 }).machine(name)).toThrow(/is no host name.*\(seed 3\)/)
})

describe('processes', () => {
  test('share disk and host name, and are killed one by one', async () => {
    const simulation = createSimulation({ seed: 2 })
    const machine = simulation.machine('b')
    const other = machine.startProcess()
    const lock = other.world.files.lock('/lock')
    expect(() => machine.world.files.lock('/lock')).toThrow(`/lock is held by process ${other.id} on b`)
    await simulation.runUntil(other.world.network.listen({ host: 'b', port: 9092 }, () => {}))
    await simulation.runUntil(machine.world.network.connect({ host: 'b', port: 9092 }))
    other.kill()
    expect([other.alive, machine.running]).toEqual([false, true])
    const mine = machine.world.files.lock('/lock')
    lock.release()
    expect(() => machine.world.files.lock('/lock')).toThrow('/lock is held by this process already')
    mine.release()
    machine.world.files.lock('/lock')
  })

  test('die with their machine, and cannot be started on one that is down', () => {
    const machine = createSimulation({ seed: 2 }).machine('b')
    const other = machine.startProcess()
    machine.kill()
    expect(other.alive).toBe(false)
    expect(() => machine.startProcess()).toThrow('nothing runs on machine b')
  })
})
