import { createServer } from 'node:net'

/** Below what systems hand out by themselves: Linux from 32768 on, others from 49152. */
const FIRST = 15_000
const END = 32_000

/**
 * A port for a server that is started later, or again after a kill; the next port is free too, for a controller. Had the system chosen it,
 * a client's connection could be given the same one while nobody listens there, even a connection to that very port.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * (END - FIRST))
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
