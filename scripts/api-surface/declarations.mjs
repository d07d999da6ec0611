import { tokenize, unquote } from '../tokenize.mjs'

/** @typedef {import('../tokenize.mjs').Token} Token */

/**
 * What one declaration file says, as far as its public surface goes.
 *
 * @typedef {object} Declarations
 * @property {Map<string, string[]>} declared  Name -> its declarations without comments; several for an overloaded function.
 * @property {Exported[]} exported             What it exports, in order.
 */

/**
 * @typedef {object} Exported
 * @property {string} name          The public one.
 * @property {string} local         The name where it is declared.
 * @property {string | null} from   The module it comes from; null when it is declared here.
 * @property {boolean} type
 */

/** These end at their closing brace, everything else in a declaration file at a semicolon. */
const BRACED = new Set(['class', 'interface', 'namespace', 'module', 'global', 'enum'])

/**
 * Reads a declaration file as TypeScript emits it: statements at the top level, no code.
 *
 * @param {string} text
 * @returns {Declarations}
 */
export function declarationsIn(text) {
  /** @type {Map<string, string[]>} */
  const declared = new Map()
  /** @type {Map<string, { from: string, name: string }>} */
  const imported = new Map()
  /** @type {Exported[]} */
  const exported = []
  for (const statement of statementsOf(tokenize(text).filter(token => token.kind !== 'comment'))) {
    const words = statement.filter(token => token.kind === 'word').map(token => token.text)
    const isExport = words[0] === 'export'
    if (words[0] === 'import') {
      const from = moduleOf(statement)
      if (from !== null) for (const { name, local } of bracedNames(statement)) imported.set(local, { from, name })
    } else if (isExport && ['{', 'type'].includes(statement[1]?.text ?? '') && statement.some(isOpenBraceOf(statement))) {
      const from = moduleOf(statement)
      const allTypes = statement[1]?.text === 'type'
      for (const { name, local, type } of bracedNames(statement)) exported.push({ name: local, local: name, from, type: type || allTypes })
    } else {
      const name = declaredName(words)
      if (name === null) continue
      declared.set(name, [...(declared.get(name) ?? []), render(text, statement)])
      if (isExport && !exported.some(one => one.name === name)) exported.push({ name, local: name, from: null, type: isTypeOnly(words) })
    }
  }
  return {
    declared,
    exported: exported.map(one => {
      const source = one.from === null && !declared.has(one.local) ? imported.get(one.local) : undefined
      return source === undefined ? one : { ...one, local: source.name, from: source.from }
    }),
  }
}

/**
 * @param {Token[]} code
 * @returns {Token[][]}
 */
function statementsOf(code) {
  const statements = []
  /** @type {Token[]} */
  let statement = []
  let depth = 0
  for (const token of code) {
    statement.push(token)
    if (token.kind !== 'punctuation') continue
    if ('([{'.includes(token.text)) depth++
    if (')]}'.includes(token.text)) depth--
    if (depth > 0 || (token.text !== ';' && !(token.text === '}' && statement.slice(0, 4).some(({ text }) => BRACED.has(text))))) continue
    statements.push(statement)
    statement = []
  }
  return statements
}

/**
 * Tells `export { a }` and `export type { a }` from `export type A = { a: 1 }`.
 *
 * @param {Token[]} statement
 * @returns {(token: Token, index: number) => boolean}
 */
function isOpenBraceOf(statement) {
  const place = statement[1]?.text === 'type' ? 2 : 1
  return (token, index) => index === place && token.text === '{'
}

/**
 * @param {Token[]} statement
 * @returns {string | null}
 */
function moduleOf(statement) {
  const last = statement.findLast(token => token.kind === 'string')
  return last === undefined ? null : unquote(last)
}

/**
 * @param {Token[]} statement
 * @returns {{ name: string, local: string, type: boolean }[]}  `name as local`.
 */
function bracedNames(statement) {
  const names = []
  const open = statement.findIndex(token => token.text === '{')
  for (let at = open + 1; at > 0 && at < statement.length && statement[at]?.text !== '}'; at++) {
    const type = statement[at]?.text === 'type' && statement[at + 1]?.kind === 'word'
    if (type) at++
    const name = statement[at]?.text ?? ''
    const local = statement[at + 1]?.text === 'as' ? (statement[at + 2]?.text ?? name) : name
    while (statement[at + 1] !== undefined && ![',', '}'].includes(statement[at + 1]?.text ?? '')) at++
    if (statement[at + 1]?.text === ',') at++
    names.push({ name, local, type })
  }
  return names
}

/** @param {string[]} words */
function declaredName(words) {
  const at = words.findIndex(word => ['const', 'let', 'function', 'class', 'interface', 'type', 'namespace', 'enum'].includes(word))
  return at < 0 || at > 3 ? null : (words[at + 1] ?? null)
}

/** @param {string[]} words */
function isTypeOnly(words) {
  return words.slice(0, 3).some(word => word === 'interface' || word === 'type')
}

/**
 * The statement's text without its comments and without the blank lines they leave.
 *
 * @param {string} text
 * @param {Token[]} statement
 * @returns {string}
 */
function render(text, statement) {
  const [first] = statement
  if (first === undefined) return ''
  let rendered = ''
  let end = first.start
  for (const token of statement) {
    const gap = text.slice(end, token.start)
    // A gap with a comment in it: only what stands before the comment and the last line's indentation remain.
    const plain = /\/[/*]/.test(gap) ? gap.replace(/\/\/[^\n]*|\/\*[\s\S]*?\*\//g, '') : gap
    rendered += plain
    rendered += token.text
    end = token.start + token.text.length
  }
  const lines = rendered.split('\n').map(line => line.trimEnd())
  // A private field is no API; that there is one shows in the class's declaration to the compiler only.
  return lines.filter(line => line !== '' && line.trim() !== '#private;').join('\n')
}
