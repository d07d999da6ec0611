import { spawnSync } from 'node:child_process'
import { root } from './root.mjs'

/**
 * Runs a program to its end with this terminal's input and output.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {import('node:child_process').SpawnSyncOptions} [options]
 * @returns {void}
 * @throws {Error} When it cannot be started or ends with anything but 0.
 */
export function run(program, args, options) {
  const { error, status, signal } = spawnSync(program, args, { stdio: 'inherit', cwd: root, ...options })
  if (error !== undefined) throw new Error(`cannot start ${program}: ${error.message}`)
  if (status !== 0) throw new Error(`${[program, ...args].join(' ')} ended with ${signal ?? `exit code ${status}`}`)
}

/**
 * Runs npm. Inside an npm script it is the very npm that runs it, started without a shell: that is what works on Windows and
 * from a path with spaces.
 *
 * @param {string[]} args
 * @param {import('node:child_process').SpawnSyncOptions} [options]
 * @returns {void}
 */
export function npm(args, options) {
  const self = runningNpm()
  if (self === undefined) run('npm', args, { shell: process.platform === 'win32', ...options })
  else run(process.execPath, [self, ...args], options)
}

/**
 * Like {@link npm}, for its answer: what it prints on standard output.
 *
 * @param {string[]} args
 * @returns {string}
 */
export function askNpm(args) {
  const self = runningNpm()
  const [program, first] = self === undefined ? ['npm', []] : [process.execPath, [self]]
  const { error, status, stdout } = spawnSync(program, [...first, ...args], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    shell: self === undefined && process.platform === 'win32',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (error !== undefined) throw new Error(`cannot start npm: ${error.message}`)
  if (status !== 0) throw new Error(`npm ${args.join(' ')} ended with exit code ${status}`)
  return stdout
}

/** @returns {string | undefined} The JavaScript file of the npm that runs this script, if one does. */
function runningNpm() {
  const { npm_execpath: path } = process.env
  return path
}
