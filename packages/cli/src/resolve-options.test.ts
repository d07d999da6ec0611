import { integer, oneOf, replaceFile, text } from '@logwerk/runtime'
import { createSimulation } from '@logwerk/runtime/simulated'
import { describe, expect, test } from 'vitest'
import { many, type OptionTable, optional, required, toggle, withDefault } from './option.ts'
import { parseFlags } from './parse-flags.ts'
import { resolveOptions } from './resolve-options.ts'
import { UsageError } from './usage-error.ts'

const table = {
  topicName: required(text({ default: undefined, doc: 'The topic.' }), 'NAME'),
  port: {
    ...withDefault(integer({ default: 9092, min: 0, max: 65_535, doc: 'A port.' }), 'PORT'),
    fromEnv: true,
    property: 'logwerk.port',
  },
  mode: optional(oneOf({ values: ['fast', 'safe'], default: undefined, doc: 'How.' }), 'fast|safe'),
  header: many('KEY=VALUE', 'A header.'),
  dryRun: { ...toggle('Change nothing.'), fromEnv: true },
  config: { ...optional(text({ default: undefined, doc: 'A file.' }), 'FILE'), fromEnv: true, isFile: true },
} satisfies OptionTable

function resolve(line: string, env: Record<string, string> = {}, file?: string) {
  const { files } = createSimulation({ seed: 1 })
  if (file !== undefined) replaceFile(files, '/x.properties', Buffer.from(file))
  const flags = parseFlags('x', table, line.split(' '))
  if (flags === null) throw new Error('asked for help')
  return resolveOptions('x', table, { flags, env, files })
}

function complaintAbout(line: string, env: Record<string, string> = {}, file?: string): string {
  try {
    resolve(line, env, file)
  } catch (error) {
    if (error instanceof UsageError) return error.message
    throw error
  }
  throw new Error('it was accepted')
}

describe('a command line', () => {
  test('gives every option a value of its type, or says that it is not there', () => {
    expect(resolve('--topic-name a --mode SAFE --header x=1 --header=y=2 --dry-run').values).toEqual({
      topicName: 'a',
      port: 9092,
      mode: 'safe',
      header: ['x=1', 'y=2'],
      dryRun: true,
      config: null,
    })
  })

  test('may give a value that begins with dashes, after a sign of equality, and a negative number anyhow', () => {
    expect(resolve('--topic-name=--a').values.topicName).toBe('--a')
    expect(complaintAbout('--topic-name a --port -1')).toBe('--port must be between 0 and 65535, not "-1"')
  })

  test('asks for help in the middle of mistakes', () => {
    expect(parseFlags('x', table, ['--wrong', 'y', '-h'])).toBeNull()
  })

  test.each([
    ['--topic-nam a', 'unknown option --topic-nam; did you mean --topic-name?'],
    ['--name a', 'unknown option --name; did you mean --topic-name?'],
    ['--topic-name a -x', 'unknown option -x'],
    ['--port 1', '--topic-name NAME is missing: The topic.'],
    ['a', 'unexpected argument "a"; did you mean --topic-name a?'],
    ['--topic-name', '--topic-name needs a value: --topic-name NAME'],
    ['--topic-name --port', '--topic-name needs a value: --topic-name NAME; write --topic-name=--port if --port is meant as the value'],
    ['--topic-name a --topic-name b', '--topic-name is given twice'],
    ['--topic-name a --port x', '--port must be a whole number, not "x"'],
    ['--topic-name a --mode slow', `--mode must be one of 'fast', 'safe', not "slow"`],
    ['--topic-name a --dry-run=maybe', '--dry-run must be true or false, not "maybe"'],
  ])('%s: %s', (line, message) => {
    expect(complaintAbout(line)).toBe(message)
  })
})

describe('where a value comes from', () => {
  test('a flag beats the environment, which beats the file, which beats the default', () => {
    const file = 'logwerk.port=3\n'
    const env = { LOGWERK_PORT: '2', LOGWERK_CONFIG: '/x.properties' }
    const { values, set } = resolve('--topic-name a --port 1', env, file)
    expect([values.port, set.get('port')]).toEqual([1, 'flag'])
    expect(resolve('--topic-name a', env, file).values.port).toBe(2)
    const fromFile = resolve('--topic-name a --config /x.properties', {}, file)
    expect([fromFile.values.port, fromFile.set.get('port')]).toEqual([3, 'file'])
    expect(resolve('--topic-name a', {}, file).values.port).toBe(9092)
  })

  test('a wrong value is called by the name of its place', () => {
    expect(complaintAbout('--topic-name a', { LOGWERK_PORT: 'x' })).toBe('LOGWERK_PORT must be a whole number, not "x"')
    expect(complaintAbout('--topic-name a', { LOGWERK_DRY_RUN: 'x' })).toBe('LOGWERK_DRY_RUN must be true or false, not "x"')
    expect(complaintAbout('--topic-name a --config /x.properties', {}, 'logwerk.port=70000')).toBe(
      '/x.properties: logwerk.port must be between 0 and 65535, not "70000"',
    )
  })

  test('only options that say so come from the environment, and what the command does not know of a file is handed on', () => {
    expect(resolve('--topic-name a', { LOGWERK_MODE: 'safe' }).values.mode).toBeNull()
    expect(resolve('--topic-name a --config /x.properties', {}, 'logwerk.port=1\nlinger.ms=5').properties).toEqual({ 'linger.ms': '5' })
  })

  test('a file that is not there is an error that names it', () => {
    expect(() => resolve('--topic-name a --config /missing')).toThrow('/missing')
  })
})
