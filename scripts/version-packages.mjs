// Turns the changesets into new versions and changelogs, and brings the lock file along: changesets rewrites the ranges of our
// own packages in every package.json, and `npm ci` refuses a lock file that says otherwise.
import { join } from 'node:path'
import { main } from './main.mjs'
import { root } from './root.mjs'
import { npm, run } from './run.mjs'

main(() => {
  run(process.execPath, [join(root, 'node_modules/@changesets/cli/bin.js'), 'version'])
  npm(['install', '--package-lock-only'])
  npm(['ci', '--dry-run'])
})
