import { nearest, nodeWorld } from '@logwerk/runtime'
import type { CommandTree } from './command.ts'
import { commands } from './commands.ts'
import { formatCommandHelp, formatTreeHelp } from './help.ts'
import { type Io, OutputError } from './io.ts'
import { parseFlags } from './parse-flags.ts'
import { Printer } from './printer.ts'
import { type ExitCode, exitCodes, reportError } from './report-error.ts'
import { resolveOptions } from './resolve-options.ts'
import { styleOf } from './style.ts'
import { UsageError } from './usage-error.ts'
import { versionOf } from './version.ts'

type Leaf = Extract<CommandTree, { load: unknown }>
type Branch = Extract<CommandTree, { commands: unknown }>

/**
 * Runs a command line of `logwerk`. Never throws: what goes wrong is said on standard error.
 *
 * @param argv  Without the program and its script.
 * @returns     0 done, 1 failed, 2 wrong usage.
 */
export async function run(argv: readonly string[], io: Io): Promise<ExitCode> {
  const { closed } = io.stdout
  let failure: unknown = null
  let exitCode: ExitCode = exitCodes.DONE
  try {
    exitCode = await dispatch(argv, io)
  } catch (error) {
    failure = error
  }
  await io.stdout.flushed()
  if (closed.aborted && closed.reason instanceof OutputError) return reportError(closed.reason, io)
  // The reader has seen enough, which is no failure; another one stays one, though its summary was not read.
  if (failure === null || (closed.aborted && failure === closed.reason)) return exitCode
  return reportError(failure, io)
}

async function dispatch(argv: readonly string[], io: Io): Promise<ExitCode> {
  const page = { style: styleOf(io.stdout, io.env), columns: io.stdout.columns }
  // `logwerk help topics create` for those who are used to it.
  const [words, wantsHelp] = argv[0] === 'help' ? [argv.slice(1), true] : [argv, false]
  let tree: CommandTree = commands
  const path: string[] = []
  while ('commands' in tree) {
    const name: string | undefined = words[path.length]
    const isHelp = wantsHelp ? name === undefined : name === '--help' || name === '-h'
    if (isHelp || (name === undefined && path.length === 0)) {
      io.stdout.write(formatTreeHelp(path, tree, page))
      return exitCodes.DONE
    }
    if (path.length === 0 && (name === '--version' || name === '-V')) {
      io.stdout.write(`${versionOf()}\n`)
      return exitCodes.DONE
    }
    tree = childOf(tree, path, name)
    path.push(name!)
  }
  return await runLeaf(tree, path, wantsHelp ? ['--help'] : words.slice(path.length), io)
}

async function runLeaf(leaf: Leaf, path: readonly string[], args: readonly string[], io: Io): Promise<ExitCode> {
  const command = path.join(' ')
  const definition = await leaf.load()
  const flags = parseFlags(command, definition.options, args)
  if (flags === null) {
    io.stdout.write(formatCommandHelp(path, leaf.summary, definition, { style: styleOf(io.stdout, io.env), columns: io.stdout.columns }))
    return exitCodes.DONE
  }
  const world = io.world ?? nodeWorld
  const { values, set, properties } = resolveOptions(command, definition.options, { flags, env: io.env, files: world.files })
  const stopped = AbortSignal.any([io.signal, io.stdout.closed])
  const print = new Printer(io, (values as Readonly<Record<string, unknown>>)['json'] === true, world.clock)
  await definition.run(values, { command, io, world, print, set, properties, stopped })
  return exitCodes.DONE
}

function childOf({ commands: children }: Branch, path: readonly string[], name: string | undefined): CommandTree {
  const command = path.join(' ')
  const names = Object.keys(children)
  if (name === undefined) throw new UsageError(`logwerk ${command} needs a command: ${names.join(', ')}`, command)
  const child = Object.hasOwn(children, name) ? children[name] : undefined
  if (child !== undefined) return child
  if (name.startsWith('-')) throw new UsageError(`options come after the command: logwerk ${[...path, 'COMMAND', name].join(' ')}`, command)
  const guess = nearest(name, names)
  const hint = guess === null ? `; there are ${names.join(', ')}` : `; did you mean ${guess}?`
  throw new UsageError(`unknown command "${[...path, name].join(' ')}"${hint}`, command)
}
