import { asBuffer, firstBytes } from './buffers.ts'
import { corrupt, roomFor, tooLarge } from './failures.ts'
import { compressSnappyBlock, decompressSnappyBlock, snappyBlockBound, snappyContentBytes } from './snappy-block.ts'

// The framing of the Java library snappy-java, which Kafka's snappy is: a magic number, two versions, then blocks that each follow
// their length as int32. Source: `SnappyOutputStream`, `SnappyInputStream`.
const MAGIC = Buffer.from('\x82SNAPPY\0', 'latin1')
const VERSION = 1
const HEADER = Buffer.concat([MAGIC, Buffer.from([0, 0, 0, VERSION, 0, 0, 0, VERSION])])
/** Input of one block. Source: `SnappyOutputStream`'s default. */
const BLOCK_BYTES = 32 * 1024

/** Compresses `bytes` with snappy into blocks with framing. */
export function encodeXerial(bytes: Uint8Array): Buffer {
  const input = asBuffer(bytes)
  const blockCount = Math.ceil(input.length / BLOCK_BYTES)
  const to = Buffer.allocUnsafe(HEADER.length + blockCount * (4 + snappyBlockBound(Math.min(input.length, BLOCK_BYTES))))
  let out = HEADER.copy(to)
  for (let start = 0; start < input.length; start += BLOCK_BYTES) {
    const end = compressSnappyBlock(input, start, Math.min(start + BLOCK_BYTES, input.length), to, out + 4)
    to.writeInt32BE(end - out - 4, out)
    out = end
  }
  return firstBytes(to, out)
}

/**
 * Restores what {@link encodeXerial} or any Kafka client wrote: with framing, or one block without, as librdkafka sends it.
 *
 * @throws KafkaError `CORRUPT_MESSAGE`, `MESSAGE_TOO_LARGE`
 */
export function decodeXerial(bytes: Uint8Array, maxBytes: number): Buffer {
  const input = asBuffer(bytes)
  const blocks = hasMagicAt(input, 0) ? findBlocks(input) : [{ start: 0, end: input.length }]
  // The blocks say what they hold, so the result is allocated once, and a bomb before it is unpacked is known as one.
  const sizes = blocks.map(({ start, end }) => snappyContentBytes(input, start, end))
  const total = sizes.reduce((sum, size) => sum + size, 0)
  if (total > maxBytes) throw tooLarge('snappy', maxBytes)
  const to = roomFor('snappy', total)
  let out = 0
  for (const [index, { start, end }] of blocks.entries()) {
    decompressSnappyBlock(input, start, end, to, out, sizes[index]!)
    out += sizes[index]!
  }
  return to
}

function findBlocks(input: Buffer): { start: number; end: number }[] {
  const blocks: { start: number; end: number }[] = []
  let at = 0
  while (at < input.length) {
    // A further header is legal: snappy-java reads streams that were put together.
    if (hasMagicAt(input, at)) {
      at = checkHeader(input, at)
      continue
    }
    const start = at + 4
    const length = start <= input.length ? input.readInt32BE(at) : -1
    if (length < 1 || length > input.length - start)
      throw corrupt('snappy', `the block at byte ${at} does not fit into ${input.length} bytes`)
    at = start + length
    blocks.push({ start, end: at })
  }
  return blocks
}

function checkHeader(input: Buffer, at: number): number {
  const end = at + HEADER.length
  if (end > input.length) throw corrupt('snappy', `the header at byte ${at} is cut off`)
  const version = input.readInt32BE(at + MAGIC.length)
  if (version < VERSION) throw corrupt('snappy', `the header at byte ${at} names version ${version}; known is ${VERSION}`)
  return end
}

function hasMagicAt(input: Buffer, at: number): boolean {
  return at + MAGIC.length <= input.length && input.compare(MAGIC, 0, MAGIC.length, at, at + MAGIC.length) === 0
}
