import { expect, test } from 'vitest'
import { type GoldenCase, inputOf, javaCases, referenceCases } from './golden.test-support.ts'
import { codecsByWorld } from './worlds.test-support.ts'

const sources: [string, readonly GoldenCase[]][] = [
  ['Java', javaCases],
  ['reference libraries', referenceCases],
]
const cases = sources.flatMap(([source, golden]) =>
  golden.flatMap(one =>
    codecsByWorld.map(([world, codecs]) => ({ ...one, title: `${one.codec} of ${source}, ${world}: ${one.name}`, one, codecs })),
  ),
)

test('the vectors are there, for every codec', () => {
  for (const [, golden] of sources) expect(new Set(golden.map(one => one.codec))).toEqual(new Set(['gzip', 'snappy', 'lz4', 'zstd']))
})

test.each(cases)('$title', ({ one, codecs }) => {
  const input = inputOf(one)
  const compressed = Buffer.from(one.compressed, 'base64')
  const codec = codecs.get(one.codec)
  expect(input.equals(codec.decompress(compressed, input.length))).toBe(true)
  if (input.length > 0)
    expect(() => codec.decompress(compressed, input.length - 1)).toThrow(expect.objectContaining({ code: 'MESSAGE_TOO_LARGE' }))
})
