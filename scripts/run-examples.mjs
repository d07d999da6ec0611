// Runs every example by its own `npm start`, as its README tells a reader to. Build first.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { main } from './main.mjs'
import { root } from './root.mjs'
import { npm } from './run.mjs'

/** An example that takes longer is a demonstration of something else. */
const LIMIT_MS = 120_000

main(() => {
  const folder = join(root, 'examples')
  const names = (existsSync(folder) ? readdirSync(folder) : []).filter(name => existsSync(join(folder, name, 'package.json')))
  if (names.length === 0) throw new Error('there is no example to run')
  const failed = names.filter(name => !passes(name, JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8'))))
  console.log(`${names.length - failed.length} examples ran, ${failed.length} failed: ${failed.join(', ') || 'none'}`)
  if (failed.length > 0) process.exitCode = 1
})

/**
 * @param {string} name
 * @param {{ name: string, scripts?: { start?: string } }} json
 */
function passes(name, json) {
  console.log(`\n--- examples/${name}`)
  try {
    if (json.scripts?.start === undefined) throw new Error(`examples/${name} has no start script`)
    // The signal is SIGTERM, which npm passes on to what it started.
    npm(['start', '-w', json.name], { timeout: LIMIT_MS })
    return true
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    return false
  }
}
