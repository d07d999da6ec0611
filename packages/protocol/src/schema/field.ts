import { type BrokerErrorCode, type Uuid, ZERO_UUID } from '@logwerk/runtime'

/** The kinds of values that Kafka's messages are made of. `errorCode` is an int16 on the wire, and a name in memory. */
export type FieldKind =
  | 'int8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'float64'
  | 'boolean'
  | 'string'
  | 'bytes'
  | 'records'
  | 'uuid'
  | 'errorCode'
  | 'array'
  | 'struct'

/** Which versions of a message carry a field, and how. Versions are inclusive. */
export interface FieldOptions {
  /** First version that has the field. Default: the message's first. */
  readonly since?: number
  /** Last version that has the field. Default: the message's last. */
  readonly until?: number
  /** In versions without the field a value is dropped silently; otherwise a value other than the default is an error there. */
  readonly ignorable?: boolean
  /** Number of a tagged field (KIP-482). */
  readonly tag?: number
  /** First version in which the field is tagged. Default: `since`. */
  readonly taggedSince?: number
}

/** An option object that also sets the value of an absent field; such a field may be left out when encoding. */
export interface DefaultOptions<T> extends FieldOptions {
  readonly default: T
}

/**
 * One field of a message as data. `Out` is what decoding gives, `In` what encoding takes, and `Optional` says whether encoding may go
 * without it.
 */
export interface Field<Out, In = Out, Optional extends boolean = boolean> extends FieldOptions {
  readonly kind: FieldKind
  /** The value of an absent field. */
  readonly default: Out
  /** First version in which null is allowed; undefined: never. */
  readonly nullableSince?: number
  /** Of an array. */
  readonly element?: AnyField
  /** Of a struct. */
  readonly fields?: StructFields
  /** Of an error code: what a handler may answer. */
  readonly errors?: readonly BrokerErrorCode[]
  readonly phantom?: readonly [In, Optional]
}

// biome-ignore lint/suspicious/noExplicitAny: the type under all fields, whatever they hold
export type AnyField = Field<any, any>
export type StructFields = Readonly<Record<string, AnyField>>

/** What decoding a field gives. */
export type Infer<F> = F extends Field<infer Out, infer _, boolean> ? Out : never
/** What encoding a field takes. */
export type InferInput<F> = F extends Field<infer _, infer In, boolean> ? In : never

export type StructOf<S extends StructFields> = { [K in keyof S]: Infer<S[K]> }
export type StructInputOf<S extends StructFields> = {
  [K in keyof S as S[K] extends Field<infer _, infer __, true> ? never : K]: InferInput<S[K]>
} & {
  [K in keyof S as S[K] extends Field<infer _, infer __, true> ? K : never]?: InferInput<S[K]> | undefined
}
export type Struct<S extends StructFields> = Field<StructOf<S>, StructInputOf<S>, false> & { readonly fields: S }

// An options object with a `default` makes the field optional when encoding; the overloads carry that into the type.
interface Scalar<T> {
  (options: DefaultOptions<T>): Field<T, T, true>
  (options?: FieldOptions): Field<T, T, false>
}

function scalar<T>(kind: FieldKind, zero: T): Scalar<T> {
  return ((options: FieldOptions = {}) => ({ kind, default: zero, ...options })) as Scalar<T>
}

export const int8: Scalar<number> = scalar('int8', 0)
export const int16: Scalar<number> = scalar('int16', 0)
export const uint16: Scalar<number> = scalar('uint16', 0)
export const int32: Scalar<number> = scalar('int32', 0)
export const uint32: Scalar<number> = scalar('uint32', 0)
/** A safe integer; decoding a larger one is an error. */
export const int64: Scalar<number> = scalar('int64', 0)
export const float64: Scalar<number> = scalar('float64', 0)
export const boolean: Scalar<boolean> = scalar('boolean', false)
export const string: Scalar<string> = scalar('string', '')
export const uuid: Scalar<Uuid> = scalar('uuid', ZERO_UUID)
/** Decoded as a view of the message, not as a copy. */
export const bytes: Scalar<Uint8Array> = scalar<Uint8Array>('bytes', Buffer.alloc(0))

/** An interface, so that declarations name it instead of spelling out all the error codes there are. */
export interface ErrorCodeField<In extends BrokerErrorCode, Optional extends boolean> extends Field<BrokerErrorCode, In, Optional> {}

/** Record batches: a view of the message when decoding; one or more chunks, sent without a copy, when encoding. */
export function records(options: FieldOptions = {}): Field<Uint8Array | null, Uint8Array | readonly Uint8Array[] | null, false> {
  return { kind: 'records', default: null, nullableSince: 0, ...options }
}

/**
 * An error code, as its name. `names` lists what a handler may answer; a decoded code may be any.
 *
 * @example errorCode('NONE', 'NOT_COORDINATOR')
 * @example errorCode({ since: 3, default: 'NONE', ignorable: true }, 'NONE', 'UNKNOWN_SERVER_ERROR')
 */
export function errorCode<const N extends BrokerErrorCode>(...names: readonly N[]): ErrorCodeField<N, false>
export function errorCode<const N extends BrokerErrorCode>(options: DefaultOptions<'NONE'>, ...names: readonly N[]): ErrorCodeField<N, true>
export function errorCode<const N extends BrokerErrorCode>(options: FieldOptions, ...names: readonly N[]): ErrorCodeField<N, false>
export function errorCode(first: FieldOptions | BrokerErrorCode, ...rest: readonly BrokerErrorCode[]): AnyField {
  if (typeof first === 'string') return { kind: 'errorCode', default: 'NONE', errors: [first, ...rest] }
  return { kind: 'errorCode', default: 'NONE', ...first, errors: rest }
}

/** `code` if the field lists it as an answer; else UNKNOWN_SERVER_ERROR, which every list of answers holds. */
export function answerable<N extends BrokerErrorCode>(field: Field<BrokerErrorCode, N, boolean>, code: BrokerErrorCode): N {
  return (field.errors!.includes(code) ? code : 'UNKNOWN_SERVER_ERROR') as N
}

interface ArrayOf {
  <E extends AnyField>(element: E, options: DefaultOptions<readonly []>): Field<Infer<E>[], readonly InferInput<E>[], true>
  <E extends AnyField>(element: E, options?: FieldOptions): Field<Infer<E>[], readonly InferInput<E>[], false>
}
/** A list of scalars or structs. */
export const array: ArrayOf = ((element: AnyField, options: FieldOptions = {}) => ({
  kind: 'array',
  default: EMPTY,
  ...options,
  element,
})) as unknown as ArrayOf
const EMPTY: readonly [] = []

/** Fields in the order of the wire. */
export function struct<const S extends StructFields>(fields: S): Struct<S> {
  return { kind: 'struct', default: defaultsOf(fields) as StructOf<S>, fields }
}

/** The struct as a field of another, with options of its own. A tagged one may be left out when encoding. */
export function nested<S extends StructFields>(
  of: Struct<S>,
  options: FieldOptions & { readonly tag: number },
): Field<StructOf<S>, StructInputOf<S>, true> & { readonly fields: S }
export function nested<S extends StructFields>(of: Struct<S>, options: FieldOptions): Struct<S>
export function nested(of: AnyField, options: FieldOptions): AnyField {
  return { ...of, ...options }
}

interface Nullable {
  <Out, In, O extends boolean>(
    field: Field<Out, In, O>,
    options: DefaultOptions<null> & { readonly nullableSince?: number },
  ): Field<Out | null, In | null, true>
  <Out, In, O extends boolean>(
    field: Field<Out, In, O>,
    options?: FieldOptions & { readonly nullableSince?: number; readonly default?: Out },
  ): Field<Out | null, In | null, O>
}
/** The field, or null. Without `default: null` an absent one still decodes as the field's own default. */
export const nullable: Nullable = ((field: AnyField, options: FieldOptions & { nullableSince?: number } = {}) => ({
  ...field,
  nullableSince: options.since ?? 0,
  ...options,
})) as Nullable

function defaultsOf(fields: StructFields): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.default]))
}
