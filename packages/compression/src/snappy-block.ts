import { copyLiteral, copyMatch } from './copy-bytes.ts'
import { corrupt } from './failures.ts'
import { findMatches, MAX_SEARCH_BYTES, sequences } from './match-finder.ts'

// A block is the length of its content as a varint, then elements. The lowest two bits of an element's first byte tell its kind.
// Source: snappy's format description.
const LITERAL = 0
const COPY_11_BIT_DISTANCE = 1
const COPY_16_BIT_DISTANCE = 2

/** Most input of one block of ours. */
export const MAX_SNAPPY_BLOCK_BYTES = MAX_SEARCH_BYTES

/** Most bytes that a block of `inputBytes` can take. */
export function snappyBlockBound(inputBytes: number): number {
  return 32 + inputBytes + Math.floor(inputBytes / 6)
}

/**
 * Compresses `input[start, end)`, at most {@link MAX_SNAPPY_BLOCK_BYTES}, into `to` at `toAt`, where {@link snappyBlockBound} bytes of
 * room are needed.
 *
 * @returns  The end of what was written.
 */
export function compressSnappyBlock(input: Buffer, start: number, end: number, to: Buffer, toAt: number): number {
  let out = writeLength(to, toAt, end - start)
  const filled = findMatches(input, start, end)
  let at = start
  for (let index = 0; index < filled; index += 3) {
    const literals = sequences[index]!
    const match = sequences[index + 1]!
    if (literals > 0) out = writeLiteral(input, at, literals, to, out)
    out = writeCopies(to, out, sequences[index + 2]!, match)
    at += literals + match
  }
  return at === end ? out : writeLiteral(input, at, end - at, to, out)
}

/**
 * What the block at `block[start, end)` says its content measures.
 *
 * @throws KafkaError `CORRUPT_MESSAGE` if it says nothing, or more than its bytes could stand for.
 */
export function snappyContentBytes(block: Buffer, start: number, end: number): number {
  let content = 0
  for (let at = start, factor = 1; at < end && at < start + 5; at++, factor *= 128) {
    const byte = block[at]!
    content += (byte & 0x7f) * factor
    if (byte >= 128) continue
    // Three bytes of a copy restore 64, and no element does better: a claim beyond that must not make us allocate.
    if (content * 3 <= (end - at - 1) * 64) return content
    throw corrupt('snappy', `the block at byte ${start} cannot hold the ${content} bytes that it claims`)
  }
  throw corrupt('snappy', `the block at byte ${start} does not begin with its length`)
}

/**
 * Restores `block[start, end)` into `to` at `toAt`.
 *
 * @param contentBytes  What {@link snappyContentBytes} said; `to` has that room.
 * @throws              KafkaError `CORRUPT_MESSAGE`
 */
export function decompressSnappyBlock(block: Buffer, start: number, end: number, to: Buffer, toAt: number, contentBytes: number): void {
  const limit = toAt + contentBytes
  let at = start
  while (block[at]! >= 128) at++
  at++
  let out = toAt
  while (at < end) {
    const tag = block[at++]!
    const kind = tag & 3
    let length = (tag >>> 2) + 1
    if (kind === LITERAL) {
      if (length > 60) {
        const lengthBytes = length - 60
        if (lengthBytes > end - at) throw cutOff(end)
        length = block.readUIntLE(at, lengthBytes) + 1
        at += lengthBytes
      }
      if (length > end - at) throw cutOff(end)
      if (length > limit - out) throw overflow(start, contentBytes)
      copyLiteral(block, at, to, out, length)
      at += length
      out += length
      continue
    }
    const distanceBytes = kind === 3 ? 4 : kind
    if (distanceBytes > end - at) throw cutOff(end)
    let distance: number
    if (kind === COPY_11_BIT_DISTANCE) {
      distance = ((tag >>> 5) << 8) | block[at]!
      length = ((tag >>> 2) & 7) + 4
    } else if (kind === COPY_16_BIT_DISTANCE) distance = block[at]! | (block[at + 1]! << 8)
    else distance = block.readUInt32LE(at)
    at += distanceBytes
    if (distance === 0 || distance > out - toAt) throw corrupt('snappy', `the copy before byte ${at} reaches back ${distance} bytes`)
    if (length > limit - out) throw overflow(start, contentBytes)
    copyMatch(to, out, distance, length)
    out += length
  }
  if (out !== limit) throw cutOff(end)
}

function cutOff(end: number): Error {
  return corrupt('snappy', `the block that ends at byte ${end} is cut off`)
}

function overflow(blockAt: number, contentBytes: number): Error {
  return corrupt('snappy', `the block at byte ${blockAt} holds more than the ${contentBytes} bytes that it claims`)
}

function writeLength(to: Buffer, toAt: number, length: number): number {
  let out = toAt
  let left = length
  for (; left >= 128; left >>>= 7) to[out++] = left | 0x80
  to[out++] = left
  return out
}

function writeLiteral(input: Buffer, start: number, length: number, to: Buffer, toAt: number): number {
  let out = toAt
  const rest = length - 1
  if (rest < 60) to[out++] = (rest << 2) | LITERAL
  else if (rest < 256) {
    to[out++] = (60 << 2) | LITERAL
    to[out++] = rest
  } else {
    to[out++] = (61 << 2) | LITERAL
    to[out++] = rest & 0xff
    to[out++] = rest >>> 8
  }
  copyLiteral(input, start, to, out, length)
  return out + length
}

/** One copy holds 64 bytes at most; the short form takes lengths of 4 to 11 and distances below 2048. */
function writeCopies(to: Buffer, toAt: number, distance: number, length: number): number {
  let out = toAt
  let left = length
  while (left > 64) {
    // Never less than 4 may remain, or the short form could not end the match.
    const step = left < 68 ? 60 : 64
    out = writeLongCopy(to, out, distance, step)
    left -= step
  }
  if (left >= 12 || distance >= 2048) return writeLongCopy(to, out, distance, left)
  to[out++] = ((distance >>> 8) << 5) | ((left - 4) << 2) | COPY_11_BIT_DISTANCE
  to[out++] = distance & 0xff
  return out
}

function writeLongCopy(to: Buffer, toAt: number, distance: number, length: number): number {
  to[toAt] = ((length - 1) << 2) | COPY_16_BIT_DISTANCE
  to[toAt + 1] = distance & 0xff
  to[toAt + 2] = distance >>> 8
  return toAt + 3
}
