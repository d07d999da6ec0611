// Runs a JavaScript file under the newest Node, which tools/node26 installs from npm:
//
//   node scripts/newest-node.mjs node_modules/vitest/vitest.mjs run
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { main } from './main.mjs'
import { isInstalled } from './prepare/installed.mjs'
import { root } from './root.mjs'
import { npm, run } from './run.mjs'

const folder = join(root, 'tools/node26')
main(() => {
  if (!isInstalled(folder)) npm(['ci'], { cwd: folder })
  const node = findNode()
  run(node, ['-e', "console.log('Node', process.versions.node)"])
  run(node, process.argv.slice(2))
})

/**
 * The program itself and not npm's link to it, which is a shell script on Windows.
 *
 * @returns {string}
 */
function findNode() {
  const modules = join(folder, 'node_modules')
  for (const name of existsSync(modules) ? readdirSync(modules) : []) {
    if (name.startsWith('.')) continue
    const { bin } = JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8'))
    if (bin?.node !== undefined) return join(modules, name, bin.node)
  }
  throw new Error(`tools/node26 has no Node for ${process.platform} on ${process.arch}: add its package there`)
}
