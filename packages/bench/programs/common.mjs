// What the JavaScript programs of this folder share. Each is run as
//
//   node PROGRAM.mjs produce|latency|consume BOOTSTRAP TOPIC COUNT PAYLOADS none|lz4
//
// sends or reads COUNT records whose values are the lines of the file PAYLOADS, over and over, and prints one line of JSON: `n`,
// `bytes` of values, `secs`, and what else its mode measures. The Go and the Java program do the same.
import { readFileSync } from 'node:fs'

const [mode, bootstrap, topic, countText, payloadsPath, codec] = process.argv.slice(2)

export { bootstrap, codec, mode, topic }
export const count = Number(countText)

const payloads = readFileSync(payloadsPath, 'latin1')
  .trim()
  .split('\n')
  .map(line => Buffer.from(line))
const valueBytes = payloads[0].length

/** The value of record `index`. */
export const payload = index => payloads[index % payloads.length]

/** How many records an API that takes arrays is given at once, and how many such calls are under way: what serves the peers best. */
const ARRAY_LENGTH = valueBytes > 500 ? 2000 : 10_000
const ARRAYS_IN_FLIGHT = 3

const UNMEASURED_SENDS = 100

export function report(figures) {
  console.log(JSON.stringify({ n: count, runtime: `Node ${process.versions.node}`, ...figures }))
}

/** Starts a stopwatch; its answer is the seconds since then and the CPU seconds that this process has spent in them. */
export function stopwatch() {
  const began = performance.now()
  const cpu = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(cpu)
    return { secs: (performance.now() - began) / 1000, cpuInSecs: (user + system) / 1e6 }
  }
}

/** Gives `send` arrays of messages until all are acknowledged. `extra` is what each message carries beside its value. */
export async function produceArrays(send, extra) {
  const elapsed = stopwatch()
  let next = 0
  const lane = async () => {
    while (next < count) {
      const from = next
      next = Math.min(count, from + ARRAY_LENGTH)
      await send(messages(from, next - from, extra))
    }
  }
  await Promise.all(Array.from({ length: ARRAYS_IN_FLIGHT }, lane))
  report({ bytes: count * valueBytes, ...elapsed() })
}

/** Sends one message at a time and waits for each. */
export async function measureLatency(send, extra) {
  for (let index = 0; index < UNMEASURED_SENDS; index++) await send(messages(index, 1, extra))
  const elapsed = stopwatch()
  const took = new Float64Array(count)
  for (let index = 0; index < count; index++) {
    const began = performance.now()
    await send(messages(index, 1, extra))
    took[index] = performance.now() - began
  }
  const figures = elapsed()
  took.sort()
  report({ bytes: count * valueBytes, ...figures, p50: took[Math.floor(count * 0.5)], p99: took[Math.floor(count * 0.99)] })
}

/** Made just before the subscription; `add` is called with the length of each value. */
export function tally() {
  const began = performance.now()
  let read = 0
  let bytes = 0
  let join = 0
  let elapsed
  let resolve
  const done = new Promise(resolveDone => {
    resolve = resolveDone
  })
  return {
    /** Resolves when all records are there and the figures are printed. */
    done,
    add(length) {
      if (read === 0) {
        join = (performance.now() - began) / 1000
        elapsed = stopwatch()
      }
      bytes += length
      if (++read !== count) return
      report({ bytes, join, ...elapsed() })
      resolve()
    },
    get isDone() {
      return read >= count
    },
  }
}

export function reportProduced(figures) {
  report({ bytes: count * valueBytes, ...figures })
}

function messages(from, length, extra) {
  const made = new Array(length)
  for (let index = 0; index < length; index++) made[index] = { value: payload(from + index), ...extra }
  return made
}
