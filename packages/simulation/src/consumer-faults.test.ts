import { describe, expect, test } from 'vitest'
import { ConsumerWorld, type Options, Poller, partitions, places, range, take, textOf } from './consumer-world.test-support.ts'

const orders = (...numbers: number[]) => partitions('orders', ...numbers)

/** Every offset at least once, and none before one that came earlier, apart from places where reading began again. */
function expectAll(seen: readonly string[], count: number): void {
  expect([...new Set(seen)].sort()).toEqual(range(0, count).sort())
}

describe('a broker that goes and comes back', () => {
  test.each([
    ['kill', 0],
    ['kill', 20_000],
    ['kill', 90_000],
    ['clean', 0],
    ['crash', 5000],
  ] as const)('(%s, down for %s ms) costs a group nothing: every record comes, and the commits hold', async (end, downMs) => {
    const world = await ConsumerWorld.open()
    await world.topic('orders', 2)
    await world.produce('orders', 0, 50)
    const a = world.consumer('a', { autoCommitIntervalMs: 500 })
    await a.subscribe(['orders'])
    const b = world.consumer('b', { autoCommitIntervalMs: 500 })
    await b.subscribe(['orders'])
    const pollers = [new Poller(a), new Poller(b)]
    const seen = () => places(pollers.flatMap(({ records }) => records))
    await world.until(() => a.assignment().length === 1 && b.assignment().length === 1 && seen().length >= 50)
    await world.restart(end, downMs)
    await world.produce('orders', 0, 50, 50)
    await world.until(() => new Set(seen()).size === 100)
    await world.until(() => a.assignment().length === 1 && b.assignment().length === 1)
    await world.advance(3000)
    expectAll(seen(), 100)
    expect(await world.committed()).toContain('0:100')
    await world.run(a.close())
    await world.run(b.close())
    expect(pollers.map(({ errors }) => errors)).toEqual([[], []])
  })

  test('costs a consumer without a group nothing, not even a record twice', async () => {
    const world = await ConsumerWorld.open()
    await world.topic('orders')
    await world.produce('orders', 0, 5)
    const consumer = world.consumer('a', { groupId: null })
    consumer.assign(orders(0))
    const poller = new Poller(consumer)
    await world.until(() => poller.records.length === 5)
    for (let round = 1; round <= 3; round++) {
      await world.restart(round === 2 ? 'clean' : 'kill', round * 3000)
      await world.produce('orders', 0, 5, round * 5)
      await world.until(() => poller.records.length === (round + 1) * 5)
    }
    expect(places(poller.records)).toEqual(range(0, 20))
    await world.run(consumer.close())
    expect(poller.errors).toEqual([])
  })
})

describe('a network', () => {
  test.each(['cut', 'silence', 'partition'] as const)(
    'that fails (%s) over and over loses and doubles nothing in a partition',
    async how => {
      const world = await ConsumerWorld.open({}, 7)
      await world.topic('orders')
      const consumer = world.consumer('a', { requestTimeoutMs: 3000, autoCommitIntervalMs: 300 })
      await consumer.subscribe(['orders'])
      const poller = new Poller(consumer)
      const { network } = world.simulation
      for (let round = 0; round < 8; round++) {
        await world.produce('orders', 0, 10, round * 10)
        await world.advance(700)
        if (how === 'partition') {
          network.partition('a', 'localhost')
          await world.advance(4000)
          network.heal()
        } else network[how](({ client }) => client === 'a')
      }
      await world.until(() => poller.records.length >= 80)
      expect(places(poller.records)).toEqual(range(0, 80))
      await world.run(consumer.close())
      expect(poller.errors).toEqual([])
      expect(await world.committed()).toEqual(['0:80'])
    },
  )
})

describe('a log that was cut by a power cut (fsync: os)', () => {
  /** A consumer that has read ten records, of which a broker after a power cut holds none; others are in their place. */
  async function cut(autoOffsetReset: string) {
    const world = await ConsumerWorld.open({ fsync: 'os' })
    await world.topic('orders')
    await world.produce('orders', 0, 10)
    const consumer = world.consumer('a', { groupId: null, autoOffsetReset })
    consumer.assign(orders(0))
    consumer.seek(orders(0)[0]!, 0)
    expect(places(await world.take(consumer, 10))).toEqual(range(0, 10))
    await world.restart('crash', 0, { dataLoss: 'lose' })
    await world.produce('orders', 0, 15, 100)
    return { world, consumer }
  }

  test('is told with the policy none, and a seek goes on', async () => {
    const { world, consumer } = await cut('none')
    expect(await world.refusal(consumer.poll({ timeoutMs: 60_000 }))).toMatchObject({
      code: 'LOG_TRUNCATED',
      at: { topic: 'orders', partition: 0, offset: 10 },
    })
    expect(await world.refusal(consumer.poll({ timeoutMs: 60_000 }))).toMatchObject({ code: 'NO_OFFSET' })
    consumer.seek(orders(0)[0]!, 0)
    expect(places(await world.take(consumer, 15))).toEqual(range(0, 15))
    await world.run(consumer.close())
  })

  test('is read on from where it was cut, with a warning, with another policy', async () => {
    const { world, consumer } = await cut('latest')
    const records = await world.take(consumer, 15)
    expect(records.map(textOf)).toEqual(Array.from({ length: 15 }, (_, index) => `${100 + index}`))
    expect(world.simulation.log.some(({ level, message }) => level === 'warn' && message.includes('the log was cut'))).toBe(true)
    await world.run(consumer.close())
  })
})

describe('a topic that is deleted and created anew', () => {
  async function anew(options: Options = {}) {
    const world = await ConsumerWorld.open()
    await world.topic('orders')
    await world.produce('orders', 0, 10)
    const consumer = world.consumer('a', { allowAutoCreateTopics: false, autoCommitIntervalMs: 3000, ...options })
    consumer.assign(orders(0))
    consumer.seek(orders(0)[0]!, 0)
    expect(places(await world.take(consumer, 10))).toEqual(range(0, 10))
    // What was read is processed, and not committed yet.
    await world.run(consumer.poll({ timeoutMs: 0 }))
    await world.run(world.admin.deleteTopics(['orders']))
    await world.topic('orders')
    await world.produce('orders', 0, 25, 100)
    return { world, consumer }
  }

  test('is another one: it is read from where the policy says, not from where the old one was left', async () => {
    const { world, consumer } = await anew()
    const records = await world.take(consumer, 25)
    expect(records.map(textOf)).toEqual(Array.from({ length: 25 }, (_, index) => `${100 + index}`))
    expect(world.simulation.log.some(({ level, message }) => level === 'warn' && message.includes('created anew'))).toBe(true)
    await world.run(consumer.close())
    expect(await world.committed()).toEqual(['0:25'])
  })

  test('has no place for reading to go on with the policy none, until somebody seeks', async () => {
    const { world, consumer } = await anew({ autoOffsetReset: 'none' })
    expect(await world.refusal(consumer.poll({ timeoutMs: 60_000 }))).toMatchObject({ code: 'NO_OFFSET' })
    consumer.seek(orders(0)[0]!, 20)
    expect(places(await world.take(consumer, 5))).toEqual(range(20, 25))
    await world.run(consumer.close())
  })

  test('has no commits of what was read of the old one', async () => {
    const { world, consumer } = await anew()
    await world.advance(5000)
    expect((await world.committed()).filter(place => place !== '0:0')).toEqual([])
    await world.run(consumer.close())
  })
})

describe('a batch whose CRC is wrong', () => {
  async function damaged(options: Options = {}) {
    const world = await ConsumerWorld.open()
    await world.topic('orders')
    for (let batch = 0; batch < 3; batch++) await world.produce('orders', 0, 4, batch * 4)
    const { disk } = world.simulation
    const path = [...disk.contents().keys()].find(name => name.includes('orders-0') && name.endsWith('.log'))!
    const bytes = disk.contents().get(path)!
    // The value of the last record of the second batch; behind it only says a byte that there are no headers.
    const sizeOf = (at: number) => 12 + new DataView(bytes.buffer, bytes.byteOffset).getInt32(at + 8)
    const end = sizeOf(0) + sizeOf(sizeOf(0))
    disk.flipBit(path, (end - 2) * 8)
    const consumer = world.consumer('a', { autoCommitIntervalMs: 100, ...options })
    return { world, consumer }
  }

  test('is told with its place, each time; a seek goes past it, and what came before is committed', async () => {
    const { world, consumer } = await damaged()
    await consumer.subscribe(['orders'])
    expect(places(await world.take(consumer, 4))).toEqual(range(0, 4))
    for (let time = 0; time < 3; time++) {
      const error = await world.refusal(take(consumer, 1))
      expect(error).toMatchObject({ code: 'CORRUPT_MESSAGE', at: { topic: 'orders', partition: 0, offset: 4 } })
      expect(error.message).toContain('CRC')
    }
    await world.advance(500)
    expect(await world.committed()).toEqual(['0:4'])
    consumer.seek(orders(0)[0]!, 8)
    expect(places(await world.take(consumer, 4))).toEqual(range(8, 12))
    await world.run(consumer.close())
  })

  test('ends a loop; another one begins after the seek', async () => {
    const { world, consumer } = await damaged()
    await consumer.subscribe(['orders'])
    const seen: number[] = []
    const loop = async () => {
      for await (const { offset } of consumer) if (seen.push(offset) === 8) break
    }
    expect(await world.refusal(loop())).toMatchObject({ code: 'CORRUPT_MESSAGE' })
    consumer.seek(orders(0)[0]!, 8)
    await world.run(loop())
    expect(seen).toEqual([0, 1, 2, 3, 8, 9, 10, 11])
    await world.run(consumer.close())
  })

  test('is not looked for with checkCrcs: false', async () => {
    const { world, consumer } = await damaged({ checkCrcs: false })
    await consumer.subscribe(['orders'])
    expect((await world.take(consumer, 12)).length).toBe(12)
    await world.run(consumer.close())
  })
})
