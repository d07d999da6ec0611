import { KafkaError } from '@logwerk/runtime'
import { type Codec, codecOf } from './codec.ts'
import type { Field, Struct, StructFields, StructInputOf, StructOf } from './field.ts'

/** A message in all its versions. */
export interface Message<Out, In> {
  readonly name: string
  /** First and last version that this implementation speaks, as Kafka 4.4 does. */
  readonly versions: readonly [first: number, last: number]
  /** First version with compact lengths and tagged fields (KIP-482); null if none has them. */
  readonly flexibleFrom: number | null
  readonly schema: Field<Out, In, false>
  /** The codec of one version, built on first use. @throws KafkaError `UNSUPPORTED_VERSION` */
  codec(version: number): Codec<Out, In>
}

/** What decoding a message gives. */
export type MessageOf<M> = M extends Message<infer Out, infer _> ? Out : never
/** What encoding a message takes: fields with a default may be left out. */
export type MessageInputOf<M> = M extends Message<infer _, infer In> ? In : never

/** A request and its response. */
export interface Api<Req, ReqIn, Res, ResIn> {
  readonly key: number
  readonly name: string
  readonly versions: readonly [first: number, last: number]
  readonly flexibleFrom: number | null
  readonly request: Message<Req, ReqIn>
  readonly response: Message<Res, ResIn>
}

// biome-ignore lint/suspicious/noExplicitAny: the type under all APIs, whatever they carry
export type AnyApi = Api<any, any, any, any>
export type RequestOf<A> = A extends Api<infer Req, infer _, infer __, infer ___> ? Req : never
export type RequestInputOf<A> = A extends Api<infer _, infer In, infer __, infer ___> ? In : never
export type ResponseOf<A> = A extends Api<infer _, infer __, infer Res, infer ___> ? Res : never
export type ResponseInputOf<A> = A extends Api<infer _, infer __, infer ___, infer In> ? In : never

/** An {@link Api} as `defineApi` gives it; an interface, so that declarations spell out each schema once, not twice. */
export interface DefinedApi<Q extends StructFields, R extends StructFields>
  extends Api<StructOf<Q>, StructInputOf<Q>, StructOf<R>, StructInputOf<R>> {}
/** A {@link Message} as `defineMessage` gives it. */
export interface DefinedMessage<S extends StructFields> extends Message<StructOf<S>, StructInputOf<S>> {}

interface Versions {
  readonly name: string
  readonly versions: readonly [first: number, last: number]
  readonly flexibleFrom: number | null
}

/** Declares a message that is not a request or response: a record of an internal topic, or a blob inside another message. */
export function defineMessage<S extends StructFields>(definition: Versions & { readonly fields: Struct<S> }): DefinedMessage<S> {
  return message(definition, definition.fields)
}

/** Declares a request and its response, in every version. */
export function defineApi<Q extends StructFields, R extends StructFields>(
  definition: Versions & { readonly key: number; readonly request: Struct<Q>; readonly response: Struct<R> },
): DefinedApi<Q, R> {
  const { key, name, versions, flexibleFrom } = definition
  return {
    key,
    name,
    versions,
    flexibleFrom,
    request: message({ ...definition, name: `${name}Request` }, definition.request),
    response: message({ ...definition, name: `${name}Response` }, definition.response),
  }
}

function message<S extends StructFields>({ name, versions, flexibleFrom }: Versions, schema: Struct<S>): DefinedMessage<S> {
  type Out = StructOf<S>
  type In = StructInputOf<S>
  const built: (Codec<Out, In> | undefined)[] = []
  return {
    name,
    versions,
    flexibleFrom,
    schema: schema as unknown as Field<Out, In, false>,
    codec(version) {
      const known = built[version]
      if (known !== undefined) return known
      if (!(version >= versions[0] && version <= versions[1])) {
        throw new KafkaError('UNSUPPORTED_VERSION', `${name} has the versions ${versions[0]} to ${versions[1]}, not ${version}`)
      }
      const codec = codecOf<Out, In>(name, schema.fields, version, flexibleFrom !== null && version >= flexibleFrom)
      built[version] = codec
      return codec
    },
  }
}

/** The version of the request header that a request of this version has (KIP-482). */
export function requestHeaderVersion(api: AnyApi, version: number): 1 | 2 {
  return api.flexibleFrom !== null && version >= api.flexibleFrom ? 2 : 1
}

const API_VERSIONS_KEY = 18

/**
 * The version of the response header. ApiVersions keeps version 0 for ever: its sender does not know yet which versions the broker
 * speaks, and has to be able to read the answer (KIP-511).
 */
export function responseHeaderVersion(api: AnyApi, version: number): 0 | 1 {
  return api.key !== API_VERSIONS_KEY && api.flexibleFrom !== null && version >= api.flexibleFrom ? 1 : 0
}
