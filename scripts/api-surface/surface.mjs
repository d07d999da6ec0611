import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { declarationsIn } from './declarations.mjs'

/** @typedef {import('../public-packages.mjs').PublicPackage} PublicPackage */

/**
 * The public surface of a package as text: each entry of its exports map with every exported name, sorted, and how it is
 * declared. Read from the built declaration files, so it is what a user's compiler sees.
 *
 * @param {PublicPackage} one
 * @returns {string}
 */
export function surfaceOf({ name, path, exports }) {
  const entries = Object.entries(exports).filter(([entry]) => entry !== './package.json')
  return entries
    .map(([entry, target]) => {
      const types = typeof target === 'string' ? target : target.types
      if (types === undefined) throw new Error(`${name}: the exports map has no types for '${entry}'`)
      return `# ${name}${entry.slice(1)}\n\n${exportsOf(join(path, types)).join('\n\n')}\n`
    })
    .join('\n')
}

/**
 * @param {string} file  A declaration file.
 * @returns {string[]}
 */
function exportsOf(file) {
  const { exported } = read(file)
  return exported
    .map(({ name }) => ({ name, text: declarationOf(file, name).join('\n') }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ text }) => text)
}

/**
 * Follows re-exports to where the name is declared, or to another package, whose own surface says the rest.
 *
 * @param {string} file
 * @param {string} name
 * @returns {string[]}
 */
function declarationOf(file, name) {
  const { declared, exported } = read(file)
  const found = exported.find(one => one.name === name)
  if (found === undefined) throw new Error(`${file} does not export ${name}`)
  const keyword = found.type ? 'export type' : 'export'
  if (found.from === null) {
    const texts = declared.get(found.local)
    if (texts === undefined) throw new Error(`${file} exports ${found.local} but does not declare it`)
    return found.local === name ? texts.map(exportedText) : [`${keyword} { ${found.local} as ${name} }`, ...texts]
  }
  const renamed = found.local === name ? name : `${found.local} as ${name}`
  if (!found.from.startsWith('.')) return [`${keyword} { ${renamed} } from '${found.from}'`]
  const texts = declarationOf(join(dirname(file), found.from.replace(/\.[jt]s$/, '.d.ts')), found.local)
  return found.local === name ? texts : [`${keyword} { ${renamed} }`, ...texts]
}

/** @param {string} text */
function exportedText(text) {
  return text.startsWith('export ') ? text : `export ${text}`
}

/** @type {Map<string, import('./declarations.mjs').Declarations>} */
const cache = new Map()

/** @param {string} file */
function read(file) {
  const known = cache.get(file)
  if (known !== undefined) return known
  if (!existsSync(file)) throw new Error(`${file} is missing: npm run build`)
  const declarations = declarationsIn(readFileSync(file, 'utf8'))
  cache.set(file, declarations)
  return declarations
}
