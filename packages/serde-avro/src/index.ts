export type { AvroReader, AvroSerde, BareOptions, ReaderOptions, SingleObjectOptions } from './avro.ts'
export { avro } from './avro.ts'
export type {
  AvroArraySchema,
  AvroEnumSchema,
  AvroField,
  AvroFixedSchema,
  AvroMapSchema,
  AvroPrimitive,
  AvroPrimitiveSchema,
  AvroRecordSchema,
  AvroSchema,
} from './avro-schema.ts'
export type { AvroDuration, AvroInput, AvroOutput } from './avro-value.ts'
export { canonicalFormOf, fingerprintOf } from './fingerprint.ts'
