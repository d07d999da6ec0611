/** @typedef {import('./tree.mjs').Source} Source */
/** @typedef {import('./finding.mjs').Finding} Finding */
/** @typedef {import('../tokenize.mjs').Token} Token */

/** `any` behind one of these switches the compiler off for a value. */
const BEFORE_A_TYPE = new Set([':', 'as', '|', '&', 'satisfies', '=>', 'is', 'keyof'])

/**
 * The parts of the language that take away what the compiler knows or what a reader of index.ts sees.
 *
 * @param {Source} source
 * @param {Token[]} tokens  With comments.
 * @returns {Finding[]}
 */
export function checkLanguage(source, tokens) {
  const code = tokens.filter(token => token.kind !== 'comment')
  const inCode = code.flatMap((token, index) => {
    const found = badCode(code, index)
    return found === null ? [] : [{ path: source.path, line: token.line, ...found }]
  })
  const inComments = tokens.flatMap(token => {
    if (token.kind !== 'comment') return []
    // TypeScript obeys these only where they begin the comment; one that is mentioned does nothing.
    const directive = /^(?:\/\/\/?|\/\*\*?)\s*@ts-(nocheck|ignore|expect-error)\b/.exec(token.text)?.[1]
    // A test of types states what must not compile.
    if (directive === undefined || (directive === 'expect-error' && source.test)) return []
    return [{ path: source.path, line: token.line, rule: 'ts-comment', message: `@ts-${directive} hides an error: fix the types` }]
  })
  return [...inCode, ...inComments]
}

/**
 * @param {Token[]} code
 * @param {number} index
 * @returns {{ rule: string, message: string } | null}
 */
function badCode(code, index) {
  const token = /** @type {Token} */ (code[index])
  if (token.kind !== 'word') return null
  const before = code[index - 1]?.text ?? ''
  const next = code[index + 1]
  const exported = next?.text === 'type' ? code[index + 2] : next
  if (token.text === 'export' && exported?.text === '*')
    return { rule: 'export-star', message: '`export *` hides what is public: name what you export' }
  if (token.text === 'export' && (next?.text === 'default' || exportsAsDefault(code, index))) {
    return { rule: 'default-export', message: 'a default export has no name of its own: export a name' }
  }
  if (token.text === 'any' && isUntyped(code, index, before))
    return { rule: 'any', message: '`any` switches the compiler off: use unknown, or the type' }
  return null
}

/**
 * `export { x as default }`, also as a re-export.
 *
 * @param {Token[]} code
 * @param {number} index  Of `export`.
 */
function exportsAsDefault(code, index) {
  if (code[index + 1]?.text !== '{') return false
  for (let at = index + 2; at < code.length && code[at]?.text !== '}'; at++) {
    if (code[at]?.text === 'default' && code[at - 1]?.text === 'as') return true
    if (code[at]?.text === 'default' && code[at + 1]?.text !== 'as') return true
  }
  return false
}

/**
 * As a type argument `any` is let through: `Field<any, any>` is how TypeScript writes "a field of whatever type", the linter
 * refuses it unless a comment gives the reason, and no value becomes untyped by it.
 *
 * @param {Token[]} code
 * @param {number} index
 * @param {string} before
 */
function isUntyped(code, index, before) {
  if (BEFORE_A_TYPE.has(before)) return true
  const beforeThat = code[index - 2]
  if (before === '<') return beforeThat?.kind !== 'word'
  return before === '=' && code[index - 3]?.text === 'type'
}
