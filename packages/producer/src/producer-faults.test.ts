import { randomBelow, sleep } from '@logwerk/runtime'
import type { Serializer } from '@logwerk/serde'
import { describe, expect, test } from 'vitest'
import { type Fault, LogCluster } from './log-cluster.test-support.ts'
import type { RecordMetadata } from './record.ts'

// Three brokers, leaders that move, and every refusal that a broker may give, stored or not: each seed is another run.

const SEEDS = Number(process.env['LOGWERK_SEEDS'] ?? 25)
const PARTITIONS = 3
const SMALL_BUFFER_BYTES = 5000
/** Records of a few bytes that fit into it, with as many or as few in a batch as its options allow. */
const FITTING = { min: 70, max: 720 }

/** Refusals after which the batch may be in the log. */
const UNSURE = ['NOT_LEADER_OR_FOLLOWER', 'REQUEST_TIMED_OUT', 'NOT_ENOUGH_REPLICAS_AFTER_APPEND', 'KAFKA_STORAGE_ERROR'] as const
/** Refusals after which it is not. */
const REFUSALS = ['NOT_ENOUGH_REPLICAS', 'UNKNOWN_TOPIC_OR_PARTITION', 'CORRUPT_MESSAGE'] as const
/** One record in so many is one that no broker takes, whenever it comes. */
const INVALID_SHARE = 100

interface Sent {
  readonly partition: number
  readonly id: string
  readonly fates: (number | string)[]
}

async function run(seed: number): Promise<string[]> {
  const cluster = await LogCluster.start({ t: PARTITIONS }, { seed, brokers: 3 })
  const { simulation } = cluster
  const random = simulation.random('faults')
  const below = (bound: number) => randomBelow(random, bound)
  const pick = <const T>(options: readonly T[]): T => options[below(options.length)]!
  const idempotent = below(4) > 0
  const patient = below(3) > 0
  let calm = false
  const invalid = new Set<string>()
  cluster.maxBatchBytes = pick([400, 2000, 1e9])
  simulation.network.settings.delay = { minMs: 0, maxMs: pick([1, 5, 40]) }
  cluster.fault = ({ values }): Fault | undefined => {
    const refused = values.some(value => invalid.has(value!.split(' ')[0]!)) ? ({ code: 'INVALID_RECORD' } as const) : undefined
    if (calm || below(4) > 0) return refused
    const delayMs = pick([0, 0, 10, 300, 1500])
    if (refused !== undefined) return { ...refused, delayMs }
    switch (pick(['unsure', 'refuse', 'hang up', 'silence', 'left out', 'slow'])) {
      case 'unsure':
        return { code: pick(UNSURE), stored: below(2) === 0, delayMs }
      case 'refuse':
        return { code: pick(REFUSALS), delayMs }
      case 'hang up':
        return { answer: 'hang up', stored: below(2) === 0, delayMs }
      case 'silence':
        return { answer: 'silence', stored: below(2) === 0, delayMs }
      case 'left out':
        return { answer: 'left out', stored: below(2) === 0, delayMs }
      case 'slow':
        return { delayMs }
    }
  }
  cluster.maxProduceVersion = pick([12, 13])
  // A new id does not fence off what was given up under the old one and still lies with a broker; a new epoch does.
  cluster.firstEpoch = patient ? pick([0, 0x7ffc]) : 0
  const bufferMemory = pick([SMALL_BUFFER_BYTES, 33_554_432])
  // Some serializers take their time for some records.
  const slow = below(3) === 0
  const serializer: Serializer<string> = {
    serialize(value) {
      const bytes = Buffer.from(value)
      return slow && below(10) === 0 ? sleep(simulation.clock, below(30)).then(() => bytes) : bytes
    },
  }
  const producer = cluster.producer<string, string>({
    value: serializer,
    enableIdempotence: idempotent,
    maxInFlightRequestsPerConnection: idempotent ? pick([1, 2, 5]) : 1,
    lingerMs: pick([0, 5, 50]),
    batchSize: pick([0, 300, 16_384]),
    maxBatchFillBytes: pick([0, 1000, 262_144]),
    bufferMemory,
    compressionType: pick(['none', 'none', 'gzip']),
    requestTimeoutMs: pick([500, 2000]),
    deliveryTimeoutMs: patient ? 600_000 : 4000,
    maxBlockMs: 600_000,
    reconnectBackoffMaxMs: 200,
  })
  const sent: Sent[] = []
  for (let step = 0; step < 60; step++) {
    switch (pick(['send', 'send', 'send', 'wait', 'move', 'lead', 'cut', 'flush'])) {
      case 'send':
        for (let count = below(30); count >= 0; count--) {
          const record: Sent = { partition: below(PARTITIONS), id: `${sent.length}`, fates: [] }
          const value = `${record.id} ${'x'.repeat(pick([0, 20, 200]))}`
          if (below(INVALID_SHARE) === 0) invalid.add(record.id)
          const toSend = { topic: 't', partition: record.partition, value }
          const told = (error: Error | null, metadata: RecordMetadata | null) => {
            record.fates.push(error === null ? metadata!.offset : ((error as { code?: string }).code ?? error.message))
          }
          // `send` waits for room, where `enqueue` takes nothing.
          if (below(3) === 0)
            producer.send(toSend).then(
              metadata => told(null, metadata),
              error => told(error, null),
            )
          else if (!producer.enqueue(toSend, told)) continue
          sent.push(record)
        }
        await simulation.advance(below(20))
        break
      case 'wait':
        await simulation.advance(below(800))
        break
      case 'move': {
        const log = cluster.partition('t', below(PARTITIONS))
        log.leader = 1 + below(3)
        log.epoch++
        break
      }
      case 'lead':
        cluster.partition('t', below(PARTITIONS)).leader = -1
        await simulation.advance(below(300))
        for (let partition = 0; partition < PARTITIONS; partition++) {
          const log = cluster.partition('t', partition)
          if (log.leader > 0) continue
          log.leader = 1 + below(3)
          log.epoch++
        }
        break
      case 'cut':
        simulation.network.cut()
        break
      case 'flush':
        producer.flush()
        break
    }
  }
  calm = true
  await simulation.runUntil(producer.flush())
  const complaints: string[] = []
  // Nothing of the memory has leaked away, or was given back twice: as much fits as at the beginning. (Records that wait for a slow
  // serializer have no bytes yet, so any number would.)
  if (bufferMemory === SMALL_BUFFER_BYTES && !slow) {
    let fitting = 0
    while (producer.enqueue({ topic: 't', partition: 0, value: '' })) fitting++
    if (fitting < FITTING.min || fitting > FITTING.max) complaints.push(`${fitting} records fit into the buffer`)
  }
  await simulation.runUntil(producer.close())
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const stored = cluster.values('t', partition).map(value => value!.split(' ')[0]!)
    let before = -1
    for (const { id, fates } of sent.filter(record => record.partition === partition)) {
      if (fates.length !== 1) complaints.push(`${id}: ${fates.length} callbacks`)
      const at = stored.flatMap((other, offset) => (other === id ? [offset] : []))
      const [fate] = fates
      if (idempotent && at.length > 1) complaints.push(`${id}: stored at ${at}`)
      if (typeof fate === 'number') {
        if (at.length === 0) complaints.push(`${id}: lost`)
        if (fate >= 0 && !at.includes(fate)) complaints.push(`${id}: told ${fate}, is at ${at}`)
      } else if (patient && fate !== 'INVALID_RECORD') complaints.push(`${id}: ${fate}`)
      if (at.length > 0) {
        if (idempotent && at[0]! < before) complaints.push(`${id}: in front of an earlier one, ${at[0]} < ${before}`)
        before = Math.max(before, at[0]!)
      }
    }
  }
  return complaints
}

describe('whatever brokers answer and whoever leads, each record is stored once, in order, and its callback hears it', () => {
  for (let seed = 1; seed <= SEEDS; seed++) test(`seed ${seed}`, async () => expect(await run(seed)).toEqual([]))
})
