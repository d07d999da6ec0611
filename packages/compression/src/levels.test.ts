import { describe, expect, test } from 'vitest'
import { jsonLines } from './golden.test-support.ts'
import { compressionLevels, levelOf } from './levels.ts'
import { codecsByWorld } from './worlds.test-support.ts'

const types = ['gzip', 'lz4', 'zstd'] as const

describe.each(types)('%s', type => {
  const { min, max, default: standard } = compressionLevels[type]

  test('takes its range and its default', () => {
    for (const level of [min, max, standard]) expect(levelOf(type, level)).toBe(level)
    expect(levelOf(type, undefined)).toBe(standard)
  })

  test.each([min - 1, max + 1, 2.5, Number.NaN, Number.POSITIVE_INFINITY])('refuses %d, and says what it takes', level => {
    // -1 is gzip's default; 0 is one below its range.
    const message = `compression.${type}.level is ${level}: it takes a whole number from ${min} to ${max}; left out it is ${standard}`
    expect(() => levelOf(type, level)).toThrow(expect.objectContaining({ code: 'INVALID_CONFIG', message }))
    for (const [, codecs] of codecsByWorld)
      expect(() => codecs.get(type).compress(Buffer.alloc(10), level)).toThrow(expect.objectContaining({ code: 'INVALID_CONFIG' }))
  })

  test.each(codecsByWorld)('every level is readable (%s)', (_, codecs) => {
    const input = jsonLines(20_000)
    const codec = codecs.get(type)
    for (let level = Math.max(min, -7); level <= max; level++)
      expect(Buffer.compare(codec.decompress(codec.compress(input, level), input.length), input)).toBe(0)
    expect(Buffer.compare(codec.decompress(codec.compress(input, min), input.length), input)).toBe(0)
  })
})

test.each(codecsByWorld)('gzip and zstd compress further at a high level than at a low one (%s)', (_, codecs) => {
  const input = jsonLines(100_000)
  const sizeOf = (type: 'gzip' | 'zstd', level: number) => codecs.get(type).compress(input, level).length
  expect(sizeOf('gzip', 9)).toBeLessThan(sizeOf('gzip', 1))
  expect(sizeOf('zstd', 19)).toBeLessThan(sizeOf('zstd', -50))
})

test('snappy has no levels', () => {
  for (const [, codecs] of codecsByWorld) {
    expect(() => codecs.get('snappy').compress(Buffer.alloc(10), 1)).toThrow(
      expect.objectContaining({ code: 'INVALID_CONFIG', message: expect.stringContaining('snappy') }),
    )
  }
})
