import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('..', import.meta.url))
/** The largest answer is the dump of all schemas, with about half a megabyte. */
const MAX_OUTPUT_BYTES = 32 * 1024 * 1024

/**
 * Runs one of the programs in `java/` with Kafka on its class path and returns what it prints. Downloads Kafka first where it is not
 * there.
 */
export function runJava(program: string, ...args: readonly string[]): string {
  const classpath = run('./real-kafka.sh', ['classpath']).trim()
  return run('java', ['-cp', classpath, `java/${program}.java`, ...args])
}

function run(command: string, args: readonly string[]): string {
  return execFileSync(command, args, { cwd: folder, encoding: 'utf8', maxBuffer: MAX_OUTPUT_BYTES, stdio: ['ignore', 'pipe', 'inherit'] })
}
