import { describe, expect, test } from 'vitest'
import { type LineFormat, recordOfLine } from './record-of-line.ts'

const text: LineFormat = { topic: 't', format: 'text', keySeparator: null, headers: [], partition: undefined }
const json: LineFormat = { ...text, format: 'json' }
const base64: LineFormat = { ...text, format: 'base64' }

function recordOf(line: string, format: LineFormat) {
  return recordOfLine(Buffer.from(line), format)
}

describe('a line of text', () => {
  test('is the value as it stands, bytes that are no text included', () => {
    const line = Buffer.from([0xff, 0x00, 0x61])
    expect(recordOfLine(line, text)).toMatchObject({ topic: 't', key: null, value: line })
  })

  test('is key, separator, value: the first separator counts', () => {
    expect(recordOf('a::b::c', { ...text, keySeparator: '::' })).toMatchObject({ key: Buffer.from('a'), value: Buffer.from('b::c') })
    expect(recordOf('::', { ...text, keySeparator: '::' })).toMatchObject({ key: Buffer.alloc(0), value: Buffer.alloc(0) })
    expect(() => recordOf('abc', { ...text, keySeparator: '::' })).toThrow('the separator "::" is missing')
  })
})

describe('a line of JSON', () => {
  test('has everything that a record has, and takes what consume prints', () => {
    const line =
      '{"topic":"other","partition":2,"offset":7,"timestamp":5,"key":"k","value":"v","headers":[{"key":"h","value":"1"},{"key":"h","value":null}]}'
    expect(recordOf(line, json)).toEqual({
      topic: 't',
      key: 'k',
      value: 'v',
      partition: 2,
      timestamp: 5,
      headers: [
        { key: 'h', value: Buffer.from('1') },
        { key: 'h', value: null },
      ],
    })
  })

  test('null is a tombstone, an object is sent as JSON, bytes come in base64, headers may be an object', () => {
    expect(recordOf('{"key":"k","value":null}', json)).toMatchObject({ key: 'k', value: null })
    expect(recordOf('{"value":{"a":[1,"x"]}}', json)).toMatchObject({ key: null, value: '{"a":[1,"x"]}' })
    expect(recordOf('{"keyBase64":"/wA=","valueBase64":"YQ"}', json)).toMatchObject({ key: Buffer.from([255, 0]), value: Buffer.from('a') })
    expect(recordOf('{"value":"v","headers":{"a":"1"}}', json)).toMatchObject({ headers: [{ key: 'a', value: Buffer.from('1') }] })
  })

  test('a blank line is none, and -1 is no timestamp', () => {
    expect(recordOf('  ', json)).toBeNull()
    expect(recordOf('{"value":"v","timestamp":-1}', json)).toMatchObject({ timestamp: undefined })
  })

  test('headers and partition of the command serve where the line has none', () => {
    const format = { ...json, headers: [{ key: 'h', value: null }], partition: 3 }
    expect(recordOf('{"value":"v"}', format)).toMatchObject({ headers: [{ key: 'h', value: null }], partition: 3 })
    expect(recordOf('{"value":"v","partition":0,"headers":[]}', format)).toMatchObject({ headers: [], partition: 0 })
  })

  test('by key: the partition of the line is passed over', () => {
    expect(recordOf('{"value":"v","partition":0}', { ...json, partition: 'byKey' })).toMatchObject({ partition: undefined })
  })

  test.each([
    ['{"key":1', 'this is not JSON'],
    ['"v"', 'a record is an object'],
    ['[1]', 'a record is an object'],
    ['null', 'a record is an object'],
    ['{"key":"k"}', 'the field "value" is missing'],
    ['{"valeu":"v"}', 'unknown field "valeu"; did you mean "value"?'],
    ['{"value":"v","valueBase64":"YQ=="}', 'give "value" or "valueBase64", not both'],
    ['{"valueBase64":"?"}', 'this is not base64'],
    ['{"valueBase64":1}', '"valueBase64" has to be a string'],
    ['{"value":"v","partition":-2}', '"partition" has to be a whole number, not -2'],
    ['{"value":"v","timestamp":"x"}', '"timestamp" has to be a whole number, not "x"'],
    ['{"value":"v","headers":"x"}', '"headers" has to be an object'],
    ['{"value":"v","headers":[{"key":1,"value":"x"}]}', 'a header has to be'],
    ['{"value":{"id":[12345678901234567890]}}', '"value" holds a number that is too large'],
  ])('%s: %s', (line, message) => {
    expect(() => recordOf(line, json)).toThrow(message)
  })
})

test('a line of base64 is bytes, and nothing else is taken for it', () => {
  expect(recordOf('AP8=', base64)).toMatchObject({ value: Buffer.from([0, 255]) })
  expect(recordOf('_-8', base64)).toMatchObject({ value: Buffer.from([0xff, 0xef]) })
  expect(recordOf('YQ==:AP8=', { ...base64, keySeparator: ':' })).toMatchObject({ key: Buffer.from('a'), value: Buffer.from([0, 255]) })
  expect(() => recordOf('not base64', base64)).toThrow('this is not base64')
})
