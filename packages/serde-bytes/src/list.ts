import { ByteReader, ByteWriter } from '@logwerk/runtime'
import { isThenable, type Serde, type SerdeContext, SerdeError } from '@logwerk/serde'
import { describe, type FixedSizeSerde } from './fixed-size.ts'
import { type ReadAt, readerOf } from './in-place.ts'

/** The first byte: how the entries are laid out. Java's `Serdes.ListSerde.SerializationStrategy`. */
const CONSTANT_SIZE = 0
const VARIABLE_SIZE = 1
const NULL_ENTRY = -1

/** A writer whose buffer has grown beyond this is not used again. */
const MAX_SPARE_BYTES = 65_536

/**
 * A list whose entries are written by `inner`; an entry may be null. Byte for byte what Java's `ListSerializer` writes with the inner
 * serializer of the same kind: entries of int16, int32, int64, float32, float64 and uuid stand back to back behind a list of the
 * null entries' indexes, all others, {@link mapSerde} of one of them included, behind their length. On reading both layouts are taken.
 *
 * @param inner  Has to answer at once: a promise is a SerdeError.
 */
export function list<T>(inner: Serde<T>): Serde<(T | null)[]> {
  const fixed = isFixedSize(inner) ? inner : null
  const readAt = readerOf(inner)
  let spare: ByteWriter | null = null
  const serializeInto = (entries: (T | null)[], writer: ByteWriter, context: SerdeContext) => {
    if (!Array.isArray(entries)) throw new SerdeError('ENCODE', `a list is an array, not ${describe(entries)}`)
    if (fixed === null) writeLengths(inner, entries, writer, context)
    else writeBackToBack(fixed, entries, writer, context)
  }
  return {
    name: `list (${inner.name})`,
    serialize(entries, context) {
      const writer = spare ?? new ByteWriter()
      // Taken, for as long as it is in use: a list may hold lists.
      spare = null
      writer.position = 0
      serializeInto(entries, writer, context)
      if (writer.buffer.length <= MAX_SPARE_BYTES) spare = writer
      return Buffer.from(writer.bytes())
    },
    serializeInto,
    deserialize(data, context) {
      // The shortest are a flag and a count.
      if (data.length < 5) throw new SerdeError('TOO_SHORT', `a list takes at least 5 bytes, this has ${data.length}`)
      const reader = new ByteReader(data)
      const layout = reader.readInt8()
      const entries =
        layout === VARIABLE_SIZE
          ? readLengths(inner, readAt, reader, context)
          : layout === CONSTANT_SIZE
            ? readBackToBack(inner, readAt, fixed?.sizeBytes ?? null, reader, context)
            : null
      if (entries === null) throw new SerdeError('BAD_MAGIC', `the first byte of a list is 0 or 1, not ${layout & 0xff}`)
      if (reader.remaining > 0) throw new SerdeError('DECODE', `${reader.remaining} bytes are left over behind the list`)
      return entries
    },
  }
}

function writeLengths<T>(inner: Serde<T>, entries: readonly (T | null)[], writer: ByteWriter, context: SerdeContext): void {
  writer.writeInt8(VARIABLE_SIZE)
  writer.writeInt32(entries.length)
  for (let index = 0; index < entries.length; index++) {
    const entry = entries[index]!
    const lengthAt = writer.position
    writer.writeInt32(NULL_ENTRY)
    if (entry === null) continue
    if (writeEntry(inner, entry, index, writer, context)) writer.patchInt32(lengthAt, writer.position - lengthAt - 4)
  }
}

function writeBackToBack<T>(inner: FixedSizeSerde<T>, entries: readonly (T | null)[], writer: ByteWriter, context: SerdeContext): void {
  const { sizeBytes } = inner
  writer.writeInt8(CONSTANT_SIZE)
  const nullCountAt = writer.position
  writer.writeInt32(0)
  let nullCount = 0
  for (let index = 0; index < entries.length; index++) {
    if (entries[index] !== null) continue
    writer.writeInt32(index)
    nullCount++
  }
  writer.patchInt32(nullCountAt, nullCount)
  writer.writeInt32(entries.length)
  for (let index = 0; index < entries.length; index++) {
    const entry = entries[index]!
    if (entry === null) continue
    const start = writer.position
    writeEntry(inner, entry, index, writer, context)
    // A reader counts on it: one entry of another size would shift all that follow.
    if (writer.position - start !== sizeBytes) {
      throw new SerdeError('ENCODE', `${inner.name} wrote ${writer.position - start} bytes and not ${sizeBytes}`, { path: `[${index}]` })
    }
  }
}

/** False if the inner serde answered null: the entry is then a null one. */
function writeEntry<T>(inner: Serde<T>, entry: T, index: number, writer: ByteWriter, context: SerdeContext): boolean {
  try {
    if (inner.serializeInto !== undefined) {
      inner.serializeInto(entry, writer, context)
      return true
    }
    const bytes = inner.serialize(entry, context)
    if (bytes === null) return false
    if (isThenable(bytes)) throw asynchronous(inner, bytes)
    writer.writeBytes(bytes)
    return true
  } catch (error) {
    throw inEntry(error, 'ENCODE', index)
  }
}

function readLengths<T>(inner: Serde<T>, readAt: ReadAt<T>, reader: ByteReader, context: SerdeContext): (T | null)[] {
  const count = readCount(reader, 'entries', reader.remaining / 4)
  const entries: (T | null)[] = []
  for (let index = 0; index < count; index++) {
    checkRemaining(reader, 4, index)
    const length = reader.readInt32()
    if (length < NULL_ENTRY) throw new SerdeError('DECODE', `entry ${index} of the list has a length of ${length}`)
    entries.push(length === NULL_ENTRY ? null : readEntry(inner, readAt, length, index, reader, context))
  }
  return entries
}

function readBackToBack<T>(
  inner: Serde<T>,
  readAt: ReadAt<T>,
  sizeBytes: number | null,
  reader: ByteReader,
  context: SerdeContext,
): (T | null)[] {
  if (sizeBytes === null) {
    throw new SerdeError(
      'DECODE',
      `the list has entries of a constant size, and ${inner.name} has none: choose the serde it was written with`,
    )
  }
  const nullCount = readCount(reader, 'null entries', reader.remaining / 4)
  const nulls = new Set<number>()
  for (let index = 0; index < nullCount; index++) nulls.add(reader.readInt32())
  if (reader.remaining < 4) throw new SerdeError('TOO_SHORT', 'the list ends before the number of its entries')
  const count = readCount(reader, 'entries', nulls.size + reader.remaining / sizeBytes)
  for (const index of nulls) {
    if (index < 0 || index >= count) throw new SerdeError('DECODE', `the list has ${count} entries and names entry ${index} as null`)
  }
  const entries: (T | null)[] = []
  for (let index = 0; index < count; index++)
    entries.push(nulls.has(index) ? null : readEntry(inner, readAt, sizeBytes, index, reader, context))
  return entries
}

/** A count is checked against the room for what it counts, so that a lie does not cost memory. */
function readCount(reader: ByteReader, what: string, atMost: number): number {
  checkRemaining(reader, 4, 0)
  const count = reader.readInt32()
  if (count >= 0 && count <= atMost) return count
  throw new SerdeError('DECODE', `the list says that it has ${count} ${what}, and ${reader.remaining} bytes are left`)
}

function checkRemaining(reader: ByteReader, byteCount: number, index: number): void {
  if (reader.remaining >= byteCount) return
  throw new SerdeError('TOO_SHORT', `entry ${index} of the list takes ${byteCount} bytes, and ${reader.remaining} are left`)
}

function readEntry<T>(inner: Serde<T>, readAt: ReadAt<T>, byteCount: number, index: number, reader: ByteReader, context: SerdeContext): T {
  checkRemaining(reader, byteCount, index)
  try {
    const start = reader.take(byteCount)
    const value = readAt(reader.buffer, start, start + byteCount, context)
    if (isThenable(value)) throw asynchronous(inner, value)
    return value
  } catch (error) {
    throw inEntry(error, 'DECODE', index)
  }
}

function asynchronous(inner: { readonly name: string }, promise: PromiseLike<unknown>): SerdeError {
  // Its own failure, if any, is beside the point.
  promise.then(undefined, () => {})
  return new SerdeError('ENCODE', `a list cannot wait for its entries, and the serde "${inner.name}" answered with a promise`)
}

function inEntry(error: unknown, reason: 'ENCODE' | 'DECODE', index: number): SerdeError {
  const known = error instanceof SerdeError
  const rest = known && error.path !== undefined ? (/^[[.]/.test(error.path) ? error.path : `.${error.path}`) : ''
  const detail = error instanceof Error ? (known ? error.detail : error.message) : String(error)
  return new SerdeError(known ? error.reason : reason, detail, { path: `[${index}]${rest}`, cause: known ? error.cause : error })
}

function isFixedSize<T>(serde: Serde<T>): serde is FixedSizeSerde<T> {
  const { sizeBytes } = serde as Partial<FixedSizeSerde<T>>
  return sizeBytes !== undefined && sizeBytes > 0
}
