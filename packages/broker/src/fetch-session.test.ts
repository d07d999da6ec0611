import { type FetchRequestInput, fetchApi } from '@logwerk/protocol'
import { SeededRandom } from '@logwerk/runtime/simulated'
import { describe, expect, test } from 'vitest'
import { epochAfter, type FetchedState, type FetchPlan, FetchSessions } from './fetch-session.ts'

const NOTHING_NEW: FetchedState = { highWatermark: 5, logStartOffset: 0, hasRecords: false, failed: false }

function requestOf(partitions: readonly number[], rest: Partial<FetchRequestInput> = {}) {
  const request: FetchRequestInput = {
    maxWaitMs: 0,
    minBytes: 0,
    topics:
      partitions.length === 0
        ? []
        : [{ topic: 't', partitions: partitions.map(partition => ({ partition, fetchOffset: 0, partitionMaxBytes: 1 })) }],
    ...rest,
  }
  return completed(request)
}

/** With the defaults that decoding would fill in. */
function completed(request: FetchRequestInput) {
  const { topics, ...rest } = request
  return {
    ...fetchApi.request.schema.default,
    sessionEpoch: 0,
    forgottenTopicsData: [],
    ...rest,
    topics: topics.map(topic => ({
      topic: '',
      topicId: 'AAAAAAAAAAAAAAAAAAAAAA',
      ...topic,
      partitions: topic.partitions.map(partition => ({
        currentLeaderEpoch: -1,
        lastFetchedEpoch: -1,
        logStartOffset: -1,
        replicaDirectoryId: 'AAAAAAAAAAAAAAAAAAAAAA',
        highWatermark: 0,
        ...partition,
      })),
    })),
  } as Parameters<FetchSessions['plan']>[0]
}

function planned(plan: ReturnType<FetchSessions['plan']>): FetchPlan {
  if (typeof plan === 'string') throw new Error(plan)
  return plan
}

function partitions(plan: FetchPlan): number[] {
  return plan.targets.map(({ partition }) => partition)
}

function reported(plan: FetchPlan, state: (partition: number) => FetchedState): number[] {
  return plan.targets.filter(target => plan.report(target, state(target.partition))).map(({ partition }) => partition)
}

const sessions = (slots = 10) => new FetchSessions(slots, new SeededRandom(1))

describe('epochs', () => {
  test('go up by exactly one', () => {
    const open = sessions()
    const { sessionId } = planned(open.plan(requestOf([0]), false, 0))
    for (const sessionEpoch of [1, 2, 3]) planned(open.plan(requestOf([], { sessionId, sessionEpoch }), false, 0))
    expect(open.plan(requestOf([], { sessionId, sessionEpoch: 3 }), false, 0)).toBe('INVALID_FETCH_SESSION_EPOCH')
    expect(open.plan(requestOf([], { sessionId, sessionEpoch: 5 }), false, 0)).toBe('INVALID_FETCH_SESSION_EPOCH')
    expect(partitions(planned(open.plan(requestOf([], { sessionId, sessionEpoch: 4 }), false, 0)))).toEqual([0])
  })

  test('begin anew with 1 after the largest int32, as 0 and -1 mean something else', () => {
    expect([epochAfter(0), epochAfter(0x7fff_fffe), epochAfter(0x7fff_ffff)]).toEqual([1, 0x7fff_ffff, 1])
  })

  test('(id, 0) closes that session and opens another', () => {
    const open = sessions()
    const { sessionId } = planned(open.plan(requestOf([0]), false, 0))
    const second = planned(open.plan(requestOf([1], { sessionId, sessionEpoch: 0 }), false, 0))
    expect(second.sessionId).not.toBe(sessionId)
    expect(open.sessionCount).toBe(1)
    expect(open.plan(requestOf([], { sessionId, sessionEpoch: 1 }), false, 0)).toBe('FETCH_SESSION_ID_NOT_FOUND')
  })

  test('an epoch without a session is unknown', () => {
    expect(sessions().plan(requestOf([0], { sessionEpoch: 1 }), false, 0)).toBe('FETCH_SESSION_ID_NOT_FOUND')
  })
})

describe('slots', () => {
  test('a full cache gives none, until the one used least recently has been idle for two minutes', () => {
    const open = sessions(2)
    const first = planned(open.plan(requestOf([0]), false, 0)).sessionId
    const second = planned(open.plan(requestOf([0]), false, 1000)).sessionId
    expect(planned(open.plan(requestOf([0]), false, 119_999)).sessionId).toBe(0)
    // The first is used, so the second is the oldest now.
    planned(open.plan(requestOf([], { sessionId: first, sessionEpoch: 1 }), false, 120_500))
    expect(planned(open.plan(requestOf([0]), false, 120_999)).sessionId).toBe(0)
    expect(planned(open.plan(requestOf([0]), false, 121_000)).sessionId).toBeGreaterThan(0)
    expect(open.sessionCount).toBe(2)
    expect(open.plan(requestOf([], { sessionId: second, sessionEpoch: 1 }), false, 121_000)).toBe('FETCH_SESSION_ID_NOT_FOUND')
    expect(planned(open.plan(requestOf([], { sessionId: first, sessionEpoch: 2 }), false, 121_000)).sessionId).toBe(first)
  })

  test('a full cache drops the smallest of those that are two minutes old for one that is larger, and none for one that is not', () => {
    const open = sessions(3)
    const ids = [[0, 1], [0], [0, 1, 2]].map(names => planned(open.plan(requestOf(names), false, 0)).sessionId)
    const use = (sessionEpoch: number, nowMs: number) =>
      ids.map(sessionId => open.plan(requestOf([], { sessionId, sessionEpoch }), false, nowMs)).map(plan => typeof plan === 'object')
    expect(use(1, 100_000)).toEqual([true, true, true])
    expect(planned(open.plan(requestOf([0, 1, 2, 3]), false, 119_999)).sessionId).toBe(0)
    expect(planned(open.plan(requestOf([0]), false, 120_000)).sessionId).toBe(0)
    expect(planned(open.plan(requestOf([0, 1]), false, 120_000)).sessionId).toBeGreaterThan(0)
    expect(use(2, 120_000)).toEqual([true, false, true])
    expect(open.sessionCount).toBe(3)
  })

  test('a session whose last partition is forgotten ends', () => {
    const open = sessions()
    const { sessionId } = planned(open.plan(requestOf([0]), false, 0))
    const forgottenTopicsData = [{ topic: 't', topicId: 'AAAAAAAAAAAAAAAAAAAAAA', partitions: [0] }]
    const plan = planned(open.plan(requestOf([], { sessionId, sessionEpoch: 1, forgottenTopicsData }), false, 0))
    expect(plan).toMatchObject({ sessionId: 0, targets: [] })
    expect(open.sessionCount).toBe(0)
  })
})

describe('what an answer names', () => {
  function openWith(names: readonly number[]) {
    const open = sessions()
    const first = planned(open.plan(requestOf(names), false, 0))
    let sessionEpoch = 0
    const next = (asked: readonly number[] = []) =>
      planned(open.plan(requestOf(asked, { sessionId: first.sessionId, sessionEpoch: ++sessionEpoch }), false, 0))
    return { first, next }
  }

  test('everything at first, then what has news: a high watermark, a log start, records', () => {
    const { first, next } = openWith([0, 1, 2, 3])
    expect(reported(first, () => NOTHING_NEW)).toEqual([0, 1, 2, 3])
    expect(reported(next(), () => NOTHING_NEW)).toEqual([])
    const news: Readonly<Record<number, FetchedState>> = {
      1: { ...NOTHING_NEW, highWatermark: 6 },
      2: { ...NOTHING_NEW, logStartOffset: 1 },
      3: { ...NOTHING_NEW, hasRecords: true },
    }
    expect(reported(next(), partition => news[partition] ?? NOTHING_NEW)).toEqual([1, 2, 3])
    expect(reported(next(), partition => (partition === 3 ? NOTHING_NEW : (news[partition] ?? NOTHING_NEW)))).toEqual([])
  })

  test('an error each time, and its end', () => {
    const { first, next } = openWith([0])
    reported(first, () => NOTHING_NEW)
    const failed: FetchedState = { highWatermark: -1, logStartOffset: -1, hasRecords: false, failed: true }
    expect(reported(next(), () => failed)).toEqual([0])
    expect(reported(next(), () => failed)).toEqual([0])
    expect(reported(next(), () => NOTHING_NEW)).toEqual([0])
    expect(reported(next(), () => NOTHING_NEW)).toEqual([])
  })

  test('a partition that was added, once', () => {
    const { first, next } = openWith([0])
    reported(first, () => NOTHING_NEW)
    expect(reported(next([1]), () => NOTHING_NEW)).toEqual([1])
    expect(reported(next(), () => NOTHING_NEW)).toEqual([])
  })

  test('partitions that got records go to the end', () => {
    const { first, next } = openWith([0, 1, 2])
    reported(first, partition => ({ ...NOTHING_NEW, hasRecords: partition === 0 }))
    const second = next()
    expect(partitions(second)).toEqual([1, 2, 0])
    reported(second, partition => ({ ...NOTHING_NEW, hasRecords: partition === 2 }))
    expect(partitions(next())).toEqual([1, 0, 2])
  })
})

test('the same partition under a name and under an id are two sessions’ business', () => {
  const open = sessions()
  const { sessionId } = planned(open.plan(requestOf([0]), true, 0))
  expect(open.plan(requestOf([], { sessionId, sessionEpoch: 1 }), false, 0)).toBe('FETCH_SESSION_TOPIC_ID_ERROR')
  expect(planned(open.plan(requestOf([], { sessionId, sessionEpoch: 1 }), true, 0)).sessionId).toBe(sessionId)
})
