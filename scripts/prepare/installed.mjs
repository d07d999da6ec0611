import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** @typedef {Partial<Record<'dependencies' | 'devDependencies' | 'optionalDependencies' | 'peerDependencies', Record<string, string>>>} Manifest */

/**
 * @typedef {object} Locked
 * @property {string} [version]
 * @property {string} [integrity]
 * @property {boolean} [optional]  May be absent: a build for another platform.
 * @property {boolean} [link]      A workspace.
 */

/** @typedef {Locked & Manifest} LockedPackage */

const KINDS = /** @type {const} */ (['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'])

/**
 * Whether node_modules holds what the lock file asks for. npm writes down what it installed, as its last act, in a lock file of
 * the same form inside node_modules; comparing the two also sees an installation done by hand, where a stamp of ours would
 * not, and an interrupted one. What has been deleted since is missing from the disk. False as well where a package.json asks for
 * something else than the lock file: npm then says so, and what to do.
 *
 * @param {string} folder  The one with package-lock.json.
 * @returns {boolean}
 */
export function isInstalled(folder) {
  const modules = join(folder, 'node_modules')
  const installedLock = join(modules, '.package-lock.json')
  if (!existsSync(installedLock) || !existsSync(join(modules, '.bin'))) return false
  const wanted = packagesIn(join(folder, 'package-lock.json'))
  const installed = packagesIn(installedLock)
  return manifestsOf(folder).every(path => agrees(join(folder, path), wanted[path])) && Object.entries(wanted).every(isThere)

  /** @param {[string, LockedPackage]} entry */
  function isThere([path, { version, integrity, optional, link }]) {
    // The root and the workspaces themselves are sources, not installed.
    if (!path.includes('node_modules/')) return true
    const found = installed[path]
    if (found === undefined) return optional === true
    const same = found.version === version && found.integrity === integrity
    return same && existsSync(link === true ? join(folder, path) : join(folder, path, 'package.json'))
  }
}

/**
 * @param {string} folder
 * @returns {string[]}  The root, '', and the workspaces, by their paths from it.
 */
function manifestsOf(folder) {
  /** @type {string[]} */
  const patterns = json(join(folder, 'package.json')).workspaces ?? []
  const workspaces = patterns.flatMap(pattern => {
    const parent = pattern.replace(/\/\*$/, '')
    if (parent === pattern) return [pattern]
    return existsSync(join(folder, parent)) ? readdirSync(join(folder, parent)).map(name => `${parent}/${name}`) : []
  })
  return ['', ...workspaces.filter(path => existsSync(join(folder, path, 'package.json')))]
}

/**
 * @param {string} path
 * @param {Manifest | undefined} locked
 * @returns {boolean}  Whether the package.json there has the dependencies that the lock file knows of.
 */
function agrees(path, locked) {
  if (locked === undefined) return false
  /** @type {Manifest} */
  const manifest = json(join(path, 'package.json'))
  return KINDS.every(kind => sorted(manifest[kind]) === sorted(locked[kind]))
}

/** @param {Record<string, string>} [dependencies] */
function sorted(dependencies = {}) {
  return JSON.stringify(Object.entries(dependencies).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/**
 * @param {string} path
 * @returns {Record<string, LockedPackage>}
 */
function packagesIn(path) {
  return json(path).packages
}

/** @param {string} path */
function json(path) {
  return JSON.parse(readFileSync(path, 'utf8'))
}
