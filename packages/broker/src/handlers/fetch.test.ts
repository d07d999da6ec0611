import { batchesOf, fetchApi, isolationLevels } from '@logwerk/protocol'
import type { File, World } from '@logwerk/runtime'
import { createSimulation } from '@logwerk/runtime/simulated'
import { describe, expect, test } from 'vitest'
import { countedTimers } from '../counted-timers.test-support.ts'
import { batchOf, STARTED_MS, TestBroker } from '../test-broker.test-support.ts'

interface Asked {
  readonly partition?: number
  readonly fetchOffset?: number
  readonly partitionMaxBytes?: number
  readonly currentLeaderEpoch?: number
  readonly lastFetchedEpoch?: number
}

function fetchOf(topic: string, partitions: readonly Asked[], rest: object = {}) {
  return {
    maxWaitMs: 0,
    minBytes: 1,
    topics: [{ topic, partitions: partitions.map(asked => ({ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 << 20, ...asked })) }],
    ...rest,
  }
}

/** First and last offsets of the batches in an answer. */
function offsets(records: Uint8Array | null): string[] {
  return [...batchesOf(records!)].map(batch => `${batch.baseOffset}-${batch.lastOffset}`)
}

/** A topic whose batches are 0-1, 2-3, ... */
async function withBatches(count: number, partitionCount = 1) {
  const broker = await TestBroker.open()
  const topicId = await broker.createTopic('orders', partitionCount)
  const batchBytes = batchOf(['a', 'b']).length
  for (let partition = 0; partition < partitionCount; partition++) {
    for (let index = 0; index < count; index++) await broker.produce('orders', partition, batchOf(['a', 'b']))
  }
  return { broker, topicId, batchBytes }
}

/** A world that counts what is read from its files. */
function countingReads(world: World) {
  let bytes = 0
  const open: World['files']['open'] = (path, mode) => {
    const file = world.files.open(path, mode)
    return new Proxy(file, {
      get: (target, name: keyof File) => {
        if (name === 'read') {
          return (into: Uint8Array, positionBytes: number) => {
            const readBytes = target.read(into, positionBytes)
            bytes += readBytes
            return readBytes
          }
        }
        const value = target[name]
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  }
  const files = new Proxy(world.files, {
    get: (target, name: keyof World['files']) => {
      if (name === 'open') return open
      const value = target[name]
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  return { world: { ...world, files }, readBytes: () => bytes }
}

describe('what is answered', () => {
  test('whole batches, from the one that holds the offset on', async () => {
    const { broker } = await withBatches(3)
    expect(offsets((await broker.fetch('orders', 0, 3)).records)).toEqual(['2-3', '4-5'])
  })

  test('at the end of the log nothing: no bytes, not null', async () => {
    const { broker } = await withBatches(1)
    const { records, errorCode, highWatermark, logStartOffset } = await broker.fetch('orders', 0, 2)
    expect({ errorCode, highWatermark, logStartOffset }).toEqual({ errorCode: 'NONE', highWatermark: 2, logStartOffset: 0 })
    expect(records).toHaveLength(0)
  })

  test('in every version', async () => {
    const { broker, topicId } = await withBatches(1)
    for (let version = 4; version <= 18; version++) {
      const request = fetchOf('orders', [{}])
      const response = await broker.ask(
        fetchApi,
        version,
        version < 13 ? request : { ...request, topics: request.topics.map(({ partitions }) => ({ topicId, partitions })) },
      )
      expect(offsets(response.responses[0]!.partitions[0]!.records), `version ${version}`).toEqual(['0-1'])
      expect(response.responses[0]).toMatchObject(version < 13 ? { topic: 'orders' } : { topicId })
    }
  })

  test('whatever the codec is, also to clients of before zstd: Fetch never checks it', async () => {
    const broker = await TestBroker.open()
    await broker.createTopic('orders')
    await broker.produce('orders', 0, batchOf(['a'], { codec: 'zstd' }))
    const { responses } = await broker.ask(fetchApi, 4, fetchOf('orders', [{}]))
    expect(responses[0]!.partitions[0]).toMatchObject({ errorCode: 'NONE' })
    expect(offsets(responses[0]!.partitions[0]!.records)).toEqual(['0-0'])
  })

  test('read_committed lists aborted transactions, of which there are none; read_uncommitted has null', async () => {
    const { broker } = await withBatches(1)
    const committed = await broker.fetch('orders', 0, 0, { isolationLevel: isolationLevels.READ_COMMITTED })
    expect(committed).toMatchObject({ abortedTransactions: [], lastStableOffset: 2, highWatermark: 2 })
    expect((await broker.fetch('orders', 0, 0)).abortedTransactions).toBeNull()
  })
})

describe('limits (KIP-74)', () => {
  test('the first batch comes whole, whatever the limits are', async () => {
    const { broker, batchBytes } = await withBatches(3)
    expect((await broker.fetch('orders', 0, 0, { partitionMaxBytes: 1 })).records).toHaveLength(batchBytes)
    expect((await broker.fetch('orders', 0, 0, { maxBytes: 1 })).records).toHaveLength(batchBytes)
    expect((await broker.fetch('orders', 0, 0, { maxBytes: 0, partitionMaxBytes: 0 })).records).toHaveLength(batchBytes)
  })

  test('further batches come only whole', async () => {
    const { broker, batchBytes } = await withBatches(3)
    expect(offsets((await broker.fetch('orders', 0, 0, { partitionMaxBytes: 2 * batchBytes })).records)).toEqual(['0-1', '2-3'])
    expect((await broker.fetch('orders', 0, 0, { partitionMaxBytes: 3 * batchBytes - 1 })).records).toHaveLength(2 * batchBytes)
  })

  test('only the first partition with records may exceed them', async () => {
    const { broker, batchBytes } = await withBatches(3, 3)
    const request = fetchOf('orders', [{ fetchOffset: 6 }, { partition: 1 }, { partition: 2 }], { maxBytes: 1 })
    const { responses } = await broker.ask(fetchApi, 12, request)
    expect(responses[0]!.partitions.map(({ records }) => records!.length)).toEqual([0, batchBytes, 0])
  })

  test('the whole answer is kept to maxBytes', async () => {
    const { broker, batchBytes } = await withBatches(3, 3)
    const request = fetchOf('orders', [{}, { partition: 1 }, { partition: 2 }], { maxBytes: 5 * batchBytes })
    const { responses } = await broker.ask(fetchApi, 12, request)
    expect(responses[0]!.partitions.map(({ records }) => records!.length / batchBytes)).toEqual([3, 2, 0])
  })

  test('fetch.max.bytes of the broker bounds it too', async () => {
    const broker = await TestBroker.open({ fetchMaxBytes: 1024 })
    await broker.createTopic('orders')
    const batch = batchOf(['x'.repeat(500)])
    for (let count = 0; count < 3; count++) await broker.produce('orders', 0, batchOf(['x'.repeat(500)]))
    expect((await broker.fetch('orders', 0, 0)).records).toHaveLength(batch.length)
  })
})

describe('long poll', () => {
  test('ends after maxWaitMs without records', async () => {
    const { broker } = await withBatches(1)
    const begunMs = broker.simulation.clock.monotonicMs()
    const { records } = await broker.fetch('orders', 0, 2, { maxWaitMs: 500 })
    expect(records).toHaveLength(0)
    expect(broker.simulation.clock.monotonicMs() - begunMs).toBe(500)
  })

  test('ends when minBytes have come, over all partitions', async () => {
    const { broker, batchBytes } = await withBatches(0, 2)
    const reader = await broker.connect()
    const request = fetchOf('orders', [{}, { partition: 1 }], { maxWaitMs: 60_000, minBytes: 2 * batchBytes })
    const polling = reader.ask(fetchApi, 12, request)
    await broker.produce('orders', 0, batchOf(['a', 'b']))
    await broker.simulation.advance(1000)
    const begunMs = broker.simulation.clock.monotonicMs()
    await broker.produce('orders', 1, batchOf(['a', 'b']))
    const { responses } = await broker.run(polling)
    expect(broker.simulation.clock.monotonicMs()).toBe(begunMs)
    expect(responses[0]!.partitions.map(({ records }) => offsets(records))).toEqual([['0-1'], ['0-1']])
  })

  test('gives what there is when minBytes do not come in time', async () => {
    const { broker, batchBytes } = await withBatches(1)
    const begunMs = broker.simulation.clock.monotonicMs()
    const { records } = await broker.fetch('orders', 0, 0, { maxWaitMs: 500, minBytes: 2 * batchBytes })
    expect(offsets(records)).toEqual(['0-1'])
    expect(broker.simulation.clock.monotonicMs() - begunMs).toBe(500)
  })

  test('what lies beyond a partition’s limit does not count', async () => {
    const { broker, batchBytes } = await withBatches(3)
    const begunMs = broker.simulation.clock.monotonicMs()
    const options = { maxWaitMs: 500, minBytes: 2 * batchBytes, partitionMaxBytes: batchBytes }
    expect(offsets((await broker.fetch('orders', 0, 0, options)).records)).toEqual(['0-1'])
    expect(broker.simulation.clock.monotonicMs() - begunMs).toBe(500)
  })

  test('a limit that a further batch would exceed counts as full: minBytes about a partition’s limit is not waited for in vain', async () => {
    const { broker, batchBytes } = await withBatches(3)
    const begunMs = broker.simulation.clock.monotonicMs()
    const limitBytes = 2 * batchBytes + 5
    for (const options of [{ partitionMaxBytes: limitBytes }, { maxBytes: limitBytes }, { maxBytes: limitBytes, minBytes: 1 << 30 }]) {
      const { records } = await broker.fetch('orders', 0, 0, { maxWaitMs: 500, minBytes: limitBytes, ...options })
      expect(offsets(records)).toEqual(['0-1', '2-3'])
    }
    expect(broker.simulation.clock.monotonicMs()).toBe(begunMs)
  })

  test('does not wait for more than fetch.max.bytes, whatever minBytes says', async () => {
    const broker = await TestBroker.open({ fetchMaxBytes: 1024 })
    await broker.createTopic('orders')
    for (let count = 0; count < 3; count++) await broker.produce('orders', 0, batchOf(['x'.repeat(500)]))
    const begunMs = broker.simulation.clock.monotonicMs()
    expect(offsets((await broker.fetch('orders', 0, 0, { maxWaitMs: 500, minBytes: 1 << 20 })).records)).toEqual(['0-0'])
    expect(broker.simulation.clock.monotonicMs()).toBe(begunMs)
  })

  test('does not wait in a finished segment while records lie in a later one', async () => {
    const broker = await TestBroker.open()
    await broker.createTopic('orders', 1, { 'segment.ms': '1' })
    for (const [index, value] of ['a', 'b', 'c'].entries()) {
      await broker.produce('orders', 0, batchOf([value], { timestamp: STARTED_MS + 10 * index }))
    }
    const begunMs = broker.simulation.clock.monotonicMs()
    expect(offsets((await broker.fetch('orders', 0, 0, { maxWaitMs: 500, minBytes: 1000 })).records)).toEqual(['0-0'])
    expect(broker.simulation.clock.monotonicMs()).toBe(begunMs)
    // The last segment still grows.
    expect(offsets((await broker.fetch('orders', 0, 2, { maxWaitMs: 500, minBytes: 1000 })).records)).toEqual(['2-2'])
    expect(broker.simulation.clock.monotonicMs() - begunMs).toBe(500)
  })

  test.each(['batch', 'os'] as const)('of a megabyte reads it once, not half of it for each batch that comes (fsync: %s)', async fsync => {
    const simulation = createSimulation({ seed: 1 })
    const counted = countingReads(simulation.world)
    const broker = await TestBroker.open({ dataDir: '/data', fsync, world: counted.world }, simulation)
    await broker.createTopic('orders')
    const reader = await broker.connect()
    const wholeBytes = 50 * batchOf(['x'.repeat(1000)]).length
    const before = counted.readBytes()
    const polling = reader.ask(fetchApi, 12, fetchOf('orders', [{}], { maxWaitMs: 60_000, minBytes: wholeBytes }))
    for (let count = 0; count < 50; count++) await broker.produce('orders', 0, batchOf(['x'.repeat(1000)]))
    const { responses } = await broker.run(polling)
    expect(responses[0]!.partitions[0]!.records).toHaveLength(wholeBytes)
    expect(counted.readBytes() - before).toBeLessThan(2 * wholeBytes)
  })

  test('does not wait where a partition fails', async () => {
    const { broker } = await withBatches(1)
    const begunMs = broker.simulation.clock.monotonicMs()
    const request = fetchOf('orders', [{ fetchOffset: 2 }, { partition: 9 }], { maxWaitMs: 60_000 })
    const { responses } = await broker.ask(fetchApi, 12, request)
    expect(responses[0]!.partitions.map(({ errorCode }) => errorCode)).toEqual(['NONE', 'UNKNOWN_TOPIC_OR_PARTITION'])
    expect(broker.simulation.clock.monotonicMs()).toBe(begunMs)
  })

  test('minBytes 0 does not wait', async () => {
    const { broker } = await withBatches(0)
    const begunMs = broker.simulation.clock.monotonicMs()
    await broker.fetch('orders', 0, 0, { maxWaitMs: 60_000, minBytes: 0 })
    expect(broker.simulation.clock.monotonicMs()).toBe(begunMs)
  })

  test('ends with the connection, and leaves nothing behind', async () => {
    const simulation = createSimulation({ seed: 1 })
    const { world, timerCount } = countedTimers(simulation.world)
    const broker = await TestBroker.open({ world }, simulation)
    await broker.createTopic('orders')
    const before = timerCount()
    const reader = await broker.connect()
    reader.tell(fetchApi, 12, fetchOf('orders', [{}], { maxWaitMs: 600_000 }))
    await broker.simulation.advance(10)
    expect(timerCount()).toBe(before + 2)
    reader.close()
    await broker.run(reader.whenClosed())
    await broker.simulation.advance(0)
    expect(timerCount()).toBe(before)
    const begunMs = broker.simulation.clock.monotonicMs()
    await broker.run(broker.broker.close())
    expect(broker.simulation.clock.monotonicMs() - begunMs).toBeLessThan(100)
  })
})

describe('errors', () => {
  test('an offset outside the log is OFFSET_OUT_OF_RANGE with high watermark -1', async () => {
    const { broker } = await withBatches(1)
    for (const offset of [3, -1]) {
      const response = await broker.fetch('orders', 0, offset)
      expect(response).toMatchObject({ errorCode: 'OFFSET_OUT_OF_RANGE', highWatermark: -1, lastStableOffset: -1, logStartOffset: -1 })
      expect(response.records).toHaveLength(0)
    }
  })

  test('an unknown name or partition is UNKNOWN_TOPIC_OR_PARTITION', async () => {
    const { broker } = await withBatches(1)
    expect((await broker.fetch('orders', 1, 0)).errorCode).toBe('UNKNOWN_TOPIC_OR_PARTITION')
    expect((await broker.fetch('nothing', 0, 0)).errorCode).toBe('UNKNOWN_TOPIC_OR_PARTITION')
  })

  test('an unknown id is UNKNOWN_TOPIC_ID, per partition', async () => {
    const { broker, topicId } = await withBatches(1)
    const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }]
    const unknown = 'AAAAAAAAAAAAAAAAAAAABA'
    const { errorCode, responses } = await broker.ask(fetchApi, 13, {
      maxWaitMs: 0,
      minBytes: 1,
      topics: [
        { topicId: unknown, partitions },
        { topicId, partitions },
      ],
    })
    expect(errorCode).toBe('NONE')
    expect(responses).toMatchObject([
      { topicId: unknown, partitions: [{ errorCode: 'UNKNOWN_TOPIC_ID' }] },
      { topicId, partitions: [{ errorCode: 'NONE' }] },
    ])
  })

  test('an older leader epoch is FENCED_LEADER_EPOCH, a newer one UNKNOWN_LEADER_EPOCH', async () => {
    const broker = await TestBroker.open({ dataDir: '/data' })
    await broker.createTopic('orders')
    await broker.produce('orders', 0, batchOf(['a']))
    await broker.restartAfter('kill')
    const { leaderEpoch } = (await broker.describe('orders')).partitions[0]!
    expect(leaderEpoch).toBe(1)
    expect((await broker.fetch('orders', 0, 0, { currentLeaderEpoch: 1 })).errorCode).toBe('NONE')
    expect((await broker.fetch('orders', 0, 0, { currentLeaderEpoch: 0 })).errorCode).toBe('FENCED_LEADER_EPOCH')
    expect((await broker.fetch('orders', 0, 0, { currentLeaderEpoch: 2 })).errorCode).toBe('UNKNOWN_LEADER_EPOCH')
  })
})

describe('a reader that says in which epoch it read last (KIP-595)', () => {
  test('learns at once where its log leaves ours, in a session each time', async () => {
    const broker = await TestBroker.open({ dataDir: '/data' })
    await broker.createTopic('orders')
    await broker.produce('orders', 0, batchOf(['a', 'b']))
    await broker.restartAfter('crash')
    await broker.produce('orders', 0, batchOf(['c', 'd', 'e']))
    const ask = async (fetchOffset: number, lastFetchedEpoch: number, rest: object = {}) =>
      broker.ask(fetchApi, 12, fetchOf('orders', [{ fetchOffset, lastFetchedEpoch }], { maxWaitMs: 60_000, minBytes: 1000, ...rest }))
    const begunMs = broker.simulation.clock.monotonicMs()
    // It has three records of epoch 0, and we have two.
    const parted = await ask(3, 0, { sessionId: 0, sessionEpoch: 0 })
    expect(parted.responses[0]!.partitions[0]).toMatchObject({ errorCode: 'NONE', divergingEpoch: { epoch: 0, endOffset: 2 } })
    expect(parted.responses[0]!.partitions[0]!.records).toHaveLength(0)
    const again = { maxWaitMs: 60_000, minBytes: 1000, topics: [], sessionId: parted.sessionId, sessionEpoch: 1 }
    expect((await broker.ask(fetchApi, 12, again)).responses[0]!.partitions[0]).toMatchObject({
      divergingEpoch: { epoch: 0, endOffset: 2 },
    })
    // An epoch that nobody knows here.
    expect((await ask(3, 9)).responses[0]!.partitions[0]).toMatchObject({ errorCode: 'OFFSET_OUT_OF_RANGE', highWatermark: -1 })
    expect(broker.simulation.clock.monotonicMs()).toBe(begunMs)
    const together = await ask(2, 0, { minBytes: 1 })
    expect(together.responses[0]!.partitions[0]).toMatchObject({ divergingEpoch: { epoch: -1, endOffset: -1 } })
    expect(offsets(together.responses[0]!.partitions[0]!.records)).toEqual(['2-4'])
  })
})

describe('sessions (KIP-227)', () => {
  async function session(broker: TestBroker, partitions: readonly Asked[]) {
    const response = await broker.ask(fetchApi, 12, fetchOf('orders', partitions, { sessionId: 0, sessionEpoch: 0 }))
    expect(response.sessionId).toBeGreaterThan(0)
    let sessionEpoch = 0
    return {
      id: response.sessionId,
      first: response,
      next: (asked: readonly Asked[] = [], rest: object = {}) =>
        broker.ask(fetchApi, 12, {
          ...fetchOf('orders', asked),
          ...(asked.length === 0 ? { topics: [] } : {}),
          sessionId: response.sessionId,
          sessionEpoch: ++sessionEpoch,
          ...rest,
        }),
    }
  }

  const answered = (response: { readonly responses: readonly { readonly partitions: readonly { readonly partitionIndex: number }[] }[] }) =>
    response.responses.flatMap(({ partitions }) => partitions.map(({ partitionIndex }) => partitionIndex))

  test('the first answer names every partition, later ones only those with news', async () => {
    const { broker } = await withBatches(1, 3)
    const { first, next } = await session(broker, [{ fetchOffset: 2 }, { partition: 1, fetchOffset: 2 }, { partition: 2, fetchOffset: 2 }])
    expect(answered(first)).toEqual([0, 1, 2])
    expect(answered(await next())).toEqual([])
    await broker.produce('orders', 1, batchOf(['c']))
    const response = await next()
    expect(answered(response)).toEqual([1])
    expect(offsets(response.responses[0]!.partitions[0]!.records)).toEqual(['2-2'])
  })

  test('data is sent again while the offset does not move', async () => {
    const { broker } = await withBatches(1)
    const { next } = await session(broker, [{}])
    expect(answered(await next())).toEqual([0])
    expect(answered(await next([{ fetchOffset: 2 }]))).toEqual([])
  })

  test('a wrong epoch is INVALID_FETCH_SESSION_EPOCH, an unknown session FETCH_SESSION_ID_NOT_FOUND, both with session 0', async () => {
    const { broker } = await withBatches(1)
    const { id, next } = await session(broker, [{}])
    const ask = (sessionId: number, sessionEpoch: number) =>
      broker.ask(fetchApi, 12, { maxWaitMs: 0, minBytes: 1, topics: [], sessionId, sessionEpoch })
    expect(await ask(id, 2)).toMatchObject({ errorCode: 'INVALID_FETCH_SESSION_EPOCH', sessionId: 0, responses: [] })
    expect(await ask(id + 1, 1)).toMatchObject({ errorCode: 'FETCH_SESSION_ID_NOT_FOUND', sessionId: 0, responses: [] })
    expect((await next()).errorCode).toBe('NONE')
  })

  test('going on with ids in a session of names is FETCH_SESSION_TOPIC_ID_ERROR', async () => {
    const { broker } = await withBatches(1)
    const { id } = await session(broker, [{}])
    const response = await broker.ask(fetchApi, 13, { maxWaitMs: 0, minBytes: 1, topics: [], sessionId: id, sessionEpoch: 1 })
    expect(response.errorCode).toBe('FETCH_SESSION_TOPIC_ID_ERROR')
  })

  test('epoch -1 closes it and reads on without', async () => {
    const { broker } = await withBatches(1)
    const { id } = await session(broker, [{}])
    const closed = await broker.ask(fetchApi, 12, fetchOf('orders', [{}], { sessionId: id, sessionEpoch: -1 }))
    expect(closed).toMatchObject({ errorCode: 'NONE', sessionId: 0 })
    expect(answered(closed)).toEqual([0])
    const after = await broker.ask(fetchApi, 12, { maxWaitMs: 0, minBytes: 1, topics: [], sessionId: id, sessionEpoch: 1 })
    expect(after.errorCode).toBe('FETCH_SESSION_ID_NOT_FOUND')
  })

  test('partitions can be added and forgotten', async () => {
    const { broker } = await withBatches(1, 2)
    const { next } = await session(broker, [{}])
    expect(answered(await next([{ partition: 1 }]))).toEqual([0, 1])
    expect(answered(await next([], { forgottenTopicsData: [{ topic: 'orders', partitions: [0] }] }))).toEqual([1])
  })

  test('who got records goes to the end, so that no partition starves under a small limit', async () => {
    const { broker } = await withBatches(5, 3)
    const { first, next } = await session(broker, [{}, { partition: 1 }, { partition: 2 }])
    expect(answered(first)).toEqual([0, 1, 2])
    const served: number[] = []
    for (let round = 0; round < 6; round++) {
      const { responses } = await next([], { maxBytes: 1 })
      const full = responses.flatMap(({ partitions }) => partitions).find(({ records }) => records!.length > 0)
      served.push(full!.partitionIndex)
    }
    expect(served).toEqual([0, 1, 2, 0, 1, 2])
  })

  test('a partition that fails is named every time', async () => {
    const { broker } = await withBatches(1)
    const { next } = await session(broker, [{ partition: 5 }])
    expect(answered(await next())).toEqual([5])
    expect(answered(await next())).toEqual([5])
  })

  test('none are kept where the broker keeps none, and none for nothing', async () => {
    const { broker } = await withBatches(1)
    const empty = await broker.ask(fetchApi, 12, { maxWaitMs: 0, minBytes: 1, topics: [], sessionId: 0, sessionEpoch: 0 })
    expect(empty).toMatchObject({ errorCode: 'NONE', sessionId: 0, responses: [] })
    const without = await TestBroker.open({ maxIncrementalFetchSessionCacheSlots: 0 })
    await without.createTopic('orders')
    const response = await without.ask(fetchApi, 12, fetchOf('orders', [{}], { sessionId: 0, sessionEpoch: 0 }))
    expect(response.sessionId).toBe(0)
  })
})
