/**
 * Splits JavaScript and TypeScript into tokens, so that a check looks at code and never at a comment or a string that only
 * mentions it. It knows no grammar. The one guess is whether a slash divides or begins a regular expression: it begins one
 * unless a value stands before it, and `)`, `]` and `}` count as the end of a value. A regular expression right after
 * `if (x)` or a block is therefore read as two divisions, which this repository's style does not write.
 *
 * @typedef {object} Token
 * @property {'word' | 'string' | 'template' | 'number' | 'regex' | 'punctuation' | 'comment'} kind
 * @property {string} text   As written. A template comes in pieces, and the tokens of its `${...}` stand between them.
 * @property {number} start  Index of the first character.
 * @property {number} line   1 is the first.
 */

const WORD = /[#@]?[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*/uy
const NUMBER = /(?:0[xXbBoO][\da-fA-F_]+|\.?\d[\d_]*\.?[\d_]*(?:[eE][+-]?\d+)?)n?/y
const STRING = /'(?:\\[\s\S]|[^'\\\n])*'|"(?:\\[\s\S]|[^"\\\n])*"/y
const REGEX = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/y
const COMMENT = /\/\/[^\n]*|\/\*[\s\S]*?\*\//y
const TEMPLATE_PIECE = /(?:\\[\s\S]|\$(?!\{)|[^`\\$])*(?:`|\$\{)/y

/** After these a value begins, although they are words. */
const OPERATOR_WORDS = new Set(['return', 'typeof', 'case', 'in', 'of', 'delete', 'void', 'throw', 'new', 'await', 'yield', 'else', 'do'])

/**
 * @param {string} text
 * @returns {Token[]}  Every token in order, comments included.
 */
export function tokenize(text) {
  /** @type {Token[]} */
  const tokens = []
  /** @type {number[]} Depth of braces inside each open `${`, innermost last. */
  const substitutions = []
  /** @type {Token | undefined} The last token that is not a comment. */
  let before
  let line = 1
  let at = 0
  while (at < text.length) {
    const character = /** @type {string} */ (text[at])
    if (/\s/.test(character)) {
      if (character === '\n') line++
      at++
      continue
    }
    const [kind, length] = next(character)
    const token = { kind, text: text.slice(at, at + length), start: at, line }
    tokens.push(token)
    if (kind !== 'comment') before = token
    if (kind === 'template' && token.text.endsWith('${')) substitutions.push(0)
    for (const c of token.text) if (c === '\n') line++
    at += length
  }
  return tokens

  /**
   * @param {string} character
   * @returns {[Token['kind'], number]}
   */
  function next(character) {
    if (character === '/') {
      const comment = match(COMMENT)
      if (comment > 0) return ['comment', comment]
      const regex = endsValue(before) ? 0 : match(REGEX)
      return regex > 0 ? ['regex', regex] : ['punctuation', 1]
    }
    if (character === "'" || character === '"') return ['string', match(STRING) || 1]
    if (character === '`') return ['template', 1 + match(TEMPLATE_PIECE, at + 1)]
    const depth = substitutions.at(-1)
    if (depth !== undefined && character === '{') substitutions[substitutions.length - 1] = depth + 1
    if (depth !== undefined && character === '}') {
      if (depth === 0) {
        substitutions.pop()
        return ['template', 1 + match(TEMPLATE_PIECE, at + 1)]
      }
      substitutions[substitutions.length - 1] = depth - 1
    }
    const word = match(WORD)
    if (word > 0) return ['word', word]
    const number = match(NUMBER)
    if (number > 0) return ['number', number]
    if (text.startsWith('...', at)) return ['punctuation', 3]
    if (text.startsWith('=>', at) || (text.startsWith('?.', at) && !/\d/.test(text[at + 2] ?? ''))) return ['punctuation', 2]
    return ['punctuation', 1]
  }

  /**
   * @param {RegExp} pattern  Sticky.
   * @param {number} [from]
   */
  function match(pattern, from = at) {
    pattern.lastIndex = from
    return pattern.exec(text)?.[0].length ?? 0
  }
}

/** @param {Token | undefined} token */
function endsValue(token) {
  if (token === undefined) return false
  if (token.kind === 'word') return !OPERATOR_WORDS.has(token.text)
  if (token.kind === 'template') return token.text.endsWith('`')
  return token.kind !== 'punctuation' || [')', ']', '}'].includes(token.text)
}

/**
 * @param {Token} token  A string token.
 * @returns {string}     What is between the quotes; escapes stay as they are.
 */
export function unquote(token) {
  return token.text.slice(1, -1)
}
