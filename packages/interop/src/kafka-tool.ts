import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('..', import.meta.url))
const MAX_OUTPUT_BYTES = 256 * 1024 * 1024

/**
 * Runs a program of Kafka's distribution and returns all that it prints, errors included. Whether it liked what it saw has to be read
 * there: several tools exit with 0 whatever they find.
 */
export function runTool(className: string, ...args: readonly string[]): string {
  const { stdout, stderr, error } = spawnSync('./real-kafka.sh', ['tool', className, ...args], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: MAX_OUTPUT_BYTES,
  })
  if (error !== undefined) throw error
  return `${stdout}\n${stderr}`
}
