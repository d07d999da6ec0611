import { produce } from '@logwerk/protocol'
import { KafkaError, RecordTooLargeError } from '@logwerk/runtime'
import { describe, expect, test } from 'vitest'
import { type Fault, failure, LogCluster, type Received } from './log-cluster.test-support.ts'
import type { Producer } from './producer-api.ts'

/** Every record a batch and a request of its own, five in flight. */
const SINGLE = { batchSize: 0, maxBatchFillBytes: 0, lingerMs: 0 }

type Options = Parameters<LogCluster['producer']>[0]

async function warm(options: Options = SINGLE, seed = 1, brokers = 1) {
  const cluster = await LogCluster.start({ t: 1, u: 1 }, { seed, brokers })
  const producer = cluster.producer(options)
  await cluster.simulation.runUntil(producer.sendBatch(['t', 'u'].map(topic => ({ topic, value: 'warm' }))))
  cluster.received.length = 0
  return { cluster, simulation: cluster.simulation, producer }
}

/** Sends the values in one turn; what became of each, by value. */
function sendAll(producer: Producer<string | Uint8Array, string | Uint8Array>, values: readonly string[], topic = 't') {
  const fates = new Map<string, string[]>()
  for (const value of values) {
    fates.set(value, [])
    producer.enqueue({ topic, value }, (error, metadata) => {
      fates.get(value)!.push(error === null ? `at ${metadata!.offset}` : ((error as KafkaError).code ?? error.message))
    })
  }
  return fates
}

/** Gives the n-th batch of these values (counted from 0 over all attempts) a fault. */
function faultAt(faults: Readonly<Record<number, Fault>>): (batch: Received) => Fault | undefined {
  let count = 0
  return () => faults[count++]
}

const letters = [...'abcdefghij']
const sequences = (cluster: LogCluster) =>
  cluster.received.map(({ values, view }) => `${values.join('')}:${view.producerEpoch}/${view.baseSequence}`)

describe('order and exactly once (idempotence)', () => {
  const cases: [string, Record<number, Fault>][] = [
    ['a retriable refusal', { 0: { code: 'NOT_ENOUGH_REPLICAS' } }],
    ['several', { 0: { code: 'NOT_ENOUGH_REPLICAS' }, 2: { code: 'NOT_ENOUGH_REPLICAS' }, 7: { code: 'KAFKA_STORAGE_ERROR' } }],
    ['the batch stored, and the answer an error', { 0: { code: 'NOT_ENOUGH_REPLICAS_AFTER_APPEND', stored: true } }],
    [
      'the leader gone after the write',
      { 3: { code: 'NOT_LEADER_OR_FOLLOWER', stored: true }, 6: { code: 'REQUEST_TIMED_OUT', stored: true } },
    ],
    ['the connection cut before the write', { 0: { answer: 'hang up' } }],
    ['the connection cut after the write', { 0: { answer: 'hang up', stored: true } }],
    [
      'the connection cut in the middle',
      { 2: { answer: 'hang up', stored: true }, 5: { answer: 'hang up' }, 9: { answer: 'hang up', stored: true } },
    ],
    ['silence', { 1: { answer: 'silence', stored: true }, 4: { answer: 'silence' } }],
    ['an answer without the partition', { 0: { answer: 'left out' }, 1: { answer: 'left out', stored: true } }],
    ['a gap that is none', { 2: { code: 'OUT_OF_ORDER_SEQUENCE_NUMBER' } }],
    ['a producer that was forgotten', { 2: { code: 'UNKNOWN_PRODUCER_ID' } }],
    ['an epoch that is refused', { 1: { code: 'INVALID_PRODUCER_EPOCH' } }],
    ['a duplicate that is not remembered in full', { 1: { code: 'DUPLICATE_SEQUENCE_NUMBER', stored: true } }],
  ]

  test.each(cases)('%s', async (_, faults) => {
    for (let seed = 0; seed < 5; seed++) {
      const { cluster, simulation, producer } = await warm(SINGLE, seed)
      cluster.fault = faultAt(faults)
      const fates = sendAll(producer, letters)
      await simulation.runUntil(producer.flush())
      expect(cluster.values()).toEqual(['warm', ...letters])
      for (const [index, letter] of letters.entries()) {
        expect(fates.get(letter)).toHaveLength(1)
        expect([`at ${index + 1}`, 'at -1']).toContain(fates.get(letter)![0])
      }
      await simulation.runUntil(producer.close())
    }
  })

  test('a sequence stays with its batch, and what was refused for its neighbour waits for its turn without a pause', async () => {
    const { cluster, simulation, producer } = await warm({ ...SINGLE, retryBackoffMs: 200 })
    cluster.fault = faultAt({ 0: { code: 'NOT_ENOUGH_REPLICAS' } })
    const since = simulation.clock.monotonicMs()
    sendAll(producer, ['a', 'b', 'c'])
    await simulation.runUntil(producer.flush())
    expect(sequences(cluster)).toEqual(['a:0/1', 'b:0/2', 'c:0/3', 'a:0/1', 'b:0/2', 'c:0/3'])
    expect(simulation.clock.monotonicMs() - since).toBeLessThan(300)
  })

  test('a real gap begins a new epoch, and the others follow one by one', async () => {
    const { cluster, simulation, producer } = await warm()
    // The broker has lost what it acknowledged.
    cluster.partition('t').producers.get(1000)!.batches[0]!.last = 7
    sendAll(producer, ['a', 'b', 'c'])
    await simulation.runUntil(producer.flush())
    expect(sequences(cluster)).toEqual(['a:0/1', 'b:0/2', 'c:0/3', 'a:1/0', 'b:1/1', 'c:1/2'])
    sendAll(producer, ['d', 'e'], 'u')
    await simulation.runUntil(producer.flush())
    expect(sequences(cluster).slice(6)).toEqual(['d:1/0', 'e:1/1'])
    expect(cluster.initCount.value).toBe(1)
  })

  test('a new epoch of one partition does not make another send twice what may be stored there', async () => {
    const { cluster, simulation, producer } = await warm()
    cluster.fault = faultAt({ 0: { answer: 'hang up', stored: true } })
    const stored = sendAll(producer, ['a', 'b'], 'u')
    await simulation.advance(60)
    cluster.partition('t').producers.get(1000)!.batches[0]!.last = 7
    sendAll(producer, ['x', 'y'], 't')
    await simulation.runUntil(producer.flush())
    expect(cluster.values('u')).toEqual(['warm', 'a', 'b'])
    expect(cluster.values('t')).toEqual(['warm', 'x', 'y'])
    expect([...stored.values()]).toEqual([['at 1'], ['at 2']])
  })

  test('the last epoch of an id is followed by a new id', async () => {
    const cluster = await LogCluster.start({ t: 1 })
    cluster.firstEpoch = 0x7ffe
    const producer = cluster.producer(SINGLE)
    await cluster.simulation.runUntil(producer.send({ topic: 't', value: 'warm' }))
    cluster.firstEpoch = 0
    cluster.partition('t').producers.get(1000)!.batches[0]!.last = 7
    sendAll(producer, ['a', 'b'])
    await cluster.simulation.runUntil(producer.flush())
    expect(cluster.values()).toEqual(['warm', 'a', 'b'])
    expect(cluster.received.map(({ view }) => [view.producerId, view.producerEpoch, view.baseSequence])).toEqual([
      [1000, 0x7ffe, 0],
      [1000, 0x7ffe, 1],
      [1000, 0x7ffe, 2],
      [1001, 0, 0],
      [1001, 0, 1],
    ])
  })

  test('an id that a broker no longer takes is followed by a new one', async () => {
    const { cluster, simulation, producer } = await warm()
    cluster.partition('t').producers.get(1000)!.epoch = 5
    sendAll(producer, ['a', 'b'])
    await simulation.runUntil(producer.flush())
    expect(cluster.values()).toEqual(['warm', 'a', 'b'])
    expect(cluster.received.at(-1)!.view.producerId).toBe(1001)
  })

  test('a broker that does not know the producer cannot store the second batch in front of the first', async () => {
    const cluster = await LogCluster.start({ t: 1 })
    cluster.fault = faultAt({ 0: { code: 'REQUEST_TIMED_OUT' } })
    const producer = cluster.producer(SINGLE)
    const fates = sendAll(producer, ['a', 'b', 'c'])
    await cluster.simulation.runUntil(producer.flush())
    expect(cluster.values()).toEqual(['a', 'b', 'c'])
    expect([...fates.values()]).toEqual([['at 0'], ['at 1'], ['at 2']])
  })
})

describe('a batch that the broker refuses for good', () => {
  test('fails its records with the broker’s words, and what comes after is stored', async () => {
    const { cluster, simulation, producer } = await warm()
    cluster.fault = ({ values }) => (values.includes('b') ? { code: 'INVALID_RECORD' } : undefined)
    const fates = sendAll(producer, ['a', 'b', 'c', 'd'])
    await simulation.runUntil(producer.flush())
    expect(cluster.values()).toEqual(['warm', 'a', 'c', 'd'])
    expect([...fates.values()]).toEqual([['at 1'], ['INVALID_RECORD'], ['at 2'], ['at 3']])
    const error = await simulation.runUntil(failure(producer.send({ topic: 't', value: 'b' })))
    expect(error).toMatchObject({ code: 'INVALID_RECORD', at: { topic: 't', partition: 0, broker: 1 } })
  })

  test('tells each record what was wrong with it, or that it was another one (KIP-467)', async () => {
    const { cluster, simulation, producer } = await warm({ lingerMs: 0 })
    cluster.fault = () => ({ code: 'INVALID_RECORD', blamed: { 1: 'it has no key', 2: null, 9: 'there is no such record' } })
    const sent = ['a', 'b', 'c', 'd'].map(value => failure(producer.send({ topic: 't', value })))
    const errors = await simulation.runUntil(Promise.all(sent))
    for (const error of errors) expect(error).toMatchObject({ code: 'INVALID_RECORD', at: { topic: 't', partition: 0, broker: 1 } })
    expect(errors.map(({ message }) => message.replace(/^t-0, broker 1: [^:]*/, ''))).toEqual([
      ': its batch was refused for 3 other records in it (INVALID_RECORD)',
      ': it has no key (INVALID_RECORD)',
      ': One or more records have been rejected (INVALID_RECORD)',
      ': its batch was refused for 3 other records in it (INVALID_RECORD)',
    ])
  })

  test('gives its numbers back if nothing came after it: no new epoch for each bad record', async () => {
    const { cluster, simulation, producer } = await warm()
    cluster.fault = ({ values }) => (values.includes('bad') ? { code: 'INVALID_RECORD' } : undefined)
    for (const value of ['bad', 'bad', 'good', 'bad']) await simulation.runUntil(producer.send({ topic: 't', value }).catch(() => {}))
    expect(sequences(cluster)).toEqual(['bad:0/1', 'bad:0/1', 'good:0/1', 'bad:0/2'])
  })

  test('but that may be stored all the same is followed by a new epoch', async () => {
    const { cluster, simulation, producer } = await warm()
    cluster.fault = ({ values }) => (values.includes('b') ? { code: 'UNKNOWN_SERVER_ERROR', stored: true } : undefined)
    const fates = sendAll(producer, ['a', 'b', 'c', 'd', 'e'])
    await simulation.runUntil(producer.flush())
    expect(cluster.values()).toEqual(['warm', 'a', 'b', 'c', 'd', 'e'])
    expect([...fates.values()]).toEqual([['at 1'], ['UNKNOWN_SERVER_ERROR'], ['at 3'], ['at 4'], ['at 5']])
    sendAll(producer, ['f', 'g', 'h'])
    await simulation.runUntil(producer.flush())
    expect(cluster.values().slice(6)).toEqual(['f', 'g', 'h'])
    // Nothing in flight behind it: were its number given out again, the broker would take the next batch for it.
    for (const value of ['b', 'i', 'j']) await simulation.runUntil(producer.send({ topic: 't', value }).catch(() => {}))
    expect(cluster.values().slice(9)).toEqual(['b', 'i', 'j'])
  })
})

describe('MESSAGE_TOO_LARGE', () => {
  test('splits the batch until it fits, in order', async () => {
    for (const compressionType of ['none', 'gzip'] as const) {
      const { cluster, simulation, producer } = await warm({ lingerMs: 0, compressionType })
      cluster.maxBatchBytes = compressionType === 'none' ? 300 : 130
      const fates = sendAll(
        producer,
        letters.map(letter => letter.repeat(40)),
      )
      await simulation.runUntil(producer.flush())
      expect(cluster.values().slice(1)).toEqual(letters.map(letter => letter.repeat(40)))
      expect([...fates.values()]).toEqual(letters.map((_, index) => [`at ${index + 1}`]))
      // Records of the next turn are not held back, and the memory is free again.
      cluster.maxBatchBytes = 10_000
      await simulation.runUntil(producer.send({ topic: 't', value: 'next' }))
      await simulation.runUntil(producer.close())
    }
  })

  test('takes nothing off the retries that the parts have', async () => {
    const { cluster, simulation, producer } = await warm({ lingerMs: 0, retries: 1 })
    cluster.maxBatchBytes = 300
    const refused = new Set<string>()
    cluster.fault = ({ view, values: [first] }) => {
      if (view.sizeBytes > 300 || refused.has(first!)) return undefined
      refused.add(first!)
      return { code: 'NOT_ENOUGH_REPLICAS' }
    }
    const values = letters.map(letter => letter.repeat(40))
    sendAll(producer, values)
    await simulation.runUntil(producer.flush())
    expect(refused.size).toBeGreaterThan(1)
    expect(cluster.values().slice(1)).toEqual(values)
  })

  test('of a single record is its failure alone', async () => {
    const { cluster, simulation, producer } = await warm({ lingerMs: 0 })
    cluster.maxBatchBytes = 300
    const values = ['a', 'b'.repeat(400), 'c', 'd']
    const fates = sendAll(producer, values)
    await simulation.runUntil(producer.flush())
    expect(cluster.values().slice(1)).toEqual(['a', 'c', 'd'])
    expect(fates.get(values[1]!)).toEqual(['MESSAGE_TOO_LARGE'])
    const error = await simulation.runUntil(failure(producer.send({ topic: 't', value: values[1]! })))
    expect(error).toBeInstanceOf(RecordTooLargeError)
    expect(error).toMatchObject({ sizeBytes: 470, limitBytes: -1, at: { topic: 't', partition: 0, broker: 1 } })
    expect(error.message).toMatch(/^t-0, broker 1: the record takes 470 bytes: more than .*max\.message\.bytes.*\(MESSAGE_TOO_LARGE\)$/)
    expect([fates.get('a'), fates.get('c'), fates.get('d')].flat().filter(fate => !fate?.startsWith('at'))).toEqual([])
  })

  test('keeps the order without idempotence too, if one request is in flight', async () => {
    const { cluster, simulation, producer } = await warm({ lingerMs: 0, enableIdempotence: false, maxInFlightRequestsPerConnection: 1 })
    cluster.maxBatchBytes = 300
    cluster.fault = faultAt({ 3: { code: 'NOT_ENOUGH_REPLICAS' }, 5: { code: 'NOT_ENOUGH_REPLICAS' } })
    sendAll(
      producer,
      letters.map(letter => letter.repeat(40)),
    )
    await simulation.runUntil(producer.flush())
    expect(cluster.values().slice(1)).toEqual(letters.map(letter => letter.repeat(40)))
  })
})

describe('the delivery timeout', () => {
  const options = { ...SINGLE, requestTimeoutMs: 1000, deliveryTimeoutMs: 3000 }

  test('fails what no broker takes, and says why', async () => {
    const { cluster, simulation, producer } = await warm(options)
    await cluster.stop(1)
    const since = simulation.clock.monotonicMs()
    const error = await simulation.runUntil(failure(producer.send({ topic: 't', value: 'v' })))
    expect(simulation.clock.monotonicMs() - since).toBe(3000)
    expect(error).toMatchObject({ name: 'TimeoutError', at: { topic: 't', partition: 0 } })
    expect(error.message).toMatch(
      /^t-0: 1 records were not delivered within deliveryTimeoutMs \(3000\): cannot connect from localhost to b1:9092: .*ECONNREFUSED/,
    )
  })

  test('names the last refusal', async () => {
    const { cluster, simulation, producer } = await warm(options)
    cluster.fault = () => ({ code: 'NOT_ENOUGH_REPLICAS' })
    const error = await simulation.runUntil(failure(producer.send({ topic: 't', value: 'v' })))
    expect(error.message).toContain('NOT_ENOUGH_REPLICAS')
    expect(error.cause).toMatchObject({ code: 'NOT_ENOUGH_REPLICAS' })
  })

  test.each<[string, (cluster: LogCluster) => void, RegExp]>([
    ['its topic is gone', cluster => cluster.delete('t'), /: topic t: .*does not exist/],
    ['nobody leads its partition', cluster => (cluster.partition('t').leader = -1), /: t-0: .*no leader.*LEADER_NOT_AVAILABLE/],
  ])('says that %s', async (_, change, reason) => {
    const { cluster, simulation, producer } = await warm({ ...options, metadataMaxAgeMs: 500 })
    cluster.fault = () => ({ code: 'NOT_ENOUGH_REPLICAS' })
    const failed = failure(producer.send({ topic: 't', value: 'v' }))
    await simulation.advance(100)
    const behind = failure(producer.send({ topic: 't', value: 'w' }))
    change(cluster)
    for (const error of [await simulation.runUntil(failed), await simulation.runUntil(behind)]) expect(error.message).toMatch(reason)
  })

  test('holds for a batch in flight too', async () => {
    const { cluster, simulation, producer } = await warm({ ...SINGLE, requestTimeoutMs: 2900, deliveryTimeoutMs: 3000 })
    cluster.fault = faultAt({ 0: { code: 'NOT_ENOUGH_REPLICAS', delayMs: 2000 }, 1: { answer: 'silence' } })
    const since = simulation.clock.monotonicMs()
    await simulation.runUntil(failure(producer.send({ topic: 't', value: 'v' })))
    expect(simulation.clock.monotonicMs() - since).toBe(3000)
    await simulation.runUntil(producer.send({ topic: 't', value: 'w' }))
  })

  test.each<[string, Fault]>([
    ['a success', {}],
    ['a refusal that may pass', { code: 'NOT_ENOUGH_REPLICAS' }],
    ['a refusal for good', { code: 'INVALID_RECORD' }],
    ['a lost connection', { answer: 'hang up' }],
  ])('makes nobody hear of %s that comes after it', async (_, late) => {
    const { cluster, simulation, producer } = await warm({ ...SINGLE, requestTimeoutMs: 2900, deliveryTimeoutMs: 3000 })
    cluster.fault = faultAt({ 0: { code: 'NOT_ENOUGH_REPLICAS', delayMs: 2000 }, 1: { ...late, delayMs: 1500 } })
    const fates = sendAll(producer, ['a'])
    await simulation.advance(5000)
    expect([...fates.values()]).toEqual([['REQUEST_TIMED_OUT']])
    expect(cluster.received).toHaveLength(2)
    const next = sendAll(producer, ['b', 'c'])
    await simulation.runUntil(producer.flush())
    for (const fate of next.values()) expect(fate).toEqual([expect.stringMatching(/^at \d+$/)])
    expect(cluster.values().slice(-2)).toEqual(['b', 'c'])
    await simulation.runUntil(producer.close())
  })

  test.each([
    ['stored', true],
    ['not stored', false],
  ])('of a batch that was in fact %s leaves neither gap nor double behind', async (_, stored) => {
    const { cluster, simulation, producer } = await warm(options)
    // The first batch is never answered in time; those behind it are.
    cluster.fault = ({ values, atMs }) => (values.includes('a') && atMs < 3500 ? { answer: 'silence', stored } : undefined)
    const first = sendAll(producer, ['a'])
    await simulation.advance(2500)
    const fates = sendAll(producer, ['b', 'c', 'd'])
    await simulation.runUntil(producer.flush())
    expect([...first.values()]).toEqual([['REQUEST_TIMED_OUT']])
    expect(cluster.values()).toEqual(stored ? ['warm', 'a', 'b', 'c', 'd'] : ['warm', 'b', 'c', 'd'])
    for (const fate of fates.values()) expect(fate).toEqual([expect.stringMatching(/^at \d+$/)])
  })
})

describe('leaders', () => {
  test('that move are followed, with the metadata asked for anew', async () => {
    const { cluster, simulation, producer } = await warm(SINGLE, 1, 2)
    cluster.partition('t').leader = 2
    cluster.partition('t').epoch = 1
    sendAll(producer, letters)
    await simulation.runUntil(producer.flush())
    expect(cluster.values()).toEqual(['warm', ...letters])
    expect(new Set(cluster.received.map(({ nodeId }) => nodeId))).toEqual(new Set([1, 2]))
  })

  test('that a refusal names are followed at once (KIP-951)', async () => {
    const { cluster, simulation, producer } = await warm({ ...SINGLE, retryBackoffMs: 500 }, 1, 2)
    cluster.partition('t').leader = 2
    cluster.partition('t').epoch = 1
    cluster.fault = ({ nodeId }) => (nodeId === 1 ? { code: 'NOT_LEADER_OR_FOLLOWER', leader: 2 } : undefined)
    const since = simulation.clock.monotonicMs()
    sendAll(producer, letters)
    await simulation.runUntil(producer.flush())
    expect(cluster.values()).toEqual(['warm', ...letters])
    expect(simulation.clock.monotonicMs() - since).toBeLessThan(300)
  })

  test('that there are none are waited for', async () => {
    const { cluster, simulation, producer } = await warm({ ...SINGLE, metadataMaxAgeMs: 1000 })
    cluster.partition('t').leader = -1
    await simulation.advance(1500)
    const fates = sendAll(producer, ['a'])
    await simulation.advance(1000)
    expect(cluster.received).toEqual([])
    cluster.partition('t').leader = 1
    await simulation.runUntil(producer.flush())
    expect([...fates.values()]).toEqual([['at 1']])
  })

  test('that cannot be reached do not hold up the others', async () => {
    const { cluster, simulation, producer } = await warm(SINGLE, 1, 2)
    cluster.partition('t').leader = 2
    cluster.partition('t').epoch = 1
    await cluster.stop(2)
    sendAll(producer, ['a'])
    await simulation.advance(2000)
    await simulation.runUntil(producer.send({ topic: 'u', value: 'v' }), { limitMs: 100 })
    await cluster.listen(2)
    await simulation.runUntil(producer.flush())
    expect(cluster.values()).toEqual(['warm', 'a'])
  })

  test('whose address nobody knows are asked for with a pause, not in a loop', async () => {
    const { cluster, simulation, producer } = await warm({ ...SINGLE, requestTimeoutMs: 1000, deliveryTimeoutMs: 2000 })
    cluster.partition('t').leader = 9
    cluster.partition('t').epoch = 1
    const error = await simulation.runUntil(failure(producer.send({ topic: 't', value: 'v' })))
    expect(error).toMatchObject({ name: 'TimeoutError' })
    await simulation.runUntil(producer.close())
  })
})

describe('a topic', () => {
  test('that is made anew takes what was meant for the old one', async () => {
    const { cluster, simulation, producer } = await warm()
    cluster.delete('t')
    cluster.create('t', 1)
    const fates = sendAll(producer, ['a', 'b', 'c'])
    await simulation.runUntil(producer.flush())
    expect(cluster.values()).toEqual(['a', 'b', 'c'])
    expect([...fates.values()].flat()).toEqual(['at 0', 'at 1', 'at 2'])
  })

  test('that nothing was sent to for long is no longer asked for, and goes on with its sequences when something is', async () => {
    const { cluster, simulation, producer } = await warm({ ...SINGLE, metadataMaxIdleMs: 10_000, metadataMaxAgeMs: 1000 })
    for (let second = 0; second < 30; second++) {
      await simulation.runUntil(producer.send({ topic: 'u', value: `${second}` }))
      await simulation.advance(1000)
    }
    expect(cluster.askedFor.at(-1)).toEqual(['u'])
    expect(cluster.askedFor.filter(names => names.includes('t')).length).toBeGreaterThan(8)
    cluster.received.length = 0
    sendAll(producer, ['a', 'b', 'c'])
    await simulation.runUntil(producer.flush())
    expect(cluster.values('t')).toEqual(['warm', 'a', 'b', 'c'])
    expect(sequences(cluster)).toEqual(['a:0/1', 'b:0/2', 'c:0/3'])
    // Also one that was only looked at.
    await simulation.runUntil(producer.partitionsFor('t'))
    await simulation.advance(30_000)
    expect(cluster.askedFor.at(-1)).toEqual([])
  })

  test('is gone by name with brokers that know no ids', async () => {
    const cluster = await LogCluster.start({ t: 1 })
    cluster.maxProduceVersion = 12
    const producer = cluster.producer()
    await cluster.simulation.runUntil(producer.send({ topic: 't', value: 'v' }))
    expect(cluster.received).toMatchObject([{ version: 12, topic: 't' }])
  })
})

describe('a topic whose id the metadata does not tell', () => {
  test.each(['all', '0'] as const)('is written to by name, with acks %s', async acks => {
    const cluster = await LogCluster.start({ t: 1 })
    cluster.tellsTopicIds = false
    const producer = cluster.producer({ acks })
    await cluster.simulation.runUntil(producer.send({ topic: 't', value: 'v' }))
    await cluster.simulation.advance(100)
    expect(cluster.received).toMatchObject([{ version: 12, topic: 't' }])
    expect(cluster.values()).toEqual(['v'])
  })
})

describe('the producer id', () => {
  test('is asked for until it comes', async () => {
    const cluster = await LogCluster.start({ t: 1 })
    let refusals = 3
    cluster.initFault = () => (refusals-- > 0 ? 'COORDINATOR_LOAD_IN_PROGRESS' : 'NONE')
    const producer = cluster.producer()
    await cluster.simulation.runUntil(producer.send({ topic: 't', value: 'v' }))
    expect(cluster.initCount.value).toBe(4)
  })

  test('that does not come in time is named by the timeout', async () => {
    const cluster = await LogCluster.start({ t: 1 })
    cluster.initFault = () => 'COORDINATOR_LOAD_IN_PROGRESS'
    const producer = cluster.producer({ requestTimeoutMs: 1000, deliveryTimeoutMs: 3000 })
    const error = await cluster.simulation.runUntil(failure(producer.send({ topic: 't', value: 'v' })))
    expect(error.message).toContain('COORDINATOR_LOAD_IN_PROGRESS')
    expect(cluster.received).toEqual([])
  })

  test('that is refused for good fails everything, and says what does without', async () => {
    const cluster = await LogCluster.start({ t: 1 })
    cluster.initFault = () => 'CLUSTER_AUTHORIZATION_FAILED'
    const producer = cluster.producer()
    for (let again = 0; again < 2; again++) {
      const error = await cluster.simulation.runUntil(failure(producer.send({ topic: 't', value: 'v' })))
      expect(error).toMatchObject({ code: 'CLUSTER_AUTHORIZATION_FAILED', retriable: false })
      expect(error.message).toMatch(/^no producer id: .*; enableIdempotence: false does without one$/)
    }
    expect(cluster.initCount.value).toBe(1)
  })

  test('is not asked for without idempotence', async () => {
    const cluster = await LogCluster.start({ t: 1 })
    await cluster.simulation.runUntil(cluster.producer({ enableIdempotence: false }).send({ topic: 't', value: 'v' }))
    expect(cluster.initCount.value).toBe(0)
    expect(cluster.received[0]!.view.hasProducerId).toBe(false)
  })
})

describe('retries', () => {
  test('can be bounded by their count', async () => {
    const { cluster, simulation, producer } = await warm({ ...SINGLE, retries: 2 })
    cluster.fault = () => ({ code: 'NOT_ENOUGH_REPLICAS' })
    expect((await simulation.runUntil(failure(producer.send({ topic: 't', value: 'v' })))).code).toBe('NOT_ENOUGH_REPLICAS')
    expect(cluster.received).toHaveLength(3)
  })

  test('are told while they do not help, now and then; one that helps is not', async () => {
    const { cluster, simulation, producer } = await warm(SINGLE)
    const warnings = () => simulation.log.filter(({ level }) => level === 'warn')
    cluster.fault = faultAt({ 0: { code: 'KAFKA_STORAGE_ERROR' }, 1: { code: 'KAFKA_STORAGE_ERROR' } })
    await simulation.runUntil(producer.send({ topic: 't', value: 'v' }))
    expect(warnings()).toEqual([])
    cluster.fault = () => ({ code: 'KAFKA_STORAGE_ERROR' })
    sendAll(producer, letters)
    await simulation.advance(25_000)
    expect(warnings()).toHaveLength(3)
    expect(warnings()[0]).toMatchObject({
      message: 'records are not taken yet; they are sent again until deliveryTimeoutMs is over',
      fields: { topic: 't', partition: 0, attempts: 4, error: expect.stringContaining('KAFKA_STORAGE_ERROR') },
    })
  })

  test('pause longer each time', async () => {
    const { cluster, simulation, producer } = await warm(SINGLE)
    cluster.fault = faultAt(Object.fromEntries(Array.from({ length: 6 }, (_, index) => [index, { code: 'NOT_ENOUGH_REPLICAS' as const }])))
    await simulation.runUntil(producer.send({ topic: 't', value: 'v' }))
    const pauses = cluster.received.slice(1).map(({ atMs }, index) => atMs - cluster.received[index]!.atMs)
    for (const [attempt, pauseMs] of pauses.entries()) {
      expect(pauseMs).toBeGreaterThanOrEqual(Math.min(80 * 2 ** attempt, 800))
      expect(pauseMs).toBeLessThan(Math.min(120 * 2 ** attempt, 1000) + 20)
    }
  })
})

describe('acks', () => {
  test('1 and all are asked for, and answered', async () => {
    for (const [acks, sent] of [
      ['1', 1],
      ['all', -1],
      ['-1', -1],
    ] as const) {
      const { cluster, simulation, producer } = await warm({ acks })
      expect((await simulation.runUntil(producer.send({ topic: 't', value: 'v' }))).offset).toBe(1)
      expect(cluster.received[0]!.acks).toBe(sent)
    }
  })

  test('0 are never answered: the offset is unknown, and nothing that was sent is lost at a close', async () => {
    const { cluster, simulation, producer } = await warm({ acks: '0', lingerMs: 0 })
    const values = Array.from({ length: 3000 }, (_, index) => `${index} ${'x'.repeat(index % 700)}`)
    const offsets = new Set<number | undefined>()
    for (const [index, value] of values.entries()) {
      if (index % 100 === 0) await simulation.settle()
      producer.enqueue({ topic: 't', value }, (_, metadata) => offsets.add(metadata?.offset))
    }
    expect(offsets).toEqual(new Set([-1]))
    await simulation.runUntil(producer.close())
    await simulation.advance(5000)
    expect(cluster.values().slice(1)).toEqual(values)
  })

  test('0 leave their bytes alone until they are gone', async () => {
    const { cluster, simulation, producer } = await warm({ acks: '0', lingerMs: 0, batchSize: 4096, maxBatchFillBytes: 4096 })
    const values = Array.from({ length: 2000 }, (_, index) => `${index} ${'x'.repeat(300)}`)
    for (const value of values) if (!producer.enqueue({ topic: 't', value })) await simulation.runUntil(producer.ready())
    await simulation.runUntil(producer.close())
    await simulation.advance(5000)
    expect(cluster.values().slice(1)).toEqual(values)
  })

  test('0 find a leader that has moved, by the broker hanging up', async () => {
    const { cluster, simulation, producer } = await warm({ acks: '0', lingerMs: 0 }, 1, 2)
    cluster.partition('t').leader = 2
    cluster.partition('t').epoch = 1
    cluster.fault = ({ nodeId }) => (nodeId === 1 ? { answer: 'hang up' } : undefined)
    for (let index = 0; index < 20; index++) {
      await simulation.runUntil(producer.send({ topic: 't', value: `${index}` }))
      await simulation.advance(100)
    }
    expect(cluster.values().at(-1)).toBe('19')
  })
})

test('a broker too old for the request fails it, and says so', async () => {
  const cluster = await LogCluster.start({ t: 1 })
  cluster.maxProduceVersion = 1
  const error = await cluster.simulation.runUntil(failure(cluster.producer().send({ topic: 't', value: 'v' })))
  expect(error).toBeInstanceOf(KafkaError)
  expect(error.code).toBe('UNSUPPORTED_VERSION')
  expect(error.message).toContain(`this client ${produce.versions[0]} to ${produce.versions[1]}`)
})
