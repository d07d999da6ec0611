import { KafkaError, messageOf } from '@logwerk/runtime'
import { type AvscType, type BuildOptions, type Resolver, Type, types } from './avsc.ts'
import { guardedArray, guardedMap } from './collections.ts'
import { SymbolEnum } from './enum.ts'
import { type LogicalSchema, logicalClassOf } from './logical.ts'
import { primitives, withPlainBytes } from './primitives.ts'
import { DataRecord } from './record.ts'
import { unionOf } from './union.ts'

/**
 * Builds the type of a schema, in a registry of its own.
 *
 * @param what  For the error: `the Avro schema`, `the writer's Avro schema`.
 * @throws KafkaError `INVALID_CONFIG` that says what is wrong with the schema.
 */
export function typeOf(schema: unknown, what: string): AvscType {
  try {
    const hook = new TypeHook()
    return Type.forSchema(simplified(parsed(schema), []), {
      // Without a prototype: a type named `constructor` is not there unless it was defined.
      registry: Object.create(null),
      // Records are data here, without avsc's methods on them.
      omitRecordMethods: true,
      assertLogicalTypes: true,
      logicalTypes: hook.logicalTypes,
      typeHook: (part: unknown, options: BuildOptions) => hook.typeOf(part, options),
    })
  } catch (error) {
    const name = nameOf(schema)
    // avsc's own words about the defaults of unions, which are not so any more.
    const why = messageOf(error).replace(/, union defaults must match the first branch's type .*$/s, '')
    throw new KafkaError('INVALID_CONFIG', `${what}${name === '' ? '' : ` ${name}`} is not valid: ${why}`, { cause: error })
  }
}

/**
 * How `reader` reads what `writer` wrote.
 *
 * @throws KafkaError `INVALID_CONFIG` that says what cannot be read as what.
 */
export function resolverOf(reader: AvscType, writer: AvscType, what: string): Resolver {
  try {
    // By the specification names are compared without their namespaces.
    return reader.createResolver(writer, { ignoreNamespaces: true })
  } catch (error) {
    throw new KafkaError('INVALID_CONFIG', `data of ${what} cannot be read with the Avro schema: ${messageOf(error)}`, { cause: error })
  }
}

/** What stands in for avsc's own types while it builds those of a schema. */
class TypeHook {
  /** Chosen by the schema, not by the name alone: `simplified` has left only what has a class. */
  readonly logicalTypes: Record<string, unknown> = Object.fromEntries(
    ['timestamp-millis', 'date', 'uuid', 'duration', 'decimal'].map(name => [name, constructLogical]),
  )
  /** Logical types that are being built: avsc asks for the type below with the same schema. */
  readonly #begun = new Set<unknown>()

  typeOf(schema: unknown, options: BuildOptions): AvscType | undefined {
    if (typeof schema === 'string') return primitives.get(schema)
    if (Array.isArray(schema)) {
      const branches = schema.map(branch => Type.forSchema(branch, options as BuildOptions & Record<string, unknown>))
      return unionOf(branches, options)
    }
    const { type, logicalType } = schema as { type: string; logicalType?: string }
    if (logicalType !== undefined && !this.#begun.has(schema)) {
      this.#begun.add(schema)
      return undefined
    }
    switch (type) {
      case 'array':
        return guardedArray(new types.ArrayType(schema, options))
      case 'map':
        return guardedMap(new types.MapType(schema, options))
      case 'enum':
        return new SymbolEnum(schema, options)
      case 'record':
      case 'error':
        return new DataRecord(schema as object, options)
      case 'fixed': {
        const fixed = new types.FixedType(schema, options)
        const found = withPlainBytes(fixed)
        // avsc has registered its own; a logical type has been registered instead of the one below.
        if (options.registry[fixed.name!] === fixed) options.registry[fixed.name!] = found
        return found
      }
      default:
        return primitives.get(type)
    }
  }
}

/** avsc calls it with `new`. */
function constructLogical(schema: LogicalSchema, options: BuildOptions): AvscType {
  const Logical = logicalClassOf(schema)!
  return new Logical(schema, options)
}

function parsed(schema: unknown): unknown {
  if (typeof schema !== 'string' || !/^\s*[[{"]/.test(schema)) return schema
  return JSON.parse(schema)
}

/**
 * A copy in which everything has one form: primitives are names, logical types that are not converted are gone, and a dotted name has no
 * namespace beside it. A copy also because the same part may stand in a schema twice.
 */
function simplified(schema: unknown, path: readonly string[]): unknown {
  if (typeof schema === 'string') return schema
  if (Array.isArray(schema)) return schema.map((branch, index) => simplified(branch, [...path, `[${index}]`]))
  if (typeof schema !== 'object' || schema === null)
    throw new Error(`${at(path)}a schema is a name, an object or a list, not ${String(schema)}`)
  const { logicalType, namespace, ...rest } = schema as Record<string, unknown>
  if (typeof rest['type'] !== 'string') throw new Error(`${at(path)}"type" is the name of a type, not ${JSON.stringify(rest['type'])}`)
  const isLogical = logicalClassOf(schema as Partial<LogicalSchema>) !== undefined
  // A primitive, or a name in the form of an object.
  if (!COMPLEX.has(rest['type']) && !isLogical) return rest['type']
  const result: Record<string, unknown> = rest
  if (isLogical) result['logicalType'] = logicalType
  if (namespace !== undefined && !String(rest['name']).includes('.')) result['namespace'] = namespace
  if (rest['items'] !== undefined) result['items'] = simplified(rest['items'], [...path, 'items'])
  if (rest['values'] !== undefined) result['values'] = simplified(rest['values'], [...path, 'values'])
  if (Array.isArray(rest['fields'])) result['fields'] = rest['fields'].map(field => simplifiedField(field, path))
  return result
}

function simplifiedField(field: unknown, path: readonly string[]): unknown {
  if (typeof field !== 'object' || field === null) throw new Error(`${at(path)}a field is an object, not ${String(field)}`)
  const { name, type } = field as { name?: unknown; type?: unknown }
  return { ...field, type: simplified(type, [...path, String(name)]) }
}

const COMPLEX = new Set(['record', 'error', 'enum', 'fixed', 'array', 'map'])

function at(path: readonly string[]): string {
  return path.length === 0 ? '' : `at ${path.join('.').replaceAll('.[', '[')}: `
}

function nameOf(schema: unknown): string {
  const name = typeof schema === 'object' && schema !== null ? (schema as { name?: unknown }).name : undefined
  return typeof name === 'string' ? name : ''
}
