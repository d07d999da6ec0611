import { ByteWriter, KafkaError } from '@logwerk/runtime'
import { type Deserializer, type Serde, type SerdeContext, SerdeError } from '@logwerk/serde'
import type { AvroSchema } from './avro-schema.ts'
import type { AvroInput, AvroOutput } from './avro-value.ts'
import type { AvscType, Resolver } from './avsc.ts'
import { startReading } from './collections.ts'
import { detailOf, encodeError } from './encode-error.ts'
import { failingField } from './failing-field.ts'
import { resolverOf, typeOf } from './schema.ts'
import { SingleObject } from './single-object.ts'

/** An Avro serde always answers at once, and asks nothing of the context. */
export interface AvroSerde<In, Out = In> extends Serde<In, Out> {
  serialize(value: In, context?: SerdeContext): Buffer
  serializeInto(value: In, writer: ByteWriter, context?: SerdeContext): void
  deserialize(data: Uint8Array, context?: SerdeContext): Out
}

/** Reads what was written with another schema. It writes nothing: it could not read that back. */
export interface AvroReader<Out> extends Deserializer<Out> {
  readonly name: string
  deserialize(data: Uint8Array, context?: SerdeContext): Out
}

interface LimitOptions {
  /**
   * Data of more bytes than this is refused. Default 64 MiB: what a reader makes of data can take some fifty times its size, for one byte
   * may be an object.
   */
  readonly maxBytes?: number
}

/** Bare binary: the data does not say which schema it was written with, so writers and readers have to agree. */
export interface BareOptions extends LimitOptions {
  readonly framing?: 'none'
}

/** For data that was written with another schema, and only that. */
export interface ReaderOptions extends BareOptions {
  /** The schema that all of the data was written with. */
  readonly writer: AvroSchema
}

/** Avro's single-object encoding: two bytes of marker, the fingerprint of the writer's schema, then the binary. */
export interface SingleObjectOptions extends LimitOptions {
  readonly framing: 'single-object'
  /** The other schemas, older and newer, that data in the topic may have been written with. `schema` itself is always known. */
  readonly writers?: readonly AvroSchema[]
}

const DEFAULT_MAX_BYTES = 67_108_864

/**
 * Avro's binary encoding. The types are those of the literal schema: `avro({ type: 'record', name: 'Order', fields: [...] })`; for a
 * schema that is fetched at run time, an object or JSON text, give the type: `avro<Order>(fetched)`.
 *
 * | Avro | here |
 * |---|---|
 * | int, float, double | `number` |
 * | long | `bigint`, of the full range |
 * | bytes, fixed | `Uint8Array` |
 * | enum | its symbols |
 * | record | object; on writing, fields that have a default may be left out |
 * | union | the value itself, where the branches are different kinds of value; else `{ branch: value }`, and null |
 * | timestamp-millis | `Date` |
 * | date, decimal, uuid | `string`: `2026-11-21`, `12.50` (always with the scale's digits), 36 characters |
 * | duration | {@link AvroDuration} |
 *
 * All other logical types (`timestamp-micros`, `time-millis`, ...) are what they stand on.
 *
 * **Evolution.** Bare data (the default) is read with `schema`; with `writer` it is resolved from that one. With `framing:
 * 'single-object'` every record names its schema, and any of `writers` is resolved. A resolution that can never work is found here, not
 * at the first record. One that fails for some values alone, as `['null', 'string']` does for null when it is read as `'string'`, is found
 * when such a value is read.
 *
 * @throws KafkaError `INVALID_CONFIG` for a schema that is not valid, or for a writer's schema that cannot be read as `schema`. On use:
 *         SerdeError `ENCODE`, `TOO_SHORT` and `DECODE` with the path of what does not fit, `INCOMPATIBLE`, `BAD_MAGIC`, `UNKNOWN_SCHEMA`.
 */
export function avro<const S extends AvroSchema>(schema: S, options: ReaderOptions): AvroReader<AvroOutput<S>>
export function avro<const S extends AvroSchema>(
  schema: S,
  options?: BareOptions | SingleObjectOptions,
): AvroSerde<AvroInput<S>, AvroOutput<S>>
export function avro<T>(schema: AvroSchema, options: ReaderOptions): AvroReader<T>
export function avro<T>(schema: AvroSchema, options?: BareOptions | SingleObjectOptions): AvroSerde<T>
export function avro(
  schema: AvroSchema,
  options: BareOptions | ReaderOptions | SingleObjectOptions = {},
): AvroSerde<unknown> | AvroReader<unknown> {
  checkOptions(options)
  const type = typeOf(schema, 'the Avro schema')
  const name = type.name === undefined ? 'avro' : `avro (${type.name})`
  const maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES
  if (options.framing === 'single-object') {
    const framing = new SingleObject(type, options.writers ?? [])
    return {
      name,
      ...serializer(type, framing.header),
      deserialize(data) {
        const buffer = checkedBuffer(data, maxBytes)
        const { resolver, wire } = framing.writerOf(buffer)
        return read(type, buffer, framing.header.length, wire, resolver)
      },
    }
  }
  if ('writer' in options) {
    const wire = typeOf(options.writer, 'writer')
    const resolver = resolverOf(type, wire, 'writer')
    return { name, deserialize: data => read(type, checkedBuffer(data, maxBytes), 0, wire, resolver) }
  }
  return { name, ...serializer(type, Buffer.alloc(0)), deserialize: data => read(type, checkedBuffer(data, maxBytes), 0, type) }
}

function checkOptions(options: object): void {
  const { framing, writer, writers, maxBytes } = options as { [K in 'framing' | 'writer' | 'writers' | 'maxBytes']?: unknown }
  if (framing !== undefined && framing !== 'none' && framing !== 'single-object') {
    throw new KafkaError('INVALID_CONFIG', `framing is 'none' or 'single-object', not ${String(framing)}`)
  }
  if (framing === 'single-object' && writer !== undefined) {
    throw new KafkaError(
      'INVALID_CONFIG',
      'with single-object framing the data names its schema: give the schemas it may name as `writers`',
    )
  }
  if (framing !== 'single-object' && writers !== undefined) {
    throw new KafkaError('INVALID_CONFIG', "bare data does not name its schema: give one `writer`, or use framing: 'single-object'")
  }
  if (maxBytes !== undefined && !(typeof maxBytes === 'number' && maxBytes > 0)) {
    throw new KafkaError('INVALID_CONFIG', `maxBytes is a number of bytes above 0, not ${String(maxBytes)}`)
  }
}

/** A scratch buffer that has grown beyond this is dropped. */
const MAX_SCRATCH_BYTES = 1_048_576

function serializer(type: AvscType, header: Buffer): Pick<AvroSerde<unknown>, 'serialize' | 'serializeInto'> {
  let scratch = new ByteWriter()
  const serializeInto = (value: unknown, writer: ByteWriter) => {
    if (header.length > 0) writer.writeBytes(header)
    write(type, value, writer)
  }
  return {
    serialize(value) {
      scratch.position = 0
      serializeInto(value, scratch)
      const bytes = Buffer.allocUnsafe(scratch.position)
      scratch.buffer.copy(bytes, 0, 0, scratch.position)
      if (scratch.buffer.length > MAX_SCRATCH_BYTES) scratch = new ByteWriter()
      return bytes
    },
    serializeInto,
  }
}

function write(type: AvscType, value: unknown, writer: ByteWriter): void {
  try {
    let end = type.encode(value, writer.buffer, writer.position)
    if (end < 0) {
      // The missing bytes, negated. They are known only now, so the value is written twice; the writer's buffer grows by doubling, so
      // this is rare.
      writer.reserve(writer.buffer.length - writer.position - end)
      end = type.encode(value, writer.buffer, writer.position)
    }
    writer.position = end
  } catch (error) {
    throw encodeError(type, value, error)
  }
}

function checkedBuffer(data: Uint8Array, maxBytes: number): Buffer {
  if (data.length > maxBytes) {
    throw new SerdeError('DECODE', `the data has ${data.length} bytes, and maxBytes is ${maxBytes}: raise it if that is right`)
  }
  // avsc needs Node's own methods.
  return Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.length)
}

/** @param wire  The type that the data was written with. */
function read(type: AvscType, buffer: Buffer, position: number, wire: AvscType, resolver?: Resolver): unknown {
  startReading()
  let result: { readonly value: unknown; readonly offset: number }
  try {
    result = type.decode(buffer, position, resolver)
  } catch (error) {
    if (error instanceof SerdeError) throw error
    const path = failingField(wire, buffer, position)
    throw new SerdeError('DECODE', `not data of this schema: ${detailOf(error)}${hintFor(buffer)}`, { path, cause: error })
  }
  if (result.offset < 0) {
    const path = failingField(wire, buffer, position)
    throw new SerdeError('TOO_SHORT', `the data ends before the value does${hintFor(buffer)}`, { path })
  }
  const rest = buffer.length - result.offset
  if (rest > 0) {
    throw new SerdeError('DECODE', `${rest} bytes are left over: the data was probably written with another schema${hintFor(buffer)}`)
  }
  return result.value
}

/** The commonest reasons for data that cannot be read, told by the first bytes. */
function hintFor(buffer: Buffer): string {
  if (buffer[0] === 0) return '. Its first byte is 0, as in data that a schema registry keeps the schema of'
  return buffer[0] === 0xc3 && buffer[1] === 0x01 ? ". It begins as data with framing: 'single-object' does" : ''
}
