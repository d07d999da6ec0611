// Compares docs/options.md, which is committed, with the tables of options of what is built: what is documented is what is checked.
//
//   node scripts/options.mjs             fails on a difference and prints it
//   node scripts/options.mjs --update    writes what is built
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { lineDifference } from './api-surface/line-difference.mjs'
import { optionsPage } from './options/page.mjs'
import { publicPackages } from './public-packages.mjs'
import { root } from './root.mjs'

const path = join(root, 'docs/options.md')
const packages = await Promise.all(
  publicPackages().map(async one => ({ name: one.name, exports: await import(pathToFileURL(join(one.path, 'dist/index.js')).href) })),
)
const runtime = packages.find(({ name }) => name === '@logwerk/runtime')?.exports
const now = optionsPage(packages, runtime.describeConfig)
const before = existsSync(path) ? readFileSync(path, 'utf8').replaceAll('\r\n', '\n') : ''

if (process.argv.includes('--update')) {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, now)
} else if (before !== now) {
  console.error(`docs/options.md:\n${lineDifference(before, now)}\n\nto accept: node scripts/options.mjs --update`)
  process.exitCode = 1
}
