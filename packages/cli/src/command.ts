import type { World } from '@logwerk/runtime'
import type { Io } from './io.ts'
import type { OptionTable, ValuesOf } from './option.ts'
import type { Printer } from './printer.ts'
import type { OptionSource } from './resolve-options.ts'

/** What a command runs with, besides the values of its options. */
export interface Context {
  /** The command's name: "topics create". */
  readonly command: string
  readonly io: Io
  readonly world: World
  readonly print: Printer
  /** Who has set an option, for those that do not have their default. */
  readonly set: ReadonlyMap<string, OptionSource>
  /** Properties of the file of options that are not the command's own. */
  readonly properties: Readonly<Record<string, string>>
  /** Aborts when the command should end: asked to stop, or nobody reads its output any more. */
  readonly stopped: AbortSignal
}

/** A command with its options. Make one with {@link defineCommand}. */
export interface Command {
  /** More than the line in the list of commands says; paragraphs. */
  readonly description: readonly string[]
  readonly options: OptionTable
  /** Lines to type, without the program's name, and what each does. */
  readonly examples: readonly (readonly [line: string, what: string])[]
  /** @throws whatever makes the command fail: exit code 2 for a UsageError, 1 for everything else. */
  readonly run: (values: Readonly<Record<string, unknown>>, context: Context) => Promise<void>
}

/** Names of commands: a leaf is loaded when it is called, so that none costs the start of another. */
export type CommandTree =
  | { readonly summary: string; readonly load: () => Promise<Command> }
  | { readonly summary: string; readonly commands: Readonly<Record<string, CommandTree>> }

/** Keeps the types of a command's values together with its table. */
export function defineCommand<const T extends OptionTable>(command: {
  readonly description: readonly string[]
  readonly options: T
  readonly examples: Command['examples']
  readonly run: (values: ValuesOf<T>, context: Context) => Promise<void>
}): Command {
  return command as unknown as Command
}
