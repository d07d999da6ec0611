import { KafkaError } from '@logwerk/runtime'
import { isThenable, SerdeError } from '@logwerk/serde'
import { type JsonSerde, jsonSerde } from './json-serde.ts'
import type { InputOf, OutputOf, StandardIssue, StandardResult, StandardSchema } from './standard-schema.ts'
import { type Issue, type ValidationOptions, type Validator, validationError } from './validator.ts'

/**
 * JSON in UTF-8, unchecked: `json<Order>()`. What is read is believed to be an `Order`; give a schema where the writers are not yours.
 *
 * As ever with `JSON.stringify`, a `Date` becomes a string, `NaN` and `Infinity` become null, and properties that are undefined are
 * left out. A bigint, a cycle, and a value that is undefined or a function are a SerdeError `ENCODE`. On reading, numbers beyond 2^53 lose
 * digits, a byte order mark is passed over, and what is not UTF-8 is a SerdeError `DECODE`.
 */
export function json<T = unknown>(): JsonSerde<T>
/**
 * JSON in UTF-8 whose values a schema checks: any validator that follows Standard Schema version 1, such as zod's, valibot's and
 * arktype's. The types are the schema's, or the one given: `json<Order>(orderSchema)` compiles only if the schema is of an `Order`.
 *
 * The schema describes the JSON. So what is written is the schema's input as it stands, after the check, and what is read is its
 * output, with defaults and conversions. A date, for example, is `z.coerce.date()`: written as a string and read as a `Date`.
 *
 * @throws KafkaError `INVALID_CONFIG` if `schema` is no Standard Schema. On use: SerdeError `VALIDATION` with the path and message of
 *         the first issue and the number of others, also for a schema that answers with a promise or throws; `ENCODE` and `DECODE` as above.
 */
export function json<S extends StandardSchema>(schema: S, options?: ValidationOptions): JsonSerde<InputOf<S>, OutputOf<S>>
export function json<T>(schema: StandardSchema<T>, options?: ValidationOptions): JsonSerde<T>
export function json(...given: [schema?: StandardSchema, options?: ValidationOptions]): JsonSerde<unknown> {
  // A schema that is undefined, by a cycle of imports say, must not turn the checks off.
  if (given.length === 0) return jsonSerde('json')
  const [schema, options] = given
  const standard: Partial<StandardSchema['~standard']> | undefined = schema?.['~standard']
  if (schema === undefined || standard?.version !== 1 || typeof standard.validate !== 'function') {
    throw new KafkaError(
      'INVALID_CONFIG',
      'json() takes a validator that follows Standard Schema version 1 (zod 3.24, valibot 1, arktype 2 or later); for a JSON Schema use jsonSchema() of @logwerk/serde-json/ajv',
    )
  }
  return jsonSerde(`json (${standard.vendor})`, validatorOf(schema), options)
}

function validatorOf(schema: StandardSchema): Validator {
  // Called as its method: one that is written as a class may need to be.
  const standard = schema['~standard']
  return value => {
    const result = standard.validate(value)
    if (isThenable(result)) throw waits(standard.vendor, result)
    if (result.issues === undefined) return (result as StandardResult<unknown> & { value: unknown }).value
    return reject(result.issues)
  }
}

function reject(issues: readonly StandardIssue[]): never {
  const [first] = issues
  throw validationError(first === undefined ? undefined : { path: pathOf(first), message: first.message }, issues.length)
}

function pathOf({ path }: StandardIssue): Issue['path'] {
  return (path ?? []).map(part => {
    const key = typeof part === 'object' ? part.key : part
    return typeof key === 'number' ? key : String(key)
  })
}

function waits(vendor: string, pending: PromiseLike<unknown>): SerdeError {
  // Its own failure, if any, is beside the point.
  pending.then(undefined, () => {})
  return new SerdeError(
    'VALIDATION',
    `the ${vendor} schema answers with a promise, because one of its checks is asynchronous or threw; records are checked at once`,
  )
}
