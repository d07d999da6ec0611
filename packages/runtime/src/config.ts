import { KafkaError } from './errors.ts'
import { nearest } from './nearest.ts'
import { printed } from './printed.ts'

/** One option of a component: everything that validation, the type, `fromProperties` and the documentation need to know. */
export interface ConfigOption<T> {
  readonly kind: 'durationMs' | 'sizeBytes' | 'integer' | 'number' | 'boolean' | 'string' | 'oneOf' | 'stringList'
  /** Kafka's dotted name; options that are ours alone have none. */
  readonly kafkaKey?: string
  /** Undefined: the option has to be given. */
  readonly default: T | undefined
  readonly min?: number
  readonly max?: number
  /** Values of a `oneOf`. */
  readonly values?: readonly string[]
  readonly doc: string
  /**
   * Turns the text of a properties file, an environment variable or a flag into a value; null if it is not one. Blanks around it do not
   * count, as in Kafka's `ConfigDef.parseType`.
   */
  readonly parse: (text: string) => T | null
  /** What a value has to be, for the error; null if it is fine. */
  readonly complaint: (value: unknown) => string | null
}

// biome-ignore lint/suspicious/noExplicitAny: the one place where options of all types meet
export type ConfigTable = Readonly<Record<string, ConfigOption<any>>>

/** The validated configuration: every option present. */
export type ConfigOf<T extends ConfigTable> = { readonly [K in keyof T]: T[K] extends ConfigOption<infer V> ? V : never }

/** What the caller gives: everything with a default may be left out. */
export type ConfigInputOf<T extends ConfigTable> = {
  readonly [K in keyof T as T[K] extends { readonly default: undefined } ? K : never]: T[K] extends ConfigOption<infer V> ? V : never
} & {
  readonly [K in keyof T as T[K] extends { readonly default: undefined } ? never : K]?:
    | (T[K] extends ConfigOption<infer V> ? V : never)
    | undefined
}

interface Common<D> {
  readonly kafkaKey?: string
  readonly default: D
  readonly doc: string
}
interface Ranged<D> extends Common<D> {
  readonly min?: number
  readonly max?: number
}

/** Keeps the literal type of a table. */
export function defineConfig<const T extends ConfigTable>(table: T): T {
  return table
}

/** A time span in milliseconds. `Infinity` is allowed only where `max` is. */
export function durationMs<D extends number | undefined>(option: Ranged<D>): ConfigOption<number> & { readonly default: D } {
  return numeric('durationMs', 'milliseconds', true, option)
}

/** A size in bytes. */
export function sizeBytes<D extends number | undefined>(option: Ranged<D>): ConfigOption<number> & { readonly default: D } {
  return numeric('sizeBytes', 'bytes', true, option)
}

export function integer<D extends number | undefined>(option: Ranged<D>): ConfigOption<number> & { readonly default: D } {
  return numeric('integer', '', true, option)
}

export function decimal<D extends number | undefined>(option: Ranged<D>): ConfigOption<number> & { readonly default: D } {
  return numeric('number', '', false, option)
}

export function flag<D extends boolean | undefined>(option: Common<D>): ConfigOption<boolean> & { readonly default: D } {
  return {
    ...option,
    kind: 'boolean',
    parse: text => (/^\s*true\s*$/i.test(text) ? true : /^\s*false\s*$/i.test(text) ? false : null),
    complaint: value => (typeof value === 'boolean' ? null : 'must be true or false'),
  }
}

export function text<D extends string | null | undefined>(
  option: Common<D>,
): ConfigOption<D extends null ? string | null : string> & { readonly default: D } {
  return {
    ...option,
    kind: 'string',
    parse: value => value.trim(),
    complaint: value =>
      typeof value === 'string' || (value === null && option.default === null)
        ? null
        : `must be a string${option.default === null ? ' or null' : ''}`,
  } as ConfigOption<D extends null ? string | null : string> & { readonly default: D }
}

export function oneOf<const V extends string, D extends V | undefined>(
  option: Common<D> & { readonly values: readonly V[] },
): ConfigOption<V> & { readonly default: D } {
  return {
    ...option,
    kind: 'oneOf',
    parse: value => option.values.find(candidate => candidate.toLowerCase() === value.trim().toLowerCase()) ?? null,
    complaint: value => (option.values.includes(value as V) ? null : `must be one of ${option.values.map(v => `'${v}'`).join(', ')}`),
  }
}

/** A list of strings; comma separated as text. */
export function stringList<D extends readonly string[] | undefined>(
  option: Common<D>,
): ConfigOption<readonly string[]> & { readonly default: D } {
  return {
    ...option,
    kind: 'stringList',
    parse: value =>
      value
        .split(',')
        .map(part => part.trim())
        .filter(part => part !== ''),
    complaint: value => (Array.isArray(value) && value.every(part => typeof part === 'string') ? null : 'must be a list of strings'),
  }
}

function numeric<D extends number | undefined>(
  kind: 'durationMs' | 'sizeBytes' | 'integer' | 'number',
  unit: string,
  whole: boolean,
  option: Ranged<D>,
): ConfigOption<number> & { readonly default: D } {
  const { min = -Infinity, max = Number.MAX_SAFE_INTEGER } = option
  const range = min === -Infinity ? `at most ${max}` : max >= Number.MAX_SAFE_INTEGER ? `at least ${min}` : `between ${min} and ${max}`
  return {
    ...option,
    kind,
    parse: value => (/^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(value) ? Number(value) : null),
    complaint: value =>
      typeof value !== 'number' || Number.isNaN(value) || (whole && !Number.isInteger(value) && value !== max)
        ? `must be ${whole ? 'a whole number' : 'a number'}${unit === '' ? '' : ` of ${unit}`}`
        : value < min || value > max
          ? `must be ${range}${unit === '' ? '' : ` ${unit}`}`
          : null,
  }
}

/**
 * Checks `input` against `table` and fills in the defaults.
 *
 * @param owner  Names the component in errors, e.g. `createProducer`.
 * @throws       KafkaError `INVALID_CONFIG` that names the option, the value and what it may be; an unknown option is an error with
 *               the nearest known name, and a dotted Kafka name points to the camel-cased one.
 */
export function resolveConfig<T extends ConfigTable>(owner: string, table: T, input: Readonly<Record<string, unknown>>): ConfigOf<T> {
  assertObject(owner, 'the options', input)
  for (const key of Object.keys(input)) if (!Object.hasOwn(table, key)) throw unknownOption(owner, table, key)
  const resolved: Record<string, unknown> = {}
  for (const [key, option] of Object.entries(table)) {
    const value = input[key] ?? (input[key] === null && option.default !== null ? null : option.default)
    if (value === undefined) throw new KafkaError('INVALID_CONFIG', `${owner}: option "${key}" is missing: ${option.doc}`)
    const complaint = option.complaint(value)
    if (complaint !== null) throw new KafkaError('INVALID_CONFIG', `${owner}: option "${key}" ${complaint}, not ${printed(value)}`)
    resolved[key] = value
  }
  return resolved as ConfigOf<T>
}

/**
 * The options that a table shares with a set of dotted Kafka properties, e.g. `{ 'linger.ms': '5' }` or the parsed content of a
 * `.properties` file. Values may be text or already typed.
 *
 * @throws KafkaError `INVALID_CONFIG` for a property that the table does not know (with the nearest one), a value that does not parse, or
 *         text in place of the properties.
 */
export function fromProperties<T extends ConfigTable>(
  owner: string,
  table: T,
  properties: Readonly<Record<string, unknown>>,
): Partial<ConfigOf<T>> {
  assertObject(owner, 'the properties', properties, typeof properties === 'string' ? '; parseProperties makes one of a text' : '')
  const byKafkaKey = new Map<string, string>()
  for (const [name, option] of Object.entries(table)) if (option.kafkaKey !== undefined) byKafkaKey.set(option.kafkaKey, name)
  const input: Record<string, unknown> = {}
  for (const [property, value] of Object.entries(properties)) {
    const name = byKafkaKey.get(property)
    if (name === undefined) {
      const guess = nearest(property, byKafkaKey.keys())
      throw new KafkaError(
        'INVALID_CONFIG',
        `${owner}: unknown property "${property}"${guess === null ? '' : `; did you mean "${guess}"?`}`,
      )
    }
    const option = table[name]!
    const parsed = typeof value === 'string' ? option.parse(value) : value
    const complaint =
      parsed === null && typeof value === 'string' ? (option.complaint(value) ?? 'cannot be read') : option.complaint(parsed)
    if (complaint !== null) throw new KafkaError('INVALID_CONFIG', `${owner}: property "${property}" ${complaint}, not ${printed(value)}`)
    input[name] = parsed
  }
  return input as Partial<ConfigOf<T>>
}

/** A row of the documentation of a component. */
export interface ConfigRow {
  readonly name: string
  /** `required` where there is none. */
  readonly default: string
  /** A unit, the values to choose from, or a type. */
  readonly unit: string
  /** Empty where there is no limit. */
  readonly range: string
  /** Kafka's dotted name; empty for an option that is ours alone. */
  readonly kafkaKey: string
  readonly doc: string
}

/** The documentation of a component: a row for each option, in the order of its table. */
export function describeConfig(table: ConfigTable): ConfigRow[] {
  return Object.entries(table).map(([name, option]) => ({
    name,
    default: option.default === undefined ? 'required' : printed(option.default),
    unit: option.values?.join(' | ') ?? ({ durationMs: 'ms', sizeBytes: 'bytes' } as Record<string, string>)[option.kind] ?? option.kind,
    range: rangeOf(option),
    kafkaKey: option.kafkaKey ?? '',
    doc: option.doc,
  }))
}

function rangeOf({ min, max }: ConfigOption<unknown>): string {
  const bounded = max !== undefined && Number.isFinite(max)
  if (min === undefined) return bounded ? `to ${max}` : ''
  return bounded ? `${min} to ${max}` : `from ${min}`
}

function assertObject(owner: string, what: string, value: unknown, wayOut = ''): void {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return
  throw new KafkaError('INVALID_CONFIG', `${owner}: ${what} must be an object, not ${printed(value)}${wayOut}`)
}

function unknownOption(owner: string, table: ConfigTable, key: string): KafkaError {
  for (const [name, option] of Object.entries(table)) {
    if (option.kafkaKey === key)
      return new KafkaError(
        'INVALID_CONFIG',
        `${owner}: unknown option "${key}"; write "${name}", or pass dotted names through fromProperties`,
      )
  }
  const guess = nearest(key, Object.keys(table))
  return new KafkaError('INVALID_CONFIG', `${owner}: unknown option "${key}"${guess === null ? '' : `; did you mean "${guess}"?`}`)
}
