import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './root.mjs'

/**
 * @typedef {object} PublicPackage
 * @property {string} folder  `protocol`
 * @property {string} path    Absolute.
 * @property {string} name    `@logwerk/protocol`
 * @property {Record<string, string | { types?: string, default?: string }>} exports
 * @property {string[]} bin     Files of its commands: `./bin.js`.
 */

/** @returns {PublicPackage[]} Every package that is published, by folder name. */
export function publicPackages() {
  return readdirSync(join(root, 'packages'))
    .sort()
    .flatMap(folder => {
      const path = join(root, 'packages', folder)
      const file = join(path, 'package.json')
      if (!existsSync(file)) return []
      const json = JSON.parse(readFileSync(file, 'utf8'))
      return json.private === true
        ? []
        : [{ folder, path, name: json.name, exports: json.exports ?? {}, bin: Object.values(json.bin ?? {}) }]
    })
}
