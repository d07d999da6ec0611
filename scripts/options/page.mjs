/** @typedef {{ readonly name: string, readonly exports: Readonly<Record<string, unknown>> }} BuiltPackage */
/** @typedef {Readonly<Record<string, unknown>>} ConfigTable */
/** @typedef {{ name: string, default: string, unit: string, range: string, kafkaKey: string, doc: string }} ConfigRow */

const HEAD = `# Options

Names, units and defaults are Kafka's unless a text says otherwise: \`linger.ms\` is \`lingerMs\`, and \`fromProperties\` of a package takes
Kafka's own. A wrong value or an unknown name is an error that says what was meant.

This page is written by \`npm run build && node scripts/options.mjs --update\` from the tables that check the options.
`

/**
 * Every table of options that a package exports, as text. An option that a table shares with one before it (all clients have those
 * of \`clientConfig\`) stands there only.
 *
 * @param {readonly BuiltPackage[]} packages
 * @param {(table: ConfigTable) => ConfigRow[]} describe
 * @returns {string}
 */
export function optionsPage(packages, describe) {
  const tables = packages.flatMap(({ name, exports }) =>
    Object.entries(exports).flatMap(([table, value]) => (isTable(value) ? [{ title: `\`${table}\` of \`${name}\``, table: value }] : [])),
  )
  // A table that others contain comes before them.
  tables.sort((a, b) => Object.keys(a.table).length - Object.keys(b.table).length)
  /** @type {Map<unknown, string>} */
  const seen = new Map()
  const sections = tables.map(({ title, table }) => {
    const rows = describe(table).filter(row => !seen.has(table[row.name]))
    const shared = new Set(Object.values(table).flatMap(option => seen.get(option) ?? []))
    for (const option of Object.values(table)) if (!seen.has(option)) seen.set(option, title)
    const also = [...shared].map(other => `All of ${other}, and:\n\n`).join('')
    const head = '| option | default | unit | range | in Kafka | |\n|---|---|---|---|---|---|\n'
    return `## ${title}\n\n${also}${head}${rows.map(lineOf).join('\n')}\n`
  })
  return [HEAD, ...sections].join('\n')
}

/** @param {unknown} value */
function isOption(value) {
  return typeof value === 'object' && value !== null && 'kind' in value && 'doc' in value && 'complaint' in value
}

/**
 * @param {unknown} value
 * @returns {value is ConfigTable}
 */
function isTable(value) {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const options = Object.values(value)
  return options.length > 0 && options.every(isOption)
}

/** @param {ConfigRow} row */
function lineOf(row) {
  const kafkaKey = row.kafkaKey === '' ? '' : `\`${row.kafkaKey}\``
  const cells = [`\`${row.name}\``, `\`${row.default}\``, row.unit, row.range, kafkaKey, row.doc]
  return `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
}
