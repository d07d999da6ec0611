import { ZERO_UUID } from '@logwerk/runtime'
import { describe, expect, test } from 'vitest'
import { covers, differences, type KnownIds, normalised } from './raw-comparison.ts'

const known: KnownIds = { topicNames: new Map([['AAAAAAAAAAAAAAAAAAAABA', 'orders']]), begunMs: 1_800_000_000_000 }

test('ids, addresses, times of the broker and wordings are normalised; everything else stays', () => {
  const answer = {
    clusterId: 'x',
    throttleTimeMs: 0,
    brokers: [{ nodeId: 1, host: 'a', port: 9092 }],
    topics: [
      { name: 'b', topicId: ZERO_UUID, errorCode: 'UNKNOWN_TOPIC_ID', errorMessage: 'any', logStartOffset: 3 },
      { name: 'a', topicId: 'AAAAAAAAAAAAAAAAAAAABA', errorCode: 'NONE', errorMessage: 'any', logAppendTimeMs: 1_800_000_000_500 },
    ],
    sessionId: 77,
    producerId: -1,
  }
  expect(normalised(answer, known)).toEqual({
    clusterId: 'a cluster',
    throttleTimeMs: 0,
    brokers: [{ nodeId: 1, host: 'a host', port: 'a port' }],
    topics: [
      { name: 'a', topicId: 'id of orders', errorCode: 'NONE', errorMessage: 'a text', logAppendTimeMs: 'now' },
      { name: 'b', topicId: 'zero', errorCode: 'UNKNOWN_TOPIC_ID' },
    ],
    sessionId: 'a session',
    producerId: -1,
  })
})

describe('differences', () => {
  const paths = (...sides: Parameters<typeof differences>) => differences(...sides).map(({ path }) => path)

  test('of values, of what is missing on one side, and of kinds', () => {
    expect(paths({ a: 1, b: [{ c: 2 }] }, { a: 1, b: [{ c: 2 }] })).toEqual([])
    expect(paths({ a: 1, b: [{ c: 2 }] }, { a: 2, b: [{ c: 3 }] })).toEqual(['a', 'b.0.c'])
    expect(paths({ a: [1] }, { a: [1, 2] })).toEqual(['a.1'])
    expect(paths({ a: 1 }, {})).toEqual(['a'])
    expect(paths([], {})).toEqual([''])
    expect(paths('closed', { a: 1 })).toEqual([''])
  })
})

test('covers', () => {
  expect(covers('a.*.b', 'a.0.b')).toBe(true)
  expect(covers('a.*.b', 'a.0.c')).toBe(false)
  expect(covers('a.*', 'a.0.b')).toBe(false)
  expect(covers('a.**', 'a.0.b')).toBe(true)
  expect(covers('a.b', 'a')).toBe(false)
})
