import type { Command, CommandTree } from './command.ts'
import { type CliOption, envNameOf, flagNameOf } from './option.ts'
import type { Style } from './style.ts'

/** Where help is shown. */
export interface HelpPage {
  readonly style: Style
  readonly columns: number
}

/** Longer lines are hard to read, whatever the terminal has. */
const MAX_COLUMNS = 110
const MIN_COLUMNS = 60
const OPTIONS = 'Options'

/** Help of a name that stands for several commands. `path` is empty for the program itself. */
export function formatTreeHelp(path: readonly string[], tree: CommandTree & { commands: unknown }, page: HelpPage): string {
  const program = ['logwerk', ...path].join(' ')
  const entries = Object.entries(tree.commands as Readonly<Record<string, CommandTree>>)
  const { style } = page
  return joined([
    path.length === 0 ? [style.bold(tree.summary)] : [`${style.bold(program)}: ${tree.summary}`],
    [style.bold('Usage'), `  ${program} COMMAND [options]`],
    [
      style.bold('Commands'),
      ...twoColumns(
        entries.map(([name, { summary }]) => [name, summary]),
        page,
      ),
    ],
    path.length === 0 ? beginnings(page) : [],
    [`${program} COMMAND --help tells more about a command.`],
  ])
}

/** Help of one command. */
export function formatCommandHelp(path: readonly string[], summary: string, command: Command, page: HelpPage): string {
  const { style } = page
  const program = ['logwerk', ...path].join(' ')
  const options = Object.entries(command.options)
  const sections = [...new Set([OPTIONS, ...options.map(([, { section = OPTIONS }]) => section)])]
  const needed = options
    .filter(([, { takes }]) => takes === 'required')
    .map(([key, { placeholder }]) => ` ${flagNameOf(key)} ${placeholder}`)
  return joined([
    [`${style.bold(program)}: ${summary}`],
    ...command.description.map(paragraph => wrapped(paragraph, columnsOf(page))),
    [style.bold('Usage'), `  ${program}${needed.join('')} [options]`],
    ...sections.map(section => {
      const listed = options.filter(([, option]) => (option.section ?? OPTIONS) === section)
      const lines: [string, string][] = listed.map(([key, option]) => [
        `${flagNameOf(key)} ${option.placeholder}`.trimEnd(),
        docOf(key, option),
      ])
      if (section === sections.at(-1)) lines.push(['-h, --help', 'This text.'])
      return lines.length === 0 ? [] : [style.bold(section), ...twoColumns(lines, page)]
    }),
    [style.bold('Examples'), ...command.examples.flatMap(([line, what]) => [`  ${style.dim(`# ${what}`)}`, `  ${line}`])],
  ])
}

/** What a newcomer types first. */
function beginnings({ style }: HelpPage): string[] {
  return [
    style.bold('To begin with'),
    `  ${style.dim('# a broker that keeps its data in ./logwerk-data; leave it running')}`,
    '  logwerk broker',
    `  ${style.dim('# in another terminal')}`,
    '  logwerk topics create --topic greetings --partitions 3',
    '  echo hello | logwerk produce --topic greetings',
    '  logwerk consume --topic greetings --from-beginning',
    '',
    style.bold('Settings'),
    '  A flag beats an environment variable (LOGWERK_BOOTSTRAP_SERVER for --bootstrap-server), which beats a file of',
    '  properties, which beats the default. LOGWERK_DEBUG=1 shows the stack of an error, NO_COLOR=1 takes the colours away.',
    '  On a terminal there are tables, in a pipe JSON lines. Exit code: 0 done, 1 failed, 2 wrong usage.',
  ]
}

function docOf(key: string, { config, takes, fromEnv }: CliOption<unknown>): string {
  const facts = [config.doc]
  if (takes === 'required') facts.push('Required.')
  if (takes === 'many') facts.push('May be given several times.')
  if (takes === 'default' && config.default !== null && config.default !== -1) facts.push(`Default: ${String(config.default)}.`)
  if (fromEnv === true) facts.push(`[${envNameOf(key)}]`)
  return facts.join(' ')
}

function twoColumns(rows: readonly (readonly [left: string, right: string])[], page: HelpPage): string[] {
  const columns = columnsOf(page)
  // A single long name must not push all texts to the right edge.
  const leftWidth = Math.min(Math.max(...rows.map(([left]) => left.length)), 34)
  return rows.flatMap(([left, right]) => {
    const lines = wrapped(right, columns - leftWidth - 4)
    const indent = ' '.repeat(leftWidth + 4)
    const isLong = left.length > leftWidth
    const first = isLong ? [`  ${left}`, `${indent}${lines[0] ?? ''}`] : [`  ${left.padEnd(leftWidth)}  ${lines[0] ?? ''}`]
    return [...first, ...lines.slice(1).map(line => indent + line)]
  })
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}

function columnsOf({ columns }: HelpPage): number {
  return Math.max(MIN_COLUMNS, Math.min(columns, MAX_COLUMNS))
}

function joined(blocks: readonly (readonly string[])[]): string {
  return `${blocks
    .filter(block => block.length > 0)
    .map(block => block.join('\n'))
    .join('\n\n')}\n`
}
