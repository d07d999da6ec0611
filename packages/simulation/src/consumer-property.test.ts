import type { TopicPartition } from '@logwerk/consumer'
import { createProducer } from '@logwerk/producer'
import { randomBelow, sleep } from '@logwerk/runtime'
import { describe, expect, test } from 'vitest'
import { GroupChecker } from './consumer-check.ts'
import { ConsumerWorld } from './consumer-world.test-support.ts'

const PARTITIONS = 4
const ROUNDS = 14
/** A storm takes about two seconds, so there is one for every fifty of what is quick. */
const SEEDS = Math.ceil(Number(process.env['LOGWERK_SEEDS'] ?? 200) / 50)
const seeds = Array.from({ length: SEEDS }, (_, index) => index + 1)

/**
 * A group under random joins, leaves, crashes, pauses, slow members, broker kills and network cuts, with a producer running. Everything is
 * reported to a checker.
 *
 * @returns What has to be the same for the same seed: everything.
 */
async function storm(seed: number, checker: GroupChecker, strategy: readonly string[]) {
  const world = await ConsumerWorld.open({}, seed)
  await world.topic('orders', PARTITIONS)
  const random = world.simulation.random('storm')
  const pick = (below: number) => randomBelow(random, below)
  const producerWorld = world.simulation.machine('source').world
  const producer = createProducer({ bootstrapServers: ['localhost:9092'], world: producerWorld })
  let producing = true
  const source = (async () => {
    for (let number = 0; producing; number++) {
      const { partition, offset } = await producer.send({ topic: 'orders', partition: number % PARTITIONS, value: `${number}` })
      checker.produced(partition, offset)
      await sleep(producerWorld.clock, 20)
    }
  })()
  let born = 0
  const alive = new Map<string, { readonly stop: () => Promise<void> }>()
  const join = async () => {
    const name = `m${born++}`
    const machine = world.simulation.machine(name)
    const { clock } = machine.world
    const consumer = world.consumer(name, {
      sessionTimeoutMs: 6000,
      heartbeatIntervalMs: 500,
      maxPollIntervalMs: 15_000,
      autoCommitIntervalMs: 300,
      requestTimeoutMs: 3000,
      maxPollRecords: 5,
      partitionAssignmentStrategy: strategy,
    })
    const numbers = (list: readonly TopicPartition[]) => list.map(({ partition }) => partition)
    await consumer.subscribe(['orders'], {
      onPartitionsAssigned: list => checker.assigned(name, numbers(list)),
      onPartitionsRevoked: list => checker.revoked(name, numbers(list)),
      onPartitionsLost: list => checker.lost(name, numbers(list)),
    })
    const errors: unknown[] = []
    void (async () => {
      for await (const record of consumer) {
        if (!machine.running) return
        checker.processed(name, record.partition, record.offset)
        if (pick(40) === 0) await sleep(clock, pick(3000))
        if (pick(60) === 0) {
          consumer.pause([record])
          clock.setTimer(pick(2000), () => {
            if (consumer.assignment().some(({ partition }) => partition === record.partition)) consumer.resume([record])
          })
        }
      }
    })().catch(error => errors.push(error))
    alive.set(name, {
      stop: async () => {
        await consumer.close()
        if (errors.length > 0) throw errors[0]
      },
    })
  }
  await join()
  for (let round = 0; round < ROUNDS; round++) {
    const names = [...alive.keys()]
    const victim = names.length === 0 ? undefined : names[pick(names.length)]
    switch (pick(6)) {
      case 0:
      case 1:
        if (alive.size < 4) await join()
        break
      case 2:
        if (victim !== undefined) {
          await world.run(alive.get(victim)!.stop())
          alive.delete(victim)
        }
        break
      case 3:
        if (victim !== undefined) {
          world.simulation.machine(victim).kill()
          checker.died(victim)
          alive.delete(victim)
        }
        break
      case 4:
        await world.restart(pick(2) === 0 ? 'kill' : 'clean', pick(3000))
        break
      default:
        world.simulation.network.cut(({ client }) => client.startsWith('m') && pick(2) === 0)
    }
    await world.advance(500 + pick(6000))
  }
  if (alive.size === 0) await join()
  producing = false
  await world.run(source)
  await world.until(() => checker.missing().length === 0)
  for (const { stop } of alive.values()) await world.run(stop())
  await world.run(producer.close())
  const { fingerprint, log, disk } = world.simulation
  return { fingerprint, log: log.map(line => JSON.stringify(line)), files: disk.contents() }
}

describe.each([['cooperative-sticky'], ['range']])('a group (%s) in a storm', strategy => {
  test.each(seeds)('reads every record, in order, one owner at a time: seed %s', async seed => {
    const checker = new GroupChecker()
    await storm(seed, checker, [strategy])
    expect(checker.problems).toEqual([])
    expect(checker.processedCount).toBeGreaterThan(500)
  })
})

test('a storm comes again with its seed: every step, every line of the log, every byte on the disk; another seed brings another', async () => {
  const first = await storm(1, new GroupChecker(), ['cooperative-sticky'])
  expect(first.log.length).toBeGreaterThan(0)
  expect([...first.files.values()].some(content => content.length > 0)).toBe(true)
  expect(await storm(1, new GroupChecker(), ['cooperative-sticky'])).toEqual(first)
  expect((await storm(2, new GroupChecker(), ['cooperative-sticky'])).fingerprint).not.toBe(first.fingerprint)
})

describe('the checker finds', () => {
  test('a record that never comes', () => {
    const checker = new GroupChecker()
    for (const offset of [0, 1, 2]) checker.produced(0, offset)
    checker.assigned('a', [0])
    for (const offset of [0, 2]) checker.processed('a', 0, offset)
    expect(checker.missing()).toEqual(['0:1'])
    expect(checker.problems).toEqual(['a jumped from 0:0 to 0:2'])
  })

  test('a record out of order, or twice, under one ownership', () => {
    const checker = new GroupChecker()
    checker.assigned('a', [0])
    for (const offset of [0, 1, 1]) checker.processed('a', 0, offset)
    expect(checker.problems).toEqual(['a went back from 0:1 to 0:1'])
  })

  test('two owners at a time', () => {
    const checker = new GroupChecker()
    checker.assigned('a', [0])
    checker.assigned('b', [0])
    expect(checker.problems).toEqual(['b got 0 while a had it'])
  })

  test('a record of a partition that is not owned', () => {
    const checker = new GroupChecker()
    checker.assigned('a', [0])
    checker.revoked('a', [0])
    checker.processed('a', 0, 0)
    expect(checker.problems).toEqual(['a processed 0:0 without owning it'])
  })

  test('a planted fault in a storm: a record that is swallowed', async () => {
    const checker = new (class extends GroupChecker {
      override processed(member: string, partition: number, offset: number): void {
        if (offset !== 7 || partition !== 2) super.processed(member, partition, offset)
      }
    })()
    await expect(storm(1, checker, ['cooperative-sticky'])).rejects.toThrow('the condition does not hold')
    expect(checker.missing()).toEqual(['2:7'])
    expect(checker.problems.some(problem => problem.includes('jumped from 2:6 to 2:8'))).toBe(true)
  })
})
