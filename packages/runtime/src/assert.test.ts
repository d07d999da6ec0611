import { describe, expect, expectTypeOf, test } from 'vitest'
import { AssertionError, assert, assertNever } from './assert.ts'
import { KafkaError } from './errors.ts'

function thrownBy(action: () => unknown): Error {
  try {
    action()
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was thrown')
}

describe('assert', () => {
  test('is quiet where the condition holds, and narrows the type', () => {
    const value = 5 as number | null
    assert(value !== null, 'a value')
    expectTypeOf(value).toEqualTypeOf<number>()
    expect(value).toBe(5)
  })

  test('names the facts', () => {
    const error = thrownBy(() => assert(false, 'the index points past the segment', { position: 12, size: 10n, share: Number.NaN }))
    expect(error).toBeInstanceOf(AssertionError)
    expect(error.message).toBe('the index points past the segment: {"position":12,"size":"10","share":"NaN"}')
    expect(thrownBy(() => assert(false, 'no facts')).message).toBe('no facts')
  })

  test('is told from the errors that a user may cause, by name also in its stack', () => {
    const error = thrownBy(() => assert(false, 'm'))
    expect(error instanceof KafkaError).toBe(false)
    expect(error.name).toBe('AssertionError')
    expect(error.stack).toMatch(/^AssertionError: m\n/)
  })
})

test('assertNever names the case that was forgotten', () => {
  expect(() => assertNever('dead' as never)).toThrow(new AssertionError('unexpected value: "dead"'))
  expect(() => assertNever(5n as never)).toThrow('unexpected value: 5')
})
