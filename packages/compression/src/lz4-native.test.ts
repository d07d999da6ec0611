import { nodeWorld } from '@logwerk/runtime'
import { expect, test } from 'vitest'
import { jsonLines } from './golden.test-support.ts'
import { createLz4 } from './lz4.ts'
import { nativeLz4Blocks } from './lz4-native.ts'

interface Package {
  compressSync(input: Buffer): Buffer
  uncompressSync(prefixed: Buffer): Buffer
}

/** The package itself, keeping a note of the room that it is told to make for each block. */
function watched() {
  const real = nodeWorld.native('lz4-napi') as Package
  const roomBytes: number[] = []
  const codec = createLz4(
    nativeLz4Blocks({
      compressSync: (input: Buffer) => real.compressSync(input),
      uncompressSync(prefixed: Buffer) {
        roomBytes.push(prefixed.readUInt32LE(0))
        return real.uncompressSync(prefixed)
      },
    })!,
  )
  return { codec, roomBytes }
}

test('each block of a frame goes through the package', () => {
  const { codec, roomBytes } = watched()
  const input = jsonLines(150_000)
  expect(Buffer.compare(codec.decompress(codec.compress(input), input.length), input)).toBe(0)
  expect(roomBytes).toEqual([65_536, 65_536, 150_000 - 2 * 65_536])
})

/** A frame of blocks of up to 4 MiB. */
function frameOf(block: Buffer, count: number): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32LE(block.length)
  const one = Buffer.concat([length, block])
  return Buffer.concat([Buffer.from('04224d18607073', 'hex'), Buffer.alloc(one.length * count).fill(one), Buffer.alloc(4)])
}

test('the room that the package clears for a block follows from the block’s own bytes, not from what the frame allows', () => {
  const { codec, roomBytes } = watched()
  const literals = Buffer.concat([Buffer.from('f0ff0d', 'hex'), Buffer.alloc(283, 'x')])
  expect(codec.decompress(frameOf(literals, 100), 1 << 28)).toEqual(Buffer.alloc(100 * 283, 'x'))
  expect(roomBytes.length).toBe(100)
  expect(Math.max(...roomBytes)).toBe(literals.length * 255)
})

test('small blocks are restored without it: a batch may have very many that hold nothing', () => {
  const { codec, roomBytes } = watched()
  expect(codec.decompress(frameOf(Buffer.of(0), 1000), 1 << 28).length).toBe(0)
  expect(roomBytes).toEqual([])
})
