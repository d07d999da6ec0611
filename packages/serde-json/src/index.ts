export { json } from './json.ts'
export type { JsonSerde } from './json-serde.ts'
export type { InputOf, OutputOf, StandardIssue, StandardResult, StandardSchema } from './standard-schema.ts'
export type { ValidationOptions } from './validator.ts'
