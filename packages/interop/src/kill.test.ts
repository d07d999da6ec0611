import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createConsumer } from '@logwerk/consumer'
import { createProducer } from '@logwerk/producer'
import { expect, test } from 'vitest'
import { type Acknowledged, complaintsAbout, type Found } from './kill-checker.ts'

const ROUNDS = Number(process.env['LOGWERK_KILLS'] ?? 20)
const PARTITIONS = 4
const TOPIC = 'killed'

/** A broker that can be killed, and comes back on the same port and directory. */
class BrokerProcess {
  readonly #dataDir: string
  readonly #fsync: string
  #child: ChildProcess | null = null
  port = 0

  constructor(dataDir: string, fsync: string) {
    this.#dataDir = dataDir
    this.#fsync = fsync
  }

  async start(): Promise<void> {
    const program = join(import.meta.dirname, 'broker-process.mjs')
    const child = spawn(process.execPath, [program, this.#dataDir, String(this.port), this.#fsync], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#child = child
    let output = ''
    for await (const chunk of child.stdout!) {
      output += chunk
      const ready = /ready (\d+)/.exec(output)
      if (ready !== null) {
        this.port = Number(ready[1])
        return
      }
    }
    throw new Error(`the broker did not start: ${output}`)
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    this.#child = null
    if (child === null) return
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
  }
}

async function readAll(bootstrapServers: string[], endOffsets: readonly number[]): Promise<Found[]> {
  await using consumer = createConsumer({ bootstrapServers })
  const partitions = endOffsets.map((_, partition) => ({ topic: TOPIC, partition }))
  consumer.assign(partitions)
  await consumer.seekToBeginning(partitions)
  const found: Found[] = []
  const open = new Set(endOffsets.flatMap((end, partition) => (end > 0 ? [partition] : [])))
  for await (const batch of consumer.batches()) {
    for (const record of batch.records)
      found.push({
        partition: record.partition,
        offset: record.offset,
        n: Number(record.value !== null && Buffer.from(record.value).toString()),
      })
    if ((await consumer.position(batch)) >= endOffsets[batch.partition]!) open.delete(batch.partition)
    if (open.size === 0) break
  }
  return found
}

test.each(['batch', 'os'])('a broker that is killed again and again keeps what it acknowledged (fsync: %s)', async fsync => {
  const dataDir = await mkdtemp(join(tmpdir(), 'logwerk-kill-'))
  const broker = new BrokerProcess(dataDir, fsync)
  await broker.start()
  const bootstrapServers = [`127.0.0.1:${broker.port}`]
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
  try {
    const load = (async () => {
      while (!stopping) {
        for (let count = 0; count < 100; count++) {
          const partition = count % PARTITIONS
          const n = next[partition]!
          const taken = producer.enqueue({ topic: TOPIC, partition, value: String(n) }, (error, metadata) => {
            if (error !== null) failures.push(error)
            else acknowledged.push({ partition, offset: metadata!.offset, n })
          })
          if (!taken) break
          next[partition] = n + 1
        }
        await sleep(5)
      }
    })()
    for (let round = 0; round < ROUNDS; round++) {
      const before = acknowledged.length
      await sleep(50 + Math.random() * 250)
      await broker.kill('SIGKILL')
      const known = acknowledged.slice()
      await broker.start()
      // The load goes on while the log is read: what was acknowledged up to the kill has to be there.
      const ends = new Array<number>(PARTITIONS).fill(0)
      for (const { partition, offset } of known) ends[partition] = Math.max(ends[partition]!, offset + 1)
      const log = await readAll(bootstrapServers, ends)
      expect(complaintsAbout(known, log), `round ${round}, ${known.length} acknowledged, ${before} before`).toEqual([])
    }
    stopping = true
    await load
    await producer.flush()
    expect(failures).toEqual([])
    expect(acknowledged).toHaveLength(next.reduce((sum, count) => sum + count, 0))
    const log = await readAll(bootstrapServers, next)
    expect(complaintsAbout(acknowledged, log)).toEqual([])
    expect(log).toHaveLength(acknowledged.length)
  } finally {
    stopping = true
    await producer.close({ timeoutMs: 1000 })
    await broker.kill('SIGTERM')
    await rm(dataDir, { recursive: true, force: true })
  }
})
