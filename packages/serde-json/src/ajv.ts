// The entry `@logwerk/serde-json/ajv`: apart, so that the package works without ajv.

export type { JsonSchema, JsonSchemaOptions } from './json-schema.ts'
export { jsonSchema } from './json-schema.ts'
export type { JsonSerde } from './json-serde.ts'
export type { ValidationOptions } from './validator.ts'
