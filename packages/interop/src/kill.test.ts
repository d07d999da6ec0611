import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createConsumer } from '@logwerk/consumer'
import { createProducer } from '@logwerk/producer'
import { expect, test } from 'vitest'
import { freePort } from './free-port.ts'
import { type Acknowledged, complaintsAbout, type Found } from './kill-checker.ts'

const ROUNDS = Number(process.env['LOGWERK_KILLS'] ?? 20)
const PARTITIONS = 4
const TOPIC = 'killed'
/** The load is on for all of the time before a kill, and on a slow machine no round has more to read than this. */
const RECORDS_A_ROUND = 6000

/** A broker that can be killed, and comes back on the same port and directory. */
class BrokerProcess {
  readonly #args: readonly string[]
  #child: ChildProcess | null = null

  constructor(dataDir: string, port: number, fsync: string) {
    this.#args = [dataDir, String(port), fsync]
  }

  async start(): Promise<void> {
    const program = join(import.meta.dirname, 'broker-process.mjs')
    const child = spawn(process.execPath, [program, ...this.#args], { stdio: ['ignore', 'pipe', 'inherit'] })
    this.#child = child
    let output = ''
    for await (const chunk of child.stdout!) {
      output += chunk
      if (output.includes('ready')) return
    }
    throw new Error(`the broker did not start: ${output}`)
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    this.#child = null
    if (child === null) return
    const { exitCode, signalCode } = child
    if (exitCode !== null || signalCode !== null) throw new Error(`the broker ended by itself: ${exitCode ?? signalCode}`)
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
  }
}

/** What lies in [from, end) of each partition. */
async function read(bootstrapServers: string[], from: readonly number[], ends: readonly number[]): Promise<Found[]> {
  const found: Found[] = []
  const open = new Set(ends.flatMap((end, partition) => (end > from[partition]! ? [partition] : [])))
  if (open.size === 0) return found
  await using consumer = createConsumer({ bootstrapServers })
  consumer.assign([...open].map(partition => ({ topic: TOPIC, partition })))
  for (const partition of open) consumer.seek({ topic: TOPIC, partition }, from[partition]!)
  for await (const batch of consumer.batches()) {
    for (const record of batch.records)
      found.push({
        partition: record.partition,
        offset: record.offset,
        n: Number(record.value !== null && Buffer.from(record.value).toString()),
      })
    if ((await consumer.position(batch)) >= ends[batch.partition]!) open.delete(batch.partition)
    if (open.size === 0) break
  }
  return found.filter(({ partition, offset }) => offset < ends[partition]!)
}

test.each(['batch', 'os'])('a broker that is killed again and again keeps what it acknowledged (fsync: %s)', async fsync => {
  const dataDir = await mkdtemp(join(tmpdir(), 'logwerk-kill-'))
  const port = await freePort()
  const broker = new BrokerProcess(dataDir, port, fsync)
  await broker.start()
  const bootstrapServers = [`127.0.0.1:${port}`]
  const producer = createProducer({
    bootstrapServers,
    deliveryTimeoutMs: 300_000,
    maxInFlightRequestsPerConnection: 5,
    batchSize: 2000,
    lingerMs: 2,
  })
  const acknowledged: Acknowledged[] = []
  const failures: Error[] = []
  const next = new Array<number>(PARTITIONS).fill(0)
  let stopping = false
  let budget = RECORDS_A_ROUND
  try {
    const load = (async () => {
      while (!stopping) {
        for (let count = 0; count < 100 && budget > 0; count++) {
          const partition = count % PARTITIONS
          const n = next[partition]!
          const taken = producer.enqueue({ topic: TOPIC, partition, value: String(n) }, (error, metadata) => {
            if (error !== null) failures.push(error)
            else acknowledged.push({ partition, offset: metadata!.offset, n })
          })
          if (!taken) break
          next[partition] = n + 1
          budget--
        }
        await sleep(5)
      }
    })()
    // Where the log was read up to, by partition, and how many acknowledgements had come by then.
    let from = new Array<number>(PARTITIONS).fill(0)
    let before = 0
    for (let round = 0; round < ROUNDS; round++) {
      budget = RECORDS_A_ROUND
      await sleep(50 + Math.random() * 250)
      await broker.kill('SIGKILL')
      // A batch that was sent again is acknowledged late, at its old offset or without one: that is looked at in the end, when all is read.
      const known = acknowledged.slice(before).filter(({ partition, offset }) => offset >= from[partition]!)
      before = acknowledged.length
      await broker.start()
      // The load goes on while the log is read: what was acknowledged up to the kill has to be there.
      const ends = from.slice()
      for (const { partition, offset } of known) ends[partition] = Math.max(ends[partition]!, offset + 1)
      const log = await read(bootstrapServers, from, ends)
      expect(complaintsAbout(known, log), `round ${round}, ${before} acknowledged, from offsets ${from}`).toEqual([])
      from = ends
    }
    stopping = true
    await load
    await producer.flush()
    expect(failures).toEqual([])
    expect(acknowledged).toHaveLength(next.reduce((sum, count) => sum + count, 0))
    const log = await read(bootstrapServers, new Array<number>(PARTITIONS).fill(0), next)
    expect(complaintsAbout(acknowledged, log)).toEqual([])
    expect(log).toHaveLength(acknowledged.length)
  } finally {
    stopping = true
    await producer.close({ timeoutMs: 1000 })
    await broker.kill('SIGTERM').finally(() => rm(dataDir, { recursive: true, force: true }))
  }
})
