import { expect, test } from 'vitest'
import { Screen } from './screen.ts'

function drawn(output: { readonly columns?: number; readonly rows?: number; readonly isTTY?: boolean }, env: Record<string, string> = {}) {
  let text = ''
  const screen = new Screen({ isTTY: true, columns: 80, rows: 24, ...output, write: (more: string) => (text += more) }, env)
  screen.draw(['one', 'two'])
  screen.draw(['three', 'four'])
  return text
}

test('a block is drawn over what it was', () => {
  expect(drawn({})).toBe('\u001b[2Kone\n\u001b[2Ktwo\n\u001b[0J\u001b[2A\u001b[2Kthree\n\u001b[2Kfour\n\u001b[0J')
})

test.each([
  ['a pipe', { isTTY: false }, {}],
  ['a terminal that cannot move its cursor', {}, { TERM: 'dumb' }],
  ['one so narrow that it would cut the lines', { columns: 30 }, {}],
  ['one so low that the block would scroll away', { rows: 5 }, {}],
])('it is left out for %s', (_, output, env) => {
  expect(drawn(output, env as Record<string, string>)).toBe('')
})

test('a terminal that does not know its size is taken for 80 columns and 24 lines', () => {
  expect(drawn({ columns: 0, rows: 0 })).not.toBe('')
})
