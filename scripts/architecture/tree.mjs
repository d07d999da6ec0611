import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/**
 * What the check looks at: path from the root with `/` -> text. A map, so that a test can hand in a tree that exists only in
 * memory.
 *
 * @typedef {ReadonlyMap<string, string>} Tree
 */

/**
 * One of ours: a folder under `packages/` or `examples/`.
 *
 * @typedef {object} Package
 * @property {string} path      `packages/protocol`
 * @property {string} folder    `protocol`
 * @property {boolean} example
 * @property {PackageJson} json
 * @property {Source[]} sources
 */

/**
 * @typedef {object} PackageJson
 * @property {string} [name]
 * @property {boolean} [private]
 * @property {Record<string, unknown>} [exports]
 * @property {Record<string, string>} [dependencies]
 * @property {Record<string, string>} [devDependencies]
 * @property {Record<string, string>} [peerDependencies]
 * @property {Record<string, string>} [optionalDependencies]
 */

/**
 * @typedef {object} Source
 * @property {string} path
 * @property {string} text
 * @property {boolean} test  `x.test.ts`, `x.test-d.ts` or `x.test-support.ts`: not published, so it may import what only devDependencies have.
 */

/**
 * @param {string} root
 * @returns {Tree}
 */
export function readTree(root) {
  /** @type {Map<string, string>} */
  const tree = new Map()
  /** @param {string} path */
  const add = path => tree.set(path, readFileSync(join(root, path), 'utf8'))
  add('package.json')
  for (const parent of ['packages', 'examples']) {
    for (const folder of list(join(root, parent))) {
      if (!statSync(join(root, parent, folder)).isDirectory()) continue
      const path = `${parent}/${folder}`
      for (const name of list(join(root, path))) {
        // An example may be a single file beside its package.json, as a command is. What configures a tool has that tool's form.
        if (name === 'package.json' || (isSource(name) && !name.includes('.config.'))) add(`${path}/${name}`)
      }
      for (const name of filesBelow(join(root, path, 'src'))) if (isSource(name)) add(`${path}/src/${name}`)
    }
  }
  return tree
}

/**
 * @param {Tree} tree
 * @returns {Package[]}
 */
export function packagesOf(tree) {
  /** @type {Map<string, Package>} */
  const packages = new Map()
  for (const [path, text] of tree) {
    const [parent, folder, ...rest] = path.split('/')
    if (folder === undefined || rest.length === 0 || (parent !== 'packages' && parent !== 'examples')) continue
    const key = `${parent}/${folder}`
    const one = packages.get(key) ?? { path: key, folder, example: parent === 'examples', json: {}, sources: [] }
    packages.set(key, one)
    if (rest.join('/') === 'package.json') one.json = JSON.parse(text)
    else one.sources.push({ path, text, test: /\.test(-[a-z]+)?\.[cm]?[jt]s$/.test(path) })
  }
  return [...packages.values()]
}

/** @param {string} name */
function isSource(name) {
  return /\.[cm]?[jt]s$/.test(name)
}

/**
 * @param {string} folder
 * @returns {string[]}  Its entries' names; empty when there is no such folder.
 */
function list(folder) {
  return existsSync(folder) ? readdirSync(folder).sort() : []
}

/**
 * @param {string} folder
 * @returns {string[]}  Paths below the folder, with `/`; empty when there is no such folder.
 */
function filesBelow(folder) {
  if (!existsSync(folder)) return []
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return names.map(name => name.replaceAll('\\', '/')).sort()
}
