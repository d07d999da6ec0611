import type { ConsumerRecord } from '@logwerk/consumer'
import { type Headers, lastHeader } from '@logwerk/runtime'
import { expect, test } from 'vitest'
import { styleOf } from '../style.ts'
import { TestIo } from '../test-io.test-support.ts'
import { formatterOf } from './format-record.ts'

const plain = styleOf(new TestIo().stdout, {})

type Part = string | number[] | null

function record(key: Part, value: Part, headers: Headers = [], timestamp = 1_767_225_600_000): ConsumerRecord<Uint8Array, Uint8Array> {
  const bytesOf = (part: Part) => (part === null ? null : Buffer.from(part as string))
  const [keyBytes, valueBytes] = [bytesOf(key), bytesOf(value)]
  const place = { topic: 't', partition: 3, offset: 17, timestamp, timestampType: 'CreateTime', leaderEpoch: 0 } as const
  const header = (name: string) => lastHeader(headers, name)
  return {
    ...place,
    key: keyBytes,
    value: valueBytes,
    keyBytes,
    valueBytes,
    headers,
    header,
    copy: () => record(key, value, headers, timestamp),
  }
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
