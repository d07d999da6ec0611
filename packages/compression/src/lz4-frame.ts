import { asBuffer, firstBytes } from './buffers.ts'
import { corrupt, roomFor, tooLarge } from './failures.ts'
import { LZ4_BLOCK_BYTES, type Lz4Blocks, lz4BlockBound, lz4RestoredBound } from './lz4-block.ts'
import { type Lz4FrameHeader, readLz4FrameHeader } from './lz4-frame-header.ts'
import { xxhash32 } from './xxhash32.ts'

// A frame is a header, blocks that each follow their length as uint32 (little endian), a length of 0, and perhaps a checksum.
// Source: LZ4 frame format description; Kafka's `Lz4BlockOutputStream` and `Lz4BlockInputStream`.

/** Magic number, independent blocks without checksums, at most 64 KiB each, and the check byte of these two: what Java writes. */
const HEADER = Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82])
/** Marks the length of a block that holds its content as it is. */
const UNCOMPRESSED = 0x8000_0000
const LENGTH_BYTES = 4
const CHECKSUM_BYTES = 4

/** Compresses `bytes` into one frame. */
export function encodeLz4Frame(blocks: Lz4Blocks, bytes: Uint8Array): Buffer {
  const input = asBuffer(bytes)
  const blockCount = Math.ceil(input.length / LZ4_BLOCK_BYTES)
  const blockBound = LENGTH_BYTES + lz4BlockBound(Math.min(input.length, LZ4_BLOCK_BYTES))
  const to = Buffer.allocUnsafe(HEADER.length + blockCount * blockBound + LENGTH_BYTES)
  let out = HEADER.copy(to)
  for (let start = 0; start < input.length; start += LZ4_BLOCK_BYTES) {
    const end = Math.min(start + LZ4_BLOCK_BYTES, input.length)
    const dataAt = out + LENGTH_BYTES
    let dataEnd = blocks.compress(input, start, end, to, dataAt)
    // A block larger than the declared size is refused by Java, so one that does not shrink is stored as it is.
    const shrinks = dataEnd - dataAt < end - start
    if (!shrinks) dataEnd = dataAt + input.copy(to, dataAt, start, end)
    to.writeUInt32LE(shrinks ? dataEnd - dataAt : UNCOMPRESSED + dataEnd - dataAt, out)
    out = dataEnd
  }
  return firstBytes(to, to.writeUInt32LE(0, out))
}

/**
 * Restores one frame of any block size, with linked or independent blocks; whatever checksums it carries are checked.
 *
 * @throws KafkaError `CORRUPT_MESSAGE`, `MESSAGE_TOO_LARGE`
 */
export function decodeLz4Frame(codec: Lz4Blocks, bytes: Uint8Array, maxBytes: number): Buffer {
  const input = asBuffer(bytes)
  const header = readLz4FrameHeader(input)
  const { contentBytes } = header
  if (contentBytes !== null && contentBytes > maxBytes) throw tooLarge('lz4', maxBytes)
  const blocks = findBlocks(input, header)
  const bound = Math.min(contentBytes ?? maxBytes, boundOf(blocks, header))
  const to = roomFor('lz4', bound)
  let out = 0
  for (const block of blocks) {
    const next = restoreBlock(codec, input, block, header, to, out)
    // The room ends where the frame's own limits end, or earlier where the caller's limit does.
    if (next === -1 && contentBytes === null && bound === maxBytes) throw tooLarge('lz4', maxBytes)
    if (next === -1) throw corrupt('lz4', `the block at byte ${block.start} restores to more than its frame declares`)
    out = next
  }
  if (contentBytes !== null && out !== contentBytes) throw corrupt('lz4', `the frame declares ${contentBytes} bytes and holds ${out}`)
  if (header.contentChecksum && xxhash32(to, 0, out) !== input.readUInt32LE(input.length - CHECKSUM_BYTES))
    throw corrupt('lz4', 'the content does not match its checksum')
  return firstBytes(to, out)
}

interface Block {
  readonly start: number
  readonly end: number
  readonly compressed: boolean
}

/** Walks the lengths; after this every block, its checksum and the frame's end are known to lie inside the input. */
function findBlocks(input: Buffer, header: Lz4FrameHeader): Block[] {
  const blocks: Block[] = []
  const blockTrailer = header.blockChecksums ? CHECKSUM_BYTES : 0
  let at = header.endAt
  for (;;) {
    if (at + LENGTH_BYTES > input.length) throw corrupt('lz4', `the frame is cut off at byte ${input.length}: its end mark is missing`)
    const word = input.readUInt32LE(at)
    if (word === 0) break
    const compressed = word < UNCOMPRESSED
    const length = compressed ? word : word - UNCOMPRESSED
    const start = at + LENGTH_BYTES
    at = start + length + blockTrailer
    if (length > header.maxBlockBytes || at > input.length)
      throw corrupt('lz4', `the block at byte ${start} measures ${length} bytes, more than ${header.maxBlockBytes} or than the input`)
    blocks.push({ start, end: start + length, compressed })
  }
  const end = at + LENGTH_BYTES + (header.contentChecksum ? CHECKSUM_BYTES : 0)
  if (end !== input.length) throw corrupt('lz4', `the frame ends at byte ${end} of ${input.length}`)
  return blocks
}

/** Most that the blocks can stand for, so that a few bytes that claim much do not make us allocate it. */
function boundOf(blocks: readonly Block[], header: Lz4FrameHeader): number {
  let bound = 0
  for (const block of blocks) bound += block.compressed ? blockBoundOf(block, header) : block.end - block.start
  return bound
}

function blockBoundOf({ start, end }: Block, header: Lz4FrameHeader): number {
  return Math.min(header.maxBlockBytes, lz4RestoredBound(end - start))
}

/** The end of what was written to `to`; -1 if it has no room for the block. */
function restoreBlock(codec: Lz4Blocks, input: Buffer, block: Block, header: Lz4FrameHeader, to: Buffer, out: number): number {
  const { start, end, compressed } = block
  if (header.blockChecksums && xxhash32(input, start, end) !== input.readUInt32LE(end))
    throw corrupt('lz4', `the block at byte ${start} does not match its checksum`)
  // Not simply what the header allows: the native package clears that much room for each block, also for one of a single byte.
  const limit = Math.min(to.length, out + (compressed ? blockBoundOf(block, header) : header.maxBlockBytes))
  if (compressed) return codec.decompress(input, start, end, to, out, limit, header.linkedBlocks ? 0 : out)
  return end - start > limit - out ? -1 : out + input.copy(to, out, start, end)
}
