import { KafkaError } from '@logwerk/runtime'
import { expect, test } from 'vitest'
import { describeError, reportError } from './report-error.ts'
import { TestIo } from './test-io.test-support.ts'
import { UsageError } from './usage-error.ts'

test('the line names the code and the place where the message does not', () => {
  expect(describeError(new KafkaError('CORRUPT_LOG', 'bytes are damaged', { at: { path: '/d/0.log', topic: 'a', partition: 3 } }))).toBe(
    'bytes are damaged (CORRUPT_LOG at a-3, /d/0.log)',
  )
  const told = new KafkaError('CORRUPT_LOG', 'a-3: /d/0.log is damaged (CORRUPT_LOG)', {
    at: { path: '/d/0.log', topic: 'a', partition: 3 },
  })
  expect(describeError(told)).toBe('a-3: /d/0.log is damaged (CORRUPT_LOG)')
  expect(describeError(new KafkaError('CLOSED', 'it is closed', { at: { broker: 'b:1' } }))).toBe('it is closed (CLOSED at broker b:1)')
  expect(describeError(new Error('plain'))).toBe('plain')
})

test('an unknown topic or group says what to do next', () => {
  expect(describeError(new KafkaError('GROUP_ID_NOT_FOUND', 'group g is unknown', { at: { groupId: 'g' } }))).toBe(
    'group g is unknown (GROUP_ID_NOT_FOUND); "logwerk groups list" shows the groups there are',
  )
})

test('an error is one line, whatever its text holds, and the exit code says whose mistake it is', () => {
  const io = new TestIo()
  expect(reportError(new Error('a\nb\u001b[2J'), io)).toBe(1)
  expect(reportError(new UsageError('no such option', 'topics list'), io)).toBe(2)
  expect(io.stderr.lines).toEqual(['error: a\\nb\\x1b[2J', 'error: no such option (logwerk topics list --help)'])
})

test('LOGWERK_DEBUG adds the stack, causes included', () => {
  const io = new TestIo({ env: { LOGWERK_DEBUG: '1' } })
  reportError(new Error('outer', { cause: new Error('inner') }), io)
  expect(io.stderr.text).toMatch(/^error: outer\nError: outer\n {4}at .*\nCaused by: Error: inner\n {4}at /s)
})
