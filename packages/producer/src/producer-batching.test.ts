import { describe, expect, test } from 'vitest'
import { type Fault, failure, LogCluster } from './log-cluster.test-support.ts'
import type { Producer } from './producer-api.ts'

/** A producer that knows its topic and has an id, so that what is sent next shows nothing but batching. */
async function warm(options: Parameters<LogCluster['producer']>[0] = {}, topics: Record<string, number> = { t: 1 }) {
  const cluster = await LogCluster.start(topics)
  cluster.simulation.network.settings.delay = { minMs: 1, maxMs: 1 }
  const producer = cluster.producer(options)
  for (const [topic, count] of Object.entries(topics)) {
    for (let partition = 0; partition < count; partition++) {
      await cluster.simulation.runUntil(producer.send({ topic, value: 'warm', partition }))
    }
  }
  cluster.received.length = 0
  return { cluster, simulation: cluster.simulation, producer }
}

const batches = (cluster: LogCluster) => cluster.received.map(({ values }) => values.length)

function enqueue(producer: Producer<string | Uint8Array, string | Uint8Array>, count: number, valueBytes = 10, partition = 0): void {
  for (let index = 0; index < count; index++) {
    expect(producer.enqueue({ topic: 't', value: 'x'.repeat(valueBytes), partition })).toBe(true)
  }
}

describe('a batch leaves', () => {
  test('at once when nothing is in flight to its broker, whatever lingerMs', async () => {
    const { simulation, producer } = await warm({ lingerMs: 1000 })
    const since = simulation.clock.monotonicMs()
    for (let index = 0; index < 10; index++) await simulation.runUntil(producer.send({ topic: 't', value: 'v' }))
    expect(simulation.clock.monotonicMs() - since).toBe(20)
  })

  test('with all records of its turn, and of its node’s other partitions', async () => {
    const { cluster, simulation, producer } = await warm({}, { t: 3 })
    for (const partition of [0, 1, 2]) enqueue(producer, 5, 10, partition)
    await simulation.runUntil(producer.flush())
    expect(cluster.received.map(({ partition, values, request }) => [partition, values.length, request])).toEqual([
      [0, 5, cluster.received[0]!.request],
      [1, 5, cluster.received[0]!.request],
      [2, 5, cluster.received[0]!.request],
    ])
  })

  test('after lingerMs while others are in flight', async () => {
    const { cluster, simulation, producer } = await warm({ lingerMs: 50 })
    cluster.fault = () => ({ delayMs: 400 })
    enqueue(producer, 1)
    await simulation.advance(10)
    for (let index = 0; index < 4; index++) {
      enqueue(producer, 1)
      await simulation.advance(10)
    }
    expect(batches(cluster)).toEqual([1])
    // The broker takes one request at a time, so look at when it left: the next answer comes 400 ms after the first.
    await simulation.runUntil(producer.flush())
    expect(batches(cluster)).toEqual([1, 4])
    expect(cluster.received[1]!.atMs - cluster.received[0]!.atMs).toBe(400)
  })

  test('when it is full, without waiting', async () => {
    const { cluster, simulation, producer } = await warm({ lingerMs: 1000, batchSize: 1000 })
    cluster.fault = () => ({ delayMs: 20 })
    enqueue(producer, 1)
    await simulation.advance(5)
    enqueue(producer, 3, 400)
    await simulation.advance(60)
    expect(batches(cluster)).toEqual([1, 3])
  })

  test('at a flush, and only those of then', async () => {
    const { cluster, simulation, producer } = await warm({ lingerMs: 60_000, deliveryTimeoutMs: 120_000 })
    cluster.fault = () => ({ delayMs: 100 })
    enqueue(producer, 1)
    await simulation.advance(5)
    enqueue(producer, 2)
    await simulation.runUntil(producer.flush())
    expect(batches(cluster)).toEqual([1, 2])
    enqueue(producer, 1)
    await simulation.advance(5)
    enqueue(producer, 2)
    await simulation.advance(50)
    expect(batches(cluster)).toEqual([1, 2, 1])
    await simulation.runUntil(producer.close())
  })
})

test('under load batches fill while all requests are in flight', async () => {
  const { cluster, simulation, producer } = await warm({ lingerMs: 0, maxBatchFillBytes: 100_000 })
  cluster.fault = () => ({ delayMs: 50 })
  let sent = 0
  for (let turn = 0; turn < 400; turn++) {
    enqueue(producer, 10, 90)
    sent += 10
    await simulation.advance(1)
  }
  await simulation.runUntil(producer.flush())
  expect(batches(cluster).reduce((sum, count) => sum + count, 0)).toBe(sent)
  // The first five leave as they come; each later one has what came while a request was answered, some 50 turns.
  expect(batches(cluster).length).toBeLessThan(16)
  expect(Math.max(...batches(cluster))).toBeGreaterThan(300)
})

test('no more requests are in flight than allowed', async () => {
  const { cluster, simulation, producer } = await warm({
    lingerMs: 0,
    maxInFlightRequestsPerConnection: 2,
    batchSize: 0,
    maxBatchFillBytes: 0,
  })
  cluster.fault = () => ({ delayMs: 1000 })
  enqueue(producer, 5)
  await simulation.advance(500)
  // Of two that left the broker is at the first; the rest is still here.
  simulation.network.cut()
  await simulation.advance(3)
  cluster.fault = () => undefined
  await simulation.runUntil(producer.flush())
  expect(cluster.values()).toHaveLength(6)
})

test('partitions take turns when not all fit into a request', async () => {
  const { cluster, simulation, producer } = await warm({ maxRequestSize: 3000, lingerMs: 0 }, { t: 4 })
  for (const partition of [0, 1, 2, 3]) enqueue(producer, 2, 600, partition)
  await simulation.runUntil(producer.flush())
  const requests = new Map<number, number[]>()
  for (const { request, partition } of cluster.received) requests.set(request, [...(requests.get(request) ?? []), partition])
  expect([...requests.values()]).toEqual([
    [0, 1],
    [2, 3],
  ])
})

describe('a full buffer', () => {
  const full = { bufferMemory: 10_000, maxBlockMs: 5000 }

  test('makes enqueue say no and take nothing, until ready', async () => {
    const { cluster, simulation, producer } = await warm(full)
    cluster.fault = () => ({ delayMs: 100 })
    let taken = 0
    const heard: (string | undefined)[] = []
    while (producer.enqueue({ topic: 't', value: `${taken} ${'x'.repeat(500)}` }, error => heard.push(error?.message))) taken++
    expect(taken).toBeGreaterThan(15)
    expect(taken).toBeLessThan(22)
    expect(producer.enqueue({ topic: 't', value: 'refused' })).toBe(false)
    await simulation.runUntil(producer.ready())
    expect(producer.enqueue({ topic: 't', value: 'taken' })).toBe(true)
    await simulation.runUntil(producer.flush())
    expect(heard).toEqual(Array.from({ length: taken }, () => undefined))
    expect(
      cluster
        .values()
        .slice(1)
        .map(value => value?.split(' ')[0]),
    ).toEqual([...Array.from({ length: taken }, (_, index) => `${index}`), 'taken'])
    // All of it is free again.
    let again = 0
    while (producer.enqueue({ topic: 't', value: `${again} ${'x'.repeat(500)}` })) again++
    expect(again).toBe(taken)
    await simulation.runUntil(producer.close())
  })

  test('makes send wait its turn, in order', async () => {
    const { cluster, simulation, producer } = await warm(full)
    cluster.fault = () => ({ delayMs: 20 })
    const sent = Array.from({ length: 100 }, (_, index) => producer.send({ topic: 't', value: `${index} ${'x'.repeat(500)}` }))
    expect(producer.enqueue({ topic: 't', value: 'in front' })).toBe(false)
    await simulation.runUntil(Promise.all(sent))
    expect(
      cluster
        .values()
        .slice(1)
        .map(value => Number(value?.split(' ')[0])),
    ).toEqual(Array.from({ length: 100 }, (_, index) => index))
  })

  test('that stays full fails a send after maxBlockMs', async () => {
    const { cluster, simulation, producer } = await warm(full)
    cluster.fault = () => ({ answer: 'silence' })
    while (producer.enqueue({ topic: 't', value: 'x'.repeat(500) })) {}
    const since = simulation.clock.monotonicMs()
    const first = failure(producer.send({ topic: 't', value: 'v' }))
    await simulation.advance(1000)
    const second = failure(producer.send({ topic: 't', value: 'v' }))
    const error = await simulation.runUntil(first)
    expect(simulation.clock.monotonicMs() - since).toBe(5000)
    expect(error).toMatchObject({ name: 'TimeoutError', code: 'BUFFER_EXHAUSTED', retriable: true, at: { topic: 't' } })
    expect(error.message).toBe(
      'topic t: no room for the record: the buffer (bufferMemory, 10000 bytes) stayed full for maxBlockMs (5000); the broker is slower than the sending',
    )
    await simulation.runUntil(second)
    expect(simulation.clock.monotonicMs() - since).toBe(6000)
  })

  test('sends what lingers', async () => {
    const { cluster, simulation, producer } = await warm({ ...full, lingerMs: 60_000, deliveryTimeoutMs: 100_000, batchSize: 100_000 })
    let answer = 100
    cluster.fault = () => ({ delayMs: answer })
    while (producer.enqueue({ topic: 't', value: 'x'.repeat(500) })) await simulation.settle()
    answer = 10
    const since = simulation.clock.monotonicMs()
    await simulation.runUntil(producer.ready())
    await simulation.runUntil(producer.flush())
    expect(simulation.clock.monotonicMs() - since).toBeLessThan(500)
  })

  test('keeps flush and close waiting for what waits for room', async () => {
    const { cluster, simulation, producer } = await warm(full)
    cluster.fault = () => ({ delayMs: 50 })
    let settled = 0
    const send = (count: number) => {
      for (let index = 0; index < count; index++) producer.send({ topic: 't', value: 'x'.repeat(900) }).then(() => settled++)
    }
    send(50)
    await simulation.runUntil(producer.flush())
    expect(settled).toBe(50)
    send(50)
    await simulation.runUntil(producer.close())
    expect(settled).toBe(100)
  })

  test('does not keep a flush waiting for what comes after it', async () => {
    const { cluster, simulation, producer } = await warm(full)
    cluster.fault = () => ({ delayMs: 50 })
    let going = true
    const keepSending = () => {
      if (going) producer.send({ topic: 't', value: 'x'.repeat(3000) }).then(keepSending)
    }
    for (let index = 0; index < 20; index++) keepSending()
    await simulation.runUntil(producer.flush(), { limitMs: 5000 })
    going = false
    await simulation.runUntil(producer.close())
  })

  test('many who wait to be ready are all told', async () => {
    const { cluster, simulation, producer } = await warm(full)
    cluster.fault = () => ({ delayMs: 50 })
    while (producer.enqueue({ topic: 't', value: 'x'.repeat(500) })) {}
    await simulation.runUntil(Promise.all(Array.from({ length: 10 }, () => producer.ready())))
    await simulation.runUntil(producer.ready())
  })
})

test('who waits for room hears of it when the halves of a split batch are smaller than the whole', async () => {
  const { cluster, simulation, producer } = await warm({ bufferMemory: 4000 })
  cluster.maxBatchBytes = 3000
  cluster.fault = () => (cluster.received.length > 1 ? { answer: 'silence' } : undefined)
  // Far from the first one's time, which the second half does not have to count from.
  let taken = 0
  while (producer.enqueue({ topic: 't', value: 'v', timestamp: taken === 0 ? 0 : 1_700_000_000_000 })) taken++
  let isReady = false
  const ready = producer.ready().then(() => {
    isReady = true
  })
  await simulation.advance(1000)
  // The one that is split, and one of which nothing is heard.
  expect(cluster.received).toHaveLength(2)
  expect(isReady).toBe(true)
  await ready
  await simulation.runUntil(producer.close({ timeoutMs: 0 }))
})

describe('records that wait for their topic', () => {
  test('keep a flush waiting, and no record that comes after it does', async () => {
    const cluster = await LogCluster.start({ t: 1 })
    const producer = cluster.producer({ maxInFlightRequestsPerConnection: 1, batchSize: 0, maxBatchFillBytes: 0 })
    await cluster.simulation.runUntil(producer.send({ topic: 't', value: 'warm' }))
    producer.enqueue({ topic: 'late', value: 'before' })
    const flushing = producer.flush()
    await cluster.simulation.advance(500)
    cluster.fault = ({ topic }) => (topic === 't' ? { delayMs: 1000 } : undefined)
    for (let index = 0; index < 30; index++) producer.enqueue({ topic: 't', value: 'after' })
    cluster.create('late', 1)
    await cluster.simulation.runUntil(flushing, { limitMs: 5000 })
    expect(cluster.values('late')).toEqual(['before'])
    await cluster.simulation.runUntil(producer.close())
    expect(cluster.values('t')).toHaveLength(31)
  })

  test('are as many as maxPendingRecords allows', async () => {
    const cluster = await LogCluster.start({})
    const producer = cluster.producer({ maxPendingRecords: 10 })
    let taken = 0
    while (producer.enqueue({ topic: 'late', value: `${taken}` })) taken++
    expect(taken).toBe(10)
    const ready = producer.ready()
    const blocked = producer.send({ topic: 'late', value: '10' })
    await cluster.simulation.advance(1000)
    cluster.create('late', 1)
    await cluster.simulation.runUntil(Promise.all([ready, blocked]))
    expect(cluster.values('late')).toEqual(Array.from({ length: 11 }, (_, index) => `${index}`))
  })

  test('and are too many for others to get through are named as the reason', async () => {
    const cluster = await LogCluster.start({ t: 1, u: 1 })
    const value = { serialize: (text: string) => (text === 'stuck' ? new Promise<never>(() => {}) : Buffer.from(text)) }
    const producer = cluster.producer<string, string>({ value, maxPendingRecords: 2, maxBlockMs: 1000 })
    await cluster.simulation.runUntil(producer.send({ topic: 't', value: 'warm' }))
    for (const text of ['stuck', 'behind']) producer.enqueue({ topic: 't', value: text })
    const error = await cluster.simulation.runUntil(failure(producer.send({ topic: 'u', value: 'v' })))
    expect(error).toMatchObject({ code: 'BUFFER_EXHAUSTED', at: { topic: 'u' } })
    expect(error.message).toBe(
      'topic u: no room for the record: 2 records (maxPendingRecords) waited all of maxBlockMs (1000) for a topic or in a serializer; check that their topics exist',
    )
    await cluster.simulation.runUntil(producer.close({ timeoutMs: 10 }))
  })

  test('fail after maxBlockMs, each at its own time, with an error that says why', async () => {
    const cluster = await LogCluster.start({ t: 1 })
    const producer = cluster.producer({ maxBlockMs: 3000 })
    const failed: [number, number][] = []
    for (let index = 0; index < 30; index++) {
      producer.enqueue({ topic: 'missing', value: `${index}` }, error => {
        expect(error?.message).toMatch(/^topic missing is not in the metadata after \d+ ms: .*does not exist/)
        failed.push([index, cluster.simulation.clock.monotonicMs()])
      })
      await cluster.simulation.advance(100)
    }
    await cluster.simulation.advance(5000)
    expect(failed.map(([index]) => index)).toEqual(Array.from({ length: 30 }, (_, index) => index))
    for (const [index, atMs] of failed) {
      expect(atMs).toBeGreaterThan(index * 100 + 1700)
      expect(atMs).toBeLessThan(index * 100 + 3200)
    }
    // Nobody asks for the topic any more, others are not held up, and the next record tries again.
    await cluster.simulation.runUntil(producer.send({ topic: 't', value: 'v' }))
    cluster.create('missing', 1)
    await cluster.simulation.runUntil(producer.send({ topic: 'missing', value: 'v' }))
  })

  test('fail together for a reason that does not pass', async () => {
    const cluster = await LogCluster.start({})
    cluster.refused.set('secret', 'TOPIC_AUTHORIZATION_FAILED')
    const producer = cluster.producer()
    const failed = Array.from({ length: 1000 }, () => failure(producer.send({ topic: 'secret', value: 'v' })))
    for (const error of await cluster.simulation.runUntil(Promise.all(failed))) expect(error.code).toBe('TOPIC_AUTHORIZATION_FAILED')
    expect(cluster.simulation.clock.monotonicMs()).toBeLessThan(100)
  })

  test('a thousand that run out of time together cost one question', async () => {
    const cluster = await LogCluster.start({})
    const producer = cluster.producer({ maxBlockMs: 1000 })
    const failed = Array.from({ length: 1000 }, () => failure(producer.send({ topic: 'missing', value: 'v' })))
    await cluster.simulation.runUntil(Promise.all(failed))
    expect(cluster.simulation.clock.monotonicMs()).toBeLessThanOrEqual(1000)
  })

  test('wait for room too, once it is found', async () => {
    const cluster = await LogCluster.start({})
    const producer = cluster.producer({ bufferMemory: 10_000, maxBlockMs: 60_000 })
    cluster.fault = () => ({ delayMs: 20 })
    for (let index = 0; index < 200; index++) producer.enqueue({ topic: 'late', value: `${index} ${'x'.repeat(500)}` })
    await cluster.simulation.advance(500)
    cluster.create('late', 1)
    await cluster.simulation.runUntil(() => cluster.received.length > 3)
    // Far from all of it is in the buffer.
    expect(cluster.received.reduce((sum, { values }) => sum + values.length, 0)).toBeLessThan(120)
    await cluster.simulation.runUntil(producer.flush())
    expect(cluster.values('late').map(value => Number(value?.split(' ')[0]))).toEqual(Array.from({ length: 200 }, (_, index) => index))
  })

  test('and find none in time fail', async () => {
    const cluster = await LogCluster.start({})
    const producer = cluster.producer({ bufferMemory: 10_000, maxBlockMs: 2000 })
    cluster.fault = (): Fault => ({ answer: 'silence' })
    const heard: (string | undefined)[] = []
    for (let index = 0; index < 100; index++) {
      producer.enqueue({ topic: 'late', value: 'x'.repeat(500) }, error => heard.push((error as { code?: string } | null)?.code))
    }
    cluster.create('late', 1)
    await cluster.simulation.advance(2500)
    expect(new Set(heard)).toEqual(new Set(['BUFFER_EXHAUSTED']))
    expect(heard.length).toBeGreaterThan(70)
  })

  test('are found through partitionsFor', async () => {
    const cluster = await LogCluster.start({ t: 7 })
    const producer = cluster.producer({ maxBlockMs: 1000 })
    expect(await cluster.simulation.runUntil(producer.partitionsFor('t'))).toBe(7)
    expect(await cluster.simulation.runUntil(failure(producer.partitionsFor('u')))).toMatchObject({ name: 'TimeoutError' })
  })
})
