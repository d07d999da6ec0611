import { describe, expect, test } from 'vitest'
import { generate, jsonLines, referenceCases } from './golden.test-support.ts'
import { codecsByWorld } from './worlds.test-support.ts'
import { createZstd } from './zstd.ts'
import { findZstdFrames, zstdFrameBytes } from './zstd-frame.ts'

const corrupt = (text: string) => expect.objectContaining({ code: 'CORRUPT_MESSAGE', message: expect.stringContaining(text) })
const bytesOf = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex')
const MAGIC = '28b52ffd'
/** A last block that repeats "a", or holds "ab" as it is. */
const repeated = (times: number) => `${littleEndian((times << 3) | 3)} 61`
const AB = '110000 6162'

function littleEndian(value: number): string {
  const bytes = Buffer.alloc(3)
  bytes.writeUIntLE(value, 0, 3)
  return bytes.toString('hex')
}

describe.each(codecsByWorld)('%s', (_, codecs) => {
  const codec = codecs.get('zstd')
  const restore = (hex: string, maxBytes = 1000) => Buffer.from(codec.decompress(bytesOf(hex), maxBytes)).toString()

  test('frames by hand', () => {
    expect(restore(`${MAGIC} 20 02 ${AB}`)).toBe('ab')
    expect(restore(`${MAGIC} 00 58 ${AB}`)).toBe('ab')
    expect(restore(`${MAGIC} 00 58 ${repeated(500)}`)).toBe('a'.repeat(500))
    expect(restore(`${MAGIC} 00 58 ${AB} ${MAGIC} 20 02 ${AB}`)).toBe('abab')
    expect(restore(`502a4d18 01000000 ff ${MAGIC} 20 02 ${AB} 5f2a4d18 00000000`)).toBe('ab')
    expect(restore('502a4d18 01000000 ff')).toBe('')
  })

  test('a few frames may be small, and any number that are not', () => {
    const frame = `${MAGIC} 20 02 ${AB}`
    expect(restore(frame.repeat(16))).toBe('ab'.repeat(16))
    const noise = generate({ generator: 'random', seed: 2, sizeBytes: 300 })
    const frames = Array.from({ length: 50 }, () => codec.compress(noise))
    expect(codec.decompress(Buffer.concat(frames), 50 * 300).length).toBe(50 * 300)
  })

  test('our frames state the size of their content', () => {
    for (const sizeBytes of [0, 200, 300, 70_000]) {
      const compressed = codec.compress(jsonLines(sizeBytes))
      if (sizeBytes > 0)
        expect(() => codec.decompress(compressed, sizeBytes - 1)).toThrow(expect.objectContaining({ code: 'MESSAGE_TOO_LARGE' }))
      // Single segment, or a field of two bytes and more: the size is there.
      expect(compressed[4]! & 0xe0).not.toBe(0)
    }
  })

  test('a frame that does not state its size is restored up to the limit, and no further', () => {
    const hex = `${MAGIC} 00 58 ${repeated(131_072 - 1)}`
    expect(codec.decompress(bytesOf(hex), 131_071).length).toBe(131_071)
    expect(() => codec.decompress(bytesOf(hex), 131_070)).toThrow(expect.objectContaining({ code: 'MESSAGE_TOO_LARGE' }))
    expect(() => codec.decompress(bytesOf(`${hex} ${hex}`), 131_071)).toThrow(expect.objectContaining({ code: 'MESSAGE_TOO_LARGE' }))
    expect(codec.decompress(bytesOf(`${hex} ${hex}`), 262_142).length).toBe(262_142)
  })

  test('a bomb of blocks that repeat a byte ends at the limit', () => {
    const block = `${littleEndian((131_072 << 3) | 2)} 61`
    const bomb = bytesOf(`${MAGIC} 00 58 ${block.repeat(20_000)} ${repeated(1)}`)
    expect(() => codec.decompress(bomb, 1_000_000)).toThrow(expect.objectContaining({ code: 'MESSAGE_TOO_LARGE' }))
  })

  test.each<[string, string, string]>([
    ['no bytes', '', 'header at byte 0 is cut off'],
    ['another magic number', '28b52ffe 20 02', 'no frame begins at byte 0'],
    ['more frames than anybody would write', `${MAGIC} 20 02 ${AB}`.repeat(17), 'more than 16 frames'],
    ['rubbish after a frame', `${MAGIC} 20 02 ${AB} 01020304`, 'no frame begins at byte 11'],
    ['half a magic number after a frame', `${MAGIC} 20 02 ${AB} 28b5`, 'header at byte 11 is cut off'],
    ['a reserved bit', `${MAGIC} 28 02 ${AB}`, 'reserved bit'],
    ['a dictionary', `${MAGIC} 21 07 02 ${AB}`, 'dictionary'],
    ['a window of 256 MiB', `${MAGIC} 00 90 ${AB}`, 'window of 268435456 bytes'],
    ['a block of the reserved kind', `${MAGIC} 00 58 170000 6162`, 'block at byte 6'],
    ['a block beyond 128 KiB', `${MAGIC} 00 58 ${repeated(131_073)}`, 'block at byte 6'],
    ['a block beyond its window', `${MAGIC} 00 00 ${repeated(1025)}`, 'block at byte 6'],
    ['a block past the end', `${MAGIC} 00 58 190000 6162`, 'block at byte 6 is cut off'],
    ['no last block', `${MAGIC} 00 58 100000 6162`, 'block at byte 11 is cut off'],
    ['no checksum where one is declared', `${MAGIC} 04 58 ${AB} 0000`, 'checksum at byte 11 is cut off'],
    ['a false checksum', `${MAGIC} 04 58 ${AB} 00000000`, 'zstd'],
    ['a skippable frame past the end', '502a4d18 ffffffff 00', 'skippable part at byte 0 is cut off'],
    ['a size of 16 EiB', `${MAGIC} c0 58 ffffffffffffffff ${AB}`, 'cannot hold'],
    ['a size that the blocks cannot reach', `${MAGIC} 80 58 ffffff7f ${AB}`, 'cannot hold the 2147483647 bytes'],
    ['less than the declared size', `${MAGIC} 20 03 110000 6162`, 'cannot hold'],
    ['more than the declared size', `${MAGIC} 40 58 0000 ${repeated(300)}`, 'zstd'],
    ['a compressed block of rubbish', `${MAGIC} 00 58 1d0000 616263`, 'zstd'],
  ])('%s', (_, hex, text) => {
    expect(() => restore(hex, 2 ** 31 - 1)).toThrow(corrupt(text))
  })

  test('a window that the content cannot fill is made smaller for the engine, and the content stays as it is', () => {
    const windowsOf = (hex: string, maxBytes: number) => {
      const seen: string[] = []
      const engine = {
        compress: (input: Buffer) => input,
        decompressFrame(frame: Buffer, room: number) {
          seen.push(frame.subarray(4, 6).toString('hex'))
          return Buffer.from(codec.decompress(frame, room))
        },
      }
      const restored = createZstd(engine).decompress(bytesOf(hex), maxBytes)
      return { seen, restored: restored.length }
    }
    // 128 MiB for two bytes; the next 128 KiB, which the limit of a block needs; a checksum does not cover the header.
    expect(windowsOf(`${MAGIC} 00 88 ${AB}`, 2)).toEqual({ seen: ['0038'], restored: 2 })
    expect(windowsOf(`${MAGIC} 00 38 ${AB}`, 2)).toEqual({ seen: ['0038'], restored: 2 })
    expect(windowsOf(`${MAGIC} 00 00 ${AB}`, 2)).toEqual({ seen: ['0000'], restored: 2 })
    const block = `${littleEndian((131_072 << 3) | 2)} 61`
    expect(windowsOf(`${MAGIC} 00 88 ${block.repeat(3)} ${AB}`, 1 << 20)).toEqual({ seen: ['0048'], restored: 3 * 131_072 + 2 })
  })

  test('a window made smaller still holds every match', () => {
    const { compressed, input } = referenceCases.find(({ codec: type, name }) => type === 'zstd' && name === 'window of 128 MiB')!
    const bytes = Buffer.from(compressed, 'base64')
    const [frame] = findZstdFrames(bytes)
    expect(frame!.windowBytes).toBe(2 ** 27)
    expect(zstdFrameBytes(bytes, frame!)[5]).toBeLessThan(0x88)
    expect(Buffer.compare(codec.decompress(bytes, 1 << 24), generate(input))).toBe(0)
  })

  test('noise of many blocks', () => {
    const noise = generate({ generator: 'random', seed: 6, sizeBytes: 1_000_000 })
    expect(Buffer.compare(codec.decompress(codec.compress(noise), noise.length), noise)).toBe(0)
  })
})
