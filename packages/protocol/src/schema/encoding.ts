import { brokerErrorCodes, bytesOfUuid, KafkaError } from '@logwerk/runtime'
import type { AnyField, StructFields } from './field.ts'
import { hasField, isNullable, isTagged, MAX_STRING_BYTES, type Target } from './field-version.ts'
import { MessageWriter } from './message-writer.ts'

export type Write = (writer: MessageWriter, value: unknown) => void

/** Builds what writes a struct of these fields. */
export function writeStruct(fields: StructFields, target: Target): Write {
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
    if (typeof value !== 'object' || value === null) throw mustBe('an object', value, target.path)
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

const errorCodes: Readonly<Record<string, { readonly number: number } | undefined>> = brokerErrorCodes

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
      return (writer, value) => {
        if (typeof value !== 'number') throw mustBe('a number', value, path)
        writer.writeFloat64(value)
      }
    case 'boolean':
      return (writer, value) => {
        // Not by its truth: `validateOnly: 'true'` must not become false, nor 'false' true.
        if (typeof value !== 'boolean') throw mustBe('a boolean', value, path)
        writer.writeInt8(value ? 1 : 0)
      }
    case 'uuid':
      return (writer, value) => {
        if (typeof value !== 'string') throw mustBe('a UUID', value, path)
        writer.writeBytes(bytesOfUuid(value))
      }
    case 'errorCode':
      return (writer, value) => {
        const number = errorCodes[value as string]?.number
        if (number === undefined) throw mustBe('the name of an error code', value, path)
        writer.writeInt16(number)
      }
    case 'string':
      return (writer, value) => {
        if (typeof value !== 'string') throw mustBe('a string', value, path)
        writeString(writer, value, flexible, path)
      }
    case 'bytes':
      return (writer, value) => {
        if (!(value instanceof Uint8Array)) throw mustBe('a Uint8Array', value, path)
        writeLength(writer, value.length, flexible)
        writer.writeBytes(value)
      }
    case 'records':
      return (writer, value) => {
        const chunks = value instanceof Uint8Array ? [value] : (value as readonly Uint8Array[])
        if (!Array.isArray(chunks)) throw mustBe('a Uint8Array or an array of them', value, path)
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
        if (!Array.isArray(value)) throw mustBe('an array', value, path)
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

function writeString(writer: MessageWriter, value: string, flexible: boolean, path: string): void {
  const byteCount = Buffer.byteLength(value, 'utf8')
  if (byteCount > MAX_STRING_BYTES) throw new TypeError(`${path}: a string of ${byteCount} bytes is longer than ${MAX_STRING_BYTES}`)
  if (flexible) writer.writeUnsignedVarint(byteCount + 1)
  else writer.writeInt16(byteCount)
  writer.writeUtf8(value)
}

function inRange(value: unknown, min: number, max: number, path: string): number {
  if (!Number.isInteger(value) || (value as number) < min || (value as number) > max) {
    throw mustBe(`a whole number between ${min} and ${max}`, value, path)
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

function mustBe(what: string, value: unknown, path: string): TypeError {
  return new TypeError(`${path} must be ${what}, not ${shown(value)}`)
}

function shown(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`
  const text = JSON.stringify(value)
  return text === undefined ? String(value) : text.length > 80 ? `${text.slice(0, 77)}...` : text
}
