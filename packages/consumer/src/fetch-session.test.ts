import type { FetchResponse } from '@logwerk/protocol'
import { uuidOf, ZERO_UUID } from '@logwerk/runtime'
import { beforeEach, describe, expect, test } from 'vitest'
import { FetchSession, type FetchWish } from './fetch-session.ts'

const ID = uuidOf(Buffer.alloc(16, 1))
const OTHER_ID = uuidOf(Buffer.alloc(16, 2))

function wish(partition: number, fetchOffset: number, more: Partial<FetchWish> = {}): FetchWish {
  return { topic: 'orders', topicId: ID, partition, fetchOffset, currentLeaderEpoch: 0, partitionMaxBytes: 100, ...more }
}

let session: FetchSession
beforeEach(() => {
  session = new FetchSession()
})

const answer = (sessionId: number, errorCode: FetchResponse['errorCode'] = 'NONE') =>
  session.answered({ throttleTimeMs: 0, errorCode, sessionId, responses: [], nodeEndpoints: [] })
/** `partition@offset` of what the request names, and what it forgets. */
function ask(wishes: readonly FetchWish[], usesIds = true) {
  const { sessionId, sessionEpoch, topics, forgottenTopicsData } = session.request(wishes, usesIds)
  return {
    session: `${sessionId}/${sessionEpoch}`,
    asked: topics.flatMap(({ partitions }) => partitions.map(({ partition, fetchOffset }) => `${partition}@${fetchOffset}`)),
    forgotten: forgottenTopicsData.flatMap(({ topicId, partitions }) =>
      partitions.map(partition => `${topicId === ID ? '' : 'other '}${partition}`),
    ),
  }
}

test('after a whole request only what changed is sent, and what is no longer wanted is forgotten', () => {
  expect(ask([wish(0, 5), wish(1, 5)])).toEqual({ session: '0/0', asked: ['0@5', '1@5'], forgotten: [] })
  expect(answer(77)).toBe(true)
  expect(ask([wish(0, 5), wish(1, 9)])).toEqual({ session: '77/1', asked: ['1@9'], forgotten: [] })
  answer(77)
  expect(ask([wish(1, 9), wish(2, 0)])).toEqual({ session: '77/2', asked: ['2@0'], forgotten: ['0'] })
  answer(77)
  expect(ask([wish(1, 9, { currentLeaderEpoch: 1 }), wish(2, 0, { partitionMaxBytes: 7 })]).asked).toEqual(['1@9', '2@0'])
})

test('a topic that was made anew is another one', () => {
  ask([wish(0, 5)])
  answer(77)
  expect(ask([wish(0, 5, { topicId: OTHER_ID })])).toEqual({ session: '77/1', asked: ['0@5'], forgotten: ['0'] })
})

test('a broker without sessions is asked for everything each time', () => {
  ask([wish(0, 5)])
  answer(0)
  expect(ask([wish(0, 5)])).toEqual({ session: '0/0', asked: ['0@5'], forgotten: [] })
})

describe('the next request is whole', () => {
  beforeEach(() => {
    ask([wish(0, 5)])
    answer(77)
    ask([wish(0, 5)])
  })
  const whole = (session: string) => ({ session, asked: ['0@5'], forgotten: [] })

  test('and begins a new session after FETCH_SESSION_ID_NOT_FOUND', () => {
    expect(answer(0, 'FETCH_SESSION_ID_NOT_FOUND')).toBe(false)
    expect(ask([wish(0, 5)])).toEqual(whole('0/0'))
  })

  test('and closes the old one after INVALID_FETCH_SESSION_EPOCH', () => {
    expect(answer(0, 'INVALID_FETCH_SESSION_EPOCH')).toBe(false)
    expect(ask([wish(0, 5)])).toEqual(whole('77/0'))
    answer(78)
    expect(ask([wish(0, 6)])).toEqual({ session: '78/1', asked: ['0@6'], forgotten: [] })
  })

  test('when an answer was lost', () => {
    session.lost()
    expect(ask([wish(0, 5)])).toEqual(whole('0/0'))
  })

  test('when names take the place of ids', () => {
    answer(77)
    expect(ask([wish(0, 5, { topicId: ZERO_UUID })], false)).toEqual(whole('77/0'))
  })
})
