import { KafkaError, nodeWorld } from '@logwerk/runtime'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createCodecs } from './codecs.ts'
import { generate, jsonLines } from './golden.test-support.ts'
import { codecTypes, implementations } from './worlds.test-support.ts'

/** Random bytes, few different bytes, and stretches that repeat: what matches are made of, with every alignment. */
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 3000 }),
  fc.array(fc.constantFrom(0, 1, 255), { maxLength: 3000 }).map(values => Uint8Array.from(values)),
  fc
    .array(fc.tuple(fc.uint8Array({ maxLength: 90 }), fc.integer({ min: 1, max: 400 })), { maxLength: 30 })
    .map(pieces => Buffer.concat(pieces.flatMap(([piece, times]) => Array.from({ length: times }, () => piece)))),
)

describe.each(implementations)('%s', (_, codec) => {
  test('restores any bytes', () => {
    fc.assert(
      fc.property(bytes, input => {
        expect(Buffer.compare(codec.decompress(codec.compress(input), input.length), input)).toBe(0)
      }),
    )
  })

  test.each([0, 1, 11, 12, 13, 32_767, 32_768, 32_769, 65_535, 65_536, 65_537, 131_072, 400_000])(
    'restores %i bytes of JSON and of noise',
    sizeBytes => {
      for (const input of [jsonLines(sizeBytes), generate({ generator: 'random', seed: 9, sizeBytes }), Buffer.alloc(sizeBytes)])
        expect(Buffer.compare(codec.decompress(codec.compress(input), sizeBytes), input)).toBe(0)
    },
  )

  test('reads bytes that lie anywhere in their memory, and leaves them as they are', () => {
    const input = jsonLines(1000)
    const compressed = codec.compress(new Uint8Array(Buffer.concat([Buffer.alloc(3), input])).subarray(3))
    const padded = new Uint8Array(Buffer.concat([Buffer.alloc(5), compressed, Buffer.alloc(9)]))
    const before = padded.slice()
    expect(Buffer.compare(codec.decompress(padded.subarray(5, 5 + compressed.length), 1000), input)).toBe(0)
    expect(Buffer.compare(padded, before)).toBe(0)
  })

  test('gives results of their own: a later call changes none', () => {
    const first = codec.compress(jsonLines(5000))
    const restored = codec.decompress(first, 5000)
    codec.decompress(codec.compress(Buffer.alloc(5000, 7)), 5000)
    expect(Buffer.compare(restored, jsonLines(5000))).toBe(0)
    expect(Buffer.compare(codec.decompress(first, 5000), jsonLines(5000))).toBe(0)
  })

  test('makes JSON smaller by half, and noise hardly larger', () => {
    expect(codec.compress(jsonLines(100_000)).length).toBeLessThan(50_000)
    expect(codec.compress(generate({ generator: 'random', seed: 8, sizeBytes: 100_000 })).length).toBeLessThan(100_100)
  })
})

test('what one implementation writes, the other reads', () => {
  for (const [, writer] of implementations) {
    for (const [, reader] of implementations) {
      if (reader.type !== writer.type) continue
      expect(Buffer.compare(reader.decompress(writer.compress(jsonLines(70_000)), 70_000), jsonLines(70_000))).toBe(0)
    }
  }
})

test('the native world uses lz4-napi, which this repository installs', () => {
  const asked: string[] = []
  createCodecs({
    native: name => {
      asked.push(name)
      return nodeWorld.native(name)
    },
  }).get('lz4')
  expect(asked).toEqual(['lz4-napi'])
  expect(nodeWorld.native('lz4-napi')).not.toBeNull()
})

test('gzip, snappy and lz4 are there at once; zstd in WebAssembly after ready()', async () => {
  const codecs = createCodecs({ native: () => null })
  for (const type of ['gzip', 'snappy', 'lz4'] as const) expect(codecs.get(type).type).toBe(type)
  expect(() => codecs.get('zstd')).toThrow(
    expect.objectContaining({ code: 'ILLEGAL_STATE', message: expect.stringContaining('await ready()') }),
  )
  await codecs.ready()
  expect(codecs.get('zstd').type).toBe('zstd')
})

test('each codec is made once', async () => {
  const codecs = createCodecs()
  await Promise.all([codecs.ready(), codecs.ready()])
  for (const type of codecTypes) expect(codecs.get(type)).toBe(codecs.get(type))
})

test('a native package that is not what we expect is passed over', async () => {
  for (const found of [{}, 17, 'lz4', { compressSync: 1, zstdCompressSync: 1 }, undefined]) {
    const codecs = createCodecs({ native: () => found })
    await codecs.ready()
    for (const type of codecTypes)
      expect(Buffer.from(codecs.get(type).decompress(codecs.get(type).compress(Buffer.from('x')), 1)).toString()).toBe('x')
  }
})

test('a type without a codec has a clear error', () => {
  const codecs = createCodecs()
  expect(() => codecs.get('none' as 'gzip')).toThrow(KafkaError)
  expect(() => codecs.get('none' as 'gzip')).toThrow(
    expect.objectContaining({ code: 'UNSUPPORTED_COMPRESSION_TYPE', message: 'There is no codec for compression type none' }),
  )
})
