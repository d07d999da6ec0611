import { type AvscType, type BuildOptions, type Resolver, type Tap, types, withMethods } from './avsc.ts'
import { isAvroLogical } from './logical.ts'

/**
 * A union. Where every branch is another kind of JavaScript value, values stand for themselves: `['null', 'string']` is
 * `string | null`. Where two branches are of one kind, every value but null is wrapped in its branch's name, as in Avro's JSON encoding:
 * `{ 'shop.Card': card }`, `{ int: 5 }`. The rule is about the schema alone, and avro-value.ts has it as types.
 */
export function unionOf(branches: readonly AvscType[], options: BuildOptions): AvscType {
  const kinds = branches.map(kindOfType)
  const wrapped = new Set(kinds).size < kinds.length
  const union = wrapped ? new types.WrappedUnionType(branches, options) : new types.UnwrappedUnionType(branches, options)
  forgetObjectPrototype(union, '_branchIndices')
  const methods = { _skip: skip, _update: wrapped ? resolveWrapped : resolvePlain }
  if (wrapped) return withMethods(union, methods)
  const indexes = new Map(kinds.map((kind, index) => [kind, index]))
  return withMethods(union, { ...methods, _getIndex: (value: unknown) => indexes.get(kindOfValue(value)) })
}

/** avsc looks names up in plain objects, where `constructor` is always found. */
export function forgetObjectPrototype(type: AvscType, table: '_branchIndices' | '_indices'): void {
  Object.setPrototypeOf((type as unknown as Record<string, object>)[table], null)
}

type Kind = 'null' | 'boolean' | 'number' | 'bigint' | 'string' | 'bytes' | 'array' | 'date' | 'object' | 'none'

function kindOfValue(value: unknown): Kind {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'bigint':
    case 'boolean':
      return typeof value as Kind
    case 'object':
      if (value === null) return 'null'
      if (Array.isArray(value)) return 'array'
      return value instanceof Uint8Array ? 'bytes' : value instanceof Date ? 'date' : 'object'
    default:
      return 'none'
  }
}

function kindOfType(type: AvscType): Kind {
  if (isAvroLogical(type)) return type.kind
  switch (type.typeName) {
    case 'null':
    case 'boolean':
    case 'string':
    case 'array':
    case 'bytes':
      return type.typeName
    case 'int':
    case 'float':
    case 'double':
      return 'number'
    case 'abstract:long':
      return 'bigint'
    case 'enum':
      return 'string'
    case 'fixed':
      return 'bytes'
    default:
      return 'object'
  }
}

function skip(this: AvscType, tap: Tap): void {
  const index = tap.readLong()
  const branch = this.types![index]
  if (branch === undefined) throw new Error(`a union has no branch ${index}`)
  branch._skip(tap)
}

function resolvePlain(this: AvscType, resolver: Resolver, writer: AvscType, options: unknown): void {
  const found = firstReadable(this, writer, options)
  if (found !== null) resolver._read = tap => found.resolver._read(tap)
}

function resolveWrapped(this: AvscType, resolver: Resolver, writer: AvscType, options: unknown): void {
  const found = firstReadable(this, writer, options)
  if (found === null) return
  const Branch = found.branch._branchConstructor
  resolver._read = Branch === null ? () => null : tap => new Branch(found.resolver._read(tap))
}

/**
 * The branch to read a writer's type as: one of the same type before one that it can be turned into, as Java does (class `Resolver` of
 * Avro). avsc takes the first that will do, and would read a long as a double wherever that comes first.
 */
function firstReadable(union: AvscType, writer: AvscType, options: unknown): { branch: AvscType; resolver: Resolver } | null {
  const byCloseness = [...union.types!].sort((a, b) => distance(a, writer) - distance(b, writer))
  for (const branch of byCloseness) {
    try {
      return { branch, resolver: branch.createResolver(writer, options) }
    } catch {
      // Not this one.
    }
  }
  return null
}

function distance(reader: AvscType, writer: AvscType): number {
  if (reader.typeName === writer.typeName && reader.name === writer.name) return 0
  return (reader.underlyingType ?? reader).typeName === (writer.underlyingType ?? writer).typeName ? 1 : 2
}
