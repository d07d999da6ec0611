import type { KafkaError } from '@logwerk/runtime'
import type { Simulation } from '@logwerk/runtime/simulated'
import { describe, expect, test } from 'vitest'
import { failure, LogCluster } from './log-cluster.test-support.ts'

/** Nothing is scheduled: the process could end. */
async function expectNothingLeft(simulation: Simulation): Promise<void> {
  await simulation.advance(100)
  await expect(simulation.runUntil(new Promise(() => {}), { limitMs: 1e9 })).rejects.toThrow('nothing is left to run')
  expect(simulation.network.connections()).toEqual([])
}

describe('close', () => {
  test('delivers what is there first, is idempotent, and leaves nothing to run', async () => {
    const cluster = await LogCluster.start()
    const producer = cluster.producer({ lingerMs: 10_000 })
    const sent = producer.send({ topic: 't', value: 'v' })
    const [first, second] = [producer.close(), producer[Symbol.asyncDispose]()]
    await cluster.simulation.runUntil(Promise.all([first, second, sent]))
    expect(cluster.values()).toEqual(['v'])
    await cluster.simulation.runUntil(producer.close())
    await expectNothingLeft(cluster.simulation)
  })

  test('of a producer that was never used needs no broker', async () => {
    const cluster = await LogCluster.start()
    await cluster.simulation.runUntil(cluster.producer().close())
    await cluster.simulation.runUntil(cluster.producer({ compressionType: 'zstd' }).close())
    await expectNothingLeft(cluster.simulation)
  })

  test('refuses everything after it, and while it is under way', async () => {
    const cluster = await LogCluster.start()
    const producer = cluster.producer()
    producer.enqueue({ topic: 't', value: 'v' })
    const closing = producer.close()
    for (let again = 0; again < 2; again++) {
      expect(() => producer.enqueue({ topic: 't', value: 'v' })).toThrow('the producer was closed')
      for (const call of [
        producer.send({ topic: 't', value: 'v' }),
        producer.ready(),
        producer.partitionsFor('t'),
        producer.sendBatch([{ topic: 't', value: 'v' }]),
      ]) {
        expect((await failure(call)).code).toBe('CLOSED')
      }
      await cluster.simulation.runUntil(producer.flush())
      await cluster.simulation.runUntil(closing)
    }
  })

  test('with a limit fails what is left, each record once, whatever it waits for', async () => {
    for (let seed = 0; seed < 10; seed++) {
      const cluster = await LogCluster.start({ t: 1, slow: 1 }, { seed })
      cluster.fault = ({ topic }) => (topic === 'slow' ? { answer: 'silence' } : undefined)
      const lost: string[] = []
      const producer = cluster.producer({
        bufferMemory: 4000,
        onDeliveryError: (error, { recordCount }) => lost.push(`${(error as KafkaError).code} ${recordCount}`),
      })
      const heard: string[] = []
      const callback = (error: Error | null) => heard.push((error as KafkaError | null)?.code ?? 'ok')
      // In flight, waiting for their topic, and waiting for room.
      for (let index = 0; index < 3; index++) producer.enqueue({ topic: 'slow', value: 'x'.repeat(1000) }, callback)
      for (let index = 0; index < 4; index++) producer.enqueue({ topic: 'missing', value: 'v' }, callback)
      producer.enqueue({ topic: 'missing', value: 'v' })
      await cluster.simulation.advance(50)
      producer.enqueue({ topic: 'slow', value: 'x'.repeat(1000) }, callback)
      const blocked = [failure(producer.send({ topic: 't', value: 'v' })), failure(producer.send({ topic: 'missing', value: 'v' }))]
      const ready = failure(producer.ready())
      const flushing = producer.flush()
      const since = cluster.simulation.clock.monotonicMs()
      await cluster.simulation.runUntil(producer.close({ timeoutMs: 300 }))
      expect(cluster.simulation.clock.monotonicMs() - since).toBe(300)
      for (const error of await cluster.simulation.runUntil(Promise.all([...blocked, ready]))) expect(error.code).toBe('CLOSED')
      await cluster.simulation.runUntil(flushing)
      await expectNothingLeft(cluster.simulation)
      expect(heard).toEqual(Array.from({ length: 8 }, () => 'CLOSED'))
      expect(lost).toEqual(['CLOSED 1'])
    }
  })

  test.each([Number.NaN, -1])('with %d for a limit is refused, and gives nothing up', async timeoutMs => {
    const cluster = await LogCluster.start()
    const producer = cluster.producer()
    producer.enqueue({ topic: 't', value: 'v' })
    await expect(producer.close({ timeoutMs })).rejects.toThrow('timeoutMs is a number of milliseconds, 0 or more')
    await cluster.simulation.runUntil(producer.close())
    expect(cluster.values()).toEqual(['v'])
  })

  test('at any moment ends every call, and no rejection is left unhandled', async () => {
    for (let seed = 0; seed < 60; seed++) {
      const cluster = await LogCluster.start({ t: 2 }, { seed })
      if (seed % 2 === 1) cluster.fault = () => ({ delayMs: 40 })
      if (seed % 5 === 4) await cluster.stop(1)
      const producer = cluster.producer({ bufferMemory: 2000, lingerMs: 20 })
      let fates = 0
      for (let index = 0; index < 10; index++)
        producer.enqueue({ topic: index % 2 === 0 ? 't' : 'missing', value: 'x'.repeat(100) }, () => fates++)
      const calls = [
        producer.send({ topic: 't', value: 'x'.repeat(2500) }),
        producer.send({ topic: 'missing', value: 'v' }),
        producer.sendBatch(Array.from({ length: 5 }, () => ({ topic: 't', value: 'x'.repeat(500) }))),
        producer.flush(),
        producer.partitionsFor('missing'),
      ].map(call =>
        call.then(
          () => 'done',
          () => 'failed',
        ),
      )
      await cluster.simulation.advance(seed * 3)
      await cluster.simulation.runUntil(producer.close({ timeoutMs: seed % 3 }))
      await cluster.simulation.runUntil(Promise.all(calls))
      expect(fates).toBe(10)
      await expectNothingLeft(cluster.simulation)
    }
  })
})

describe('an abort', () => {
  /** A signal that counts who listens. */
  function counted() {
    const controller = new AbortController()
    const { signal } = controller
    let listeners = 0
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)]
    signal.addEventListener = (...parameters: Parameters<typeof add>) => {
      listeners++
      add(...parameters)
    }
    signal.removeEventListener = (...parameters: Parameters<typeof remove>) => {
      listeners--
      remove(...parameters)
    }
    return { signal, abort: () => controller.abort(new Error('enough')), listeners: () => listeners }
  }

  test('ends the waiting of each call with its reason, and not the record', async () => {
    const cluster = await LogCluster.start()
    const producer = cluster.producer({ bufferMemory: 1000, maxBlockMs: 10_000 })
    await cluster.simulation.runUntil(producer.send({ topic: 't', value: 'warm' }))
    cluster.fault = () => ({ delayMs: 1000 })
    const { signal, abort } = counted()
    const calls = [
      producer.send({ topic: 't', value: 'x'.repeat(900) }, { signal }),
      producer.send({ topic: 't', value: 'y'.repeat(900) }, { signal }),
      producer.sendBatch([{ topic: 't', value: 'z' }], { signal }),
      producer.flush({ signal }),
      producer.partitionsFor('missing', { signal }),
      producer.ready({ signal }),
    ].map(failure)
    await cluster.simulation.advance(100)
    abort()
    for (const error of await cluster.simulation.runUntil(Promise.all(calls))) expect(error.message).toBe('enough')
    await cluster.simulation.runUntil(producer.flush())
    expect(cluster.values().map(value => value?.[0])).toEqual(['w', 'x', 'y', 'z'])
  })

  test('that came before ends them at once', async () => {
    const cluster = await LogCluster.start()
    const producer = cluster.producer({ bufferMemory: 100 })
    await cluster.simulation.runUntil(producer.send({ topic: 't', value: 'warm' }))
    const signal = AbortSignal.abort(new Error('before'))
    producer.enqueue({ topic: 't', value: 'x'.repeat(20) })
    const calls = [
      producer.send({ topic: 't', value: 'v' }, { signal }),
      producer.sendBatch([{ topic: 't', value: 'v' }], { signal }),
      producer.flush({ signal }),
      producer.partitionsFor('missing', { signal }),
    ]
    for (const call of calls) expect((await failure(call)).message).toBe('before')
    await cluster.simulation.runUntil(producer.close())
    expect(cluster.values()).toEqual(['warm', 'x'.repeat(20)])
  })

  test('that never comes leaves no listener behind', async () => {
    const cluster = await LogCluster.start()
    const producer = cluster.producer({ bufferMemory: 1000 })
    const { signal, listeners } = counted()
    cluster.fault = () => ({ delayMs: 10 })
    for (let round = 0; round < 5; round++) {
      const calls = [
        ...Array.from({ length: 5 }, () => producer.send({ topic: 't', value: 'x'.repeat(400) }, { signal })),
        producer.sendBatch([{ topic: 't', value: 'z' }], { signal }),
        producer.flush({ signal }),
        producer.ready({ signal }),
        producer.partitionsFor('t', { signal }),
      ]
      await cluster.simulation.runUntil(Promise.all(calls))
    }
    expect(listeners()).toBeLessThanOrEqual(0)
    cluster.fault = () => ({ answer: 'silence' })
    const last = [
      ...Array.from({ length: 2 }, () => failure(producer.send({ topic: 't', value: 'x'.repeat(500) }, { signal }))),
      failure(producer.ready({ signal })),
    ]
    await cluster.simulation.runUntil(producer.close({ timeoutMs: 0 }))
    await cluster.simulation.runUntil(Promise.all(last))
    expect(listeners()).toBeLessThanOrEqual(0)
  })
})
