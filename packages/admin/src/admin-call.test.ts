import { clientConfig, closedError, KafkaClient } from '@logwerk/client'
import { brokerError, KafkaError, resolveConfig, TimeoutError } from '@logwerk/runtime'
import { createSimulation, type Simulation } from '@logwerk/runtime/simulated'
import { beforeEach, expect, test } from 'vitest'
import { AdminCall, type Settle } from './admin-call.ts'
import { GroupCoordinators } from './group-coordinators.ts'

let simulation: Simulation
beforeEach(() => {
  simulation = createSimulation({ seed: 1 })
})

function callOf(timeoutMs = 60_000): AdminCall {
  const config = resolveConfig('test', clientConfig, {})
  const client = new KafkaClient(simulation.world, { ...config, bootstrap: [], allowAutoTopicCreation: false })
  return new AdminCall('test', client, new GroupCoordinators(client), { timeoutMs, requestTimeoutMs: 30_000 })
}

const READ = { nameOf: (item: string) => `item ${item}`, changes: false }
const CHANGE = { ...READ, changes: true }
const MOVED = brokerError('NOT_LEADER_OR_FOLLOWER', { topic: 't', partition: 0 })
const UNKNOWN = brokerError('UNKNOWN_TOPIC_OR_PARTITION', { topic: 't' })

test('what failed for a reason that passes is attempted again, and only that', async () => {
  const attempts: string[][] = []
  const results = callOf().each(['a', 'b', 'a'], READ, async (items, settle: Settle<string, string>, attempt) => {
    attempts.push([...items])
    for (const item of items) settle(item, item === 'b' && attempt < 2 ? MOVED : `${item}!`)
  })
  expect(await simulation.runUntil(results)).toEqual(['a!', 'b!', 'a!'])
  expect(attempts).toEqual([['a', 'b'], ['b'], ['b']])
})

test('an attempt that fails as a whole fails for what it had not settled', async () => {
  const lost = new KafkaError('NETWORK_EXCEPTION', 'lost')
  const attempts: string[][] = []
  const results = callOf().each(['a', 'b'], READ, async (items, settle: Settle<string, number>, attempt) => {
    attempts.push([...items])
    settle(items[0]!, attempt)
    if (attempt === 0) throw lost
  })
  expect(await simulation.runUntil(results)).toEqual([0, 1])
  expect(attempts).toEqual([['a', 'b'], ['b']])
})

test('waits grow between attempts', async () => {
  const atMs: number[] = []
  const { clock } = simulation.world
  const results = callOf().each(['a'], READ, async (items, settle: Settle<string, null>, attempt) => {
    atMs.push(clock.monotonicMs())
    settle(items[0]!, attempt < 5 ? MOVED : null)
  })
  await simulation.runUntil(results)
  const waits = atMs.slice(1).map((ms, index) => ms - atMs[index]!)
  for (const [index, planned] of [100, 200, 400, 800].entries()) {
    expect(waits[index]).toBeGreaterThanOrEqual(planned * 0.8)
    expect(waits[index]).toBeLessThanOrEqual(planned * 1.2)
  }
})

test('an unknown topic is believed at the fourth answer', async () => {
  let count = 0
  const results = callOf().each(['a'], READ, async (items, settle: Settle<string, null>) => {
    count++
    settle(items[0]!, UNKNOWN)
  })
  await expect(simulation.runUntil(results)).rejects.toBe(UNKNOWN)
  expect(count).toBe(4)
})

test('what the answer leaves out is an error that names it', async () => {
  const results = callOf().each(['a', 'b'], READ, async (_, settle: Settle<string, null>) => settle('a', null))
  await expect(simulation.runUntil(results)).rejects.toMatchObject({
    code: 'UNKNOWN_SERVER_ERROR',
    message: expect.stringContaining('item b'),
  })
})

test('the end of the time: a TimeoutError with the last reason; what was done by then is done', async () => {
  const outcomes = callOf(1000).settle(['a', 'b'], READ, async (items, settle: Settle<string, string>) => {
    for (const item of items) settle(item, item === 'a' ? 'done' : MOVED)
  })
  const settled = await simulation.runUntil(outcomes)
  expect(settled.get('a')).toBe('done')
  const timeout = settled.get('b')
  expect(timeout).toBeInstanceOf(TimeoutError)
  expect((timeout as TimeoutError).cause).toBe(MOVED)
})

test('an attempt that never ends is cut off, with what it had settled', async () => {
  const outcomes = callOf(1000).settle(['a', 'b'], READ, (_, settle: Settle<string, string>) => {
    settle('a', 'done')
    return new Promise(() => {})
  })
  const settled = await simulation.runUntil(outcomes)
  expect(settled.get('a')).toBe('done')
  expect(settled.get('b')).toMatchObject({ code: 'REQUEST_TIMED_OUT', message: 'test did not succeed within 1000 ms' })
})

test('a refusal after a lost answer says that the change may have happened', async () => {
  const results = callOf().each(['a'], CHANGE, async (items, settle: Settle<string, null>, attempt) => {
    settle(items[0]!, attempt === 0 ? new KafkaError('NETWORK_EXCEPTION', 'lost') : brokerError('TOPIC_ALREADY_EXISTS', { topic: 'a' }))
  })
  await expect(simulation.runUntil(results)).rejects.toMatchObject({
    code: 'TOPIC_ALREADY_EXISTS',
    message: expect.stringContaining('may have been carried out'),
  })
})

test('an abort ends the call at once, during an attempt and between two', async () => {
  const reason = new Error('enough')
  for (const stuck of [true, false]) {
    const call = callOf()
    const results = call.each(['a'], READ, (items, settle: Settle<string, null>) => {
      settle(items[0]!, MOVED)
      return stuck ? new Promise(() => {}) : Promise.resolve()
    })
    results.catch(() => {})
    await simulation.advance(10)
    call.abort(reason)
    await expect(results).rejects.toBe(reason)
  }
})

test('closing rejects with CLOSED', async () => {
  const call = callOf()
  const results = call.each(['a'], READ, () => new Promise(() => {}))
  results.catch(() => {})
  call.abort(closedError())
  await expect(results).rejects.toMatchObject({ code: 'CLOSED' })
})

test('an error that is no KafkaError is a mistake in the call, and ends it', async () => {
  const results = callOf().each(['a'], READ, () => Promise.reject(new TypeError('no such thing')))
  await expect(simulation.runUntil(results)).rejects.toThrow(TypeError)
})

test('a broker is given no more time than a request or the call has', () => {
  expect(callOf(60_000).brokerTimeoutMs).toBe(30_000)
  expect(callOf(5000).brokerTimeoutMs).toBe(5000)
})
