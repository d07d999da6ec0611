// Builds every package from nothing, past turbo's cache: neither the compiler nor the cache removes the output of a source that
// is gone, and what lies in dist is published.
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { main } from './main.mjs'
import { removeStamp, stampBuilt } from './prepare/built.mjs'
import { root } from './root.mjs'
import { npm } from './run.mjs'

main(() => {
  const began = new Date()
  removeStamp(root)
  for (const folder of readdirSync(join(root, 'packages'))) {
    rmSync(join(root, 'packages', folder, 'dist'), { recursive: true, force: true })
    rmSync(join(root, 'packages', folder, '.tsbuildinfo'), { force: true })
  }
  npm(['run', '--silent', 'build', '--', '--force'])
  stampBuilt(root, began)
})
