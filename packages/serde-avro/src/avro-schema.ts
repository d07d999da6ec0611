/** The types of Avro that have no parts. */
export type AvroPrimitive = 'null' | 'boolean' | 'int' | 'long' | 'float' | 'double' | 'bytes' | 'string'

/**
 * An Avro schema as a literal. A string is a primitive's name, the name of a type defined further up, or a whole schema as JSON text;
 * a list is a union. Attributes that are not written down here are allowed and ignored, as Avro demands.
 */
export type AvroSchema =
  | AvroPrimitive
  | (string & {})
  | readonly AvroSchema[]
  | AvroPrimitiveSchema
  | AvroRecordSchema
  | AvroEnumSchema
  | AvroFixedSchema
  | AvroArraySchema
  | AvroMapSchema

interface Attributes {
  readonly logicalType?: string
  readonly [attribute: string]: unknown
}

interface NamedAttributes extends Attributes {
  readonly name: string
  readonly namespace?: string
  readonly aliases?: readonly string[]
  readonly doc?: string
}

export interface AvroPrimitiveSchema extends Attributes {
  readonly type: AvroPrimitive
}

export interface AvroRecordSchema extends NamedAttributes {
  readonly type: 'record' | 'error'
  readonly fields: readonly AvroField[]
}

export interface AvroField {
  readonly name: string
  readonly type: AvroSchema
  /** Written where the value has no such field, and read where the data has none. For a union, of the first branch it fits. */
  readonly default?: unknown
  readonly aliases?: readonly string[]
  readonly [attribute: string]: unknown
}

export interface AvroEnumSchema extends NamedAttributes {
  readonly type: 'enum'
  readonly symbols: readonly string[]
  /** Read for a symbol of the writer that this schema does not have. */
  readonly default?: string
}

export interface AvroFixedSchema extends NamedAttributes {
  readonly type: 'fixed'
  readonly size: number
}

export interface AvroArraySchema extends Attributes {
  readonly type: 'array'
  readonly items: AvroSchema
}

export interface AvroMapSchema extends Attributes {
  readonly type: 'map'
  readonly values: AvroSchema
}
