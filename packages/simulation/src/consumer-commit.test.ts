import { beforeEach, describe, expect, test } from 'vitest'
import { balanced as balancedIn, joinGroup, type Member } from './consumer-member.test-support.ts'
import { ConsumerWorld, type Options, Poller, partitions, type Reader } from './consumer-world.test-support.ts'

let world: ConsumerWorld
beforeEach(async () => {
  world = await ConsumerWorld.open()
  await world.topic('orders', 4)
})

const orders = (...numbers: number[]) => partitions('orders', ...numbers)
const join = (machine: string, options: Options = {}) => joinGroup(world, machine, options)
const balanced = (members: readonly Member[], counts: readonly number[]) => balancedIn(world, members, counts)

describe('what is committed in the background', () => {
  const loop = async (consumer: Reader, body: (offset: number) => Promise<unknown> | 'break' | undefined) => {
    for await (const record of consumer) if ((await body(record.offset)) === 'break') break
  }

  test('is what a loop has finished: not the record in hand when it breaks', async () => {
    await world.produce('orders', 0, 10)
    const consumer = world.consumer()
    await consumer.subscribe(['orders'])
    await world.run(loop(consumer, offset => (offset === 4 ? 'break' : undefined)))
    await world.run(consumer.close())
    expect(await world.committed()).toContain('0:4')
  })

  test('is not the record in hand when a loop breaks, whatever is asked for next', async () => {
    await world.produce('orders', 0, 10)
    const consumer = world.consumer('a', { autoCommitIntervalMs: 100 })
    await consumer.subscribe(['orders'])
    await world.run(loop(consumer, offset => (offset === 9 ? 'break' : undefined)))
    expect(await world.run(consumer.poll({ timeoutMs: 500 }))).toEqual([])
    expect(await world.committed()).toContain('0:9')
    await world.run(consumer.close())
    expect(await world.committed()).toContain('0:9')
  })

  test('is what a loop has finished when the consumer is closed in its body, and the loop ends', async () => {
    await world.produce('orders', 0, 10)
    const consumer = world.consumer()
    await consumer.subscribe(['orders'])
    const seen: number[] = []
    await world.run(
      loop(consumer, async offset => {
        seen.push(offset)
        if (offset === 6) await consumer.close()
      }),
    )
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6])
    expect(await world.committed()).toContain('0:6')
  })

  test('is what poll gave before the last one while the consumer is open, and all at the close', async () => {
    await world.produce('orders', 0, 10)
    const consumer = world.consumer('a', { maxPollRecords: 3, autoCommitIntervalMs: 100 })
    await consumer.subscribe(['orders'])
    while ((await world.run(consumer.poll({ timeoutMs: 1000 }))).length === 0);
    await world.advance(1000)
    expect(await world.committed()).not.toContain('0:3')
    await world.run(consumer.poll({ timeoutMs: 1000 }))
    await world.advance(1000)
    expect(await world.committed()).toContain('0:3')
    await world.run(consumer.close())
    expect(await world.committed()).toContain('0:6')
  })

  test('is what was read of assigned partitions when others are assigned', async () => {
    await world.produce('orders', 0, 10)
    const consumer = world.consumer()
    consumer.assign(orders(0))
    await world.take(consumer, 10)
    consumer.assign(orders(1))
    await world.advance(1000)
    expect(await world.committed()).toContain('0:10')
    await world.run(consumer.close())
  })

  test('is nothing with enableAutoCommit: false', async () => {
    await world.produce('orders', 0, 10)
    const consumer = world.consumer('a', { enableAutoCommit: false, autoCommitIntervalMs: 100 })
    await consumer.subscribe(['orders'])
    await world.take(consumer, 10)
    await world.advance(1000)
    await world.run(consumer.close())
    expect(await world.committed().catch(() => [])).toEqual([])
  })
})

describe('commit', () => {
  const without = { enableAutoCommit: false }

  test('in a body includes the record in hand; of a record the offset behind it', async () => {
    await world.produce('orders', 0, 10)
    const consumer = world.consumer('a', without)
    await consumer.subscribe(['orders'])
    const seen: string[][] = []
    await world.run(
      (async () => {
        for await (const record of consumer) {
          if (record.offset === 3) await consumer.commit()
          if (record.offset === 5) await consumer.commit(record)
          if (record.offset === 3 || record.offset === 5) seen.push((await consumer.committed(orders(0))).map(({ offset }) => `${offset}`))
          if (record.offset === 5) break
        }
      })(),
    )
    expect(seen).toEqual([['4'], ['6']])
    await world.run(consumer.close())
    expect(await world.committed()).toContain('0:6')
  })

  test('in onPartitionsRevoked is on record before the next owner begins', async () => {
    await world.produce('orders', 0, 10)
    await world.produce('orders', 3, 10)
    const a = world.consumer('a', without)
    await a.subscribe(['orders'], { onPartitionsRevoked: async () => await a.commit() })
    const polling = new Poller(a)
    await world.until(() => polling.records.length === 20)
    const b = await join('b', without)
    await world.until(() => a.assignment().length === 2 && b.consumer.assignment().length === 2)
    await world.run(a.close())
    await balanced([b], [4])
    await world.advance(2000)
    expect(b.poller.records).toEqual([])
    await world.run(b.consumer.close())
  })

  test('is refused to who is no member any more, and changes nothing', async () => {
    await world.produce('orders', 0, 10)
    const consumer = world.consumer('a', { ...without, maxPollIntervalMs: 10_000 })
    await consumer.subscribe(['orders'])
    const [first] = await world.take(consumer, 10)
    await world.advance(20_000)
    const error = await world.refusal(consumer.commit(first))
    expect(error).toMatchObject({ code: 'UNKNOWN_MEMBER_ID', retriable: false })
    expect(await world.committed().catch(() => [])).toEqual([])
    await world.run(consumer.close())
  })

  test('does not wait for a slow member of the same group', async () => {
    await world.produce('orders', 0, 5)
    const slow = world.consumer('slow', without)
    await slow.subscribe(['orders'])
    await world.take(slow, 5)
    // The slow one processes, and the group waits for it.
    const quick = world.consumer('quick', without)
    await quick.subscribe(['orders'])
    await world.advance(5000)
    const before = world.nowMs
    await world.run(slow.commit())
    await world.run(quick.endOffsets(orders(0)))
    await world.run(quick.committed(orders(0)))
    expect(world.nowMs - before).toBeLessThan(1000)
    await world.run(quick.close())
    await world.run(slow.close())
  })

  test('with wrong offsets is a TypeError', async () => {
    const consumer = world.consumer()
    for (const offset of [-1, 1.5, Number.NaN]) {
      await expect(consumer.commit([{ topic: 'orders', partition: 0, offset }])).rejects.toThrow('orders-0: an offset is a whole number')
    }
    await world.run(consumer.close())
  })
})
