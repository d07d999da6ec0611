import type { AnyField } from './field.ts'
import { hasField, isNullable, isTagged } from './field-version.ts'

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
export function leastBytes(field: AnyField, version: number, flexible: boolean): number {
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

/** An estimate of what an array's element takes in memory when it is decoded. */
export function elementMemoryOf(element: AnyField): number {
  return SLOT_MEMORY_BYTES + memoryOf(element)
}

/** The same, without its place. Fields that the version lacks count as well: they are there with their defaults. */
function memoryOf(field: AnyField): number {
  if (field.kind !== 'struct') return MEMORY_BYTES[field.kind] ?? 0
  let sum = OBJECT_MEMORY_BYTES
  for (const inner of Object.values(field.fields!)) sum += SLOT_MEMORY_BYTES + memoryOf(inner)
  return sum
}
