import { type BrokerErrorCode, bytesOfUuid, errorNameOf, errorNumberOf, KafkaError, uuidOf } from '@logwerk/runtime'
import type { AnyField, StructFields } from './field.ts'
import type { MessageReader } from './message-reader.ts'
import { MessageWriter } from './message-writer.ts'

/** One version of one message. */
export interface Codec<Out, In> {
  /**
   * Fields that are left out are written with their default.
   *
   * @throws KafkaError `UNSUPPORTED_VERSION` for a value that this version cannot carry; TypeError for one that no version can.
   */
  encode(writer: MessageWriter, value: In): void
  /** Every field is there, in the schema's order; absent ones have their default. @throws KafkaError `MALFORMED_MESSAGE` */
  decode(reader: MessageReader): Out
}

type Write = (writer: MessageWriter, value: unknown) => void
type Read = (reader: MessageReader) => unknown

/** What the closures of one codec are built for; the path names fields in errors. */
interface Target {
  readonly version: number
  readonly flexible: boolean
  readonly path: string
}

/** Builds the codec of one version as a tree of closures. */
export function codecOf<Out, In>(name: string, fields: StructFields, version: number, flexible: boolean): Codec<Out, In> {
  const target = { version, flexible, path: name }
  return { encode: writeStruct(fields, target), decode: readStruct(fields, target) as (reader: MessageReader) => Out }
}

/** True if `version` of the message carries the field. */
export function hasField(field: AnyField, version: number): boolean {
  return version >= (field.since ?? 0) && version <= (field.until ?? Number.POSITIVE_INFINITY)
}

/** True if `version` carries the field among the tagged ones. */
export function isTagged(field: AnyField, version: number): boolean {
  return field.tag !== undefined && version >= (field.taggedSince ?? field.since ?? 0)
}

function isNullable(field: AnyField, version: number): boolean {
  return field.nullableSince !== undefined && version >= field.nullableSince
}

// ---------------------------------------------------------------------------------------------------------------- writing

function writeStruct(fields: StructFields, target: Target): Write {
  const { version, flexible } = target
  const plain: { name: string; field: AnyField; write: Write }[] = []
  const tagged: { name: string; isDefault: IsDefault; tag: number; write: Write }[] = []
  const absent: { name: string; isDefault: IsDefault }[] = []
  for (const [name, field] of Object.entries(fields)) {
    const path = `${target.path}.${name}`
    if (!hasField(field, version)) {
      if (field.ignorable !== true) absent.push({ name, isDefault: isDefaultOf(field) })
    } else if (isTagged(field, version)) {
      tagged.push({ name, isDefault: isDefaultOf(field), tag: field.tag!, write: writeField(field, { ...target, path }) })
    } else plain.push({ name, field, write: writeField(field, { ...target, path }) })
  }
  tagged.sort((a, b) => a.tag - b.tag)

  return (writer, value) => {
    if (typeof value !== 'object' || value === null) throw new TypeError(`${target.path} must be an object, not ${shown(value)}`)
    const object = value as Record<string, unknown>
    for (const { name, isDefault } of absent) {
      const given = object[name]
      if (given !== undefined && !isDefault(given)) {
        throw new KafkaError(
          'UNSUPPORTED_VERSION',
          `${target.path}.${name}: version ${version} has no such field, so ${shown(given)} cannot be sent`,
        )
      }
    }
    for (const { name, field, write } of plain) {
      const given = object[name]
      write(writer, given === undefined ? field.default : given)
    }
    if (flexible) writeTagged(writer, object)
  }

  function writeTagged(writer: MessageWriter, object: Record<string, unknown>): void {
    let count = 0
    for (const { name, isDefault } of tagged) if (object[name] !== undefined && !isDefault(object[name])) count++
    writer.writeUnsignedVarint(count)
    if (count === 0) return
    for (const { name, isDefault, tag, write } of tagged) {
      if (object[name] === undefined || isDefault(object[name])) continue
      // The size goes before the value and is itself of variable length.
      const scratch = new MessageWriter()
      write(scratch, object[name])
      writer.writeUnsignedVarint(tag)
      writer.writeUnsignedVarint(scratch.sizeBytes)
      for (const chunk of scratch.chunks()) writer.writeBytes(chunk)
    }
  }
}

function writeField(field: AnyField, target: Target): Write {
  const { flexible, path, version } = target
  const write = writeValue(field, target)
  if (field.kind === 'struct' && field.nullableSince !== undefined) return writeNullableStruct(field, write, target)
  if (!LENGTH_PREFIXED.has(field.kind)) return write
  const nullable = isNullable(field, version)
  const short = field.kind === 'string'
  return (writer, value) => {
    if (value !== null) return write(writer, value)
    if (!nullable) throw new KafkaError('UNSUPPORTED_VERSION', `${path} may not be null in version ${version}`)
    if (flexible) writer.writeUnsignedVarint(0)
    else if (short) writer.writeInt16(-1)
    else writer.writeInt32(-1)
  }
}

function writeNullableStruct(field: AnyField, write: Write, { path, version }: Target): Write {
  if (!isNullable(field, version)) {
    return (writer, value) => {
      if (value === null) throw new KafkaError('UNSUPPORTED_VERSION', `${path} may not be null in version ${version}`)
      write(writer, value)
    }
  }
  return (writer, value) => {
    if (value === undefined) throw new TypeError(`${path} is missing`)
    writer.writeInt8(value === null ? -1 : 1)
    if (value !== null) write(writer, value)
  }
}

const LENGTH_PREFIXED: ReadonlySet<string> = new Set(['string', 'bytes', 'records', 'array'])

function writeValue(field: AnyField, target: Target): Write {
  const { flexible, path } = target
  switch (field.kind) {
    case 'int8':
      return (writer, value) => writer.writeInt8(inRange(value, -0x80, 0x7f, path))
    case 'int16':
      return (writer, value) => writer.writeInt16(inRange(value, -0x8000, 0x7fff, path))
    case 'uint16':
      return (writer, value) => writer.writeUint16(inRange(value, 0, 0xffff, path))
    case 'int32':
      return (writer, value) => writer.writeInt32(inRange(value, -0x8000_0000, 0x7fff_ffff, path))
    case 'uint32':
      return (writer, value) => writer.writeUint32(inRange(value, 0, 0xffff_ffff, path))
    case 'int64':
      return (writer, value) => writer.writeInt64(inRange(value, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, path))
    case 'float64':
      return (writer, value) => writer.writeFloat64(value as number)
    case 'boolean':
      return (writer, value) => writer.writeInt8(value === true ? 1 : 0)
    case 'uuid':
      return (writer, value) => writer.writeBytes(bytesOfUuid(value as string))
    case 'errorCode':
      return (writer, value) => writer.writeInt16(errorNumberOf(value as BrokerErrorCode))
    case 'string':
      return (writer, value) => {
        if (typeof value !== 'string') throw new TypeError(`${path} must be a string, not ${shown(value)}`)
        writeString(writer, value, flexible, path)
      }
    case 'bytes':
      return (writer, value) => {
        if (!(value instanceof Uint8Array)) throw new TypeError(`${path} must be a Uint8Array, not ${shown(value)}`)
        writeLength(writer, value.length, flexible)
        writer.writeBytes(value)
      }
    case 'records':
      return (writer, value) => {
        const chunks = value instanceof Uint8Array ? [value] : (value as readonly Uint8Array[])
        let sizeBytes = 0
        for (const chunk of chunks) sizeBytes += chunk.length
        writeLength(writer, sizeBytes, flexible)
        for (const chunk of chunks) writer.writeReference(chunk)
      }
    case 'struct':
      return writeStruct(field.fields!, target)
    case 'array': {
      const write = writeField(field.element!, { ...target, path: `${path}[]` })
      return (writer, value) => {
        if (!Array.isArray(value)) throw new TypeError(`${path} must be an array, not ${shown(value)}`)
        writeLength(writer, value.length, flexible)
        for (const element of value) write(writer, element)
      }
    }
  }
}

function writeLength(writer: MessageWriter, length: number, flexible: boolean): void {
  if (flexible) writer.writeUnsignedVarint(length + 1)
  else writer.writeInt32(length)
}

const MAX_STRING_BYTES = 0x7fff

function writeString(writer: MessageWriter, value: string, flexible: boolean, path: string): void {
  const byteCount = Buffer.byteLength(value, 'utf8')
  if (byteCount > MAX_STRING_BYTES) throw new TypeError(`${path}: a string of ${byteCount} bytes is longer than ${MAX_STRING_BYTES}`)
  if (flexible) writer.writeUnsignedVarint(byteCount + 1)
  else writer.writeInt16(byteCount)
  writer.writeUtf8(value)
}

function inRange(value: unknown, min: number, max: number, path: string): number {
  if (!Number.isInteger(value) || (value as number) < min || (value as number) > max) {
    throw new TypeError(`${path} must be a whole number between ${min} and ${max}, not ${shown(value)}`)
  }
  return value as number
}

type IsDefault = (value: unknown) => boolean

function isDefaultOf(field: AnyField): IsDefault {
  if (field.default === null) return value => value === null
  switch (field.kind) {
    case 'array':
      return value => value !== null && (value as unknown[]).length === 0
    case 'bytes':
    case 'records':
      return value => value !== null && (value as Uint8Array).length === 0
    case 'struct': {
      const inner = Object.entries(field.fields!).map(([name, one]) => ({ name, isDefault: isDefaultOf(one) }))
      return value =>
        value !== null &&
        inner.every(({ name, isDefault }) => {
          const given = (value as Record<string, unknown>)[name]
          return given === undefined || isDefault(given)
        })
    }
    default:
      return value => value === field.default
  }
}

function shown(value: unknown): string {
  const text = JSON.stringify(value)
  return text === undefined ? String(value) : text.length > 80 ? `${text.slice(0, 77)}...` : text
}

// ---------------------------------------------------------------------------------------------------------------- reading

function readStruct(fields: StructFields, target: Target): Read {
  const { version, flexible } = target
  const steps: { name: string; read: Read }[] = []
  const tagged = new Map<number, { name: string; read: Read }>()
  for (const [name, field] of Object.entries(fields)) {
    const path = `${target.path}.${name}`
    const read = hasField(field, version) ? readField(field, { ...target, path }) : null
    if (read !== null && isTagged(field, version)) {
      tagged.set(field.tag!, { name, read })
      steps.push({ name, read: absentOf(field) })
    } else steps.push({ name, read: read ?? absentOf(field) })
  }
  return reader => {
    // The same names in the same order for all versions: one hidden class, and no field is ever undefined.
    const object: Record<string, unknown> = {}
    for (const { name, read } of steps) object[name] = read(reader)
    if (flexible) readTagged(reader, object)
    return object
  }

  function readTagged(reader: MessageReader, object: Record<string, unknown>): void {
    const count = reader.elementCount(reader.readUnsignedVarint(), 2, 0)
    let previous = -1
    for (let index = 0; index < count; index++) {
      const tag = reader.readUnsignedVarint()
      if (tag <= previous) throw reader.malformed(`${target.path}: tag ${tag} after tag ${previous}`)
      previous = tag
      const sizeBytes = reader.readUnsignedVarint()
      const start = reader.take(sizeBytes)
      const known = tagged.get(tag)
      if (known === undefined) continue
      reader.position = start
      object[known.name] = known.read(reader)
      if (reader.position !== start + sizeBytes) {
        throw reader.malformed(
          `${target.path}.${known.name}: the tagged field says ${sizeBytes} bytes and has ${reader.position - start}`,
          start,
        )
      }
    }
  }
}

/** The default, without reading anything. One that the caller could change is made anew each time, of the same shape as a read one. */
function absentOf(field: AnyField): Read {
  const { default: value, kind, fields } = field
  if (value === null) return () => null
  if (kind === 'array') return () => []
  if (kind !== 'struct') return () => value
  const inner = Object.entries(fields!).map(([name, one]) => ({ name, read: absentOf(one) }))
  return reader => {
    const object: Record<string, unknown> = {}
    for (const { name, read } of inner) object[name] = read(reader)
    return object
  }
}

function readField(field: AnyField, target: Target): Read {
  const { flexible, path, version } = target
  const nullable = isNullable(field, version)
  const absent = (reader: MessageReader) => {
    if (!nullable) throw reader.malformed(`${path} is null, which version ${version} does not allow`)
    return null
  }
  switch (field.kind) {
    case 'int8':
      return reader => reader.readInt8()
    case 'int16':
      return reader => reader.readInt16()
    case 'uint16':
      return reader => reader.readUint16()
    case 'int32':
      return reader => reader.readInt32()
    case 'uint32':
      return reader => reader.readUint32()
    case 'int64':
      return reader => reader.readInt64()
    case 'float64':
      return reader => reader.readFloat64()
    case 'boolean':
      return reader => reader.readInt8() !== 0
    case 'uuid':
      return reader => uuidOf(reader.buffer, reader.take(16))
    case 'errorCode':
      return reader => errorNameOf(reader.readInt16())
    case 'string':
      return reader => {
        const length = flexible ? reader.readUnsignedVarint() - 1 : reader.readInt16()
        if (length === -1) return absent(reader)
        // As Kafka does: a compact length could say more, but whoever echoes such a string could not encode it.
        if (length > MAX_STRING_BYTES) throw reader.malformed(`${path}: a string of ${length} bytes is longer than ${MAX_STRING_BYTES}`)
        return reader.readUtf8(length)
      }
    case 'bytes':
    case 'records':
      return reader => {
        const length = flexible ? reader.readUnsignedVarint() - 1 : reader.readInt32()
        return length === -1 ? absent(reader) : reader.readBytes(length)
      }
    case 'struct': {
      const read = readStruct(field.fields!, target)
      if (!nullable) return read
      return reader => (reader.readInt8() < 0 ? null : read(reader))
    }
    case 'array': {
      const read = readField(field.element!, { ...target, path: `${path}[]` })
      const elementBytes = Math.max(1, leastBytes(field.element!, version, flexible))
      const elementMemory = SLOT_MEMORY_BYTES + memoryOf(field.element!)
      return reader => {
        const length = flexible ? reader.readUnsignedVarint() - 1 : reader.readInt32()
        if (length === -1) return absent(reader)
        const count = reader.elementCount(length, elementBytes, elementMemory)
        const elements: unknown[] = []
        for (let index = 0; index < count; index++) elements.push(read(reader))
        return elements
      }
    }
  }
}

const FIXED_BYTES: Readonly<Record<string, number>> = {
  int8: 1,
  boolean: 1,
  int16: 2,
  uint16: 2,
  errorCode: 2,
  int32: 4,
  uint32: 4,
  int64: 8,
  float64: 8,
  uuid: 16,
}

/** The fewest bytes that a value of the field can take. */
function leastBytes(field: AnyField, version: number, flexible: boolean): number {
  const fixed = FIXED_BYTES[field.kind]
  if (fixed !== undefined) return fixed
  if (field.kind === 'struct') {
    if (isNullable(field, version)) return 1
    let sum = flexible ? 1 : 0
    for (const inner of Object.values(field.fields!)) {
      if (hasField(inner, version) && !isTagged(inner, version)) sum += leastBytes(inner, version, flexible)
    }
    return sum
  }
  return flexible ? 1 : field.kind === 'string' ? 2 : 4
}

/** What a value takes in memory beside its slot in an object or array, its own content aside. Measured on Node 20. */
const MEMORY_BYTES: Readonly<Record<string, number>> = { int64: 16, float64: 16, string: 32, uuid: 48, bytes: 112, records: 112, array: 32 }
const SLOT_MEMORY_BYTES = 8
const OBJECT_MEMORY_BYTES = 48

/** An estimate of what a decoded value takes. Fields that the version lacks count as well: they are there with their defaults. */
function memoryOf(field: AnyField): number {
  if (field.kind !== 'struct') return MEMORY_BYTES[field.kind] ?? 0
  let sum = OBJECT_MEMORY_BYTES
  for (const inner of Object.values(field.fields!)) sum += SLOT_MEMORY_BYTES + memoryOf(inner)
  return sum
}
