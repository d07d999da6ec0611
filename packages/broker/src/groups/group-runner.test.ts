import { type ClassicGroup, decodeGroupRecord, type EncodedGroupRecord, newClassicGroup, type Outcome } from '@logwerk/coordinator'
import { brokerError } from '@logwerk/runtime'
import { createSimulation } from '@logwerk/runtime/simulated'
import { expect, test } from 'vitest'
import { GroupRunner, type Job } from './group-runner.ts'

const NOTHING: Omit<Outcome, 'group'> = { records: [], timers: [], joins: [], syncs: [], log: [] }

/** A runner whose log answers when the test says so. The group counts its steps in its generation. */
function open() {
  const simulation = createSimulation({ seed: 1 })
  const writes: { readonly records: readonly EncodedGroupRecord[]; readonly settle: (error?: unknown) => void }[] = []
  const events: string[] = []
  const runner: GroupRunner = new GroupRunner('g', newClassicGroup('g', 0), {
    world: simulation.world,
    append: (_, records) =>
      new Promise((resolve, reject) => writes.push({ records, settle: error => (error === undefined ? resolve() : reject(error)) })),
    jobOfTimer: (_, fired) => ({ ...job('timer', false), fired }),
    onRest: () => events.push('rest'),
  })

  function job(name: string, writesRecord: boolean, changes: Partial<Outcome> = {}): Job {
    return {
      run: group => ({ ...NOTHING, ...next(group), records: writesRecord ? [recordOf(name)] : [], ...changes }),
      accepted: () => events.push(`${name} at ${runner.group?.generationId}`),
      refused: code => events.push(`${name}: ${code}`),
    }
  }

  const topicsOf = (index: number) =>
    writes[index]!.records.map(({ key, value }) => (decodeGroupRecord(key, value) as { topic: string }).topic)
  return { simulation, runner, writes, events, job, topicsOf }
}

function next(group: ClassicGroup | null): { group: ClassicGroup } {
  return { group: { ...group!, generationId: group!.generationId + 1 } }
}

function recordOf(topic: string, metadataBytes = 1): Outcome['records'][number] {
  const value = {
    offset: 1,
    leaderEpoch: -1,
    metadata: 'x'.repeat(metadataBytes),
    commitTimestamp: 0,
    expireTimestamp: -1,
    topicId: 'AAAAAAAAAAAAAAAAAAAAAA',
  }
  return { type: 'OFFSET_COMMIT', groupId: 'g', topic, partition: 0, value }
}

test('a step without records happens at once', () => {
  const { runner, events, job } = open()
  runner.submit(job('a', false))
  expect(events).toEqual(['a at 1', 'rest'])
})

test('nothing of a step is seen before its records are in the log, and later events wait for it', async () => {
  const { simulation, runner, writes, events, job } = open()
  runner.submit(job('a', true))
  runner.submit(job('b', false))
  await simulation.settle()
  expect(events).toEqual([])
  expect(runner.group?.generationId).toBe(0)
  writes[0]!.settle()
  await simulation.settle()
  expect(events).toEqual(['a at 1', 'b at 2', 'rest'])
})

test('events that waited share one batch, each upon the one before', async () => {
  const { simulation, runner, writes, events, job, topicsOf } = open()
  for (const name of ['a', 'b', 'c', 'd']) runner.submit(job(name, true))
  writes[0]!.settle()
  await simulation.settle()
  expect(topicsOf(0)).toEqual(['a'])
  expect(topicsOf(1)).toEqual(['b', 'c', 'd'])
  writes[1]!.settle()
  await simulation.settle()
  expect(events).toEqual(['a at 1', 'b at 4', 'c at 4', 'd at 4', 'rest'])
})

test('a batch that the log refuses has not happened, for all who are in it', async () => {
  const { simulation, runner, writes, events, job } = open()
  for (const name of ['a', 'b', 'c']) runner.submit(job(name, true))
  writes[0]!.settle()
  await simulation.settle()
  writes[1]!.settle(brokerError('KAFKA_STORAGE_ERROR', { topic: '__consumer_offsets' }))
  await simulation.settle()
  expect(events).toEqual(['a at 1', 'b: NOT_COORDINATOR', 'c: NOT_COORDINATOR', 'rest'])
  expect(runner.group?.generationId).toBe(1)
  runner.submit(job('d', true))
  writes[2]!.settle()
  await simulation.settle()
  expect(events.at(-2)).toBe('d at 2')
})

test('a step too large for the batch of the others has one of its own', async () => {
  const { simulation, runner, writes, job, topicsOf } = open()
  runner.submit(job('first', true))
  for (const name of ['a', 'b']) runner.submit(job(name, true))
  runner.submit(job('large', true, { records: Array.from({ length: 40 }, () => recordOf('large', 30_000)) }))
  runner.submit(job('c', true))
  for (let index = 0; index < 4; index++) {
    writes[index]!.settle()
    await simulation.settle()
  }
  expect([1, 2, 3].map(index => [...new Set(topicsOf(index))])).toEqual([['a', 'b'], ['large'], ['c']])
})

test('a step that throws is refused, and the next one goes on from where the group was', () => {
  const { simulation, runner, events, job } = open()
  const broken = job('broken', false)
  runner.submit({ ...broken, run: () => brokenStep() })
  runner.submit(job('a', false))
  expect(events).toEqual(['broken: UNKNOWN_SERVER_ERROR', 'rest', 'a at 1', 'rest'])
  expect(simulation.log.map(line => line.message)).toContain('a group failed')
})

test('a timer that was set anew while its end waited for its turn does not count', async () => {
  const { simulation, runner, writes, events, job } = open()
  runner.submit(job('set', false, { timers: [{ timer: 'session m', delayMs: 1000 }] }))
  runner.submit(job('slow', true))
  await simulation.advance(500)
  runner.submit(job('heartbeat', false, { timers: [{ timer: 'session m', delayMs: 1000 }] }))
  await simulation.advance(600)
  writes[0]!.settle()
  await simulation.settle()
  expect(events).toEqual(['set at 1', 'rest', 'slow at 2', 'heartbeat at 3', 'rest'])
  await simulation.advance(1000)
  expect(events.slice(5)).toEqual(['timer at 4', 'rest'])
})

test('a timer whose step the log refused comes again', async () => {
  const { simulation, writes, events, job } = open()
  const refusing = createSimulation({ seed: 2 })
  let refusals = 2
  const runner: GroupRunner = new GroupRunner('g', newClassicGroup('g', 0), {
    world: refusing.world,
    append: async () => {
      if (refusals-- > 0) throw brokerError('KAFKA_STORAGE_ERROR')
    },
    jobOfTimer: (_, fired) => ({ ...job('timer', true), accepted: () => events.push('ended'), fired }),
    onRest: () => {},
  })
  runner.submit(job('set', false, { timers: [{ timer: 'join', delayMs: 1000 }] }))
  await refusing.advance(2500)
  expect(events.filter(event => event === 'ended')).toEqual([])
  await refusing.advance(1000)
  expect(events.filter(event => event === 'ended')).toEqual(['ended'])
  expect([writes, simulation.log]).toEqual([[], []])
})

test('a group that is gone has no timers left', async () => {
  const { simulation, runner, events, job } = open()
  runner.submit(job('set', false, { timers: [{ timer: 'session m', delayMs: 1000 }] }))
  runner.submit(job('gone', false, { group: null }))
  await simulation.advance(5000)
  expect(events).toEqual(['set at 1', 'rest', 'gone at undefined', 'rest'])
})

function brokenStep(): never {
  throw new Error('broken')
}
