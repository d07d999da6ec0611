import type { AvroSchema } from './avro-schema.ts'
import type { AvscType } from './avsc.ts'
import { typeOf } from './schema.ts'

/**
 * The Parsing Canonical Form of a schema: what is left when everything is taken away that does not matter for reading, as JSON text.
 * Two schemas with the same one read the same bytes alike. Source: Avro 1.12, "Parsing Canonical Form for Schemas".
 *
 * @throws KafkaError `INVALID_CONFIG` for a schema that is not valid.
 */
export function canonicalFormOf(schema: AvroSchema): string {
  return canonicalForm(typeOf(schema, 'the Avro schema'))
}

/**
 * The 64-bit fingerprint of a schema, as a number without sign: CRC-64-AVRO of its Parsing Canonical Form. Single-object encoding names
 * a schema by it. Java's `SchemaNormalization.parsingFingerprint64` gives the same bits with a sign.
 *
 * @throws KafkaError `INVALID_CONFIG` for a schema that is not valid.
 */
export function fingerprintOf(schema: AvroSchema): bigint {
  return crc64(canonicalFormOf(schema))
}

export function canonicalForm(type: AvscType): string {
  return JSON.stringify(type.schema())
}

const EMPTY = 0xc15d_213a_a4d7_a795n

/** CRC-64-AVRO of the UTF-8 of `text`. Once for each schema, so bigints will do. */
export function crc64(text: string): bigint {
  let fingerprint = EMPTY
  for (const byte of Buffer.from(text, 'utf8')) {
    fingerprint ^= BigInt(byte)
    for (let bit = 0; bit < 8; bit++) fingerprint = (fingerprint >> 1n) ^ ((fingerprint & 1n) === 0n ? 0n : EMPTY)
  }
  return fingerprint
}
