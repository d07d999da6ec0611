// Publishes every version that the registry does not have yet, from a build made from nothing. Provenance ties a package to the
// repository it comes from, and the registry refuses it for a package.json that names another one or none; which one it is, the
// release workflow knows.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { main } from './main.mjs'
import { publicPackages } from './public-packages.mjs'
import { withRepository } from './release/repository.mjs'
import { root } from './root.mjs'
import { run } from './run.mjs'

main(() => {
  for (const { folder, path } of publicPackages()) {
    const file = join(path, 'package.json')
    const json = withRepository(JSON.parse(readFileSync(file, 'utf8')), `packages/${folder}`, process.env)
    writeFileSync(file, `${JSON.stringify(json, null, 2)}\n`)
  }
  run(process.execPath, [join(root, 'scripts/clean-build.mjs')])
  run(process.execPath, [join(root, 'node_modules/@changesets/cli/bin.js'), 'publish'])
})
