import { isBuiltin } from 'node:module'
import { posix } from 'node:path'
import { importsOf, packageNameOf } from './imports.mjs'
import { folderOf } from './layers.mjs'

/** @typedef {import('./tree.mjs').Package} Package */
/** @typedef {import('./tree.mjs').PackageJson} PackageJson */
/** @typedef {import('./tree.mjs').Source} Source */
/** @typedef {import('./finding.mjs').Finding} Finding */
/** @typedef {import('../tokenize.mjs').Token} Token */

/**
 * What a source imports is declared by its package, and another package is entered by its exports only.
 *
 * @param {Package} owner
 * @param {Source} source
 * @param {Token[]} code            Without comments.
 * @param {Package[]} packages
 * @param {PackageJson} root        Its devDependencies serve every test.
 * @returns {Finding[]}
 */
export function checkImports(owner, source, code, packages, root) {
  return importsOf(code).flatMap(({ from, line }) => {
    // Whether it may be unwritten is a matter of the seams.
    if (from === null) return []
    const found = from.startsWith('.') ? checkRelative(owner, source, from) : checkBare(owner, source, from, packages, root)
    return found === null ? [] : [{ path: source.path, line, ...found }]
  })
}

/**
 * @param {Package} owner
 * @param {Source} source
 * @param {string} from
 */
function checkRelative(owner, source, from) {
  const target = posix.join(posix.dirname(source.path), from)
  if (target.startsWith(`${owner.path}/`)) return null
  return { rule: 'deep-import', message: `'${from}' leaves ${owner.path}: import the other package by its name` }
}

/**
 * @param {Package} owner
 * @param {Source} source
 * @param {string} from
 * @param {Package[]} packages
 * @param {PackageJson} root
 */
function checkBare(owner, source, from, packages, root) {
  const name = packageNameOf(from)
  if (from.startsWith('/')) return { rule: 'deep-import', message: `'${from}' is a place on one machine: import the package by its name` }
  if (name === null || isBuiltin(from)) return null
  if (name !== owner.json.name && !declares(owner, source, name, root)) {
    const where = source.test ? 'package.json' : 'the dependencies of package.json (a devDependency is for tests only)'
    return { rule: 'undeclared', message: `'${name}' is not declared in ${where} of ${owner.path}` }
  }
  const folder = folderOf(name)
  const target = packages.find(one => !one.example && one.folder === folder)
  if (target === undefined) return null
  const entry = `.${from.slice(name.length)}`
  if (Object.hasOwn(target.json.exports ?? {}, entry)) return null
  return {
    rule: 'deep-import',
    message: `'${from}' is not an entry of ${name}: its package.json exports ${Object.keys(target.json.exports ?? {}).join(', ')}`,
  }
}

/**
 * @param {Package} owner
 * @param {Source} source
 * @param {string} name
 * @param {PackageJson} root
 */
function declares({ json, example }, source, name, root) {
  const published = [json.dependencies, json.peerDependencies, json.optionalDependencies]
  const tests = [json.devDependencies, root.devDependencies]
  // What is never published may build with its devDependencies.
  const dependencies = source.test
    ? [...published, ...tests]
    : example || json.private === true
      ? [...published, json.devDependencies]
      : published
  return dependencies.some(some => Object.hasOwn(some ?? {}, name))
}
