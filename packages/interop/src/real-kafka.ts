import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from './free-port.ts'

const script = fileURLToPath(new URL('../real-kafka.sh', import.meta.url))

/** A real Apache Kafka, one node, with data and ports of its own. */
export interface RealKafka {
  readonly bootstrapServers: readonly string[]
  /** Stops it and deletes its data. */
  wipe(): void
}

/** Starts a real Kafka on ports that are free. @throws Error with what the script printed, if it does not come up */
export async function startRealKafka(): Promise<RealKafka> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'logwerk-real-kafka-'))
  const run = (command: string) =>
    execFileSync(script, [command, 'single'], {
      env: { ...process.env, PORT_SINGLE: String(port), REAL_KAFKA_DIR: folder },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    })
  const wipe = () => {
    run('wipe')
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    run('start')
  } catch (error) {
    wipe()
    throw error
  }
  return { bootstrapServers: [`127.0.0.1:${port}`], wipe }
}
