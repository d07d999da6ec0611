import { brokerError, KafkaError, TimeoutError } from '@logwerk/runtime'
import { expect, test } from 'vitest'
import { doubtfulOf, errorOf, timeoutOf } from './item-errors.ts'

function failureOf(topic: string, code: 'TOPIC_ALREADY_EXISTS' | 'INVALID_CONFIG' | 'LEADER_NOT_AVAILABLE' = 'TOPIC_ALREADY_EXISTS') {
  return { name: `topic ${topic}`, error: brokerError(code, { topic }) }
}

test('several failures become one error: the first code, every name, what is done, and all of them as its cause', () => {
  const failures = [failureOf('a'), failureOf('b', 'INVALID_CONFIG')]
  const error = errorOf('createTopics', 5, failures, true)
  expect(error.code).toBe('TOPIC_ALREADY_EXISTS')
  expect(error.at).toEqual({ topic: 'a' })
  expect(error.message).toBe(
    `createTopics: 2 of 5 failed, the other 3 are done: ${failures[0]!.error.message}; ${failures[1]!.error.message}`,
  )
  expect((error.cause as AggregateError).errors).toEqual(failures.map(({ error: each }) => each))
})

test('what was not changed is not called done', () => {
  expect(errorOf('createTopics', 2, [failureOf('a')], true).message).toContain('1 of 2 failed, the other one is done: ')
  expect(errorOf('createTopics', 2, [failureOf('a'), failureOf('b')], true).message).toContain('2 of 2 failed: ')
  expect(errorOf('describeTopics', 2, [failureOf('a')], false).message).toContain('1 of 2 failed: ')
})

test('it can be tried again only if all of it can', () => {
  expect(errorOf('x', 2, [failureOf('a', 'LEADER_NOT_AVAILABLE'), failureOf('b', 'LEADER_NOT_AVAILABLE')], false).retriable).toBe(true)
  expect(errorOf('x', 2, [failureOf('a', 'LEADER_NOT_AVAILABLE'), failureOf('b')], false).retriable).toBe(false)
})

test('an error whose message does not name the item gets the name in front', () => {
  const lost = new KafkaError('NETWORK_EXCEPTION', 'the connection is lost')
  const error = errorOf(
    'listOffsets',
    3,
    [
      { name: 'a-0', error: lost },
      { name: 'a-1', error: lost },
    ],
    false,
  )
  expect(error.message).toBe('listOffsets: 2 of 3 failed: a-0: the connection is lost; a-1: the connection is lost')
})

test('one item, or one error for all of them: the error itself', () => {
  const single = failureOf('a')
  expect(errorOf('createTopics', 1, [single], true)).toBe(single.error)
  const lost = new KafkaError('NETWORK_EXCEPTION', 'the connection is lost')
  const all = ['a', 'b'].map(name => ({ name, error: lost }))
  expect(errorOf('listOffsets', 2, all, false)).toBe(lost)
})

test('a message names twenty failures, its cause has all', () => {
  const failures = Array.from({ length: 25 }, (_, index) => failureOf(`t${index}`))
  const error = errorOf('createTopics', 25, failures, true)
  expect(error.message).toContain('topic t19: ')
  expect(error.message).not.toContain('topic t20: ')
  expect(error.message).toMatch(/; and 5 more, which the cause lists$/)
  expect((error.cause as AggregateError).errors).toHaveLength(25)
})

test('a timeout tells the last reason, and whether a change may have happened', () => {
  const last = brokerError('LEADER_NOT_AVAILABLE', { topic: 'a', partition: 3 })
  const error = timeoutOf('deleteRecords', 500, last, true)
  expect(error).toBeInstanceOf(TimeoutError)
  expect(error.cause).toBe(last)
  expect(error.at).toEqual({ topic: 'a', partition: 3 })
  expect(error.message).toBe(`deleteRecords did not succeed within 500 ms: ${last.message}; it may have been carried out all the same`)
  expect(timeoutOf('listOffsets', 500, null, false).message).toBe('listOffsets did not succeed within 500 ms')
})

test('a doubtful refusal keeps its code and says that an earlier attempt may have been carried out', () => {
  const refusal = brokerError('TOPIC_ALREADY_EXISTS', { topic: 'a' })
  const error = doubtfulOf(refusal)
  expect(error.code).toBe('TOPIC_ALREADY_EXISTS')
  expect(error.cause).toBe(refusal)
  expect(error.message).toContain('an earlier attempt of this call got no answer')
})
