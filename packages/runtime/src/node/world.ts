import { formatLogLine, loggerTo } from '../logger.ts'
import type { World } from '../world.ts'
import { nodeClock } from './clock.ts'
import { nodeFiles } from './files.ts'
import { loadNative } from './native.ts'
import { nodeNetwork, nodeResolve } from './network.ts'
import { nodeRandom } from './random.ts'

/** Warnings and errors go to standard error, one line each; everything else is quiet. Give a `log` of your own to hear more. */
const toStandardError = loggerTo((level, message, fields) => {
  process.stderr.write(`${new Date().toISOString()} ${level.toUpperCase()} ${formatLogLine(message, fields)}\n`)
}, 'warn')

/** The real world: Node's clock, sockets and files. Parts of it can be replaced: `{ ...nodeWorld, log: myLogger }`. */
export const nodeWorld: World = {
  clock: nodeClock,
  random: nodeRandom,
  network: nodeNetwork,
  files: nodeFiles,
  resolve: nodeResolve,
  log: toStandardError,
  native: loadNative,
}
