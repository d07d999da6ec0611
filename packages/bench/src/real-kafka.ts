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

/** A port that is free, and whose next one, for the controller, is free too. */
async function freePort(): Promise<number> {
  for (;;) {
    const first = await listen(0)
    const second = await listen(first.port + 1).catch(() => null)
    first.close()
    if (second === null) continue
    second.close()
    return first.port
  }
}

function listen(port: number): Promise<{ readonly port: number; close(): void }> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      if (address === null || typeof address === 'string') reject(new Error('a TCP server without a port'))
      else resolve({ port: address.port, close: () => server.close() })
    })
  })
}
