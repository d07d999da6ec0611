// The embedded broker in a process of its own:
//
//   node broker.mjs memory|batch|interval|os DIRECTORY
//
// Prints `{ "readyMs", "importMs", "port" }` when it is ready, `{ "cpuSecs", "rssMiB" }` for every line it is sent, and closes when its
// input ends.
import { createInterface } from 'node:readline'

const [fsync, dataDir] = process.argv.slice(2)
const began = performance.now()
const { openBroker } = await import('@logwerk/broker')
const imported = performance.now()
const broker = await openBroker({ port: 0, numPartitions: 6, ...(fsync === 'memory' ? {} : { fsync, dataDir }) })
const ready = performance.now()
print({ readyMs: ready - imported, importMs: imported - began, port: broker.port })

for await (const _line of createInterface({ input: process.stdin })) {
  const { userCPUTime, systemCPUTime } = process.resourceUsage()
  print({ cpuSecs: (userCPUTime + systemCPUTime) / 1e6, rssMiB: process.memoryUsage.rss() / 2 ** 20 })
}
await broker.close()

function print(figures) {
  console.log(JSON.stringify(figures))
}
