#!/usr/bin/env node
// Not built from TypeScript: npm links a command only if its file is there when it installs, and a fresh clone is built later.

// The oldest Node that runs this; also in `engines`, which npm only warns about.
const OLDEST = /** @type {const} */ ([20, 19])

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
  process.stderr.write(`logwerk needs Node ${OLDEST.join('.')} or newer, and this is ${process.versions.node}\n`)
  process.exitCode = 1
} else {
  // Imported here, so that an old Node can still say the above.
  const cli = await import('@logwerk/cli').catch(error => {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error
    process.stderr.write(`logwerk is not complete: ${error.message}; in a clone of its repository "npm run build" makes what is missing\n`)
    return null
  })
  process.exitCode = cli === null ? 1 : await cli.run(process.argv.slice(2), cli.processIo())
}
