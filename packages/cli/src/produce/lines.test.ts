import { replaceFile } from '@logwerk/runtime'
import { createSimulation } from '@logwerk/runtime/simulated'
import { expect, test } from 'vitest'
import { chunksOfFile, linesOf } from './lines.ts'

async function* chunksOf(...texts: string[]) {
  for (const text of texts) yield Buffer.from(text)
}

async function collected(chunks: AsyncIterable<Uint8Array>): Promise<string[]> {
  const lines: string[] = []
  for await (const some of linesOf(chunks)) lines.push(...some.map(line => line.toString('utf8')))
  return lines
}

test('lines end in newlines of both kinds, an empty line counts, and what follows the last end is a line', async () => {
  expect(await collected(chunksOf('a\r\n\nb\nc'))).toEqual(['a', '', 'b', 'c'])
  expect(await collected(chunksOf('a\n'))).toEqual(['a'])
  expect(await collected(chunksOf(''))).toEqual([])
})

test('it does not matter where the chunks end, in the middle of a character included', async () => {
  const bytes = Buffer.from('größe\r\nk\n\n日本\nende')
  for (let size = 1; size <= bytes.length; size++) {
    const chunks = (async function* () {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
    })()
    expect(await collected(chunks)).toEqual(['größe', 'k', '', '日本', 'ende'])
  }
})

test('a line that never ends is an error, not all of the memory', async () => {
  const piece = Buffer.alloc(16 << 20, 'a')
  const endless = (async function* () {
    for (;;) yield piece
  })()
  await expect(collected(endless)).rejects.toMatchObject({ code: 'MESSAGE_TOO_LARGE' })
})

test('a file is read to its end, and closed early when it has to be', async () => {
  const simulation = createSimulation({ seed: 1 })
  const text = 'x'.repeat(700_000)
  replaceFile(simulation.files, '/f', Buffer.from(`${text}\ny\n`))
  const { signal } = new AbortController()
  expect(await simulation.runUntil(collected(chunksOfFile(simulation.files, '/f', signal)))).toEqual([text, 'y'])
  expect(await simulation.runUntil(collected(chunksOfFile(simulation.files, '/f', AbortSignal.abort())))).toEqual([])
  await expect(simulation.runUntil(collected(chunksOfFile(simulation.files, '/missing', signal)))).rejects.toThrow('/missing')
})
