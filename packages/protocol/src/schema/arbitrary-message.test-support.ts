import { type BrokerErrorCode, brokerErrorCodes, ZERO_UUID } from '@logwerk/runtime'
import * as fc from 'fast-check'
import type { AnyField, StructFields } from './field.ts'
import { hasField } from './field-version.ts'

/** Any complete value that `version` of a message can carry; what the version lacks has its default. */
export function arbitraryMessage<Out>(message: { readonly schema: AnyField }, version: number): fc.Arbitrary<Out> {
  return arbitraryOf(message.schema, version)
}

/** The value of an absent field, as decoding gives it. */
export function defaultOf(field: AnyField): unknown {
  return field.default === null ? null : zeroOf(field)
}

/** `value` with its absent fields filled in, as decoding gives it. */
export function completed(field: AnyField, value: unknown): unknown {
  if (value === undefined) return defaultOf(field)
  if (value === null) return null
  if (field.kind === 'array') return (value as readonly unknown[]).map(element => completed(field.element!, element))
  if (field.kind !== 'struct') return value
  const given = value as Readonly<Record<string, unknown>>
  return mapped(field.fields!, (inner, name) => completed(inner, given[name]))
}

function zeroOf(field: AnyField): unknown {
  if (field.kind === 'array') return []
  return field.kind === 'struct' ? mapped(field.fields!, defaultOf) : field.default
}

function mapped<T>(fields: StructFields, of: (field: AnyField, name: string) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, of(field, name)]))
}

function arbitraryOf(field: AnyField, version: number): fc.Arbitrary<never> {
  if (!hasField(field, version)) return fc.constant(defaultOf(field) as never)
  const nullable = field.nullableSince !== undefined && version >= field.nullableSince
  const value = presentValue(field, version)
  return (nullable ? fc.option(value, { nil: null, freq: 4 }) : value) as fc.Arbitrary<never>
}

function presentValue(field: AnyField, version: number): fc.Arbitrary<unknown> {
  switch (field.kind) {
    case 'int8':
      return fc.integer({ min: -0x80, max: 0x7f })
    case 'int16':
      return fc.integer({ min: -0x8000, max: 0x7fff })
    case 'uint16':
      return fc.integer({ min: 0, max: 0xffff })
    case 'int32':
      return fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff })
    case 'uint32':
      return fc.integer({ min: 0, max: 0xffff_ffff })
    case 'int64':
      return fc.maxSafeInteger()
    case 'float64':
      return fc.double()
    case 'boolean':
      return fc.boolean()
    case 'string':
      return fc.string({ unit: 'grapheme', maxLength: 12 })
    case 'bytes':
    case 'records':
      return fc.uint8Array({ maxLength: 24 }).map(bytes => Buffer.from(bytes))
    case 'uuid':
      return fc.oneof(
        fc.constant(ZERO_UUID),
        fc.uint8Array({ minLength: 16, maxLength: 16 }).map(bytes => Buffer.from(bytes).toString('base64url')),
      )
    case 'errorCode':
      return fc.constantFrom(...(Object.keys(brokerErrorCodes) as BrokerErrorCode[]))
    case 'array':
      return fc.array(arbitraryOf(field.element!, version), { maxLength: 3 })
    case 'struct':
      return fc.record(
        mapped(field.fields!, inner => arbitraryOf(inner, version)),
        { noNullPrototype: true },
      )
  }
}
