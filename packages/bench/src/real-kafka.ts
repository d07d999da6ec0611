import { createServer } from 'node:net'
import { join } from 'node:path'
import { ROOT } from './folders.ts'
import { ask } from './processes.ts'

/** A real Apache Kafka, one node. */
export interface RealKafka {
  readonly bootstrap: string
  /** Stops it and deletes its data. Idempotent. */
  wipe(): void
}

/** Starts a real Kafka with its data in `folder`, on ports that are free. @throws Error if it does not come up */
export async function startRealKafka(folder: string): Promise<RealKafka> {
  const port = await freePort()
  const run = (command: string) =>
    ask({
      program: join(ROOT, 'packages/interop/real-kafka.sh'),
      args: [command, 'single'],
      cwd: ROOT,
      env: { PORT_SINGLE: String(port), REAL_KAFKA_DIR: folder },
    })
  let wiped = false
  const wipe = () => {
    if (wiped) return
    wiped = true
    run('wipe')
  }
  try {
    run('start')
  } catch (error) {
    wipe()
    throw error
  }
  return { bootstrap: `127.0.0.1:${port}`, wipe }
}

/** A port that is free, and whose next one, for the controller, is free too; below those that systems hand out to clients meanwhile. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 15_000 + Math.floor(Math.random() * 17_000)
    if ((await isFree(port)) && (await isFree(port + 1))) return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
