import type { AvroPrimitive } from './avro-schema.ts'

/** What may be written with the schema `S`: as {@link AvroOutput}, but fields that have a default may be left out. */
export type AvroInput<S> = ValueOf<S, NamedIn<S, ''>, '', 'in'>

/** What is read with the schema `S`. A part whose type is not known while compiling is `unknown`. */
export type AvroOutput<S> = ValueOf<S, NamedIn<S, ''>, '', 'out'>

/** The logical type `duration`: three numbers of 32 bits without sign that do not add up, for months and days differ in length. */
export interface AvroDuration {
  readonly months: number
  readonly days: number
  readonly milliseconds: number
}

interface Primitives {
  null: null
  boolean: boolean
  int: number
  long: bigint
  float: number
  double: number
  bytes: Uint8Array
  string: string
}

type Direction = 'in' | 'out'

/** An entry of the table of named types: `namespace` is the one that names inside of it are completed with. */
interface Named {
  readonly fullName: string
  readonly namespace: string
  readonly schema: unknown
}

// Every logical type that is not in this table, or not on that type, is read and written as what it stands on.
type LogicalValue<S> = S extends { type: 'long'; logicalType: 'timestamp-millis' }
  ? Date
  : S extends { type: 'int'; logicalType: 'date' }
    ? string
    : S extends { type: 'bytes' | 'fixed'; logicalType: 'decimal'; precision: number }
      ? string
      : S extends { type: 'string'; logicalType: 'uuid' } | { type: 'fixed'; size: 16; logicalType: 'uuid' }
        ? string
        : S extends { type: 'fixed'; size: 12; logicalType: 'duration' }
          ? AvroDuration
          : never

type ValueOf<S, T extends Named, Namespace extends string, D extends Direction> = string extends S
  ? unknown
  : S extends AvroPrimitive
    ? Primitives[S]
    : S extends string
      ? ReferencedValue<Lookup<T, Completed<S, Namespace>>, T, D>
      : S extends readonly unknown[]
        ? UnionValue<S, T, Namespace, D>
        : [LogicalValue<S>] extends [never]
          ? PlainValue<S, T, Namespace, D>
          : LogicalValue<S>

type PlainValue<S, T extends Named, Namespace extends string, D extends Direction> = S extends {
  type: 'record' | 'error'
  fields: infer F extends readonly FieldShape[]
}
  ? RecordValue<F, T, InnerNamespace<S, Namespace>, D>
  : S extends { type: 'enum'; symbols: readonly (infer Symbol extends string)[] }
    ? Symbol
    : S extends { type: 'array'; items: infer Items }
      ? ArrayOf<ValueOf<Items, T, Namespace, D>, D>
      : S extends { type: 'map'; values: infer Values }
        ? { [key: string]: ValueOf<Values, T, Namespace, D> }
        : S extends { type: 'fixed' }
          ? Uint8Array
          : S extends { type: infer P extends AvroPrimitive }
            ? Primitives[P]
            : unknown

type ArrayOf<Item, D extends Direction> = D extends 'in' ? readonly Item[] : Item[]

interface FieldShape {
  readonly name: string
  readonly type: unknown
}

type RecordValue<F extends readonly FieldShape[], T extends Named, Namespace extends string, D extends Direction> = D extends 'out'
  ? { [Field in F[number] as Field['name']]: ValueOf<Field['type'], T, Namespace, D> }
  : Flat<
      { [Field in F[number] as HasDefault<Field, never, Field['name']>]: ValueOf<Field['type'], T, Namespace, D> } & {
        [Field in F[number] as HasDefault<Field, Field['name'], never>]?: ValueOf<Field['type'], T, Namespace, D> | undefined
      }
    >

type HasDefault<Field, Yes, No> = 'default' extends keyof Field ? Yes : No
type Flat<R> = { [Key in keyof R]: R[Key] }

type ReferencedValue<Found, T extends Named, D extends Direction> = [Found] extends [never]
  ? unknown
  : Found extends Named
    ? ValueOf<Found['schema'], T, Found['namespace'], D>
    : unknown

// Unions: the rule is that of union.ts.

type UnionValue<U extends readonly unknown[], T extends Named, Namespace extends string, D extends Direction> = number extends U['length']
  ? unknown
  : IsAmbiguous<U, T, Namespace> extends true
    ? { [I in keyof U]: Branch<U[I], T, Namespace, D> }[number]
    : { [I in keyof U]: ValueOf<U[I], T, Namespace, D> }[number]

type Branch<S, T extends Named, Namespace extends string, D extends Direction> =
  BranchName<S, Namespace> extends infer Name extends string
    ? Name extends 'null'
      ? null
      : { [N in Name]: ValueOf<S, T, Namespace, D> }
    : unknown

type BranchName<S, Namespace extends string> = S extends AvroPrimitive
  ? S
  : S extends string
    ? Completed<S, Namespace>
    : S extends { name: string; type: 'record' | 'error' | 'enum' | 'fixed' }
      ? FullName<S, Namespace>
      : S extends { type: infer Type extends string }
        ? Type
        : never

type IsAmbiguous<U extends readonly unknown[], T extends Named, Namespace extends string, Seen = never> = U extends readonly [
  infer First,
  ...infer Rest,
]
  ? KindOf<First, T, Namespace> extends Seen
    ? true
    : IsAmbiguous<Rest, T, Namespace, Seen | KindOf<First, T, Namespace>>
  : false

/** Which kind of JavaScript value stands for a branch: two branches of one kind cannot be told apart. */
type KindOf<S, T extends Named, Namespace extends string> = S extends AvroPrimitive
  ? PrimitiveKinds[S]
  : S extends string
    ? KindOfNamed<Lookup<T, Completed<S, Namespace>>>
    : [LogicalValue<S>] extends [never]
      ? KindOfPlain<S>
      : LogicalValue<S> extends string
        ? 'string'
        : LogicalValue<S> extends Date
          ? 'date'
          : 'object'

type KindOfNamed<Found> = Found extends Named ? KindOf<Found['schema'], never, ''> : 'unknown'

type KindOfPlain<S> = S extends { type: 'record' | 'error' | 'map' }
  ? 'object'
  : S extends { type: 'enum' }
    ? 'string'
    : S extends { type: 'array' }
      ? 'array'
      : S extends { type: 'fixed' }
        ? 'bytes'
        : S extends { type: infer P extends AvroPrimitive }
          ? PrimitiveKinds[P]
          : 'unknown'

interface PrimitiveKinds {
  null: 'null'
  boolean: 'boolean'
  int: 'number'
  long: 'bigint'
  float: 'number'
  double: 'number'
  bytes: 'bytes'
  string: 'string'
}

// Names.

// A schema whose type is not literal, AvroSchema itself say, holds a string: there is nothing to be found in it.
type NamedIn<S, Namespace extends string> = string extends S
  ? never
  : S extends readonly (infer Part)[]
    ? NamedIn<Part, Namespace>
    : S extends { type: 'record' | 'error'; name: string; fields: readonly (infer Field)[] }
      ? Entry<S, Namespace> | (Field extends { type: infer Type } ? NamedIn<Type, InnerNamespace<S, Namespace>> : never)
      : S extends { type: 'enum' | 'fixed'; name: string }
        ? Entry<S, Namespace>
        : S extends { type: 'array'; items: infer Items }
          ? NamedIn<Items, Namespace>
          : S extends { type: 'map'; values: infer Values }
            ? NamedIn<Values, Namespace>
            : never

interface Entry<S extends { name: string }, Namespace extends string> {
  readonly fullName: FullName<S, Namespace>
  readonly namespace: InnerNamespace<S, Namespace>
  readonly schema: S
}

type Lookup<T extends Named, FullName extends string> = T extends { fullName: FullName } ? T : never

type FullName<S extends { name: string }, Namespace extends string> = Completed<S['name'], InnerNamespace<S, Namespace>>

/** A name without dots belongs to the namespace around it. */
type Completed<Name extends string, Namespace extends string> = Name extends `${string}.${string}`
  ? Name
  : Namespace extends ''
    ? Name
    : `${Namespace}.${Name}`

/** The namespace inside a named type: that of its dotted name, its own attribute, or the one around it. */
type InnerNamespace<S, Namespace extends string> = S extends { name: infer Name extends string }
  ? Name extends `${string}.${string}`
    ? BeforeLastDot<Name>
    : S extends { namespace: infer Own extends string }
      ? Own
      : Namespace
  : Namespace

type BeforeLastDot<Name extends string> = Name extends `${infer First}.${infer Rest}`
  ? Rest extends `${string}.${string}`
    ? `${First}.${BeforeLastDot<Rest>}`
    : First
  : ''
