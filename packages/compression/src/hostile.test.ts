import type { CompressionCodec } from '@logwerk/protocol'
import { KafkaError } from '@logwerk/runtime'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { generate, jsonLines } from './golden.test-support.ts'
import { implementations } from './worlds.test-support.ts'

const MAX_BYTES = 20_000

/** Decompressing either keeps the limit or fails with one of the two documented codes. Plain checks: this runs very often. */
function outcome(codec: CompressionCodec, compressed: Uint8Array, maxBytes = MAX_BYTES): Uint8Array | string {
  try {
    const restored = codec.decompress(compressed, maxBytes)
    if (restored.length > maxBytes) throw new RangeError(`${restored.length} bytes restored, ${maxBytes} allowed`)
    return restored
  } catch (error) {
    if (!(error instanceof KafkaError) || !error.message.includes(codec.type)) throw error
    if (error.code !== 'CORRUPT_MESSAGE' && error.code !== 'MESSAGE_TOO_LARGE') throw error
    return error.code
  }
}

describe.each(implementations)('%s', (_, codec) => {
  const inputs = [jsonLines(600), generate({ generator: 'random', seed: 5, sizeBytes: 200 }), Buffer.alloc(15_000, 1)]

  test('a cut at any byte is noticed', () => {
    for (const input of inputs) {
      const compressed = codec.compress(input)
      for (let length = 0; length < compressed.length; length++) {
        // Snappy's framing has no end mark: what is cut between two blocks, or right behind the header, is whole.
        if (codec.type === 'snappy' && length === 16) continue
        if (outcome(codec, compressed.subarray(0, length)) !== 'CORRUPT_MESSAGE')
          expect.fail(`${length} of ${compressed.length} bytes were taken for the whole`)
      }
    }
  })

  test('any flipped bit gives bytes within the limit, or a typed error', () => {
    for (const input of inputs) {
      const compressed = Buffer.from(codec.compress(input))
      for (let bit = 0; bit < compressed.length * 8; bit++) {
        compressed[bit >>> 3]! ^= 1 << (bit & 7)
        outcome(codec, compressed)
        compressed[bit >>> 3]! ^= 1 << (bit & 7)
      }
      expect(Buffer.compare(codec.decompress(compressed, MAX_BYTES), input)).toBe(0)
    }
  })

  test('so do bytes that are overwritten at random, and no bytes of sense at all', () => {
    const compressed = codec.compress(jsonLines(15_000))
    fc.assert(
      fc.property(fc.nat(compressed.length), fc.uint8Array({ minLength: 1, maxLength: 40 }), (at, rubbish) => {
        const damaged = Buffer.concat([compressed, Buffer.alloc(40)])
        damaged.set(rubbish, at)
        outcome(codec, damaged.subarray(0, compressed.length))
        outcome(codec, Buffer.concat([compressed.subarray(0, 24), rubbish]))
        outcome(codec, rubbish)
      }),
      { numRuns: Number(process.env['LOGWERK_SEEDS'] ?? 500) },
    )
  })

  test('a bomb ends at the limit', () => {
    const bomb = codec.compress(Buffer.alloc(30_000_000))
    expect(outcome(codec, bomb, 1_000_000)).toBe('MESSAGE_TOO_LARGE')
    expect(outcome(codec, bomb, 29_999_999)).toBe('MESSAGE_TOO_LARGE')
    expect(codec.decompress(bomb, 30_000_000).length).toBe(30_000_000)
  })

  test('the limit counts the restored bytes exactly', () => {
    const compressed = codec.compress(jsonLines(70_000))
    expect(codec.decompress(compressed, 70_000).length).toBe(70_000)
    expect(outcome(codec, compressed, 69_999)).toBe('MESSAGE_TOO_LARGE')
    expect(outcome(codec, compressed, 0)).toBe('MESSAGE_TOO_LARGE')
    expect(codec.decompress(codec.compress(Buffer.alloc(0)), 0).length).toBe(0)
  })

  test('a failure leaves nothing behind', () => {
    const compressed = codec.compress(jsonLines(3000))
    for (let times = 0; times < 50; times++) {
      outcome(codec, compressed.subarray(0, 100))
      outcome(codec, compressed, 10)
    }
    expect(Buffer.compare(codec.decompress(compressed, 3000), jsonLines(3000))).toBe(0)
  })
})
