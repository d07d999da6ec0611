// Builds every package from nothing, past turbo's cache: neither the compiler nor the cache removes the output of a source that
// is gone, and what lies in dist is published. So is the licence, which npm takes from the package's own folder only.
import { copyFileSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { main } from './main.mjs'
import { removeStamp, stampBuilt } from './prepare/built.mjs'
import { publicPackages } from './public-packages.mjs'
import { root } from './root.mjs'
import { npm } from './run.mjs'

main(() => {
  const began = new Date()
  removeStamp(root)
  for (const folder of readdirSync(join(root, 'packages'))) {
    rmSync(join(root, 'packages', folder, 'dist'), { recursive: true, force: true })
    rmSync(join(root, 'packages', folder, '.tsbuildinfo'), { force: true })
  }
  npm(['run', '--silent', 'build', '--', '--force'], { env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1' } })
  stampBuilt(root, began)
  for (const { path } of publicPackages()) copyFileSync(join(root, 'LICENSE'), join(path, 'LICENSE'))
})
