import { existsSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

// The time of this empty file is the time at which the last complete build began. The times of dist itself say nothing: a build
// restored from turbo's cache brings its own, and the compiler leaves a file alone that would not change.
const STAMP = 'node_modules/.cache/logwerk/built'

/**
 * @param {string} root
 * @returns {boolean}  Whether every package's sources, and what else decides about the output, are older than the last build, and all of
 *                     their built files are there.
 */
export function isBuilt(root) {
  const stamp = join(root, STAMP)
  const builtMs = existsSync(stamp) ? statSync(stamp).mtimeMs : 0
  return buildsIn(root).every(
    ({ inputs, outputs }) => inputs.every(input => statSync(input).mtimeMs <= builtMs) && outputs.every(output => existsSync(output)),
  )
}

/**
 * Call after a build that succeeded.
 *
 * @param {string} root
 * @param {Date} began  What changed later may not be in the build.
 * @returns {void}
 */
export function stampBuilt(root, began) {
  const stamp = join(root, STAMP)
  mkdirSync(dirname(stamp), { recursive: true })
  writeFileSync(stamp, '')
  utimesSync(stamp, began, began)
}

/**
 * Call before built files are removed: should that, or the build after it, be interrupted, the last build does not count any more.
 *
 * @param {string} root
 * @returns {void}
 */
export function removeStamp(root) {
  rmSync(join(root, STAMP), { force: true })
}

/**
 * Call before a build: the compiler goes by its notes, and leaves out what it once wrote, though somebody has deleted it.
 *
 * @param {string} root
 * @returns {void}
 */
export function forgetIncomplete(root) {
  for (const { notes, outputs } of buildsIn(root)) if (!outputs.every(output => existsSync(output))) rmSync(notes, { force: true })
}

/**
 * @param {string} root
 * @returns {{ inputs: string[], outputs: string[], notes: string }[]}  One for each package that has something to build.
 */
function buildsIn(root) {
  // The lock file decides which compiler it was.
  const shared = [join(root, 'tsconfig.base.json'), join(root, 'package-lock.json')]
  const packages = readdirSync(join(root, 'packages')).map(folder => join(root, 'packages', folder))
  return packages
    .filter(path => existsSync(join(path, 'tsconfig.json')))
    .map(path => {
      const source = join(path, 'src')
      // Folders too: theirs is the time of the last file that came, went or was renamed.
      const names = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(name => !/\.test(-[a-z]+)?\.ts$/.test(name))
      const outputs = names.filter(name => name.endsWith('.ts')).map(name => join(path, 'dist', name.replace(/\.ts$/, '.js')))
      const inputs = [...shared, join(path, 'tsconfig.json'), join(path, 'package.json'), source, ...names.map(name => join(source, name))]
      return { inputs, outputs, notes: join(path, '.tsbuildinfo') }
    })
}
