import { describe, expect, test } from 'vitest'
import type { CommandTree } from './command.ts'
import { commands } from './commands.ts'
import { envNameOf, flagNameOf } from './option.ts'
import { runAlone } from './test-io.test-support.ts'

describe('help', () => {
  test('the program says what there is, and how to begin', async () => {
    const { exitCode, stdout } = await runAlone([])
    expect(exitCode).toBe(0)
    for (const name of ['broker', 'topics', 'produce', 'consume', 'groups', 'configs'])
      expect(stdout.text).toMatch(new RegExp(`^  ${name} `, 'm'))
    expect(stdout.text).toContain('echo hello | logwerk produce --topic greetings')
    for (const same of [['--help'], ['-h'], ['help']]) expect((await runAlone(same)).stdout.text).toBe(stdout.text)
  })

  test('a command says its options, where else they come from, and examples', async () => {
    const { stdout } = await runAlone(['groups', 'delete', '--help'])
    expect(stdout.text).toMatchInlineSnapshot(`
      "logwerk groups delete: delete groups with their offsets

      Deletes groups with their committed offsets. A group that has members cannot be deleted.

      Usage
        logwerk groups delete [options]

      Options
        --group NAME  A group to delete, at least one. May be given several times.

      Connection
        --bootstrap-server HOST:PORT  Addresses of some brokers, separated by commas; the others are found
                                      from there. Default: localhost:9092. [LOGWERK_BOOTSTRAP_SERVER]
        --command-config FILE         A file of properties for the client, such as bootstrap.servers or
                                      request.timeout.ms. [LOGWERK_COMMAND_CONFIG]
        --command-property KEY=VALUE  One such property. May be given several times.

      Output
        --json      JSON, one object a line, on a terminal too.
        -h, --help  This text.

      Examples
        # one group
        logwerk groups delete --group billing
      "
    `)
    expect((await runAlone(['help', 'groups', 'delete'])).stdout.text).toBe(stdout.text)
  })

  test('no line is wider than the terminal, except a name that cannot be broken', async () => {
    for (const path of paths(commands)) {
      const { exitCode, stdout } = await runAlone([...path, '--help'])
      expect(exitCode, path.join(' ')).toBe(0)
      const tooLong = stdout.lines.filter(line => line.length > 100 && !line.startsWith('  logwerk '))
      expect(tooLong, path.join(' ')).toEqual([])
    }
  })

  test('every command has examples that begin with its name and use only its options', async () => {
    for (const path of paths(commands)) {
      const leaf = leafAt(path)
      const { options, examples, description } = await leaf.load()
      const flags = new Set(Object.keys(options).map(flagNameOf))
      expect(examples.length, path.join(' ')).toBeGreaterThan(0)
      expect(description.length, path.join(' ')).toBeGreaterThan(0)
      for (const [line] of examples) {
        const [, own = ''] = line.split(`logwerk ${path.join(' ')}`)
        expect(line, path.join(' ')).toContain(`logwerk ${path.join(' ')}`)
        for (const [flag] of own.split('|')[0]!.matchAll(/--[a-z-]+/g)) expect(flags, line).toContain(flag)
      }
    }
  })

  test('no two options of a command share an environment variable', async () => {
    for (const path of paths(commands)) {
      const { options } = await leafAt(path).load()
      const names = Object.keys(options).map(envNameOf)
      expect(new Set(names).size).toBe(names.length)
    }
  })
})

describe('wrong usage ends with 2 and says what may have been meant', () => {
  test.each([
    ['topcs', 'error: unknown command "topcs"; did you mean topics? (logwerk --help)'],
    ['xyzzy', 'error: unknown command "xyzzy"; there are broker, topics, produce, consume, groups, configs (logwerk --help)'],
    ['topics', 'error: logwerk topics needs a command: list, describe, create, delete, add-partitions (logwerk topics --help)'],
    ['topics crate', 'error: unknown command "topics crate"; did you mean create? (logwerk topics --help)'],
    ['topics --topic', 'error: options come after the command: logwerk topics COMMAND --topic (logwerk topics --help)'],
    ['toString', 'error: unknown command "toString"; there are broker, topics, produce, consume, groups, configs (logwerk --help)'],
    ['topics list --jsn', 'error: unknown option --jsn; did you mean --json? (logwerk topics list --help)'],
    [
      'topics list --bootstrap-server x',
      'error: --bootstrap-server must be addresses of the form HOST:PORT, separated by commas, not "x" (logwerk topics list --help)',
    ],
    ['topics list --command-property a', 'error: --command-property takes KEY=VALUE, not "a" (logwerk topics list --help)'],
    [
      'topics list --command-property client.idd=a',
      'error: unknown property client.idd; did you mean client.id? (logwerk topics list --help)',
    ],
    [
      'topics list --command-property retry.backoff.ms=a',
      'error: property "retry.backoff.ms" must be a whole number of milliseconds, not "a" (logwerk topics list --help)',
    ],
    [
      'topics list --command-property bootstrap.servers=a:1',
      'error: the property bootstrap.servers is an option of the command (logwerk topics list --help)',
    ],
    ['consume --topic t --offset 3', 'error: --offset needs --partition: each partition has offsets of its own (logwerk consume --help)'],
    [
      'groups reset-offsets --group g --topic t',
      'error: say where to go with one of --to-earliest, --to-latest, --to-offset N, --to-datetime MOMENT (logwerk groups reset-offsets --help)',
    ],
    [
      'configs alter --entity-type topics --entity-name t',
      'error: nothing to change: give --add-config KEY=VALUE or --delete-config KEY (logwerk configs alter --help)',
    ],
    [
      'broker --host 0.0.0.0',
      'error: other machines can reach 0.0.0.0, and nothing authenticates them; listen on 127.0.0.1, or add --allow-remote if the network is trusted (logwerk broker --help)',
    ],
    ['broker --memory --data-dir d', 'error: give --memory or --data-dir, not both (logwerk broker --help)'],
  ])('%s', async (line, message) => {
    const { exitCode, stdout, stderr } = await runAlone(line.split(' '))
    expect(stderr.lines).toEqual([message])
    expect(stdout.text).toBe('')
    expect(exitCode).toBe(2)
  })
})

test('--version is that of the package', async () => {
  expect((await runAlone(['--version'])).stdout.text).toMatch(/^\d+\.\d+\.\d+\S*\n$/)
})

function paths(tree: CommandTree): string[][] {
  if ('load' in tree) return [[]]
  return Object.entries(tree.commands).flatMap(([name, child]) => paths(child).map(path => [name, ...path]))
}

function leafAt(path: readonly string[]): Extract<CommandTree, { load: unknown }> {
  let tree = commands
  for (const name of path) if ('commands' in tree) tree = tree.commands[name]!
  if (!('load' in tree)) throw new Error(`${path.join(' ')} is no command`)
  return tree
}
