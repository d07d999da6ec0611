import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { OutputError } from './io.ts'
import { type OutputStream, outputOf } from './process-io.ts'

/** A standard output whose every write ends with `code`, a turn later as in Node. */
function failing(code: string): OutputStream {
  const stream = new Writable({
    autoDestroy: false,
    write: (_chunk, _encoding, done) => process.nextTick(done, Object.assign(new Error(`${code}: write`), { code })),
  })
  return Object.assign(stream, { isTTY: false, columns: 0 })
}

test('a reader that has gone closes the output without a complaint', async () => {
  const output = outputOf(failing('EPIPE'))
  output.write('a\n')
  expect(output.closed.aborted).toBe(false)
  await output.flushed()
  expect(output.closed.reason).toMatchObject({ code: 'EPIPE' })
})

test('a disk that is full closes it with an error that says so', async () => {
  const output = outputOf(failing('ENOSPC'))
  output.write('a\n')
  await output.flushed()
  expect(output.closed.reason).toBeInstanceOf(OutputError)
  expect(output.closed.reason).toMatchObject({ message: expect.stringContaining('the disk that it goes to is full; free some room') })
})

test('what was written has gone out when it is flushed', async () => {
  const chunks: string[] = []
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      chunks.push(String(chunk))
      process.nextTick(done)
    },
  })
  const output = outputOf(Object.assign(stream, { isTTY: false, columns: 0 }))
  output.write('a')
  output.write('b')
  await output.flushed()
  expect(chunks.filter(chunk => chunk !== '')).toEqual(['a', 'b'])
})
