import { type ConfigOption, flag } from '@logwerk/runtime'

/** An option of a command: parsing, checking, help, and where else its value may come from. */
export interface CliOption<T> {
  /** Type, range, default and meaning. */
  readonly config: ConfigOption<unknown>
  /** Stands for the value in help, e.g. `NAME`; empty for an option without a value. */
  readonly placeholder: string
  /** How often it may be given, and what its absence means. */
  readonly takes: 'flag' | 'required' | 'optional' | 'default' | 'many'
  /** The section of help that lists it. Default: Options. */
  readonly section?: string
  /** It may come from `LOGWERK_` and its name in capitals, too. */
  readonly fromEnv?: boolean
  /** Its name in a file of properties, for options that may come from one. */
  readonly property?: string
  /** Its value is the path of that file. */
  readonly isFile?: boolean
  /** Carries the type of the value; never there. */
  readonly value?: T
}

/** The options of a command by their camel-cased names: `bootstrapServer` is `--bootstrap-server`. */
export type OptionTable = Readonly<Record<string, CliOption<unknown>>>

/** The values of a command's options, all there. */
export type ValuesOf<T extends OptionTable> = { readonly [K in keyof T]: T[K] extends CliOption<infer V> ? V : never }

/** A value that has to be given. */
export function required<T>(config: ConfigOption<T>, placeholder: string): CliOption<T> {
  return { config: config as ConfigOption<unknown>, placeholder, takes: 'required' }
}

/** A value that may be left out: null. */
export function optional<T>(config: ConfigOption<T>, placeholder: string): CliOption<T | null> {
  return { config: config as ConfigOption<unknown>, placeholder, takes: 'optional' }
}

/** A value with the default that its config says. */
export function withDefault<T>(config: ConfigOption<T>, placeholder: string): CliOption<T> {
  return { config: config as ConfigOption<unknown>, placeholder, takes: 'default' }
}

/** A value that may be given several times; an empty list without it. */
export function many(placeholder: string, doc: string): CliOption<readonly string[]> {
  return { config: { kind: 'string', default: undefined, doc, parse: text => text, complaint: () => null }, placeholder, takes: 'many' }
}

/** An option without a value: true if it is there. */
export function toggle(doc: string): CliOption<boolean> {
  return { config: flag({ default: false, doc }) as ConfigOption<unknown>, placeholder: '', takes: 'flag' }
}

/** `--bootstrap-server` for `bootstrapServer`. */
export function flagNameOf(key: string): string {
  return `--${key.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`
}

/** `LOGWERK_BOOTSTRAP_SERVER` for `bootstrapServer`. */
export function envNameOf(key: string): string {
  return `LOGWERK_${flagNameOf(key).slice(2).replaceAll('-', '_').toUpperCase()}`
}
