import { messageOf } from '@logwerk/runtime'
import { SerdeError } from '@logwerk/serde'
import { type AvscType, type Reader, type Resolver, type ResolverOptions, type Tap, Type } from './avsc.ts'

/** `type` with some of its methods replaced. avsc freezes its types, so the replacements stand in front of it. */
export function withMethods(type: AvscType, methods: Partial<AvscType> & Record<string, unknown>): AvscType {
  return Object.create(type, Object.getOwnPropertyDescriptors({ createResolver, ...methods })) as AvscType
}

/**
 * How a type reads what `writer` wrote: every type's method. Of a writer's union avsc wants every branch to be readable; by the
 * specification, and in Java, it is an error only of the data that has the wrong one.
 */
export function createResolver(this: AvscType, writer: AvscType, options: ResolverOptions = {}): Resolver {
  if (!writer.typeName.startsWith('union:')) return Type.prototype.createResolver.call(this, writer, options)
  let readable: Resolver | undefined
  let firstError: unknown
  const branches = writer.types!.map((branch): Reader => {
    try {
      const resolver = this.createResolver(branch, options)
      readable ??= resolver
      return resolver
    } catch (error) {
      firstError ??= error
      return unreadable(messageOf(error))
    }
  })
  if (readable === undefined) throw firstError
  return Object.create(readable, {
    _read: {
      value: (tap: Tap): unknown => {
        const index = tap.readLong()
        const branch = branches[index]
        if (branch === undefined) throw new Error(`invalid union index: ${index}`)
        return branch._read(tap)
      },
    },
  }) as Resolver
}

/** Stands for the resolver of a part that cannot be read: the first data that has it finds out. */
export function unreadable(why: string): Reader {
  return {
    _read(): never {
      throw new SerdeError('INCOMPATIBLE', `this was written with a schema that has it, and cannot be read with this one: ${why}`)
    },
  }
}
