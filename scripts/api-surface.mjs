// Compares what each package exports with api/<package>.txt, which is committed: a change of the public API is seen in review.
//
//   node scripts/api-surface.mjs             fails on a difference and prints it
//   node scripts/api-surface.mjs --update    accepts what is built
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { lineDifference } from './api-surface/line-difference.mjs'
import { surfaceOf } from './api-surface/surface.mjs'
import { main } from './main.mjs'
import { publicPackages } from './public-packages.mjs'
import { root } from './root.mjs'

const folder = join(root, 'api')
const update = process.argv.includes('--update')

main(() => {
  mkdirSync(folder, { recursive: true })
  const packages = publicPackages()
  const names = packages.map(one => `${one.folder}.txt`)
  const kept = packages.map((one, index) => record(names[index] ?? '', surfaceOf(one)))
  const gone = readdirSync(folder).filter(name => !names.includes(name))
  const differences = [...kept, ...gone.map(name => record(name, ''))].filter(same => !same).length
  const outcome = differences === 0 ? 'as recorded in api/' : `${differences} differ; to accept: node scripts/api-surface.mjs --update`
  console.log(`${packages.length} packages: ${update ? 'written to api/' : outcome}`)
  process.exitCode = differences === 0 ? 0 : 1
})

/**
 * @param {string} name
 * @param {string} now  Empty when there is no such package.
 * @returns {boolean}   False when the record is another and stays.
 */
function record(name, now) {
  const path = join(folder, name)
  if (update) {
    if (now === '') rmSync(path)
    else writeFileSync(path, now)
    return true
  }
  const before = existsSync(path) ? readFileSync(path, 'utf8').replaceAll('\r\n', '\n') : ''
  if (before === now) return true
  console.error(`api/${name}:\n${lineDifference(before, now)}\n`)
  return false
}
