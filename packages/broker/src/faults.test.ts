import { batchesOf, createPartitions, deleteTopics, fetchApi, PARTITION_LEADER_EPOCH_AT, produce } from '@logwerk/protocol'
import { KafkaError, messageOf, ZERO_UUID } from '@logwerk/runtime'
import { createSimulation } from '@logwerk/runtime/simulated'
import { describe, expect, test } from 'vitest'
import { openBroker } from './open-broker.ts'
import { batchOf, TestBroker } from './test-broker.test-support.ts'

const UNLIMITED = Number.POSITIVE_INFINITY

async function open(configs: Readonly<Record<string, string>> = {}) {
  const broker = await TestBroker.open({ dataDir: '/data' })
  await broker.createTopic('orders', 2, configs)
  await broker.produce('orders', 0, batchOf(['a']))
  await broker.produce('orders', 1, batchOf(['b']))
  return { broker, disk: broker.simulation.disk }
}

/** The one file with this name in a partition's directory. */
function fileOf(broker: TestBroker, partition: string, suffix: string): string {
  const found = [...broker.simulation.disk.contents().keys()].filter(
    path => path.startsWith(`/data/${partition}/`) && path.endsWith(suffix),
  )
  expect(found).toHaveLength(1)
  return found[0]!
}

describe('a full disk', () => {
  test('refuses records as KAFKA_STORAGE_ERROR; reading goes on, and so does writing when there is room again', async () => {
    const { broker, disk } = await open()
    disk.settings.capacityBytes = 0
    const refused = await broker.produce('orders', 0, batchOf(['lost']))
    expect(refused).toMatchObject({ errorCode: 'KAFKA_STORAGE_ERROR', baseOffset: -1 })
    expect(refused.errorMessage).toMatch(/orders-0.*ENOSPC/)
    expect(await broker.values('orders')).toEqual(['0:a'])
    disk.settings.capacityBytes = UNLIMITED
    expect(await broker.produce('orders', 0, batchOf(['c']))).toMatchObject({ errorCode: 'NONE', baseOffset: 1 })
    await broker.restartAfter('crash')
    expect(await broker.values('orders')).toEqual(['0:a', '1:c'])
  })

  test('is told to whoever runs the broker, once for a partition until there is room again', async () => {
    const { broker, disk } = await open()
    const refusals = () => broker.simulation.log.filter(({ message }) => message.startsWith('records are refused'))
    disk.settings.capacityBytes = 0
    for (let attempt = 0; attempt < 3; attempt++) await broker.produce('orders', 0, batchOf(['lost']))
    expect(refusals()).toMatchObject([
      {
        level: 'error',
        fields: { topic: 'orders', partition: 0, error: expect.stringMatching(/cannot write to \/data\/orders-0.*ENOSPC/) },
      },
    ])
    disk.settings.capacityBytes = UNLIMITED
    await broker.produce('orders', 0, batchOf(['c']))
    disk.settings.capacityBytes = 0
    await broker.produce('orders', 0, batchOf(['lost']))
    expect(refusals()).toHaveLength(2)
  })

  test('refuses a topic, and leaves nothing of it', async () => {
    const { broker, disk } = await open()
    disk.settings.capacityBytes = 0
    await expect(broker.createTopic('new')).rejects.toThrow('KAFKA_STORAGE_ERROR')
    expect((await broker.describe('new')).errorCode).toBe('UNKNOWN_TOPIC_OR_PARTITION')
    disk.settings.capacityBytes = UNLIMITED
    await broker.createTopic('new')
    await broker.restartAfter('kill')
    expect((await broker.describe('new')).errorCode).toBe('NONE')
  })

  test('does not keep a broker from closing', async () => {
    const { broker, disk } = await open()
    disk.settings.capacityBytes = 0
    await broker.produce('orders', 0, batchOf(['lost']))
    await broker.run(broker.broker.close().catch(() => {}))
    disk.settings.capacityBytes = UNLIMITED
    await broker.restartAfter('kill')
    expect(await broker.values('orders')).toEqual(['0:a'])
  })
})

describe('a disk that refuses in the middle', () => {
  /** Every operation of the disk that creating a topic of two partitions takes, as far as a test can see it. */
  const operations = ['makeDirectory', 'open', 'write', 'rename', 'syncDirectory', 'datasync'] as const

  test.each(operations)('of creating a topic (%s): the topic is there, or it is not, and can be created again', async operation => {
    for (let nth = 1; ; nth++) {
      const broker = await TestBroker.open({ dataDir: '/data' }, createSimulation({ seed: nth }))
      const { disk } = broker.simulation
      disk.fail(operation, { nth, path: path => !path.includes('__cluster_metadata') })
      let failed = false
      await broker.createTopic('orders', 2).catch(() => {
        failed = true
      })
      disk.heal()
      if (!failed) return expect(nth, `a failing ${operation} was never noticed`).toBeGreaterThan(operation === 'datasync' ? 0 : 1)
      const { errorCode } = await broker.describe('orders')
      expect(errorCode, `${operation} ${nth}`).toBe('UNKNOWN_TOPIC_OR_PARTITION')
      await broker.createTopic('orders', 2)
      expect((await broker.produce('orders', 1, batchOf(['a']))).errorCode).toBe('NONE')
      await broker.restartAfter('kill')
      expect(await broker.values('orders', 1)).toEqual(['0:a'])
    }
  })

  test.each(operations)('of adding partitions (%s): they are there, or not, and can be added again', async operation => {
    for (let nth = 1; ; nth++) {
      const { broker, disk } = await open()
      disk.fail(operation, { nth, path: path => !path.includes('__cluster_metadata') })
      const grow = async () => {
        const topics = [{ name: 'orders', count: 4, assignments: null }]
        return (await broker.ask(createPartitions, 3, { topics, timeoutMs: 1000, validateOnly: false })).results[0]!
      }
      const { errorCode } = await grow()
      disk.heal()
      if (errorCode === 'NONE') return expect(nth).toBeGreaterThan(operation === 'datasync' ? 0 : 1)
      expect(errorCode).toBe('KAFKA_STORAGE_ERROR')
      expect((await broker.describe('orders')).partitions, `${operation} ${nth}`).toHaveLength(2)
      expect((await grow()).errorCode).toBe('NONE')
      expect((await broker.produce('orders', 3, batchOf(['a']))).errorCode).toBe('NONE')
      await broker.restartAfter('kill')
      expect(await broker.values('orders', 3)).toEqual(['0:a'])
      expect(await broker.values('orders', 0)).toEqual(['0:a'])
    }
  })

  test('of deleting a topic: it is gone, and a new one of its name has none of its records, also after a restart', async () => {
    for (const nth of [1, 2]) {
      const { broker, disk } = await open()
      disk.fail('rename', { nth, path: path => path.includes('orders-') })
      await broker.ask(deleteTopics, 6, { topics: [{ name: 'orders', topicId: ZERO_UUID }], timeoutMs: 1000 })
      disk.heal()
      expect((await broker.describe('orders')).errorCode).toBe('UNKNOWN_TOPIC_OR_PARTITION')
      await broker.createTopic('orders', 2)
      await broker.produce('orders', 0, batchOf(['new']))
      await broker.restartAfter('kill')
      expect(await broker.values('orders', 0)).toEqual(['0:new'])
      expect(await broker.values('orders', 1)).toEqual([])
    }
  })
})

describe('a disk that stalls', () => {
  test('is REQUEST_TIMED_OUT, which producers try again after, once 64 MiB wait for it; what waits is stored when it goes on', async () => {
    const { broker, disk } = await open({ 'max.message.bytes': '40000000' })
    disk.settings.syncDelay = { minMs: 10_000, maxMs: 10_000 }
    const value = 'x'.repeat(33 << 20)
    const writing: Promise<{ readonly errorCode: string }>[] = []
    for (let count = 0; count < 3; count++) {
      const writer = await broker.connect()
      const topicData = [{ name: 'orders', partitionData: [{ index: 0, records: batchOf([value]) }] }]
      writing.push(
        writer.ask(produce, 12, { acks: -1, timeoutMs: 1000, topicData }).then(({ responses }) => responses[0]!.partitionResponses[0]!),
      )
    }
    const codes = (await broker.run(Promise.all(writing))).map(({ errorCode }) => errorCode)
    expect(codes.toSorted()).toEqual(['NONE', 'NONE', 'REQUEST_TIMED_OUT'])
    disk.settings.syncDelay = { minMs: 0, maxMs: 0 }
    expect(await broker.produce('orders', 0, batchOf(['c']))).toMatchObject({ errorCode: 'NONE', baseOffset: 3 })
  })
})

describe('a wall clock that is set back by a day', () => {
  test('holds nothing up: long polls, idle times, sequences, and the log itself', async () => {
    const broker = await TestBroker.open({ dataDir: '/data', connectionsMaxIdleMs: 60_000 })
    await broker.createTopic('orders', 1, { 'message.timestamp.type': 'LogAppendTime', 'segment.ms': '1000' })
    const batch = (baseSequence: number) => batchOf([`v${baseSequence}`], { producerId: 7, producerEpoch: 0, baseSequence })
    const first = await broker.produce('orders', 0, batch(0))
    const idle = await broker.connect()
    const reader = await broker.connect()
    const begunMs = broker.simulation.clock.monotonicMs()
    const polling = reader.ask(fetchApi, 12, {
      maxWaitMs: 500,
      minBytes: 1,
      topics: [{ topic: 'orders', partitions: [{ partition: 0, fetchOffset: 1, partitionMaxBytes: 1000 }] }],
    })
    await broker.simulation.advance(100)
    broker.simulation.machine('localhost').clock.jumpWall(-86_400_000)
    await broker.run(polling)
    expect(broker.simulation.clock.monotonicMs() - begunMs).toBe(500)
    const second = await broker.produce('orders', 0, batch(1))
    expect(second.logAppendTimeMs).toBeLessThan(first.logAppendTimeMs - 86_000_000)
    expect(await broker.produce('orders', 0, batch(0))).toMatchObject({ errorCode: 'NONE', baseOffset: 0 })
    await broker.simulation.advance(60_000)
    expect(idle.isClosed).toBe(true)
    await broker.restartAfter('kill')
    expect(await broker.values('orders')).toEqual(['0:v0', '1:v1'])
  })
})

describe('a disk that fails to sync', () => {
  test('makes that partition read-only, with the reason; others go on, and a restart shows what was acknowledged', async () => {
    const { broker, disk } = await open()
    disk.fail('datasync', { path: path => path.includes('orders-0') })
    expect((await broker.produce('orders', 0, batchOf(['lost']))).errorCode).toBe('KAFKA_STORAGE_ERROR')
    const refused = await broker.produce('orders', 0, batchOf(['late']))
    expect(refused.errorCode).toBe('KAFKA_STORAGE_ERROR')
    expect(refused.errorMessage).toContain('nothing more is written until the broker is started again')
    expect(await broker.values('orders', 0)).toEqual(['0:a'])
    expect((await broker.produce('orders', 1, batchOf(['c']))).errorCode).toBe('NONE')
    await broker.restartAfter('crash')
    expect((await broker.values('orders', 0))[0]).toBe('0:a')
    expect(await broker.values('orders', 1)).toEqual(['0:b', '1:c'])
  })
})

describe('a disk that fails to sync the deletion of a topic', () => {
  test.each(['kill', 'crash'] as const)(
    'leaves it readable and not writable: after the restart (%s) it may be gone, and no acknowledged record with it',
    async end => {
      const { broker, disk } = await open()
      disk.fail('datasync', { path: path => path.includes('__cluster_metadata') })
      const gone = { topics: [{ name: 'orders', topicId: ZERO_UUID }], timeoutMs: 1000 }
      expect((await broker.ask(deleteTopics, 6, gone)).responses).toMatchObject([{ name: 'orders', errorCode: 'KAFKA_STORAGE_ERROR' }])
      const refused = await broker.produce('orders', 0, batchOf(['c']))
      expect(refused).toMatchObject({ errorCode: 'KAFKA_STORAGE_ERROR', baseOffset: -1 })
      expect(refused.errorMessage).toContain('the disk failed while the topic was deleted')
      expect(await broker.values('orders', 0)).toEqual(['0:a'])
      disk.heal()
      await broker.restartAfter(end)
      const { errorCode } = await broker.describe('orders')
      if (errorCode === 'NONE') {
        expect(await broker.values('orders', 0)).toEqual(['0:a'])
        expect((await broker.produce('orders', 0, batchOf(['c']))).errorCode).toBe('NONE')
      } else expect(errorCode).toBe('UNKNOWN_TOPIC_OR_PARTITION')
    },
  )

  test('for lack of room leaves everything as it was', async () => {
    const { broker, disk } = await open()
    disk.settings.capacityBytes = 0
    const gone = { topics: [{ name: 'orders', topicId: ZERO_UUID }], timeoutMs: 1000 }
    expect((await broker.ask(deleteTopics, 6, gone)).responses).toMatchObject([{ name: 'orders', errorCode: 'KAFKA_STORAGE_ERROR' }])
    disk.settings.capacityBytes = UNLIMITED
    expect((await broker.produce('orders', 0, batchOf(['c']))).errorCode).toBe('NONE')
    await broker.restartAfter('crash')
    expect(await broker.values('orders', 0)).toEqual(['0:a', '1:c'])
  })
})

describe('a corrupt segment', () => {
  test('found while reading is KAFKA_STORAGE_ERROR with a log line; the broker and other partitions live', async () => {
    const { broker, disk } = await open()
    await broker.run(broker.broker.close())
    // The length of the first batch.
    disk.corrupt(fileOf(broker, 'orders-0', '.log'), 8, Buffer.from('00000001', 'hex'))
    await broker.reopen()
    const response = await broker.fetch('orders', 0, 0)
    expect(response).toMatchObject({ errorCode: 'KAFKA_STORAGE_ERROR', highWatermark: -1 })
    const line = broker.simulation.log.findLast(({ level }) => level === 'error')
    expect(line).toMatchObject({ message: 'a fetch failed', fields: { topic: 'orders', partition: 0 } })
    expect(await broker.values('orders', 1)).toEqual(['0:b'])
  })

  test('found by recovery below what was synced: readable up to there, not writable, and both say why', async () => {
    const { broker, disk } = await open()
    for (const value of ['b', 'c', 'd']) await broker.produce('orders', 0, batchOf([value]))
    // The recovery point reaches the disk with a checkpoint.
    await broker.simulation.advance(61_000)
    const sizeBytes = batchOf(['a']).length
    broker.simulation.machine('localhost').kill()
    disk.flipBit(fileOf(broker, 'orders-0', '.log'), (2 * sizeBytes + 30) * 8)
    broker.simulation.machine('localhost').restart()
    await broker.reopen()
    const { records } = await broker.fetch('orders', 0, 0)
    expect([...batchesOf(records!)].map(({ baseOffset }) => baseOffset)).toEqual([0, 1])
    expect((await broker.fetch('orders', 0, 2)).errorCode).toBe('KAFKA_STORAGE_ERROR')
    const refused = await broker.produce('orders', 0, batchOf(['e']))
    expect(refused.errorCode).toBe('KAFKA_STORAGE_ERROR')
    expect(refused.errorMessage).toMatch(/orders-0.*is corrupt at byte/)
    expect((await broker.produce('orders', 1, batchOf(['c']))).errorCode).toBe('NONE')
  })
})

describe('a corrupt metadata log', () => {
  /** Says how a broker opens whose metadata log has a flipped bit; null if there is no such byte, or nobody looks at it. */
  async function howItOpens(byte: number): Promise<string | null> {
    const { broker, disk } = await open()
    await broker.run(broker.broker.close())
    const path = fileOf(broker, '__cluster_metadata-0', '.log')
    let from = 0
    for (const { sizeBytes } of batchesOf(disk.contents().get(path)!)) {
      // The leader epoch is the one thing that lies outside the CRC and says nothing about the records.
      if (byte - from >= PARTITION_LEADER_EPOCH_AT && byte - from < PARTITION_LEADER_EPOCH_AT + 4) return null
      from += sizeBytes
    }
    if (byte >= from) return null
    disk.flipBit(path, byte * 8)
    try {
      await broker.run(openBroker({ world: broker.simulation.world, dataDir: '/data' }))
      return 'opened'
    } catch (error) {
      return error instanceof KafkaError ? `${error.code} ${messageOf(error)}` : `not a KafkaError: ${messageOf(error)}`
    }
  }

  test('keeps the broker from opening with half of its topics, and the error names the place', async () => {
    let count = 0
    for (let byte = 0; byte < 400; byte += 9) {
      const failure = await howItOpens(byte)
      if (failure === null) continue
      expect(failure, `byte ${byte}`).toMatch(/^CORRUPT_LOG .*__cluster_metadata-0/)
      count++
    }
    expect(count).toBeGreaterThan(20)
  })
})

test('a disk that refuses while the broker opens takes nothing away', async () => {
  const { broker, disk } = await open()
  await broker.run(broker.broker.close())
  for (let nth = 1; ; nth++) {
    disk.fail('open', { nth, osCode: 'EMFILE' })
    const failure = await broker.run(openBroker({ world: broker.simulation.world, dataDir: '/data' })).then(
      opened => broker.run(opened.close()).then(() => null),
      error => error,
    )
    disk.heal()
    if (failure === null) break
    expect(failure.code, messageOf(failure)).toBe('STORAGE_ERROR')
  }
  await broker.reopen()
  expect(await broker.values('orders', 0)).toEqual(['0:a'])
  expect(await broker.values('orders', 1)).toEqual(['0:b'])
})

describe('an error that nobody expected', () => {
  /** A broker whose source of chance breaks when the test says so. */
  async function breakable() {
    const simulation = createSimulation({ seed: 1 })
    const { world } = simulation
    let broken = false
    const orBreak = <T>(value: () => T) => {
      if (broken) throw new TypeError('no more chance')
      return value()
    }
    const random = {
      uint32: () => orBreak(() => world.random.uint32()),
      bytes: (length: number) => orBreak(() => world.random.bytes(length)),
      uuid: () => orBreak(() => world.random.uuid()),
    }
    const broker = await TestBroker.open({ world: { ...world, random } }, simulation)
    await broker.createTopic('orders')
    const errors = () => simulation.log.filter(({ level }) => level === 'error')
    return { broker, errors, breakIt: () => (broken = true) }
  }

  test('closes the connection and is logged with its stack; the process lives', async () => {
    const { broker, errors, breakIt } = await breakable()
    breakIt()
    const client = await broker.connect()
    // A new session needs an id.
    client.tell(fetchApi, 12, {
      maxWaitMs: 0,
      minBytes: 0,
      sessionId: 0,
      sessionEpoch: 0,
      topics: [{ topic: 'orders', partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 }] }],
    })
    await broker.simulation.runUntil(client.whenClosed(), { limitMs: 1000 })
    expect(errors()).toMatchObject([{ message: 'a request handler failed', fields: { api: 'Fetch', version: 12, clientId: 'raw' } }])
    expect(String(errors()[0]!.fields['error'])).toMatch(/no more chance[\s\S]*at /)
    expect((await broker.produce('orders', 0, batchOf(['a']))).errorCode).toBe('NONE')
  })

  test('in one topic of several is UNKNOWN_SERVER_ERROR, and logged too', async () => {
    const { broker, errors, breakIt } = await breakable()
    breakIt()
    await expect(broker.createTopic('new')).rejects.toThrow('UNKNOWN_SERVER_ERROR')
    expect(errors()).toMatchObject([{ message: 'a request failed unexpectedly' }])
    expect(String(errors()[0]!.fields['error'])).toMatch(/no more chance[\s\S]*at /)
  })
})
