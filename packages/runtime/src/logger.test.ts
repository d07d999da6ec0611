import { describe, expect, test } from 'vitest'
import { formatLogLine, type LogFields, type LogLevel, loggerTo, silentLogger } from './logger.ts'

const levels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']

describe('loggerTo', () => {
  test.each([
    [undefined, ['info', 'warn', 'error']],
    ['debug', levels],
    ['info', ['info', 'warn', 'error']],
    ['warn', ['warn', 'error']],
    ['error', ['error']],
  ] as const)('with minimum %s hands on %o', (minimum, expected) => {
    const heard: LogLevel[] = []
    const log = loggerTo(level => heard.push(level), minimum)
    for (const level of levels) log[level]('m')
    expect(heard).toEqual(expected)
  })

  test('hands on the message and the fields as they are', () => {
    const lines: [LogLevel, string, LogFields][] = []
    const log = loggerTo((...line) => lines.push(line))
    const fields = { broker: 2, cause: new Error('gone') }
    log.warn('reconnecting', fields)
    log.info('connected')
    expect(lines).toEqual([
      ['warn', 'reconnecting', fields],
      ['info', 'connected', {}],
    ])
    expect(lines[0]![2]).toBe(fields)
  })

  test('has methods that work without their object', () => {
    const heard: string[] = []
    const { error } = loggerTo((_level, message) => heard.push(message))
    error('m')
    expect(heard).toEqual(['m'])
  })
})

test('the silent logger does not look at the fields', () => {
  const fields = {
    get broker(): never {
      throw new Error('looked at')
    },
  }
  for (const level of levels) expect(silentLogger[level]('m', fields)).toBeUndefined()
})

describe('formatLogLine', () => {
  const cycle: { self?: unknown } = {}
  cycle.self = cycle

  test('puts the fields behind the message, in their order', () => {
    expect(formatLogLine('connected', { broker: 2, host: 'localhost' })).toBe('connected broker=2 host=localhost')
    expect(formatLogLine('connected', {})).toBe('connected')
  })

  test('is one line, whatever the message holds', () => {
    expect(formatLogLine('refused: a\nERROR b\u001b[2J\u2028c', {})).toBe('refused: a\\u000aERROR b\\u001b[2J\\u2028c')
  })

  test.each<[unknown, string]>([
    ['plain', 'plain'],
    ['two words', '"two words"'],
    ['say "hi"', '"say \\"hi\\""'],
    ['line\nend', '"line\\nend"'],
    ['\u001b[31m', '"\\u001b[31m"'],
    ['', '""'],
    [true, 'true'],
    [null, 'null'],
    [undefined, 'undefined'],
    [Number.NaN, 'NaN'],
    [2n ** 63n, '9223372036854775808'],
    [Symbol('s'), 'Symbol(s)'],
    [function named() {}, '"[function named]"'],
    [[1, 2], '[1,2]'],
    [{ a: 1n }, '"{\\"a\\":\\"1\\"}"'],
    [new Error('disk full'), '"disk full"'],
    [cycle, '"[not printable]"'],
    [Object.assign(new Error(), { message: Symbol('s') }), 'Symbol(s)'],
    [{ toJSON: () => undefined }, 'undefined'],
  ])('writes %o as %s', (value, text) => {
    expect(formatLogLine('m', { value })).toBe(`m value=${text}`)
  })

  test('survives an error that throws when it is asked what it is', () => {
    const hostile = Object.defineProperty(new Error(), 'message', {
      get() {
        throw new Error('no')
      },
    })
    expect(formatLogLine('m', { error: hostile })).toBe('m error="[not printable]"')
  })
})
