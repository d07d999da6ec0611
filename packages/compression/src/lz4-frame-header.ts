import { corrupt } from './failures.ts'
import { xxhash32 } from './xxhash32.ts'

const MAGIC = 0x184d2204
const VERSION = 1
/** Magic number, flags, block size, check byte: what every header has. */
const MIN_BYTES = 7
/** The block sizes that 4 to 7 stand for; the format reserves the other values. */
const BLOCK_BYTES = [65_536, 262_144, 1_048_576, 4_194_304]

/** What an LZ4 frame says about itself before its first block. */
export interface Lz4FrameHeader {
  /** Blocks may refer to the 64 KiB before them. */
  readonly linkedBlocks: boolean
  readonly blockChecksums: boolean
  readonly contentChecksum: boolean
  /** Bytes of the whole content; null if the writer did not know. */
  readonly contentBytes: number | null
  readonly maxBlockBytes: number
  /** Where the first block's length is. */
  readonly endAt: number
}

/** @throws KafkaError `CORRUPT_MESSAGE` for anything but a version 1 frame that needs no dictionary. */
export function readLz4FrameHeader(input: Buffer): Lz4FrameHeader {
  if (input.length < MIN_BYTES || input.readUInt32LE(0) !== MAGIC) throw corrupt('lz4', 'they do not begin with the header of a frame')
  const flags = input[4]!
  const sizes = input[5]!
  if (flags >>> 6 !== VERSION) throw corrupt('lz4', `the frame has version ${flags >>> 6}; known is ${VERSION}`)
  const maxBlockBytes = BLOCK_BYTES[(sizes >>> 4) - 4]
  if ((flags & 0x02) !== 0 || (sizes & 0x0f) !== 0 || maxBlockBytes === undefined) throw corrupt('lz4', 'the header uses reserved bits')
  if ((flags & 0x01) !== 0) throw corrupt('lz4', 'the frame needs a dictionary, which Kafka does not have')
  const hasContentBytes = (flags & 0x08) !== 0
  const checkAt = hasContentBytes ? 14 : 6
  if (input.length <= checkAt) throw corrupt('lz4', 'the header is cut off')
  if (((xxhash32(input, 4, checkAt) >>> 8) & 0xff) !== input[checkAt]) throw corrupt('lz4', 'the header does not match its checksum')
  return {
    linkedBlocks: (flags & 0x20) === 0,
    blockChecksums: (flags & 0x10) !== 0,
    contentChecksum: (flags & 0x04) !== 0,
    contentBytes: hasContentBytes ? input.readUInt32LE(6) + input.readUInt32LE(10) * 2 ** 32 : null,
    maxBlockBytes,
    endAt: checkAt + 1,
  }
}
