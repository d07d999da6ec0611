import { type Files, nearest, parseProperties, readWholeFile } from '@logwerk/runtime'
import { type CliOption, envNameOf, flagNameOf, type OptionTable, type ValuesOf } from './option.ts'
import type { GivenFlags } from './parse-flags.ts'
import { UsageError } from './usage-error.ts'

/** Who has set an option. */
export type OptionSource = 'flag' | 'env' | 'file'

/** Where option values come from, the strongest first: flags, environment, a file of properties, defaults. */
export interface Sources {
  readonly flags: GivenFlags
  readonly env: Readonly<Record<string, string | undefined>>
  readonly files: Files
}

/** What {@link resolveOptions} finds. */
export interface ResolvedOptions<T extends OptionTable> {
  readonly values: ValuesOf<T>
  /** Who has set an option, for those that do not have their default. */
  readonly set: ReadonlyMap<string, OptionSource>
  /** Properties of the file that are no options of the command. */
  readonly properties: Readonly<Record<string, string>>
}

/**
 * The value of every option of a command.
 *
 * @throws UsageError that names the option or variable, and what it may be; StorageError for a file that cannot be read.
 */
export function resolveOptions<T extends OptionTable>(command: string, table: T, { flags, env, files }: Sources): ResolvedOptions<T> {
  const values: Record<string, unknown> = {}
  const set = new Map<string, OptionSource>()
  const fileKey = Object.keys(table).find(key => table[key]!.isFile)
  const path = fileKey === undefined ? undefined : (flags.get(fileKey)?.[0] ?? env[envNameOf(fileKey)])
  const properties = path === undefined ? {} : parseProperties(Buffer.from(readWholeFile(files, path)).toString('utf8'))
  for (const [key, option] of Object.entries(table)) {
    const { property } = option
    const given = flags.get(key)
    const variable = option.fromEnv === true ? env[envNameOf(key)] : undefined
    const line = property === undefined ? undefined : properties[property]
    if (property !== undefined) delete properties[property]
    if (given !== undefined || variable !== undefined || line !== undefined)
      set.set(key, given !== undefined ? 'flag' : variable !== undefined ? 'env' : 'file')
    if (given !== undefined) values[key] = option.takes === 'many' ? given : parse(command, flagNameOf(key), option, given[0]!)
    else if (variable !== undefined) values[key] = parse(command, envNameOf(key), option, variable)
    else if (line !== undefined) values[key] = parse(command, `${path}: ${property}`, option, line)
    else if (option.takes === 'required')
      throw new UsageError(`${flagNameOf(key)} ${option.placeholder} is missing: ${option.config.doc}`, command)
    else values[key] = absent(option)
  }
  return { values: values as ValuesOf<T>, set, properties }
}

/** @throws UsageError for properties that nothing takes; `known` are those that there are. */
export function refuseProperties(
  command: string,
  properties: Iterable<string>,
  known: Iterable<string>,
  hints: Readonly<Record<string, string>> = {},
): void {
  for (const property of properties) {
    const hint = hints[property]
    const guess = nearest(property, known)
    const way = hint !== undefined ? `; ${hint}` : guess === null ? '' : `; did you mean ${guess}?`
    throw new UsageError(`unknown property ${property}${way}`, command)
  }
}

function parse(command: string, name: string, { config }: CliOption<unknown>, text: string): unknown {
  const value = config.parse(text)
  const complaint = config.complaint(value ?? text)
  if (value === null || complaint !== null) throw new UsageError(`${name} ${complaint ?? 'cannot be read'}, not "${text}"`, command)
  return value
}

function absent({ takes, config }: CliOption<unknown>): unknown {
  switch (takes) {
    case 'flag':
      return false
    case 'many':
      return []
    case 'optional':
      return null
    default:
      return config.default
  }
}
