import { errorNameOf, uuidOf } from '@logwerk/runtime'
import { elementMemoryOf, leastBytes } from './element-size.ts'
import type { AnyField, StructFields } from './field.ts'
import { hasField, isNullable, isTagged, MAX_STRING_BYTES, type Target } from './field-version.ts'
import type { MessageReader } from './message-reader.ts'

export type Read = (reader: MessageReader) => unknown

/** Builds what reads a struct of these fields. */
export function readStruct(fields: StructFields, target: Target): Read {
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

  /** KIP-482 orders them by their tags; Kafka's own classes read any order, and the last of several, so neither is an error here. */
  function readTagged(reader: MessageReader, object: Record<string, unknown>): void {
    const count = reader.elementCount(reader.readUnsignedVarint(), 2, 0)
    for (let index = 0; index < count; index++) {
      const tag = reader.readUnsignedVarint()
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
      const elementMemory = elementMemoryOf(field.element!)
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
