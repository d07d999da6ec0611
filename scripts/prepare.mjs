// The pre-script of `npm test` and `npm start`: does what is missing, and is silent and instant when nothing is. It runs
// before anything is installed, so it uses Node alone.
//
//   node scripts/prepare.mjs install    installs the dependencies unless node_modules is what package-lock.json asks for
//   node scripts/prepare.mjs build      and builds, unless every package's built files are there and its sources older
import { main } from './main.mjs'
import { forgetIncomplete, isBuilt, stampBuilt } from './prepare/built.mjs'
import { isInstalled } from './prepare/installed.mjs'
import { root } from './root.mjs'
import { npm } from './run.mjs'

main(() => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 19)) throw new Error(`Logwerk needs Node 20.19 or newer; this is ${process.versions.node}`)
  const [step] = process.argv.slice(2)
  if (step !== 'install' && step !== 'build') throw new Error('usage: node scripts/prepare.mjs install|build')
  if (!isInstalled(root)) {
    console.log('Installing the dependencies (once; about half a minute) …')
    npm(['ci'])
  }
  if (step === 'build' && !isBuilt(root)) {
    console.log('Building …')
    const began = new Date()
    forgetIncomplete(root)
    npm(['run', '--silent', 'build'], { env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1' } })
    stampBuilt(root, began)
  }
})
