import { nodeWorld } from '@logwerk/runtime'
import { describe, expect, test } from 'vitest'
import { generate, jsonLines } from './golden.test-support.ts'
import { codecsByWorld } from './worlds.test-support.ts'
import { xxhash32 } from './xxhash32.ts'

const corrupt = (text: string) => expect.objectContaining({ code: 'CORRUPT_MESSAGE', message: expect.stringContaining(text) })
const bytesOf = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex')
const END = '00000000'
/** The header that Java writes: independent blocks, 64 KiB, no checksums. */
const JAVA = '04224d18 60 40 82'

/** A frame whose header has its check byte. */
function frame(descriptor: string, ...rest: string[]): Buffer {
  const bytes = bytesOf(descriptor)
  return Buffer.concat([bytesOf('04224d18'), bytes, Buffer.of((xxhash32(bytes) >>> 8) & 0xff), bytesOf(rest.join(''))])
}

describe.each(codecsByWorld)('%s', (_, codecs) => {
  const codec = codecs.get('lz4')
  const restore = (bytes: Buffer, maxBytes = 1000) => Buffer.from(codec.decompress(bytes, maxBytes)).toString('latin1')

  test('the header is the one that Java writes', () => {
    expect(Buffer.from(codec.compress(Buffer.alloc(0)))).toEqual(bytesOf(`${JAVA} ${END}`))
    expect(Buffer.from(codec.compress(jsonLines(200_000)).subarray(0, 7))).toEqual(bytesOf(JAVA))
  })

  test('a block that does not shrink is stored as it is, which Java insists on', () => {
    const noise = generate({ generator: 'random', seed: 4, sizeBytes: 65_536 + 10 })
    const compressed = Buffer.from(codec.compress(noise))
    expect(compressed.readUInt32LE(7)).toBe(0x8000_0000 + 65_536)
    expect(compressed.subarray(11, 11 + 65_536).equals(noise.subarray(0, 65_536))).toBe(true)
    expect(compressed.readUInt32LE(11 + 65_536)).toBe(0x8000_0000 + 10)
    expect(compressed.length).toBe(7 + 4 + 65_536 + 4 + 10 + 4)
  })

  test('another implementation reads our frames, and we read its', () => {
    const foreign = nodeWorld.native('lz4-napi') as { compressFrameSync(bytes: Buffer): Buffer; decompressFrameSync(frame: Buffer): Buffer }
    for (const input of [
      jsonLines(200_000),
      generate({ generator: 'random', seed: 4, sizeBytes: 70_000 }),
      Buffer.alloc(70_000),
      jsonLines(9),
    ]) {
      expect(foreign.decompressFrameSync(Buffer.from(codec.compress(input))).equals(input)).toBe(true)
      expect(Buffer.compare(codec.decompress(foreign.compressFrameSync(input), input.length), input)).toBe(0)
    }
  })

  test('blocks by hand', () => {
    expect(restore(bytesOf(`${JAVA} 05000000 40 61626364 ${END}`))).toBe('abcd')
    expect(restore(bytesOf(`${JAVA} 04000080 61626364 ${END}`))).toBe('abcd')
    // Two literals, a match of 4 + 5 that overlaps itself, five literals.
    expect(restore(bytesOf(`${JAVA} 0b000000 25 6162 0100 50 6364656667 ${END}`))).toBe('abbbbbbbbbbcdefg')
    // Linked: the match repeats the block before.
    expect(restore(frame('40 40', '04000080 61626364', '09000000 00 0400 50 6364656667', END))).toBe('abcdabcdcdefg')
  })

  test.each<[string, Buffer, string]>([
    ['no bytes', Buffer.alloc(0), 'header of a frame'],
    ['another magic number', bytesOf(`02214c18 60 40 82 ${END}`), 'header of a frame'],
    ['version 2', frame('a0 40', END), 'version 2'],
    ['a reserved flag', frame('62 40', END), 'reserved'],
    ['a reserved block size', frame('60 30', END), 'reserved'],
    ['reserved bits beside the block size', frame('60 41', END), 'reserved'],
    ['a dictionary', frame('61 40 01000000', END), 'dictionary'],
    ['a wrong check byte', bytesOf(`04224d18 60 40 83 ${END}`), 'header does not match'],
    ['a header that ends in its content size', bytesOf('04224d18 68 40 00 00'), 'header is cut off'],
    ['no end mark', bytesOf(`${JAVA} 05000000 40 61626364`), 'end mark'],
    ['a block past the input', bytesOf(`${JAVA} 06000000 40 61626364`), 'block at byte 11'],
    ['a block beyond the declared size', bytesOf(`${JAVA} 01000180 ${'00'.repeat(65_537)} ${END}`), 'block at byte 11'],
    ['bytes behind the end', bytesOf(`${JAVA} ${END} 00`), 'ends at byte 11 of 12'],
    ['a literal past its block', bytesOf(`${JAVA} 04000000 40 616263 ${END}`), 'literal at byte 12'],
    ['a match before the beginning', bytesOf(`${JAVA} 0a000000 10 61 0200 50 6364656667 ${END}`), 'reaches back 2'],
    ['a match of distance 0', bytesOf(`${JAVA} 0a000000 10 61 0000 50 6364656667 ${END}`), 'reaches back 0'],
    [
      'a match into the block before, though blocks are independent',
      bytesOf(`${JAVA} 02000080 6162 09000000 00 0200 50 6364656667 ${END}`),
      'reaches back 2',
    ],
    ['a block that ends with a match', bytesOf(`${JAVA} 04000000 10 61 0100 ${END}`), 'cut off'],
    ['half a distance', bytesOf(`${JAVA} 03000000 10 61 01 ${END}`), 'cut off'],
    ['more than a block may hold', bytesOf(`${JAVA} 1d010000 1f 61 0100 ${'ff'.repeat(274)} 00 50 6364656667 ${END}`), 'restores to more'],
    ['a false block checksum', frame('70 40', '02000080 6162 00000000', END), 'block at byte 11'],
    ['a false content checksum', frame('64 40', '02000080 6162', END, '00000000'), 'content does not match'],
    ['less than the declared size', frame('68 40 0300000000000000', '02000080 6162', END), 'declares 3 bytes and holds 2'],
    ['more than the declared size', frame('68 40 0100000000000000', '02000080 6162', END), 'restores to more'],
  ])('%s', (_, bytes, text) => {
    expect(() => codec.decompress(bytes, 2 ** 30)).toThrow(corrupt(text))
  })

  test('a declared size beyond the limit is refused before anything is restored', () => {
    const bytes = frame('68 40 0000000001000000', '02000080 6162', END)
    expect(() => codec.decompress(bytes, 1000)).toThrow(expect.objectContaining({ code: 'MESSAGE_TOO_LARGE' }))
  })
})
