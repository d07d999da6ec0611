import { readStruct } from './decoding.ts'
import { writeStruct } from './encoding.ts'
import type { StructFields } from './field.ts'
import type { MessageReader } from './message-reader.ts'
import type { MessageWriter } from './message-writer.ts'

/** One version of one message. */
export interface Codec<Out, In> {
  /**
   * Fields that are left out are written with their default.
   *
   * @throws KafkaError `UNSUPPORTED_VERSION` for a value that this version cannot carry; TypeError for one that no version can.
   */
  encode(writer: MessageWriter, value: In): void
  /** Every field is there, in the schema's order; absent ones have their default. @throws KafkaError `MALFORMED_MESSAGE` */
  decode(reader: MessageReader): Out
}

/** Builds the codec of one version as a tree of closures. */
export function codecOf<Out, In>(name: string, fields: StructFields, version: number, flexible: boolean): Codec<Out, In> {
  const target = { version, flexible, path: name }
  return { encode: writeStruct(fields, target), decode: readStruct(fields, target) as (reader: MessageReader) => Out }
}
