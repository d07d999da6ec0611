import { type AvscType, type BuildOptions, type CopyOptions, type Resolver, type ResolverOptions, type Tap, types } from './avsc.ts'
import { isAvroLogical } from './logical.ts'
import { withMethods } from './own-type.ts'

/**
 * A union. Where every branch is another kind of JavaScript value, values stand for themselves: `['null', 'string']` is
 * `string | null`. Where two branches are of one kind, every value but null is wrapped in its branch's name, as in Avro's JSON encoding:
 * `{ 'shop.Card': card }`, `{ int: 5 }`. The rule is about the schema alone, and avro-value.ts has it as types.
 */
export function unionOf(branches: readonly AvscType[], options: BuildOptions): AvscType {
  const kinds = branches.map(kindOfType)
  if (new Set(kinds).size < kinds.length) {
    return withMethods(new WrappedUnion(branches, options), { _skip: skip, _update: resolveWrapped, _copy: copyWrapped })
  }
  const indexes = new Map(kinds.map((kind, index) => [kind, index]))
  return withMethods(new PlainUnion(branches, options), {
    _skip: skip,
    _update: resolvePlain,
    _copy: copyPlain,
    _getIndex: (value: unknown) => indexes.get(kindOfValue(value)),
  })
}

// avsc looks branches up in a plain object, where `constructor` is always found.

class WrappedUnion extends types.WrappedUnionType {
  set _branchIndices(table: object) {
    Object.defineProperty(this, '_branchIndices', { value: Object.setPrototypeOf(table, null) })
  }
}

class PlainUnion extends types.UnwrappedUnionType {
  set _branchIndices(table: object) {
    Object.defineProperty(this, '_branchIndices', { value: Object.setPrototypeOf(table, null) })
  }
}

function copyPlain(this: AvscType, value: unknown, options?: CopyOptions): unknown {
  return isDefault(options) ? defaultOf(this, value, options).value : types.UnwrappedUnionType.prototype._copy.call(this, value, options)
}

function copyWrapped(this: AvscType, value: unknown, options?: CopyOptions): unknown {
  if (!isDefault(options)) return types.WrappedUnionType.prototype._copy.call(this, value, options)
  const found = defaultOf(this, value, options)
  const Branch = found.branch._branchConstructor
  return Branch === null ? null : new Branch(found.value)
}

function isDefault(options: CopyOptions | undefined): options is CopyOptions {
  return options?.wrap === 2
}

/** A default is of the first branch that it fits, as since Avro 1.12 (AVRO-3649); before, it had to fit the very first. */
function defaultOf(union: AvscType, value: unknown, options: CopyOptions): { branch: AvscType; value: unknown } {
  // A string may also be a long, beyond 2^53, but only where it can be nothing else.
  const isLate = (branch: AvscType) => typeof value === 'string' && (branch.underlyingType ?? branch).typeName === 'abstract:long'
  const branches = [...union.types!.filter(branch => !isLate(branch)), ...union.types!.filter(isLate)]
  for (const branch of branches) {
    try {
      return { branch, value: branch._copy(value, options) }
    } catch {
      // Not this one.
    }
  }
  throw new Error(`it fits none of ${union.types!.map(branch => branch.branchName).join(', ')}`)
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

function resolvePlain(this: AvscType, resolver: Resolver, writer: AvscType, options: ResolverOptions): void {
  const found = firstReadable(this, writer, options)
  if (found !== null) resolver._read = tap => found.resolver._read(tap)
}

function resolveWrapped(this: AvscType, resolver: Resolver, writer: AvscType, options: ResolverOptions): void {
  const found = firstReadable(this, writer, options)
  if (found === null) return
  const Branch = found.branch._branchConstructor
  resolver._read = Branch === null ? () => null : tap => new Branch(found.resolver._read(tap))
}

/**
 * The branch to read a writer's type as: one of the same type before one that it can be turned into, as Java does (class `Resolver` of
 * Avro). avsc takes the first that will do, and would read a long as a double wherever that comes first.
 */
function firstReadable(union: AvscType, writer: AvscType, options: ResolverOptions): { branch: AvscType; resolver: Resolver } | null {
  const byCloseness = [...union.types!].sort((a, b) => distance(a, writer) - distance(b, writer))
  let why: unknown
  for (const branch of byCloseness) {
    try {
      return { branch, resolver: branch.createResolver(writer, options) }
    } catch (error) {
      // Why a branch of the same type does not do says more than that none does.
      if (distance(branch, writer) < 2) why ??= error
    }
  }
  if (why !== undefined) throw why
  return null
}

function distance(reader: AvscType, writer: AvscType): number {
  if (reader.typeName === writer.typeName && reader.name === writer.name) return 0
  return (reader.underlyingType ?? reader).typeName === (writer.underlyingType ?? writer).typeName ? 1 : 2
}
