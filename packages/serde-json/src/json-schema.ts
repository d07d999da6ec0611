import { KafkaError, messageOf } from '@logwerk/runtime'
import { Ajv, type ErrorObject, type Options, type ValidateFunction } from 'ajv'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { type JsonSerde, jsonSerde } from './json-serde.ts'
import { type Issue, type ValidationOptions, validationError } from './validator.ts'

/** A JSON Schema as an object or, for all and nothing, a boolean. */
export type JsonSchema = boolean | { readonly $schema?: string; readonly title?: string; readonly [keyword: string]: unknown }

/** What all of ajv's classes have in common. */
type AnyAjv = Ajv | Ajv2019 | Ajv2020

export interface JsonSchemaOptions extends ValidationOptions {
  /**
   * An instance of your own, for what it has been taught: formats (`addFormats(ajv)` of `ajv-formats`), keywords, `useDefaults`. Its
   * class has to fit the schema's draft. Default: one for this schema alone, of the class that fits.
   */
  readonly ajv?: AnyAjv
  /** Options of the default instance. Ajv's own default is strict: an unknown keyword or format is an error. */
  readonly ajvOptions?: Options
  /** Schemas that `$ref` may name, by that name. */
  readonly references?: Readonly<Record<string, JsonSchema>>
}

/** A draft: how ajv writes its address, and ajv's class for it. */
interface Draft {
  readonly address: string
  readonly Class: new (options?: Options) => AnyAjv
}

const DRAFT_07: Draft = { address: 'http://json-schema.org/draft-07/schema', Class: Ajv }
const DRAFTS: readonly Draft[] = [
  DRAFT_07,
  { address: 'https://json-schema.org/draft/2019-09/schema', Class: Ajv2019 },
  { address: 'https://json-schema.org/draft/2020-12/schema', Class: Ajv2020 },
]

/**
 * JSON in UTF-8 whose values a JSON Schema checks, by ajv (which has to be installed). Drafts 07 (also where `$schema` is absent),
 * 2019-09 and 2020-12. The type is the one given: `jsonSchema<Order>(orderSchema)` does not derive it from the schema.
 *
 * Options of ajv that change the value (`useDefaults`, `coerceTypes`, `removeAdditional`) change it on writing too, in place.
 *
 * @throws KafkaError `INVALID_CONFIG` for a schema that ajv does not compile, of a draft that it does not know, or that checks
 *         asynchronously. On use: SerdeError `VALIDATION` with the path and message of the first issue, `ENCODE` and `DECODE` as `json`.
 */
export function jsonSchema<T = unknown>(schema: JsonSchema, options: JsonSchemaOptions = {}): JsonSerde<T> {
  const validate = compile(schema, options)
  const title = typeof schema === 'object' && typeof schema.title === 'string' ? ` (${schema.title})` : ''
  return jsonSerde(
    `json${title}`,
    value => {
      if (!validate(value)) throw rejection(validate.errors ?? [])
      return value
    },
    options,
  )
}

function compile(schema: JsonSchema, { ajv, ajvOptions, references = {} }: JsonSchemaOptions): ValidateFunction {
  if (ajv !== undefined && ajvOptions !== undefined) {
    throw new KafkaError('INVALID_CONFIG', 'jsonSchema() takes ajv or ajvOptions: give the options to the instance')
  }
  const draft = ajv === undefined ? draftOf(schema) : undefined
  const compiler = ajv ?? new (draft ?? DRAFT_07).Class(ajvOptions)
  // Ajv looks the address up as it stands, and people write it with either scheme.
  const known = typeof schema === 'object' && draft !== undefined ? { ...schema, $schema: draft.address } : schema
  let validate: ValidateFunction
  try {
    for (const [name, reference] of Object.entries(references)) {
      // A key's serde and a value's may share an instance and what they refer to.
      if (compiler.schemas[name]?.schema !== reference) compiler.addSchema(reference as object, name)
    }
    validate = compiler.compile(known as object)
  } catch (error) {
    throw new KafkaError('INVALID_CONFIG', `the JSON Schema does not compile: ${messageOf(error)}${hintFor(error)}`, { cause: error })
  }
  if ('$async' in validate) {
    throw new KafkaError('INVALID_CONFIG', 'the JSON Schema checks asynchronously ($async), and records are checked at once')
  }
  return validate
}

function draftOf(schema: JsonSchema): Draft {
  const address = typeof schema === 'object' ? schema.$schema : undefined
  if (address === undefined) return DRAFT_07
  const bare = (text: string) => text.replace(/^https?:\/\//, '').replace(/#$/, '')
  const found = DRAFTS.find(draft => bare(draft.address) === bare(String(address)))
  if (found !== undefined) return found
  throw new KafkaError(
    'INVALID_CONFIG',
    `the JSON Schema is of the draft "${address}"; ajv knows draft-07, 2019-09 and 2020-12. Change its $schema and what differs, or give an ajv of your own that knows it`,
  )
}

function hintFor(error: unknown): string {
  const message = messageOf(error)
  if (error instanceof EvalError) return ' (ajv makes code out of text, which this process forbids: give json() a Standard Schema)'
  if (/unknown format/.test(message)) return ' (formats come from ajv-formats: give an instance that has them as `ajv`)'
  if (/strict mode/.test(message)) return ' (ajvOptions: { strict: false } lets it pass)'
  if (/no schema with key or ref/.test(message)) return ' (the instance given as `ajv` does not know the draft of $schema)'
  if (/can't resolve reference/.test(message)) return ' (give the schema that it names in `references`)'
  return ''
}

function rejection(errors: readonly ErrorObject[]) {
  const [first] = errors
  return validationError(first === undefined ? undefined : issueOf(first), errors.length)
}

function issueOf({ instancePath, message, keyword, params }: ErrorObject): Issue {
  // JSON pointers do not tell an index from a key that is a number; as an index it reads better.
  const path = instancePath
    .split('/')
    .slice(1)
    .map(part => (/^(?:0|[1-9]\d*)$/.test(part) ? Number(part) : part.replaceAll('~1', '/').replaceAll('~0', '~')))
  const { additionalProperty, allowedValues } = params as { additionalProperty?: string; allowedValues?: readonly unknown[] }
  const which = keyword === 'additionalProperties' ? ` ("${additionalProperty}")` : ''
  const values = keyword === 'enum' ? `: ${allowedValues?.map(value => JSON.stringify(value)).join(', ')}` : ''
  return { path, message: `${message ?? keyword}${which}${values}` }
}
