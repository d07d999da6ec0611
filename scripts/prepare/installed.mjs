import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * @typedef {object} LockedPackage
 * @property {string} [version]
 * @property {string} [integrity]
 * @property {boolean} [optional]  May be absent: a build for another platform.
 */

/**
 * Whether node_modules holds what the lock file asks for. npm writes down what it installed, as its last act, in a lock file of
 * the same form inside node_modules; comparing the two also sees an installation done by hand, where a stamp of ours would
 * not, and an interrupted one.
 *
 * @param {string} folder  The one with package-lock.json.
 * @returns {boolean}
 */
export function isInstalled(folder) {
  const installedLock = join(folder, 'node_modules/.package-lock.json')
  if (!existsSync(installedLock)) return false
  const wanted = packagesIn(join(folder, 'package-lock.json'))
  const installed = packagesIn(installedLock)
  return Object.entries(wanted).every(([path, { version, integrity, optional }]) => {
    // The root and the workspaces themselves are sources, not installed.
    if (!path.includes('node_modules/')) return true
    const found = installed[path]
    if (found === undefined) return optional === true
    return found.version === version && found.integrity === integrity
  })
}

/**
 * @param {string} path
 * @returns {Record<string, LockedPackage>}
 */
function packagesIn(path) {
  return JSON.parse(readFileSync(path, 'utf8')).packages
}
