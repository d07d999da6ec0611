/**
 * A fenced block of TypeScript or JavaScript in a README.
 *
 * @typedef {object} Snippet
 * @property {string} readme
 * @property {number} line            Of the opening fence; 1 is the first.
 * @property {'ts' | 'js'} language
 * @property {'run' | 'fragment' | null} mode
 * @property {string} code
 */

/**
 * Finds the snippets of a README. The word after the language says what a snippet is: `ts run` is a whole program, which is
 * compiled and run; `ts fragment` shows a part that cannot run alone.
 *
 * @param {string} readme  Its path, for messages.
 * @param {string} text
 * @returns {Snippet[]}
 */
export function snippetsIn(readme, text) {
  /** @type {Snippet[]} */
  const snippets = []
  /** @type {{ fence: string, indent: number, snippet: Snippet | null } | null} */
  let open = null
  for (const [index, line] of text.replaceAll('\r\n', '\n').split('\n').entries()) {
    const [, spaces = '', fence = '', info = ''] = /^( *)(`{3,}|~{3,})(.*)$/.exec(line) ?? []
    if (open === null) {
      if (fence === '') continue
      const [language, mode] = info.trim().split(/\s+/)
      const isCode = language === 'ts' || language === 'js' || language === 'typescript' || language === 'javascript'
      open = { fence, indent: spaces.length, snippet: null }
      if (!isCode) continue
      const known = mode === 'run' || mode === 'fragment' ? mode : null
      open.snippet = { readme, line: index + 1, language: language.startsWith('t') ? 'ts' : 'js', mode: known, code: '' }
      snippets.push(open.snippet)
    } else if (fence.startsWith(open.fence) && info.trim() === '') open = null
    else if (open.snippet !== null) open.snippet.code += `${line.slice(Math.min(open.indent, line.length - line.trimStart().length))}\n`
  }
  if (open !== null) throw new Error(`${readme}: the last fence is never closed`)
  return snippets
}
