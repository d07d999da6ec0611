import { unquote } from '../tokenize.mjs'

/** @typedef {import('../tokenize.mjs').Token} Token */

/**
 * @typedef {object} Import
 * @property {string | null} from     The module as written; null for an `import()` of something that is not a plain string.
 * @property {number} line
 * @property {{ name: string, type: boolean }[]} names  Imported names; empty for a bare, a dynamic and a whole-module import.
 * @property {string | null} whole    The local name of `import x from` or `import * as x from`.
 * @property {boolean} dynamic        `import(...)`, also in a type.
 */

/**
 * Every import and re-export.
 *
 * @param {Token[]} tokens  Without comments.
 * @returns {Import[]}
 */
export function importsOf(tokens) {
  /** @type {Import[]} */
  const imports = []
  for (const [index, token] of tokens.entries()) {
    if (token.kind !== 'word' || (token.text !== 'import' && token.text !== 'export')) continue
    const previous = tokens[index - 1]?.text
    if (previous === '.' || previous === '?.') continue
    const next = tokens[index + 1]
    if (token.text === 'import' && next?.text === '(') {
      const from = tokens[index + 2]
      const plain = from?.kind === 'string' && [')', ','].includes(tokens[index + 3]?.text ?? '')
      imports.push({ from: plain ? unquote(from) : null, line: token.line, names: [], whole: null, dynamic: true })
      continue
    }
    if (token.text === 'import' && next?.kind === 'string') {
      imports.push({ from: unquote(next), line: token.line, names: [], whole: null, dynamic: false })
      continue
    }
    const clause = clauseFrom(tokens, index + 1)
    if (clause !== null) imports.push({ ...clause, line: token.line, dynamic: false })
  }
  return imports
}

/**
 * Reads `type? x?, { a as b, type c }, * as y from '...'`.
 *
 * @param {Token[]} tokens
 * @param {number} start
 * @returns {{ from: string, names: { name: string, type: boolean }[], whole: string | null } | null}  Null for an `export` of something else.
 */
function clauseFrom(tokens, start) {
  /** @type {{ name: string, type: boolean }[]} */
  const names = []
  /** @type {string | null} */
  let whole = null
  let braces = false
  const allTypes = tokens[start]?.text === 'type' && tokens[start + 1]?.text !== 'from'
  for (let index = allTypes ? start + 1 : start; index < tokens.length; index++) {
    const { kind, text } = /** @type {Token} */ (tokens[index])
    const before = tokens[index - 1]?.text
    const after = tokens[index + 1]
    if (text === 'from' && !braces && after?.kind === 'string') return { from: unquote(after), names, whole }
    if (text === '{' && !braces) braces = true
    else if (text === '}' && braces) braces = false
    else if (kind === 'word' && braces) {
      if (before === '{' || before === ',') {
        const type = text === 'type' && after?.kind === 'word'
        names.push({ name: type ? after.text : text, type: type || allTypes })
      }
    } else if (kind === 'word') {
      // Anything but a name here means that this is a declaration: `export const ...`, `export type X = ...`.
      if (text !== 'as' && before !== '*' && !['as', 'import', 'export', 'type', ','].includes(before ?? '')) return null
      whole = text
    } else if (kind === 'string' && braces) continue
    else if (text !== '*' && text !== ',') return null
  }
  return null
}

/**
 * @param {string} from
 * @returns {string | null}  `@scope/name` or `name`; null for a relative import and for one of Node's modules.
 */
export function packageNameOf(from) {
  if (from.startsWith('.') || from.startsWith('/') || from.startsWith('node:')) return null
  const [first, second] = from.split('/')
  return from.startsWith('@') ? `${first}/${second}` : (first ?? null)
}
