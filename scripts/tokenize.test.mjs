// biome-ignore-all lint/suspicious/noTemplateCurlyInString: templates are what is tested here
import { expect, test } from 'vitest'
import { tokenize } from './tokenize.mjs'

test.each([
  ['a / b / c', ['a', '/', 'b', '/', 'c']],
  ['f(x) / 2 // half', ['f', '(', 'x', ')', '/', '2', '// half']],
  ['return /[/"]/.test(x)', ['return', '/[/"]/', '.', 'test', '(', 'x', ')']],
  ["'it\\'s' + \"a 'b'\"", ["'it\\'s'", '+', '"a \'b\'"']],
  ['`a${ {b: `c${d}`} }e` / 2', ['`a${', '{', 'b', ':', '`c${', 'd', '}`', '}', '}e`', '/', '2']],
  ['a?.b ? .5 : c?.[0]', ['a', '?.', 'b', '?', '.5', ':', 'c', '?.', '[', '0', ']']],
  ['#x in y; @z', ['#x', 'in', 'y', ';', '@z']],
  ['/* a\n */ 0xff_ff 10n 1e-3', ['/* a\n */', '0xff_ff', '10n', '1e-3']],
])('%s', (text, expected) => {
  expect(tokenize(text).map(token => token.text)).toEqual(expected)
})

test('lines are counted through comments and templates', () => {
  expect(tokenize('/*\n*/ a\n`\n${b}\n` c').map(({ text, line }) => [text, line])).toEqual([
    ['/*\n*/', 1],
    ['a', 2],
    ['`\n${', 3],
    ['b', 4],
    ['}\n`', 4],
    ['c', 5],
  ])
})

test('an unfinished string, template or comment ends, and every character is in one token or is blank', () => {
  for (const text of ["'abc", '`a${b', '/* never', '"\\', '/abc', '`a${`b${', '}}`']) {
    const tokens = tokenize(text)
    expect(tokens.map(token => token.text).join('')).toBe(text.replaceAll(/\s/g, ''))
  }
})
