import { ConsumerRecord } from '@logwerk/consumer'
import type { Headers } from '@logwerk/runtime'
import { bytes } from '@logwerk/serde-bytes'
import { expect, test } from 'vitest'
import { styleOf } from '../style.ts'
import { TestIo } from '../test-io.test-support.ts'
import { formatterOf } from './format-record.ts'

const plain = styleOf(new TestIo().stdout, {})

function record(key: string | number[] | null, value: string | number[] | null, headers: Headers = [], timestamp = 1_767_225_600_000) {
  const bytesOf = (part: string | number[] | null) => (part === null ? null : Buffer.from(part as string))
  const raw = { key: bytesOf(key), value: bytesOf(value), headers }
  return new ConsumerRecord('t', 3, 17, timestamp, 'CreateTime', 0, raw, { key: bytes, value: bytes })
}

test('a line for people has everything, and what is missing can be told from what is empty', () => {
  const line = formatterOf('text', plain)
  expect(line(record('k', 'v', [{ key: 'h', value: Buffer.from('1') }]))).toBe('t-3 17  2026-01-01T00:00:00.000Z  k  v  h=1')
  expect(line(record(null, null, [], -1))).toBe('t-3 17  -                         -  (null)')
  expect(line(record('', ''))).toBe('t-3 17  2026-01-01T00:00:00.000Z    ')
})

test('a record stays one line, and leaves the terminal alone, whatever it holds', () => {
  const line = formatterOf('text', plain)
  expect(line(record('a\nb', '\u001b[2Jc'))).toContain('a\\nb  \\x1b[2Jc')
  expect(line(record(null, [0x61, 0xff, 0x0a]))).toContain('-  a\\xff\\n')
})

test('hex shows the bytes', () => {
  expect(formatterOf('hex', plain)(record('k', [0, 255]))).toContain('6b  00ff')
})

test('JSON keeps text as text and every other byte in base64', () => {
  const line = formatterOf('json', plain)
  expect(JSON.parse(line(record('k', [0xff], [{ key: 'h', value: Buffer.from([0xfe]) }])))).toEqual({
    topic: 't',
    partition: 3,
    offset: 17,
    timestamp: 1_767_225_600_000,
    key: 'k',
    valueBase64: '/w==',
    headers: [{ key: 'h', valueBase64: '/g==' }],
  })
  // A byte order mark is part of the value.
  expect(JSON.parse(line(record(null, [0xef, 0xbb, 0xbf, 0x61])))).toMatchObject({ key: null, value: '\ufeffa' })
})
