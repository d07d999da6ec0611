import { expect, test } from 'vitest'
import { nearest } from './nearest.ts'

const OPTIONS = ['lingerMs', 'batchSize', 'bufferMemory', 'acks', 'clientId', 'requestTimeoutMs']

test.each([
  ['lingerMS', 'lingerMs', 'case does not count'],
  ['lingerM', 'lingerMs', 'a letter missing'],
  ['lingersMs', 'lingerMs', 'a letter too many'],
  ['lnigerMs', 'lingerMs', 'two letters swapped'],
  ['batch.size', 'batchSize', 'a dot too many'],
  ['ack', 'acks', 'a short word'],
  ['requestTimeout', 'requestTimeoutMs', 'the unit forgotten'],
  ['requesttimoutms', 'requestTimeoutMs', 'a letter missing in a long word'],
])('"%s" may mean "%s": %s', (word, meant) => {
  expect(nearest(word, OPTIONS)).toBe(meant)
})

test.each([
  ['compression', 'nothing like it'],
  ['', 'no word'],
  ['x', 'a letter that nothing begins with'],
  ['timeout', 'more than a third is missing'],
])('"%s" means none: %s', word => {
  expect(nearest(word, OPTIONS)).toBeNull()
})

test('a short word is never replaced whole', () => {
  expect(nearest('ab', ['xy'])).toBeNull()
  expect(nearest('a', ['b'])).toBeNull()
  expect(nearest('abc', ['xyz'])).toBeNull()
  expect(nearest('ab', ['xb'])).toBe('xb')
})

test('of several close ones the closest is meant, and of two as close the first', () => {
  expect(nearest('offsets', ['offset', 'offsetss', 'offsets'])).toBe('offsets')
  expect(nearest('brokers', ['broker', 'brokerz'])).toBe('broker')
})

test('no candidates, no guess', () => {
  expect(nearest('acks', [])).toBeNull()
})
