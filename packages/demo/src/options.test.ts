import { expect, test } from 'vitest'
import { HELP, parseOptions } from './options.ts'

test('without options: the data lies in .logwerk', () => {
  expect(parseOptions([], {})).toEqual({ dataDir: '.logwerk', kill: false, serve: false, port: 9092 })
})

test('options take their value behind a space or an equals sign', () => {
  expect(parseOptions(['--serve', '--port', '0', '--data-dir=elsewhere'], {})).toEqual({
    dataDir: 'elsewhere',
    kill: false,
    serve: true,
    port: 0,
  })
  expect(parseOptions(['--help', '--nonsense'], {})).toBe(HELP)
})

test.each([
  [['--kil'], 'unknown option "--kil"; did you mean --kill?'],
  [['stray'], 'unknown option "stray"'],
  [['--serve', '--port', '70000'], '--port needs a number from 0 to 65535, not "70000"'],
  [['--serve', '--port'], '--port needs a number from 0 to 65535, not ""'],
  [['--port', '9093'], '--port is for --serve'],
  [['--data-dir', '--kill'], '--data-dir needs a directory'],
  [['--kill', '--serve'], 'never comes to --serve'],
  [['--kill=yes'], '--kill takes no value'],
])('%j is refused and says why', (argv, message) => {
  expect(() => parseOptions(argv, {})).toThrow(message)
})

test('an option that npm took for its own is not lost silently', () => {
  const env = { npm_lifecycle_event: 'start', npm_config_kill: 'true' }
  expect(() => parseOptions([], env)).toThrow('npm start -- --kill')
})
