import { nodeWorld } from '@logwerk/runtime'
import { describe, expect, test } from 'vitest'
import { generate, jsonLines } from './golden.test-support.ts'
import { snappy } from './snappy.ts'

const corrupt = (text: string) => expect.objectContaining({ code: 'CORRUPT_MESSAGE', message: expect.stringContaining(text) })
const header = Buffer.from('82534e4150505900 00000001 00000001'.replaceAll(' ', ''), 'hex')
const restoreHex = (hex: string, maxBytes = 1000) => Buffer.from(snappy.decompress(Buffer.from(hex.replaceAll(' ', ''), 'hex'), maxBytes))

function frameOf(...blocks: Uint8Array[]): Buffer {
  return Buffer.concat([header, ...blocks.flatMap(block => [Buffer.of(0, 0, block.length >>> 8, block.length & 0xff), block])])
}

describe('framing', () => {
  test('every block of 32 KiB input follows its length', () => {
    const compressed = Buffer.from(snappy.compress(jsonLines(70_000)))
    expect(compressed.subarray(0, 16)).toEqual(header)
    const sizes: number[] = []
    for (let at = 16; at < compressed.length; at += 4 + compressed.readInt32BE(at))
      sizes.push(snappy.decompress(compressed.subarray(at + 4, at + 4 + compressed.readInt32BE(at)), 40_000).length)
    expect(sizes).toEqual([32_768, 32_768, 70_000 - 65_536])
  })

  test('a second header may follow', () => {
    const one = frameOf(Buffer.from('020461 62'.replaceAll(' ', ''), 'hex'))
    expect(Buffer.from(snappy.decompress(Buffer.concat([one, one]), 4)).toString()).toBe('abab')
  })

  test.each<[string, Buffer, string]>([
    ['a block longer than the input', Buffer.concat([header, Buffer.of(0, 0, 0, 9, 1, 0, 97)]), 'block at byte 16'],
    ['a block of negative length', Buffer.concat([header, Buffer.of(255, 255, 255, 255, 1, 0, 97)]), 'block at byte 16'],
    ['a block of no length', frameOf(Buffer.alloc(0)), 'block at byte 16'],
    ['half a length', Buffer.concat([header, Buffer.of(0, 0)]), 'block at byte 16'],
    ['half a header', header.subarray(0, 12), 'header at byte 0'],
    ['version 0', Buffer.from('82534e41505059000000000000000001', 'hex'), 'version 0'],
  ])('%s', (_, bytes, text) => {
    expect(() => snappy.decompress(bytes, 1000)).toThrow(corrupt(text))
  })
})

describe('blocks', () => {
  test('all elements of the format', () => {
    expect(restoreHex('04 0c 61626364').toString()).toBe('abcd')
    expect(restoreHex('08 0c 61626364 01 04').toString()).toBe('abcdabcd') // 11-bit distance
    expect(restoreHex('0a 0c 61626364 16 0400').toString()).toBe('abcdabcdab') // 16-bit distance
    expect(restoreHex('0a 0c 61626364 17 04000000').toString()).toBe('abcdabcdab') // 32-bit distance
    expect(restoreHex('0e 04 6162 2e 0100').toString()).toBe('abbbbbbbbbbbbb') // overlaps itself
    for (const lengthBytes of [1, 2, 3, 4]) {
      const length = Buffer.from('44000000', 'hex').subarray(0, lengthBytes).toString('hex')
      expect(restoreHex(`45 ${(((59 + lengthBytes) << 2) >>> 0).toString(16)} ${length} ${'78'.repeat(69)}`).toString()).toBe(
        'x'.repeat(69),
      )
    }
  })

  test.each([
    ['no bytes', '', 'does not begin with its length'],
    ['a length without end', 'ffffffffffff', 'does not begin with its length'],
    ['a claim beyond what the bytes can hold', 'ffffffff07 0061', 'cannot hold the 2147483647 bytes'],
    ['a literal past the end', '04 0c 6162', 'cut off'],
    ['a literal without its length', '04 f0', 'cut off'],
    ['a literal whose length is negative as an int32', '04 fc f0ffffff 6162', 'cut off'],
    ['a copy without its distance', '08 0c 61626364 01', 'cut off'],
    ['a copy from before the beginning', '08 0c 61626364 01 05', 'reaches back 5'],
    ['a copy of distance 0', '08 0c 61626364 01 00', 'reaches back 0'],
    ['a copy with a distance of 4 GiB', '08 0c 61626364 0f ffffffff', 'reaches back 4294967295'],
    ['a literal beyond the claim', '02 08 616263', 'holds more than the 2 bytes'],
    ['a copy beyond the claim', '05 0c 61626364 01 04', 'holds more than the 5 bytes'],
    ['less than the claim', '05 0c 61626364', 'cut off'],
    ['an element after the end', '04 0c 61626364 f0', 'cut off'],
  ])('%s', (_, hex, text) => {
    expect(() => restoreHex(hex, 2 ** 31)).toThrow(corrupt(text))
  })
})

test('another implementation reads our blocks', () => {
  const foreign = nodeWorld.native('snappyjs') as { uncompress(block: Uint8Array): Uint8Array }
  for (const input of [
    jsonLines(30_000),
    generate({ generator: 'random', seed: 3, sizeBytes: 30_000 }),
    Buffer.alloc(30_000),
    jsonLines(10),
  ]) {
    const block = Uint8Array.from(snappy.compress(input).subarray(20))
    expect(Buffer.compare(foreign.uncompress(block), input)).toBe(0)
  }
})
