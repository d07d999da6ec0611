import { describe, expect, test } from 'vitest'
import { KafkaError } from './errors.ts'
import { parseProperties } from './parse-properties.ts'

// What Java's `Properties.load` makes of the same text (its class comment says so, rule by rule).

describe('parseProperties', () => {
  test.each([
    ['a=1', { a: '1' }],
    ['a = 1', { a: '1' }],
    ['a:1', { a: '1' }],
    ['a : 1', { a: '1' }],
    ['a 1', { a: '1' }],
    ['a\t\f 1', { a: '1' }],
    ['  a=1', { a: '1' }],
    ['a==1', { a: '=1' }],
    ['a = = 1', { a: '= 1' }],
    ['a:=1', { a: '=1' }],
    ['a 1 2', { a: '1 2' }],
    ['a', { a: '' }],
    ['a=', { a: '' }],
    ['=1', { '': '1' }],
    ['a=1  ', { a: '1  ' }],
    ['linger.ms=5\nacks=all', { 'linger.ms': '5', acks: 'all' }],
    ['a=1\r\nb=2\rc=3\n', { a: '1', b: '2', c: '3' }],
    ['a=1\na=2', { a: '2' }],
  ])('%j: key, separator, value', (source, expected) => {
    expect(parseProperties(source)).toEqual(expected)
  })

  test.each([
    ['# a=1\n  ! b=2\n\n \t\f\nc=3 # not a comment', { c: '3 # not a comment' }],
    ['#a\\\nb=1', { b: '1' }],
    ['a#=1', { 'a#': '1' }],
    ['', {}],
  ])('%j: comments and empty lines', (source, expected) => {
    expect(parseProperties(source)).toEqual(expected)
  })

  test.each([
    ['a=1,\\\n  2,\\\n\t3', { a: '1,2,3' }],
    ['a=1\\\r\n2', { a: '12' }],
    ['a\\\nb=1', { ab: '1' }],
    ['a=1\\\n#2', { a: '1#2' }],
    ['a=1\\\\\nb=2', { a: '1\\', b: '2' }],
    ['a=1\\\\\\\n2', { a: '1\\2' }],
    ['a=1\\\n\nb=2', { a: '1', b: '2' }],
    ['a=1\\', { a: '1' }],
    ['a\\', { a: '' }],
    ['\\\n\nb=2', { b: '2' }],
    ['\\', {}],
  ])('%j: a line goes on behind an odd number of backslashes', (source, expected) => {
    expect(parseProperties(source)).toEqual(expected)
  })

  test.each([
    ['a\\=b=c', { 'a=b': 'c' }],
    ['a\\:b\\ c=d', { 'a:b c': 'd' }],
    ['a=\\ b', { a: ' b' }],
    ['a=\\t\\n\\r\\f', { a: '\t\n\r\f' }],
    ['a=\\q\\"\\b', { a: 'q"b' }],
    ['a=C:\\\\data', { a: 'C:\\data' }],
    ['a=\\u00e9\\uD83D\\uDE00', { a: 'é😀' }],
    ['\\u0061=1', { a: '1' }],
    ['\\#a=1', { '#a': '1' }],
    ['a=\\u000A1', { a: '\n1' }],
    ['a=\\😀', { a: '😀' }],
  ])('%j: escapes', (source, expected) => {
    expect(parseProperties(source)).toEqual(expected)
  })

  test('only blank, tab and form feed are blanks; a byte order mark is none of the key', () => {
    expect(parseProperties('a\u00a0b=\u00a01\v')).toEqual({ 'a\u00a0b': '\u00a01\v' })
    expect(parseProperties('\ufeffa=1')).toEqual({ a: '1' })
  })

  test('a Windows path in which a backslash looks like a character code is an error that names its line', () => {
    const source = '# where\na=1\nlog.dir=C:\\users\nb=1'
    expect(() => parseProperties(source)).toThrow(KafkaError)
    expect(() => parseProperties(source)).toThrow(
      'properties, line 3: \\u needs four hexadecimal digits behind it; write \\\\ for a backslash',
    )
    expect(() => parseProperties('x=\\\n \\u12')).toThrow('line 1')
    expect(() => parseProperties('a=\\u12G4')).toThrow('four hexadecimal digits')
  })

  test('no key is lost, whatever it means elsewhere', () => {
    const properties = parseProperties('__proto__=1\nconstructor=2\ntoString=3')
    expect(Object.entries(properties)).toEqual([
      ['__proto__', '1'],
      ['constructor', '2'],
      ['toString', '3'],
    ])
  })

  test('a long row of backslashes takes no time worth mentioning', () => {
    const row = '\\'.repeat(200_000)
    expect(parseProperties(`a=${row}b`)['a']).toHaveLength(100_001)
  })
})
