import { existsSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root } from '../root.mjs'

// The time of this empty file is the time at which the last complete build began. The times of dist itself say nothing: a build
// restored from turbo's cache brings its own, and the compiler leaves a file alone that would not change.
const stamp = join(root, 'node_modules/.cache/logwerk/built')

/** @returns {boolean} Whether every package has a dist that is younger than all that it is built from. */
export function isBuilt() {
  const builtMs = existsSync(stamp) ? statSync(stamp).mtimeMs : 0
  return buildInputs().every(({ dist, inputs }) => existsSync(dist) && inputs.every(input => statSync(input).mtimeMs <= builtMs))
}

/**
 * Call after a build that succeeded.
 *
 * @param {Date} began  What changed later may not be in the build.
 * @returns {void}
 */
export function stampBuilt(began) {
  mkdirSync(dirname(stamp), { recursive: true })
  writeFileSync(stamp, '')
  utimesSync(stamp, began, began)
}

/** @returns {{ dist: string, inputs: string[] }[]} One for each package that has something to build. */
function buildInputs() {
  const packages = readdirSync(join(root, 'packages')).map(folder => join(root, 'packages', folder))
  return packages
    .filter(path => existsSync(join(path, 'tsconfig.json')))
    .map(path => {
      const source = join(path, 'src')
      // Folders too: theirs is the time of the last file that came, went or was renamed.
      const names = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(name => !/\.test(-[a-z]+)?\.ts$/.test(name))
      const configuration = [join(root, 'tsconfig.base.json'), join(path, 'tsconfig.json'), join(path, 'package.json')]
      return { dist: join(path, 'dist'), inputs: [...configuration, source, ...names.map(name => join(source, name))] }
    })
}
