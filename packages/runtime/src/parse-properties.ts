import { KafkaError } from './errors.ts'

const SIMPLE_ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' }

/**
 * Parses the text of a Java `.properties` file: comments, `=` or `:` or blank as separator, continued lines, `\uXXXX`. The last of two
 * lines with the same key counts. Source: Java's class `Properties`; a byte order mark in front is skipped.
 *
 * @throws KafkaError `INVALID_CONFIG` with the line of a `\u` that is not followed by four hexadecimal digits, as in a Windows path.
 */
export function parseProperties(source: string): Record<string, string> {
  const properties = new Map<string, string>()
  const lines = source.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/)
  for (let index = 0; index < lines.length; index++) {
    let line = withoutIndent(lines[index]!)
    if (line === '' || line[0] === '#' || line[0] === '!') continue
    const lineNumber = index + 1
    while (isContinued(line)) line = line.slice(0, -1) + (index + 1 < lines.length ? withoutIndent(lines[++index]!) : '')
    if (line === '') continue
    const [, key, value] = /^((?:\\.|[^\\=:\t\f ])*)[\t\f ]*[=:]?[\t\f ]*(.*)$/s.exec(line)!
    properties.set(unescaped(key!, lineNumber), unescaped(value!, lineNumber))
  }
  // Not an assignment per key: that would lose one named __proto__.
  return Object.fromEntries(properties)
}

/** Java knows three kinds of blanks; all others belong to the text. */
function withoutIndent(line: string): string {
  return line.replace(/^[\t\f ]+/, '')
}

/** An odd number of backslashes at the end: the last one is not itself escaped. */
function isContinued(line: string): boolean {
  let at = line.length
  while (at > 0 && line[at - 1] === '\\') at--
  return (line.length - at) % 2 === 1
}

function unescaped(text: string, lineNumber: number): string {
  return text.replace(/\\(u[0-9a-fA-F]{4}|.)/gs, (_, code: string) => {
    if (code.length === 5) return String.fromCharCode(Number.parseInt(code.slice(1), 16))
    if (code === 'u') {
      const message = `properties, line ${lineNumber}: \\u needs four hexadecimal digits behind it; write \\\\ for a backslash`
      throw new KafkaError('INVALID_CONFIG', message)
    }
    return SIMPLE_ESCAPES[code] ?? code
  })
}
