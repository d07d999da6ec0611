import { expect, test } from 'vitest'
import { jsonOf, printed } from './printed.ts'

const cycle: Record<string, unknown> = {}
cycle['self'] = cycle

test.each([
  ['a "word"', '"a \\"word\\""'],
  [5, '5'],
  [Number.NaN, 'NaN'],
  [Number.NEGATIVE_INFINITY, '-Infinity'],
  [10n, '10'],
  [true, 'true'],
  [null, 'null'],
  [undefined, 'undefined'],
  [Symbol('s'), 'Symbol(s)'],
  [() => 1, 'a function'],
  [['a', 1], '["a",1]'],
  [{ a: 1n, b: Number.POSITIVE_INFINITY, c: null }, '{"a":"1","b":"Infinity","c":null}'],
  [cycle, '[not printable]'],
  [{ toJSON: () => undefined }, 'undefined'],
])('prints %o', (value, text) => {
  expect(printed(value)).toBe(text)
})

test('an object whose toJSON throws does not take the message with it', () => {
  const hostile = {
    toJSON() {
      throw new Error('no')
    },
  }
  expect(jsonOf(hostile)).toBe('[not printable]')
})
