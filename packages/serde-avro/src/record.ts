import { messageOf } from '@logwerk/runtime'
import { type AvscType, type BuildOptions, type Resolver, type ResolverOptions, type Tap, types } from './avsc.ts'
import { createResolver, unreadable } from './own-type.ts'

/** A record type that takes nothing but objects: avsc would write 5 or [] as a record whose fields all have defaults. */
export class DataRecord extends types.RecordType {
  constructor(schema: { readonly fields?: unknown }, options: BuildOptions) {
    if (Array.isArray(schema.fields) && schema.fields.some(field => field?.name === '__proto__')) {
      throw new Error('a field cannot have the name "__proto__": in JavaScript it is no property like others')
    }
    super(schema, options)
  }

  override _createWriter(): AvscType['_write'] {
    const write = super._createWriter()
    // A field without a default complains by itself where a value has nothing of that name, and a call is saved.
    if (this.fields!.some(field => field.defaultValue() === undefined && !NO_RECORDS.some(value => field.name in value))) return write
    return (tap: Tap, value: unknown) => {
      if (!isRecordValue(value)) throw new TypeError('not a record')
      write.call(this, tap, value)
    }
  }

  override _createChecker(): AvscType['_check'] {
    const check = super._createChecker()
    return (value, flags, hook, path) => {
      if (isRecordValue(value)) return check.call(this, value, flags, hook, path)
      hook?.(value, this)
      return false
    }
  }

  override _update(resolver: Resolver, writer: AvscType, options: ResolverOptions): void {
    // avsc looks fields up in plain objects, where `toString` is always found, and then misses or misreads it.
    const found = [...this.fields!, ...(writer.fields ?? [])].find(({ name }) => name in {})
    if (found !== undefined) throw new Error(`a field "${found.name}" can only be read with the schema that it was written with`)
    super._update(resolver, writer, options)
  }

  override createResolver(writer: AvscType, options: ResolverOptions = {}): Resolver {
    try {
      return createResolver.call(this, writer, options)
    } catch (error) {
      // avsc enters it before it is known to work, and it would be found there later.
      const key = `${this.name}:${writer.name}`
      const failed = options.registry?.[key]
      if (failed !== undefined && !Object.isFrozen(failed)) {
        failed._read = unreadable(messageOf(error))._read
        delete options.registry![key]
      }
      throw error
    }
  }
}

/** What is not a record, and has properties that a record's fields may be called as: `length`, `size`, `name`. */
const NO_RECORDS: readonly object[] = [
  '',
  0,
  0n,
  false,
  Symbol.iterator,
  [],
  () => {},
  new Uint8Array(),
  new Map(),
  new Set(),
  new Date(0),
].map(Object)

function isRecordValue(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return !(value instanceof Uint8Array || value instanceof Map || value instanceof Set || value instanceof Date)
}
