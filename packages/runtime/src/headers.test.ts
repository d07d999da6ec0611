import { describe, expect, test } from 'vitest'
import { type Headers, type HeadersInput, headersOf, lastHeader, NO_HEADERS } from './headers.ts'

const bytes = (...values: number[]) => Uint8Array.from(values)

describe('headersOf', () => {
  test('keeps order, duplicates, empty and null values of a list', () => {
    const list: Headers = [
      { key: 'b', value: bytes(1) },
      { key: 'a', value: null },
      { key: 'b', value: bytes() },
      { key: '', value: bytes(2) },
    ]
    expect(headersOf(list)).toEqual(list)
  })

  test('does not copy the bytes, and does not hand out the list it was given', () => {
    const list: Headers = [{ key: 'a', value: bytes(1) }]
    const headers = headersOf(list)
    headers.push({ key: 'b', value: null })
    expect(list).toHaveLength(1)
    expect(headers[0]!.value).toBe(list[0]!.value)
  })

  test('takes a plain object, its strings as UTF-8', () => {
    const headers = headersOf({ trace: 'zoë', raw: bytes(7), none: null, empty: '' })
    expect(headers.map(({ key, value }) => [key, value === null ? null : [...value]])).toEqual([
      ['trace', [0x7a, 0x6f, 0xc3, 0xab]],
      ['raw', [7]],
      ['none', null],
      ['empty', []],
    ])
  })

  test('takes an object without a prototype', () => {
    expect(headersOf(Object.assign(Object.create(null), { a: null }))).toEqual([{ key: 'a', value: null }])
  })

  test('is a new empty list where there are none', () => {
    headersOf(undefined).push({ key: 'a', value: null })
    expect(headersOf(undefined)).toEqual([])
    expect(NO_HEADERS).toEqual([])
    expect(Object.isFrozen(NO_HEADERS)).toBe(true)
  })

  test.each<[unknown, string]>([
    [{ id: 7 }, 'header "id": the value must be a Uint8Array, a string or null, not number'],
    [{ id: undefined }, 'header "id": the value must be a Uint8Array, a string or null, not undefined'],
    [[{ key: 'id', value: {} }], 'header "id": the value must be a Uint8Array, a string or null, not object'],
    [[{ key: 'id' }], 'header "id": the value must be a Uint8Array, a string or null, not undefined'],
    [[{ key: 7, value: null }], "a header's key must be a string, not number"],
    [[['id', 'value']], "a header's key must be a string, not undefined"],
    [[null], "a header's key must be a string, not undefined"],
    [new Map([['id', 'value']]), 'headers must be a list'],
    [bytes(1), 'headers must be a list'],
    [null, 'headers must be a list'],
    ['id', 'headers must be a list'],
  ])('refuses %o', (input, message) => {
    const parse = () => headersOf(input as HeadersInput)
    expect(parse).toThrow(TypeError)
    expect(parse).toThrow(message)
  })
})

test('lastHeader finds the last of a name, and tells null from none', () => {
  const headers: Headers = [
    { key: 'a', value: bytes(1) },
    { key: 'b', value: bytes(2) },
    { key: 'a', value: bytes(3) },
    { key: 'b', value: null },
  ]
  expect(lastHeader(headers, 'a')).toEqual(bytes(3))
  expect(lastHeader(headers, 'b')).toBeNull()
  expect(lastHeader(headers, 'A')).toBeUndefined()
  expect(lastHeader(NO_HEADERS, 'a')).toBeUndefined()
})
