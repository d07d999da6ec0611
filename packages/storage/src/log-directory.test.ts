import { KafkaError, type Uuid, type World } from '@logwerk/runtime'
import { createSimulation, type Simulation } from '@logwerk/runtime/simulated'
import { describe, expect, test } from 'vitest'
import { batchOf, configOf, sizeOfBatch } from './batches.test-support.ts'
import type { Log } from './log.ts'
import { LogDirectory } from './log-directory.ts'
import { allOffsets } from './test-log.test-support.ts'

const PATH = '/srv/data'
const CLUSTER: Uuid = 'cluster-00000000000000'
const FIRST_TOPIC: Uuid = 'AAAAAAAAAAAAAAAAAAAAAg'
const SECOND_TOPIC: Uuid = 'AAAAAAAAAAAAAAAAAAAAAw'
const SIZE = sizeOfBatch()

function open(world: World, nodeId = 1): LogDirectory {
  return LogDirectory.open(world, { path: PATH, nodeId, clusterId: CLUSTER })
}

function partition(directory: LogDirectory, index = 0, topicId = FIRST_TOPIC, topic = 'orders'): Log {
  return directory.openPartition({ topic, partition: index, topicId, config: configOf({ segmentBytes: 3 * SIZE }) })
}

async function append(simulation: Simulation, log: Log, count: number): Promise<void> {
  for (let appended = 0; appended < count; appended++) await simulation.runUntil(log.append(batchOf()))
}

function text({ disk }: Simulation, name: string): string | null {
  const bytes = disk.contents().get(`${PATH}/${name}`)
  return bytes === undefined ? null : Buffer.from(bytes).toString()
}

function write({ files }: Simulation, name: string, content: string): void {
  const file = files.open(`${PATH}/${name}`, 'write')
  file.truncate(0)
  file.writev([Buffer.from(content)], 0)
  file.close()
}

function kill(simulation: Simulation): World {
  const machine = simulation.machine('localhost')
  machine.kill()
  return machine.restart()
}

describe('a new directory', () => {
  test('gets an identity that it keeps', async () => {
    const simulation = createSimulation({ seed: 1 })
    const directory = open(simulation.world)
    expect([directory.clusterId, directory.cleanShutdown]).toEqual([CLUSTER, true])
    expect(directory.directoryId).toMatch(/^[\w-]{22}$/)
    expect(text(simulation, 'meta.properties')).toBe(
      `#\nversion=1\ncluster.id=${CLUSTER}\nnode.id=1\ndirectory.id=${directory.directoryId}\n`,
    )
    await simulation.runUntil(directory.close())
    const again = LogDirectory.open(simulation.world, { path: PATH, nodeId: 1 })
    expect([again.clusterId, again.directoryId]).toEqual([CLUSTER, directory.directoryId])
  })

  test('outlives a power cut together with its parents, once something in it is acknowledged', async () => {
    const simulation = createSimulation({ seed: 1 })
    const machine = simulation.machine('localhost')
    await append(simulation, partition(open(simulation.world)), 2)
    machine.crash({ dataLoss: 'lose', nameLoss: 'lose' })
    expect(allOffsets(partition(open(machine.restart())))).toEqual([0, 1])
  })

  test('may be one that somebody else made, in a place where we may not look', () => {
    const simulation = createSimulation({ seed: 1 })
    simulation.files.makeDirectory(PATH)
    simulation.disk.fail('syncDirectory', { osCode: 'EACCES', path: path => path === '/srv' })
    expect(open(simulation.world).cleanShutdown).toBe(true)
  })
})

describe('a directory that is not ours', () => {
  function refusal(simulation: Simulation, nodeId = 1): KafkaError {
    try {
      open(simulation.world, nodeId)
    } catch (error) {
      if (error instanceof KafkaError) return error
    }
    throw new Error('it was opened')
  }

  test('with other files and no identity is refused, and nothing in it is touched', () => {
    const simulation = createSimulation({ seed: 1 })
    simulation.files.makeDirectory(PATH)
    write(simulation, 'thesis.doc', 'years of work')
    const error = refusal(simulation)
    expect(error).toMatchObject({ code: 'INVALID_CONFIG', at: { path: PATH } })
    expect(error.message).toBe(
      `${PATH} is neither empty nor a data directory (it has no meta.properties and holds thesis.doc); choose another directory`,
    )
    expect(simulation.files.list(PATH)).toEqual(['thesis.doc'])
  })

  test('but a file is refused as what it is', () => {
    const simulation = createSimulation({ seed: 1 })
    simulation.files.makeDirectory('/srv')
    simulation.files.open(PATH, 'create').close()
    const error = refusal(simulation)
    expect(error).toMatchObject({ code: 'INVALID_CONFIG', at: { path: PATH } })
    expect(error.message).toBe(`${PATH} is a file, and a data directory is wanted; choose another path`)
  })

  test('of another node is refused', async () => {
    const simulation = createSimulation({ seed: 1 })
    await simulation.runUntil(open(simulation.world).close())
    expect(refusal(simulation, 2)).toMatchObject({
      code: 'INVALID_CONFIG',
      message: `${PATH}/meta.properties belongs to node 1, and this is node 2`,
    })
  })

  test.each([
    ['empty', ''],
    ['of zeros', '\0'.repeat(90)],
    ['of the old format', 'version=0\nbroker.id=1\ncluster.id=c\n'],
    ['without a directory id', 'version=1\nnode.id=1\ncluster.id=c\n'],
  ])('with an identity that is %s is refused', async (_, content) => {
    const simulation = createSimulation({ seed: 1 })
    await simulation.runUntil(open(simulation.world).close())
    write(simulation, 'meta.properties', content)
    const error = refusal(simulation)
    expect(error).toMatchObject({ code: 'CORRUPT_LOG', at: { path: `${PATH}/meta.properties` } })
    expect(error.message).toMatch(/is damaged: version 1, cluster\.id and directory\.id are expected; restore it from a backup/)
    // The lock went back: the way out may be tried in the same process.
    expect(simulation.files.list(PATH)).not.toContain('.lock')
  })
})

describe('lock', () => {
  test('DIRECTORY_LOCKED for a second process, until the first is gone', async () => {
    const simulation = createSimulation({ seed: 1 })
    const machine = simulation.machine('localhost')
    const first = open(simulation.world)
    const second = machine.startProcess()
    expect(() => open(second.world)).toThrow(expect.objectContaining({ code: 'DIRECTORY_LOCKED', at: { path: `${PATH}/.lock` } }))
    expect(() => open(simulation.world)).toThrow(expect.objectContaining({ code: 'DIRECTORY_LOCKED' }))
    await simulation.runUntil(first.close())
    expect(open(second.world).cleanShutdown).toBe(true)
  })

  test('a lock that was left by a kill does not hold anybody up', () => {
    const simulation = createSimulation({ seed: 1 })
    open(simulation.world)
    expect(open(kill(simulation)).cleanShutdown).toBe(false)
  })
})

describe('partitions', () => {
  test('have a directory with the id of their topic', () => {
    const simulation = createSimulation({ seed: 1 })
    const directory = open(simulation.world)
    const log = partition(directory, 3)
    expect(text(simulation, 'orders-3/partition.metadata')).toBe(`version: 0\ntopic_id: ${FIRST_TOPIC}`)
    expect(directory.log('orders', 3)).toBe(log)
    expect([...directory.logs]).toEqual([log])
    expect(directory.log('orders', 4)).toBeUndefined()
    expect(() => partition(directory, 3)).toThrow('a partition is opened once')
  })

  test('are found again', async () => {
    const simulation = createSimulation({ seed: 1 })
    const directory = open(simulation.world)
    await append(simulation, partition(directory, 0), 4)
    await append(simulation, partition(directory, 1), 2)
    await simulation.runUntil(directory.close())
    const again = open(simulation.world)
    expect([0, 1, 2].map(index => partition(again, index).logEndOffset)).toEqual([4, 2, 0])
  })

  test('that are deleted are gone at once by name, and soon from the disk', async () => {
    const simulation = createSimulation({ seed: 1 })
    const directory = open(simulation.world)
    const log = partition(directory)
    const pending = log.append(batchOf())
    const outcome = expect(simulation.runUntil(pending)).rejects.toMatchObject({ code: 'KAFKA_STORAGE_ERROR' })
    directory.deletePartition('orders', 0)
    expect(directory.log('orders', 0)).toBeUndefined()
    expect(simulation.files.list(PATH).filter(name => name.startsWith('orders'))).toEqual([
      expect.stringMatching(/^orders-0\.\w{22}-delete$/),
    ])
    await outcome
    await simulation.advance(1000)
    expect(simulation.files.list(PATH).filter(name => name.startsWith('orders'))).toEqual([])
    expect(partition(directory, 0, SECOND_TOPIC).logEndOffset).toBe(0)
  })

  test('whose removal was cut off are removed by the next start', async () => {
    const simulation = createSimulation({ seed: 1 })
    const directory = open(simulation.world)
    await append(simulation, partition(directory), 3)
    directory.deletePartition('orders', 0)
    open(kill(simulation))
    await simulation.advance(1000)
    expect(simulation.files.list(PATH).filter(name => name.startsWith('orders'))).toEqual([])
  })

  test('are all that is removed: a directory that is only called so stays', async () => {
    const simulation = createSimulation({ seed: 1 })
    await simulation.runUntil(open(simulation.world).close())
    const mine = ['please-do-not-delete', 'a-1-delete', 'x.y-delete']
    const left = ['orders-0.0123456789abcdef0123456789abcdef-delete', 'a-b-12.AAAAAAAAAAAAAAAAAAAAAA-delete']
    for (const name of [...mine, ...left]) simulation.files.makeDirectory(`${PATH}/${name}`)
    open(simulation.world)
    await simulation.advance(1000)
    expect(simulation.files.list(PATH).filter(name => name.endsWith('-delete'))).toEqual(mine.toSorted())
  })

  test('of a topic with the longest name can be deleted: what it is called in the meantime fits too', async () => {
    const simulation = createSimulation({ seed: 1 })
    const directory = open(simulation.world)
    const topic = 'n'.repeat(249)
    for (const index of [0, 99_999]) {
      partition(directory, index, FIRST_TOPIC, topic)
      directory.deletePartition(topic, index)
      const [doomed, ...others] = simulation.files.list(PATH).filter(name => name.startsWith('nnn'))
      expect(others).toEqual([])
      expect(doomed).toHaveLength(255)
      expect(doomed).toMatch(new RegExp(`^n+-${index}\\.\\w{22}-delete$`))
      await simulation.advance(1000)
    }
  })

  test('of an earlier topic of the same name are put aside', async () => {
    const simulation = createSimulation({ seed: 1 })
    const directory = open(simulation.world)
    await append(simulation, partition(directory), 3)
    await simulation.runUntil(directory.close())
    const again = open(simulation.world)
    expect(partition(again, 0, SECOND_TOPIC).logEndOffset).toBe(0)
    expect(text(simulation, 'orders-0/partition.metadata')).toContain(SECOND_TOPIC)
    expect(simulation.log.map(line => line.message)).toContain('a directory belongs to a deleted topic of the same name; it is removed')
    await simulation.advance(1000)
    expect(simulation.files.list(PATH).filter(name => name.endsWith('-delete'))).toEqual([])
  })

  test('are not measured by the checkpoints of an earlier topic of the same name', async () => {
    const simulation = createSimulation({ seed: 1 })
    const directory = open(simulation.world)
    const old = partition(directory)
    await append(simulation, old, 9)
    old.deleteRecordsBefore(7)
    directory.checkpoint()
    directory.deletePartition('orders', 0)
    const fresh = partition(directory, 0, SECOND_TOPIC)
    await append(simulation, fresh, 2)
    const again = partition(open(kill(simulation)), 0, SECOND_TOPIC)
    expect(again.fence).toBeNull()
    expect([again.logStartOffset, allOffsets(again)]).toEqual([0, [0, 1]])
  })

  test('can be deleted while the disk is full', async () => {
    const simulation = createSimulation({ seed: 1 })
    const directory = open(simulation.world)
    await append(simulation, partition(directory), 9)
    directory.checkpoint()
    simulation.disk.settings.capacityBytes = 0
    directory.deletePartition('orders', 0)
    await simulation.advance(1000)
    simulation.disk.settings.capacityBytes = Number.POSITIVE_INFINITY
    expect(partition(directory, 0, SECOND_TOPIC).logEndOffset).toBe(0)
    expect(text(simulation, 'recovery-point-offset-checkpoint')).toBe('0\n0\n')
  })
})

describe('checkpoints', () => {
  test("are Kafka's files, written once a minute", async () => {
    const simulation = createSimulation({ seed: 1 })
    const directory = open(simulation.world)
    const log = partition(directory, 0, FIRST_TOPIC, 'a-b')
    await append(simulation, log, 5)
    log.deleteRecordsBefore(4)
    await simulation.advance(59_000)
    expect(text(simulation, 'recovery-point-offset-checkpoint')).toBeNull()
    await simulation.advance(1000)
    expect(text(simulation, 'recovery-point-offset-checkpoint')).toBe('0\n1\na-b 0 5\n')
    expect(text(simulation, 'log-start-offset-checkpoint')).toBe('0\n1\na-b 0 4\n')
    expect(log.segmentCount).toBe(1)
    const again = partition(open(kill(simulation)), 0, FIRST_TOPIC, 'a-b')
    expect([again.logStartOffset, allOffsets(again)]).toEqual([4, [4]])
  })

  test('keep what they say of partitions that are not open yet', async () => {
    const simulation = createSimulation({ seed: 1 })
    const directory = open(simulation.world)
    for (const index of [0, 1]) await append(simulation, partition(directory, index), 5)
    directory.log('orders', 1)?.deleteRecordsBefore(4)
    directory.checkpoint()
    const again = open(kill(simulation))
    await append(simulation, partition(again, 0), 1)
    again.checkpoint()
    expect(text(simulation, 'recovery-point-offset-checkpoint')).toBe('0\n2\norders 0 6\norders 1 5\n')
    expect(partition(open(kill(simulation)), 1).logStartOffset).toBe(4)
  })

  test('that failed for want of room are written when there is some', async () => {
    const simulation = createSimulation({ seed: 1 })
    const directory = open(simulation.world)
    const log = partition(directory)
    await append(simulation, log, 5)
    log.deleteRecordsBefore(4)
    simulation.disk.settings.capacityBytes = 0
    expect(() => directory.checkpointLogStarts()).toThrow(expect.objectContaining({ osCode: 'ENOSPC' }))
    // Nothing may go before the new start is durable.
    expect(log.segmentCount).toBe(2)
    simulation.disk.settings.capacityBytes = Number.POSITIVE_INFINITY
    directory.checkpointLogStarts()
    expect(text(simulation, 'log-start-offset-checkpoint')).toBe('0\n1\norders 0 4\n')
    expect(log.segmentCount).toBe(1)
  })

  test('that fail in the background are a warning', async () => {
    const simulation = createSimulation({ seed: 1 })
    await append(simulation, partition(open(simulation.world)), 1)
    simulation.disk.settings.capacityBytes = 0
    await simulation.advance(60_000)
    expect(simulation.log.map(line => [line.level, line.message])).toContainEqual([
      'warn',
      'the checkpoint could not be written; the next start may take longer',
    ])
  })

  test.each(['', '0\n1\norders', '0\n1\norders 0 x\n', '\0\0\0\0'])('that read %j are as good as none', async content => {
    const simulation = createSimulation({ seed: 1 })
    const directory = open(simulation.world)
    await append(simulation, partition(directory), 5)
    await simulation.runUntil(directory.close())
    for (const file of ['recovery-point-offset-checkpoint', 'log-start-offset-checkpoint']) write(simulation, file, content)
    expect(allOffsets(partition(open(simulation.world)))).toEqual([0, 1, 2, 3, 4])
  })
})

describe('clean shutdown', () => {
  const marker = '.kafka_cleanshutdown'

  test('leaves a marker, which the next start takes away before anything else', async () => {
    const simulation = createSimulation({ seed: 1 })
    const directory = open(simulation.world)
    await append(simulation, partition(directory), 5)
    expect(text(simulation, marker)).toBeNull()
    await simulation.runUntil(Promise.all([directory.close(), directory.close()]))
    expect(text(simulation, marker)).toBe('{"version":0,"brokerEpoch":-1}')
    expect(simulation.files.list(PATH)).not.toContain('.lock')
    const again = open(simulation.world)
    expect([again.cleanShutdown, text(simulation, marker)]).toEqual([true, null])
    expect(partition(again).leaderEpoch).toBe(0)
    const third = open(kill(simulation))
    expect(third.cleanShutdown).toBe(false)
    expect(partition(third).leaderEpoch).toBe(1)
  })

  test('outlives a power cut right after it', async () => {
    const simulation = createSimulation({ seed: 1 })
    const machine = simulation.machine('localhost')
    const directory = open(simulation.world)
    await append(simulation, partition(directory), 5)
    await simulation.runUntil(directory.close())
    machine.crash({ dataLoss: 'lose', nameLoss: 'lose' })
    const again = open(machine.restart())
    expect(again.cleanShutdown).toBe(true)
    expect(allOffsets(partition(again))).toEqual([0, 1, 2, 3, 4])
  })

  test('is none if a log could not be synced, then or before', async () => {
    for (const failsEarlier of [true, false]) {
      const simulation = createSimulation({ seed: 1 })
      const directory = open(simulation.world)
      const log = partition(directory)
      await append(simulation, log, 1)
      simulation.disk.fail('datasync', { path: path => path.endsWith('.log') })
      const pending = log.append(batchOf()).catch(error => error.code)
      if (failsEarlier) expect(await simulation.runUntil(pending)).toBe('KAFKA_STORAGE_ERROR')
      await simulation.runUntil(directory.close())
      expect(text(simulation, marker)).toBeNull()
      expect(open(simulation.world).cleanShutdown).toBe(false)
    }
  })

  test('is none while a log is damaged: the next start has to say so again', async () => {
    const simulation = createSimulation({ seed: 1 })
    const directory = open(simulation.world)
    await append(simulation, partition(directory), 5)
    directory.checkpoint()
    let world = kill(simulation)
    simulation.disk.corrupt(`${PATH}/orders-0/00000000000000000003.log`, 0, Buffer.alloc(61))
    for (let start = 0; start < 3; start++) {
      const again = open(world)
      expect(again.cleanShutdown).toBe(false)
      const log = partition(again)
      expect(log.fence).toMatchObject({ code: 'CORRUPT_LOG' })
      expect(allOffsets(log)).toEqual([0, 1, 2])
      again.checkpoint()
      await simulation.runUntil(again.close())
      world = kill(simulation)
    }
    expect(simulation.log.filter(line => line.level === 'error')).toHaveLength(3)
  })

  test('is none as long as a log of the crash before has not been checked', async () => {
    const simulation = createSimulation({ seed: 1 })
    const directory = open(simulation.world)
    for (const index of [0, 1]) await append(simulation, partition(directory, index), 5)
    const again = open(kill(simulation))
    partition(again, 0)
    await simulation.runUntil(again.close())
    const third = open(simulation.world)
    expect(third.cleanShutdown).toBe(false)
    for (const index of [0, 1]) partition(third, index)
    await simulation.runUntil(third.close())
    expect(open(simulation.world).cleanShutdown).toBe(true)
  })

  test('a second call of close waits for the first', async () => {
    const simulation = createSimulation({ seed: 1 })
    const directory = open(simulation.world)
    void partition(directory).append(batchOf())
    void directory.close()
    await simulation.runUntil(directory.close())
    expect(text(simulation, marker)).not.toBeNull()
  })

  test('is possible again once partitions that no topic owns are put aside, and nothing else is touched', async () => {
    const simulation = createSimulation({ seed: 1 })
    const directory = open(simulation.world)
    for (const index of [0, 1]) await append(simulation, partition(directory, index), 5)
    directory.checkpoint()
    simulation.files.makeDirectory(`${PATH}/half-made-0`)
    simulation.files.makeDirectory(`${PATH}/backup-2026`)
    write(simulation, 'backup-2026/notes.txt', 'mine')
    write(simulation, 'report-2025', 'a file')
    const again = open(kill(simulation))
    partition(again, 0)
    again.putStraysAside()
    expect(simulation.files.list(PATH).filter(name => /^[a-z]/.test(name))).toEqual([
      'backup-2026',
      expect.stringMatching(/^half-made-0\.\w{22}-stray$/),
      'log-start-offset-checkpoint',
      'meta.properties',
      'orders-0',
      expect.stringMatching(/^orders-1\.\w{22}-stray$/),
      'recovery-point-offset-checkpoint',
      'report-2025',
    ])
    expect(text(simulation, 'recovery-point-offset-checkpoint')).toBe('0\n1\norders 0 5\n')
    await simulation.runUntil(again.close())
    const third = open(simulation.world)
    expect(third.cleanShutdown).toBe(true)
    const before = simulation.files.list(PATH)
    partition(third, 0)
    third.putStraysAside()
    expect(simulation.files.list(PATH)).toEqual(before)
  })

  test('stray partitions that cannot be put aside do not keep the others from being opened', async () => {
    const simulation = createSimulation({ seed: 1 })
    await append(simulation, partition(open(simulation.world)), 5)
    const again = open(kill(simulation))
    simulation.disk.fail('rename', { osCode: 'EACCES' })
    again.putStraysAside()
    expect(simulation.log.map(line => line.message)).toContain('a partition belongs to no topic and could not be put aside')
    await simulation.runUntil(again.close())
    expect(text(simulation, marker)).toBeNull()
  })

  test('gives the lock back even if the disk is full', async () => {
    const simulation = createSimulation({ seed: 1 })
    const directory = open(simulation.world)
    await append(simulation, partition(directory), 5)
    simulation.disk.settings.capacityBytes = 0
    await expect(simulation.runUntil(directory.close())).rejects.toMatchObject({ osCode: 'ENOSPC' })
    simulation.disk.settings.capacityBytes = Number.POSITIVE_INFINITY
    const again = open(simulation.world)
    expect(again.cleanShutdown).toBe(false)
    expect(allOffsets(partition(again))).toEqual([0, 1, 2, 3, 4])
  })
})
