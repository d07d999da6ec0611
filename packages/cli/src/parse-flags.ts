import { parseArgs } from 'node:util'
import { nearest } from '@logwerk/runtime'
import { flagNameOf, type OptionTable } from './option.ts'
import { UsageError } from './usage-error.ts'

/** What a command line says: the texts of every option that it names, in order. */
export type GivenFlags = ReadonlyMap<string, readonly string[]>

/** Options of every command. */
const ALWAYS = { help: { type: 'boolean', short: 'h' } } as const

/**
 * Reads a command's part of the command line.
 *
 * @returns null if it asks for help.
 * @throws  UsageError that names what is wrong, and the option that may have been meant.
 */
export function parseFlags(command: string, table: OptionTable, args: readonly string[]): GivenFlags | null {
  const keys = new Map(Object.keys(table).map(key => [flagNameOf(key).slice(2), key]))
  const { tokens } = parseArgs({
    args: [...args],
    // Loose, because its own errors know neither the command nor what may have been meant.
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: {
      ...ALWAYS,
      ...Object.fromEntries([...keys].map(([name, key]) => [name, { type: table[key]!.takes === 'flag' ? 'boolean' : 'string' }] as const)),
    },
  })
  if (tokens.some(token => token.kind === 'option' && token.name === 'help')) return null
  const given = new Map<string, string[]>()
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue
    if (token.kind === 'positional') throw unexpected(command, table, token.value)
    const key = keys.get(token.name)
    if (key === undefined) throw unknown(command, table, token.rawName)
    const texts = given.get(key) ?? []
    const { takes, placeholder } = table[key]!
    if (texts.length > 0 && takes !== 'many') throw new UsageError(`${flagNameOf(key)} is given twice`, command)
    given.set(key, [...texts, takes === 'flag' ? (token.value ?? 'true') : textOfValue(command, flagNameOf(key), placeholder, token)])
  }
  return given
}

function textOfValue(
  command: string,
  name: string,
  placeholder: string,
  { value, inlineValue }: { readonly value: string | undefined; readonly inlineValue: boolean | undefined },
): string {
  if (value !== undefined && (inlineValue === true || !/^--?[a-z]/i.test(value))) return value
  const hint = value === undefined ? '' : `; write ${name}=${value} if ${value} is meant as the value`
  throw new UsageError(`${name} needs a value: ${name} ${placeholder}${hint}`, command)
}

function unknown(command: string, table: OptionTable, rawName: string): UsageError {
  const names = [...Object.keys(table).map(flagNameOf), '--help']
  // Short for it ("--server"), before similar to it.
  const guess = names.find(name => rawName.length > 4 && name.endsWith(rawName.slice(1))) ?? nearest(rawName, names)
  return new UsageError(`unknown option ${rawName}${guess === null ? '' : `; did you mean ${guess}?`}`, command)
}

function unexpected(command: string, table: OptionTable, text: string): UsageError {
  const first = Object.entries(table).find(([, { takes }]) => takes === 'required')
  const hint = first === undefined ? '' : `; did you mean ${flagNameOf(first[0])} ${text}?`
  return new UsageError(`unexpected argument "${text}"${hint}`, command)
}
