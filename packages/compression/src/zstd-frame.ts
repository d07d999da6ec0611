import { corrupt } from './failures.ts'

// A frame is a header, blocks that each follow a 3-byte header, and perhaps a checksum. Walking them shows where frames end, which
// `node:zlib` ignores (it stops after the first), and how much they can restore to, which most writers do not say. Source: RFC 8878.

const MAGIC = 0xfd2fb528
/** The lowest 4 bits of a skippable frame's magic number are free. */
const SKIPPABLE_MAGIC = 0x184d2a50
const MAX_BLOCK_BYTES = 128 * 1024
/** Largest window (a power of two) that the reference decoder takes without being asked to. */
const MAX_WINDOW_LOG = 27
const MIN_WINDOW_LOG = 10
const WINDOW_AT = 5
const BLOCK_HEADER_BYTES = 3
const CHECKSUM_BYTES = 4
/**
 * Frames that any input may have, and the bytes that each further one has to bring along. Every known writer makes one frame of a batch; a
 * call for each of 100,000 frames of 10 bytes would take seconds.
 */
const FREE_FRAMES = 16
const BYTES_PER_FRAME = 256
// A block of kind 0 is stored as it is, 1 is one byte that is repeated, 3 is reserved.
const REPEATED = 1
const COMPRESSED = 2

/** One frame with content, and what can be known without decompressing it. */
export interface ZstdFrame {
  readonly start: number
  readonly end: number
  /** What the header says; null if the writer did not know, as the streams of Java and librdkafka do not. */
  readonly contentBytes: number | null
  /** Most that the blocks can restore to. */
  readonly boundBytes: number
  /** How far back matches may reach, as the header says it; null if that is the whole content. */
  readonly windowBytes: number | null
}

/**
 * The frames of `input`; skippable ones are left out.
 *
 * @throws KafkaError `CORRUPT_MESSAGE` if they do not fill the input, or are more than anybody would make of it.
 */
export function findZstdFrames(input: Buffer): ZstdFrame[] {
  const frames: ZstdFrame[] = []
  let at = 0
  do {
    need(input, at, 4, 'header')
    const magic = input.readUInt32LE(at)
    if (magic === MAGIC) {
      const frame = readFrame(input, at)
      frames.push(frame)
      if (frames.length > FREE_FRAMES && frames.length * BYTES_PER_FRAME > input.length)
        throw corrupt('zstd', `${input.length} bytes are more than ${FREE_FRAMES} frames, of less than ${BYTES_PER_FRAME} bytes each`)
      at = frame.end
    } else if ((magic & ~0x0f) === SKIPPABLE_MAGIC) {
      need(input, at, 8, 'header')
      const length = 8 + input.readUInt32LE(at + 4)
      need(input, at, length, 'skippable part')
      at += length
    } else throw corrupt('zstd', `no frame begins at byte ${at}`)
  } while (at < input.length)
  return frames
}

function readFrame(input: Buffer, start: number): ZstdFrame {
  const header = readHeader(input, start)
  let at = header.endAt
  let boundBytes = 0
  for (let last = false; !last; ) {
    need(input, at, BLOCK_HEADER_BYTES, 'block')
    const blockHeader = input.readUIntLE(at, BLOCK_HEADER_BYTES)
    last = (blockHeader & 1) === 1
    const kind = (blockHeader >>> 1) & 3
    const length = blockHeader >>> 3
    if (kind > COMPRESSED || length > header.maxBlockBytes) throw corrupt('zstd', `the block at byte ${at} is not possible here`)
    boundBytes += kind === COMPRESSED ? header.maxBlockBytes : length
    const stored = BLOCK_HEADER_BYTES + (kind === REPEATED ? 1 : length)
    need(input, at, stored, 'block')
    at += stored
  }
  if (header.checksum) {
    need(input, at, CHECKSUM_BYTES, 'checksum')
    at += CHECKSUM_BYTES
  }
  const { contentBytes } = header
  if (contentBytes !== null && contentBytes > boundBytes)
    throw corrupt('zstd', `the frame at byte ${start} cannot hold the ${contentBytes} bytes that it declares`)
  return { start, end: at, contentBytes, boundBytes, windowBytes: header.windowBytes }
}

/**
 * The frame's bytes, with a window no larger than its content can fill: `node:zlib` allocates what the header asks for, and 128 MiB for a
 * frame of ten bytes cost it half a millisecond.
 */
export function zstdFrameBytes(input: Buffer, { start, end, boundBytes, windowBytes }: ZstdFrame): Buffer {
  const bytes = input.subarray(start, end)
  // The window also limits the blocks, so it stays as large as the largest block.
  const log = Math.ceil(Math.log2(Math.max(boundBytes, MAX_BLOCK_BYTES)))
  if (windowBytes === null || windowBytes <= 2 ** log) return bytes
  const smaller = Buffer.from(bytes)
  smaller[WINDOW_AT] = (log - MIN_WINDOW_LOG) << 3
  return smaller
}

interface FrameHeader {
  readonly contentBytes: number | null
  readonly windowBytes: number | null
  readonly maxBlockBytes: number
  readonly checksum: boolean
  readonly endAt: number
}

function readHeader(input: Buffer, start: number): FrameHeader {
  need(input, start, 5, 'header')
  const descriptor = input[start + 4]!
  const singleSegment = (descriptor & 0x20) !== 0
  if ((descriptor & 0x08) !== 0) throw corrupt('zstd', `the frame at byte ${start} uses a reserved bit`)
  const dictionaryIdBytes = [0, 1, 2, 4][descriptor & 3]!
  const sizeFlag = descriptor >>> 6
  const sizeBytes = sizeFlag === 0 && singleSegment ? 1 : [0, 2, 4, 8][sizeFlag]!
  const dictionaryAt = start + WINDOW_AT + (singleSegment ? 0 : 1)
  const sizeAt = dictionaryAt + dictionaryIdBytes
  need(input, start, sizeAt + sizeBytes - start, 'header')
  if (dictionaryIdBytes > 0 && input.readUIntLE(dictionaryAt, dictionaryIdBytes) !== 0)
    throw corrupt('zstd', `the frame at byte ${start} needs a dictionary, which Kafka does not have`)
  const contentBytes = sizeBytes === 0 ? null : readSize(input, sizeAt, sizeBytes)
  const windowBytes = singleSegment ? null : readWindow(input[start + WINDOW_AT]!)
  return {
    contentBytes,
    windowBytes,
    maxBlockBytes: Math.min(windowBytes ?? contentBytes!, MAX_BLOCK_BYTES),
    checksum: (descriptor & 0x04) !== 0,
    endAt: sizeAt + sizeBytes,
  }
}

function readSize(input: Buffer, at: number, sizeBytes: number): number {
  // Sizes below 256 have a field of one byte, so the field of two starts there.
  if (sizeBytes === 2) return input.readUInt16LE(at) + 256
  return sizeBytes === 8 ? input.readUInt32LE(at) + input.readUInt32LE(at + 4) * 2 ** 32 : input.readUIntLE(at, sizeBytes)
}

function readWindow(descriptor: number): number {
  const log = MIN_WINDOW_LOG + (descriptor >>> 3)
  const bytes = 2 ** log + 2 ** (log - 3) * (descriptor & 7)
  if (bytes > 2 ** MAX_WINDOW_LOG) throw corrupt('zstd', `the frame asks for a window of ${bytes} bytes, beyond ${2 ** MAX_WINDOW_LOG}`)
  return bytes
}

function need(input: Buffer, at: number, lengthBytes: number, what: string): void {
  if (lengthBytes > input.length - at) throw corrupt('zstd', `the ${what} at byte ${at} is cut off`)
}
