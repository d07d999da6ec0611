import avsc from 'avsc'

/**
 * The parts of avsc 5.7.9 that its type definitions leave out. Types of ours replace some of its own (see schema.ts), so they rely on
 * how avsc reads, writes, checks and resolves inside; the dependency is pinned to that one version for this reason.
 */

/** Where avsc reads and writes. It does not check for the end: going past it is found afterwards, by `pos`. */
export interface Tap {
  readonly buf: Buffer
  pos: number
  readInt(): number
  readLong(): number
  writeLong(value: number): void
  skipLong(): void
  readString(): string | undefined
  writeFixed(bytes: Uint8Array, length?: number): void
}

export interface Reader {
  _read(tap: Tap): unknown
}

/** How a reader's type reads what a writer's type wrote. avsc fills in `_read` and, for arrays and maps, the parts. */
export interface Resolver extends Reader {
  itemsType: Reader
  valuesType: Reader
}

export type CheckHook = (value: unknown, type: AvscType) => void

export interface AvscType extends Reader {
  /** `int`, `abstract:long`, `union:wrapped`, `logical:date`. */
  readonly typeName: string
  readonly name: string | undefined
  /** How a union names it. */
  readonly branchName: string | undefined
  // Of one kind of type each.
  readonly types?: readonly AvscType[]
  readonly fields?: readonly { readonly name: string; readonly type: AvscType; defaultValue(): unknown }[]
  readonly symbols?: readonly string[]
  readonly size?: number
  readonly itemsType?: AvscType
  readonly valuesType?: AvscType
  readonly underlyingType?: AvscType
  readonly _branchConstructor: (new (value: unknown) => object) | null
  _write(tap: Tap, value: unknown): void
  _skip(tap: Tap): void
  _check(value: unknown, flags?: unknown, hook?: CheckHook, path?: string[]): boolean
  _copy(value: unknown, options?: CopyOptions): unknown
  _update(resolver: Resolver, writer: AvscType, options: ResolverOptions): void
  createResolver(writer: AvscType, options?: ResolverOptions): Resolver
  decode(buffer: Buffer, position: number, resolver?: Resolver): { readonly value: unknown; readonly offset: number }
  encode(value: unknown, buffer: Buffer, position: number): number
  isValid(value: unknown, options: { errorHook: (path: string[], value: unknown, type: AvscType) => void }): boolean
  schema(): unknown
}

/** How a default is turned from JSON into a value: both are 2 then. */
export interface CopyOptions {
  readonly coerce?: number
  readonly wrap?: number
}

/** What is handed on from type to type while a resolver is built. */
export interface ResolverOptions {
  readonly ignoreNamespaces?: boolean
  /** Resolvers of records, by `reader:writer`, those that are being built included: records may contain themselves. */
  registry?: Record<string, { _read?: Reader['_read'] }>
}

/** What avsc hands on from type to type while it builds them. */
export interface BuildOptions {
  registry: Record<string, AvscType>
  readonly namespace?: string
}

type TypeClass = new (schema: unknown, options?: BuildOptions) => AvscType

export const { Type, types } = avsc as unknown as {
  readonly Type: {
    readonly prototype: Pick<AvscType, 'createResolver'>
    forSchema(schema: unknown, options: BuildOptions & Record<string, unknown>): AvscType
  }
  readonly types: Record<'ArrayType' | 'MapType' | 'FixedType' | 'EnumType' | 'WrappedUnionType' | 'UnwrappedUnionType', TypeClass> &
    Record<'NullType' | 'BooleanType' | 'IntType' | 'FloatType' | 'DoubleType' | 'BytesType' | 'StringType', new () => AvscType> & {
      readonly RecordType: new (
        schema: unknown,
        options: BuildOptions,
      ) => AvscType & { _createWriter(): AvscType['_write']; _createChecker(): AvscType['_check'] }
      readonly LongType: { __with(methods: object, noUnpack: boolean): AvscType }
      readonly LogicalType: new (schema: unknown, options: BuildOptions) => AvscType & { readonly underlyingType: AvscType }
    }
}
