import { type Header, type Headers, NO_HEADERS, readUtf8At } from '@logwerk/runtime'
import { VarintCursor } from './varint.ts'

// Of a record that a batch's walk has found sound, a reader may keep no more than where its parts begin, at the length of its key:
// finding them again costs less than keeping a number for each.

/** The key of the record whose parts begin at `at`, as a view. */
export function keyOfParts(bytes: Buffer, at: number): Buffer | null {
  return takeBytes(new VarintCursor(bytes, at), bytes)
}

/** The value of the record whose parts begin at `at`, as a view. */
export function valueOfParts(bytes: Buffer, at: number): Buffer | null {
  const cursor = new VarintCursor(bytes, at)
  skipBytes(cursor)
  return takeBytes(cursor, bytes)
}

/** The headers of the record whose parts begin at `at`: in order, duplicates kept, their values as views. */
export function headersOfParts(bytes: Buffer, at: number): Headers {
  const cursor = new VarintCursor(bytes, at)
  skipBytes(cursor)
  skipBytes(cursor)
  const count = cursor.varint()
  if (count === 0) return NO_HEADERS
  const headers: Header[] = []
  for (let index = 0; index < count; index++) {
    const keyLength = cursor.varint()
    const key = readUtf8At(bytes, cursor.at, cursor.at + keyLength)
    cursor.at += keyLength
    headers.push({ key, value: takeBytes(cursor, bytes) })
  }
  return headers
}

/** The place behind the record whose parts begin at `at`. */
export function endOfParts(bytes: Buffer, at: number): number {
  const cursor = new VarintCursor(bytes, at)
  skipBytes(cursor)
  skipBytes(cursor)
  for (let left = cursor.varint() * 2; left > 0; left--) skipBytes(cursor)
  return cursor.at
}

function takeBytes(cursor: VarintCursor, bytes: Buffer): Buffer | null {
  const length = cursor.varint()
  if (length < 0) return null
  const from = cursor.at
  cursor.at += length
  return bytes.subarray(from, cursor.at)
}

function skipBytes(cursor: VarintCursor): void {
  const length = cursor.varint()
  if (length > 0) cursor.at += length
}
