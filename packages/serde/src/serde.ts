import type { ByteWriter, MutableHeaders } from '@logwerk/runtime'

/** What a serde is told about the record whose key or value it is given. */
export interface SerdeContext {
  readonly topic: string
  /** True for the record's key, false for its value. */
  readonly isKey: boolean
  /**
   * The record's headers. A serializer may add to them (a schema's id, say) before the record is put into its batch; on reading it
   * is a list of the deserializer's own, and adding to it has no effect on anybody.
   */
  readonly headers: MutableHeaders
}

/**
 * Turns values into bytes.
 *
 * A null value never arrives here: the client writes it as null itself, a tombstone in a compacted topic. So `T` need not contain null.
 */
export interface Serializer<T> {
  /**
   * The bytes of `value`; null writes a null, as for a tombstone. Answer with a promise only where you have to wait, on the first use
   * of a schema for instance: the producer awaits promises alone, and everything that comes after on the same topic waits with them.
   *
   * The client copies the bytes before it calls again, so a buffer may be reused.
   */
  serialize(value: T, context: SerdeContext): Uint8Array | null | Promise<Uint8Array | null>
  /**
   * Writes the bytes of `value` at the writer's position: the same bytes as {@link serialize}, without the copy. Producers prefer it
   * where it is present, so leave it out if `serialize` may have to wait or may answer null. It is called a second time for a record
   * that turned out not to fit into its batch; what it added to the headers, and the writer's position after an error, the caller sets back.
   */
  serializeInto?(value: T, writer: ByteWriter, context: SerdeContext): void
}

/**
 * Turns bytes into values.
 *
 * Null bytes never arrive here: the client hands them out as the value null, so that a record's value is `T | null`.
 */
export interface Deserializer<T> {
  /**
   * @param data  The bytes of one key or value, a view into the batch that it came in: copy what has to outlive the record. Not always
   *              a Node `Buffer`.
   */
  deserialize(data: Uint8Array, context: SerdeContext): T | Promise<T>
  /**
   * True if `deserialize` may answer with a promise: the consumer then decodes before it delivers a record. Otherwise it decodes when the
   * record's value is first read, and a promise is an error.
   */
  readonly isAsync?: boolean
}

/**
 * Both directions of one format. `In` is what may be written and `Out` what is read; they differ where a schema fills in defaults
 * or converts on reading.
 */
export interface Serde<In, Out = In> extends Serializer<In>, Deserializer<Out> {
  /** For messages: `int32`, `json`, `avro (shop.Order)`. */
  readonly name: string
  /** Fetches what the given topics will need, a schema say: for the application to call, so that the first record need not wait. */
  prepare?(topics: readonly string[]): Promise<void>
}
