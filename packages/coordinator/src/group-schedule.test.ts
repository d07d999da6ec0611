import { randomBelow } from '@logwerk/runtime'
import type { SeededRandom } from '@logwerk/runtime/simulated'
import { expect, test } from 'vitest'
import { runSchedule, type ScheduleTally } from './group-schedule.test-support.ts'
import type { Outcome } from './step.ts'

const { LOGWERK_SEEDS = '150' } = process.env
const SEEDS = Number(LOGWERK_SEEDS)
const seeds = Array.from({ length: SEEDS }, (_, index) => index + 1)

test('whatever happens to a group, each request is answered once, generations rise, timers fit, and the log says the same', () => {
  const total: ScheduleTally = { generations: 0, stable: 0, refused: 0, restarts: 0 }
  for (const seed of seeds) {
    const tally = runSchedule(seed)
    for (const key of Object.keys(total) as (keyof ScheduleTally)[]) total[key] += tally[key]
  }
  // The schedules are worth something: groups form, and fall apart again.
  for (const count of Object.values(total)) expect(count).toBeGreaterThan(SEEDS / 3)
})

test('the same seed is the same life', () => {
  expect(runSchedule(7)).toEqual(runSchedule(7))
})

type Fault = (outcome: Outcome, random: SeededRandom) => Outcome

const sometimes = (random: SeededRandom) => randomBelow(random, 4) === 0
const nobody = { memberId: 'nobody', metadata: new Uint8Array(0) }

/** A fault, and what the checker has to say about it in one of the first schedules at least. */
const faults: readonly (readonly [string, RegExp, Fault])[] = [
  [
    'a lost answer to JoinGroup',
    /request \d+ is lost/,
    (outcome, random) => (sometimes(random) ? { ...outcome, joins: outcome.joins.slice(1) } : outcome),
  ],
  [
    'a lost answer to SyncGroup',
    /request \d+ is lost/,
    (outcome, random) => (sometimes(random) ? { ...outcome, syncs: outcome.syncs.slice(1) } : outcome),
  ],
  [
    'an answer sent twice',
    /answered twice/,
    (outcome, random) => (sometimes(random) ? { ...outcome, joins: [...outcome.joins, ...outcome.joins] } : outcome),
  ],
  ['a generation left out', /the generation jumps/, (outcome, random) => (sometimes(random) ? withGeneration(outcome, 1) : outcome)],
  ['a generation that falls', /the generation falls/, (outcome, random) => (sometimes(random) ? withGeneration(outcome, -2) : outcome)],
  [
    'a second assignment in one generation',
    /has two assignments/,
    outcome => (outcome.records.length === 0 && outcome.group?.state === 'stable' ? withOtherAssignments(outcome) : outcome),
  ],
  [
    'a timer that is not cancelled',
    /timers run for nobody/,
    (outcome, random) => (sometimes(random) ? { ...outcome, timers: outcome.timers.filter(({ delayMs }) => delayMs !== null) } : outcome),
  ],
  [
    'a session that is not watched',
    /nobody notices when/,
    (outcome, random) =>
      sometimes(random) ? { ...outcome, timers: outcome.timers.filter(({ timer }) => !timer.startsWith('session')) } : outcome,
  ],
  [
    'a rebalance that waits for ever',
    /the wait for joins/,
    (outcome, random) => (sometimes(random) ? { ...outcome, timers: outcome.timers.filter(({ timer }) => timer !== 'join') } : outcome),
  ],
  [
    'an offset that is not written',
    /the log has other offsets/,
    outcome => ({ ...outcome, records: outcome.records.filter(({ type }) => type !== 'OFFSET_COMMIT') }),
  ],
  [
    'a group that is not written',
    /the log has another group/,
    outcome => ({ ...outcome, records: outcome.records.filter(({ type }) => type !== 'GROUP_METADATA') }),
  ],
  [
    'members shown to somebody else than the leader',
    /somebody else than the leader/,
    outcome => ({
      ...outcome,
      joins: outcome.joins.map(({ ticket, response }) => ({ ticket, response: { ...response, members: [nobody] } })),
    }),
  ],
]

test.each(faults)('the checker notices %s', (_, complaint, fault) => {
  const complaints = Array.from({ length: 30 }, (_, index) => complaintOf(() => runSchedule(index + 1, fault)))
  expect(complaints.filter(message => complaint.test(message)).length).toBeGreaterThan(0)
})

function withGeneration(outcome: Outcome, added: number): Outcome {
  const { group } = outcome
  return group?.state === 'completingRebalance'
    ? { ...outcome, group: { ...group, generationId: Math.max(group.generationId + added, 0) } }
    : outcome
}

function withOtherAssignments(outcome: Outcome): Outcome {
  const group = outcome.group!
  const members = new Map([...group.members].map(([id, member]) => [id, { ...member, assignment: Buffer.from('other') }]))
  return { ...outcome, group: { ...group, members } }
}

function complaintOf(work: () => void): string {
  try {
    work()
    return ''
  } catch (error) {
    return String(error)
  }
}
