import { copyLiteral, copyMatch } from './copy-bytes.ts'
import { corrupt } from './failures.ts'
import { findMatches, MAX_SEARCH_BYTES, sequences } from './match-finder.ts'

// A block is a list of sequences: a token of two 4-bit lengths, the literals, a 16-bit distance. A length of 15 goes on in bytes that
// are added up, the last of which is below 255. The block ends with literals. Source: LZ4 block format description.
const MIN_MATCH = 4
const LONG = 15

/** Most input of one block of ours, and the size that Kafka's Java client declares. */
export const LZ4_BLOCK_BYTES = MAX_SEARCH_BYTES

/** Reads and writes blocks: {@link lz4Blocks} or the native package. */
export interface Lz4Blocks {
  /**
   * Compresses `input[start, end)`, at most {@link LZ4_BLOCK_BYTES}, into `to` at `toAt`, where {@link lz4BlockBound} bytes of room
   * are needed.
   *
   * @returns  The end of what was written.
   */
  compress(input: Buffer, start: number, end: number, to: Buffer, toAt: number): number
  /**
   * Restores `block[start, end)` into `to`, from `toAt` to `limit` at most. Matches reach back to `historyAt`.
   *
   * @returns  The end of what was written; -1 if the block restores to more than fits before `limit`.
   * @throws   KafkaError `CORRUPT_MESSAGE`
   */
  decompress(block: Buffer, start: number, end: number, to: Buffer, toAt: number, limit: number, historyAt: number): number
}

/** Most bytes that a block of `inputBytes` can take. */
export function lz4BlockBound(inputBytes: number): number {
  return inputBytes + Math.floor(inputBytes / 255) + 16
}

/** Most bytes that a block of `blockBytes` can stand for: none of its bytes adds more than 255. */
export function lz4RestoredBound(blockBytes: number): number {
  return blockBytes * 255
}

/** The block codec in TypeScript. Measured: README. */
export const lz4Blocks: Lz4Blocks = { compress: compressBlock, decompress: decompressBlock }

function compressBlock(input: Buffer, start: number, end: number, to: Buffer, toAt: number): number {
  const filled = findMatches(input, start, end)
  let at = start
  let out = toAt
  for (let index = 0; index < filled; index += 3) {
    const literals = sequences[index]!
    const match = sequences[index + 1]! - MIN_MATCH
    const distance = sequences[index + 2]!
    out = writeLiterals(input, at, literals, to, out, Math.min(match, LONG))
    to[out++] = distance & 0xff
    to[out++] = distance >>> 8
    if (match >= LONG) out = writeLongLength(to, out, match - LONG)
    at += literals + match + MIN_MATCH
  }
  return writeLiterals(input, at, end - at, to, out, 0)
}

/** A sequence up to its distance. `matchNibble` is the token's lower half. */
function writeLiterals(input: Buffer, start: number, length: number, to: Buffer, toAt: number, matchNibble: number): number {
  let out = toAt
  to[out++] = (Math.min(length, LONG) << 4) | matchNibble
  if (length >= LONG) out = writeLongLength(to, out, length - LONG)
  copyLiteral(input, start, to, out, length)
  return out + length
}

function writeLongLength(to: Buffer, toAt: number, rest: number): number {
  let out = toAt
  let left = rest
  for (; left >= 255; left -= 255) to[out++] = 255
  to[out++] = left
  return out
}

function decompressBlock(block: Buffer, start: number, end: number, to: Buffer, toAt: number, limit: number, historyAt: number): number {
  let at = start
  let out = toAt
  while (at < end) {
    const token = block[at++]!
    let literals = token >>> 4
    if (literals === LONG) {
      let more = 255
      while (more === 255 && at < end) {
        more = block[at++]!
        literals += more
      }
    }
    if (literals > end - at) throw corrupt('lz4', `a literal at byte ${at} reaches past the end of its block`)
    if (literals > limit - out) return -1
    copyLiteral(block, at, to, out, literals)
    at += literals
    out += literals
    if (at === end) return out
    if (end - at < 2) break
    const distance = block[at]! | (block[at + 1]! << 8)
    at += 2
    if (distance === 0 || distance > out - historyAt) throw corrupt('lz4', `the match before byte ${at} reaches back ${distance} bytes`)
    let match = token & 0x0f
    if (match === LONG) {
      let more = 255
      while (more === 255 && at < end) {
        more = block[at++]!
        match += more
      }
    }
    match += MIN_MATCH
    if (match > limit - out) return -1
    copyMatch(to, out, distance, match)
    out += match
  }
  throw corrupt('lz4', `the block that ends at byte ${end} is cut off`)
}
