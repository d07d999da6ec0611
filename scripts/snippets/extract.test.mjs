import { expect, test } from 'vitest'
import { snippetsIn } from './extract.mjs'

test('programs, excerpts and unmarked snippets are told apart; other languages are left alone', () => {
  const readme = [
    '# x',
    '```ts run',
    'a()',
    '',
    'b()',
    '```',
    '```js fragment',
    'c',
    '```',
    '```ts',
    'd',
    '```',
    '```sh',
    'e',
    '```',
    '```',
    'f',
    '```',
  ]
  expect(snippetsIn('README.md', readme.join('\n'))).toEqual([
    { readme: 'README.md', line: 2, language: 'ts', mode: 'run', code: 'a()\n\nb()\n' },
    { readme: 'README.md', line: 7, language: 'js', mode: 'fragment', code: 'c\n' },
    { readme: 'README.md', line: 10, language: 'ts', mode: null, code: 'd\n' },
  ])
})

test('a snippet in a list loses the indentation of its fence, and a longer fence holds a shorter one', () => {
  expect(snippetsIn('README.md', '1. x\n   ```ts run\n   if (a)\n     b()\n   ```')[0]?.code).toBe('if (a)\n  b()\n')
  expect(snippetsIn('README.md', '````md\n```ts run\n```\n````')).toEqual([])
})

test('a fence that never closes is an error', () => {
  expect(() => snippetsIn('README.md', '```ts run\na()')).toThrow('README.md: the last fence is never closed')
})
