import { KafkaError } from '@logwerk/runtime'
import { isThenable } from './call-serde.ts'
import type { Serde, SerdeContext } from './serde.ts'

/** The parts of a serde of one's own; `context` may be ignored. */
export interface SerdeParts<In, Out = In> {
  /** For messages. */
  readonly name: string
  readonly serialize: Serde<In, Out>['serialize']
  readonly deserialize: Serde<In, Out>['deserialize']
  readonly serializeInto?: NonNullable<Serde<In, Out>['serializeInto']>
  readonly prepare?: NonNullable<Serde<In, Out>['prepare']>
  /** True if `deserialize` may answer with a promise; see {@link Deserializer.isAsync}. */
  readonly isAsync?: boolean
}

/**
 * A serde from two functions, its types taken from them. Null never reaches them: a client passes it through.
 *
 * @throws KafkaError `INVALID_CONFIG` that names what is missing.
 */
export function serdeOf<In, Out = In>(parts: SerdeParts<In, Out>): Serde<In, Out> {
  if (typeof parts.name !== 'string' || parts.name === '') throw new KafkaError('INVALID_CONFIG', 'a serde needs a name, for its errors')
  for (const direction of ['serialize', 'deserialize'] as const) {
    if (typeof parts[direction] !== 'function') {
      throw new KafkaError('INVALID_CONFIG', `the serde "${parts.name}" needs a function "${direction}"`)
    }
  }
  return parts
}

/** What {@link mapSerde} does with a value on its way. */
export interface SerdeMapping<InnerIn, InnerOut, In, Out> {
  /** For messages. Default: the inner serde's name. */
  readonly name?: string
  /** What is written for `value`. */
  readonly write: (value: In) => InnerIn
  /** What is read for `value`. */
  readonly read: (value: InnerOut) => Out
}

/**
 * A serde for a type of one's own on top of another: `mapSerde(string, { write: id => id, read: text => text as OrderId })`. Writes in
 * place, and may answer with promises, where the inner serde does.
 */
export function mapSerde<InnerIn, InnerOut, In, Out = In>(
  inner: Serde<InnerIn, InnerOut>,
  mapping: SerdeMapping<InnerIn, InnerOut, In, Out>,
): Serde<In, Out> {
  const { write, read } = mapping
  const into = inner.serializeInto?.bind(inner)
  const prepare = inner.prepare?.bind(inner)
  return {
    name: mapping.name ?? inner.name,
    serialize: (value, context) => inner.serialize(write(value), context),
    ...(into === undefined ? {} : { serializeInto: (value, writer, context) => into(write(value), writer, context) }),
    deserialize: (data: Uint8Array, context: SerdeContext) => {
      const value = inner.deserialize(data, context)
      return isThenable(value) ? Promise.resolve(value).then(read) : read(value)
    },
    ...(prepare === undefined ? {} : { prepare }),
    // Without it a consumer would decode when the value is first read, and could not wait.
    ...(inner.isAsync === undefined ? {} : { isAsync: inner.isAsync }),
  }
}
