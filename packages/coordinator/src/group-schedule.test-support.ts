import { randomBelow, randomFraction } from '@logwerk/runtime'
import { SeededRandom } from '@logwerk/runtime/simulated'
import type { Ticket } from './classic-group.ts'
import { dropOffsets } from './drop-offsets.ts'
import { GroupChecker } from './group-checker.test-support.ts'
import { assignmentsOf, GroupHarness, protocol } from './group-harness.test-support.ts'
import type { Outcome } from './step.ts'

/** A member as it sees itself. Some are static; all may crash and come back knowing nothing. */
interface Client {
  readonly groupInstanceId: string | null
  memberId: string
  generationId: number
  pendingJoin: Ticket | null
}

const CLIENTS = 5
const EVENTS = 150

/**
 * A random life of one group: members join, sync, beat, commit, leave, crash and come back, time jumps, the coordinator restarts, the log
 * refuses. Every event is checked.
 *
 * @param tamper  Spoils outcomes, to show that the checker notices.
 * @throws        Error that names the seed and the event.
 */
export function runSchedule(seed: number, tamper: (outcome: Outcome, random: SeededRandom) => Outcome = outcome => outcome): ScheduleTally {
  const random = new SeededRandom(seed)
  const harness = new GroupHarness({
    initialRebalanceDelayMs: pick(random, [0, 0, 3000]),
    maxSize: pick(random, [3, 0x7fff_ffff, 0x7fff_ffff]),
  })
  const checker = new GroupChecker(harness)
  const tally: ScheduleTally = { generations: 0, stable: 0, refused: 0, restarts: 0 }
  const clients: Client[] = Array.from({ length: CLIENTS }, (_, index) => ({
    groupInstanceId: index < 2 ? `static-${index}` : null,
    memberId: '',
    generationId: -1,
    pendingJoin: null,
  }))
  harness.onOutcome = outcome => tamper(outcome, random)
  harness.onTaken = () => checker.check()
  harness.logRefuses = () => {
    const refuses = randomFraction(random) < 0.1
    if (refuses) tally.refused++
    return refuses
  }
  let event = 'nothing'
  try {
    for (let step = 0; step < EVENTS; step++) {
      const client = pick(random, clients)
      event = pick(random, ['join', 'join', 'sync', 'sync', 'sync', 'heartbeat', 'commit', 'leave', 'crash', 'time', 'time', 'rare'])
      act(event, client, harness, checker, random, tally)
      checker.check()
      learn(clients, harness)
      if (harness.group?.state === 'stable') tally.stable++
    }
  } catch (error) {
    throw new Error(`seed ${seed}, ${event}: ${error instanceof Error ? error.message : error}`, { cause: error })
  }
  tally.generations = harness.group?.generationId ?? 0
  return tally
}

/** What came up in a schedule, so that a test can show that it was not idle. */
export interface ScheduleTally {
  generations: number
  stable: number
  refused: number
  restarts: number
}

function act(
  event: string,
  client: Client,
  harness: GroupHarness,
  checker: GroupChecker,
  random: SeededRandom,
  tally: ScheduleTally,
): void {
  const { groupInstanceId, memberId, generationId } = client
  switch (event) {
    case 'join': {
      const protocols = pick(random, [[protocol('range')], [protocol('range')], [protocol('range', ['x']), protocol('sticky')]])
      const join = harness.join({
        memberId,
        groupInstanceId,
        protocols,
        apiVersion: pick(random, [3, 8, 9]),
        rebalanceTimeoutMs: pick(random, [5000, 30_000]),
      })
      client.pendingJoin = join.ticket
      checker.asked(join.ticket)
      return
    }
    case 'sync': {
      const ids = [...(harness.group?.members.keys() ?? [])]
      const isLeader = harness.group?.leaderId === memberId
      checker.asked(harness.sync(memberId, generationId, isLeader ? assignmentsOf(ids, generationId) : {}, { groupInstanceId }).ticket)
      return
    }
    case 'heartbeat':
      harness.heartbeat(memberId, generationId, groupInstanceId)
      return
    case 'commit':
      harness.commit(memberId, generationId, randomBelow(random, 1000), {
        partition: { partitionIndex: randomBelow(random, 3) },
        groupInstanceId,
      })
      return
    case 'leave':
      harness.leave({ memberId, groupInstanceId })
      return
    case 'crash':
      client.memberId = ''
      client.generationId = -1
      client.pendingJoin = null
      return
    case 'time':
      harness.advance(pick(random, [0, 100, 2000, 7000, 30_000]))
      return
    default:
      rarely(harness, checker, random, tally)
  }
}

function rarely(harness: GroupHarness, checker: GroupChecker, random: SeededRandom, tally: ScheduleTally): void {
  switch (pick(random, ['restart', 'delete', 'expire', 'drop topic', 'late'])) {
    case 'restart':
      tally.restarts++
      checker.restarting()
      return harness.restart()
    case 'delete':
      harness.delete()
      return
    case 'expire':
      return harness.expire()
    case 'drop topic':
      return harness.take(dropOffsets(harness.group, topic => topic === 'orders'))
    default:
      return harness.advance(8 * 24 * 3_600_000)
  }
}

function learn(clients: readonly Client[], harness: GroupHarness): void {
  for (const client of clients) {
    const response = client.pendingJoin === null ? undefined : harness.joins.get(client.pendingJoin)
    if (response === undefined) continue
    client.pendingJoin = null
    if (response.errorCode === 'UNKNOWN_MEMBER_ID' || response.errorCode === 'FENCED_INSTANCE_ID') client.memberId = ''
    else if (response.memberId !== '') client.memberId = response.memberId
    if (response.errorCode === 'NONE') client.generationId = response.generationId ?? -1
  }
}

function pick<T>(random: SeededRandom, choices: readonly T[]): T {
  return choices[randomBelow(random, choices.length)]!
}
