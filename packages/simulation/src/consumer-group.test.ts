import type { Assignor } from '@logwerk/assignor'
import type { TopicPartition } from '@logwerk/consumer'
import { sleep } from '@logwerk/runtime'
import { beforeEach, describe, expect, test } from 'vitest'
import { balanced as balancedIn, heldBy, joinGroup, type Member } from './consumer-member.test-support.ts'
import { ConsumerWorld, numbersOf, type Options, Poller, partitions, places, range, take } from './consumer-world.test-support.ts'

let world: ConsumerWorld
beforeEach(async () => {
  world = await ConsumerWorld.open()
  await world.topic('orders', 4)
})

const orders = (...numbers: number[]) => partitions('orders', ...numbers)
const join = (machine: string, options: Options = {}) => joinGroup(world, machine, options)
const balanced = (members: readonly Member[], counts: readonly number[]) => balancedIn(world, members, counts)

describe('partitions are shared', () => {
  test('by two members, and a close gives them back at once', async () => {
    const a = await join('a')
    await balanced([a], [4])
    const b = await join('b')
    await balanced([a, b], [2, 2])
    const before = world.nowMs
    await world.run(a.consumer.close())
    await balanced([b], [4])
    // A heartbeat of the other one, and the rebalance.
    expect(world.nowMs - before).toBeLessThan(4000)
    await world.run(b.consumer.close())
    expect([a.poller.errors, b.poller.errors]).toEqual([[], []])
  })

  test('cooperatively: when a third one joins only what moves is revoked, and its old owner is told first', async () => {
    const members: Member[] = []
    for (const machine of ['a', 'b', 'c']) {
      members.push(await join(machine))
      await world.until(() => {
        const counts = members.map(({ consumer }) => consumer.assignment().length)
        return counts.reduce((sum, count) => sum + count) === 4 && Math.min(...counts) > 0
      })
    }
    expect(members.map(({ consumer }) => consumer.assignment().length).sort()).toEqual([1, 1, 2])
    const moved = members.flatMap(({ events }) => events.filter(({ what }) => what === 'revoked'))
    // Two for the second member, one for the third.
    expect(moved.map(({ partitions }) => partitions.length)).toEqual([2, 1])
    for (const { partitions, atMs } of moved) {
      for (const partition of partitions) {
        const next = members
          .flatMap(({ events }) => events)
          .find(({ what, partitions: list, atMs: later }) => what === 'assigned' && later >= atMs && list.includes(partition))
        expect(next).toBeDefined()
      }
    }
    for (const { consumer } of members) await world.run(consumer.close())
  })

  test.each(['range', 'roundrobin', 'sticky'])('eagerly, with %s: everything is revoked before everybody joins', async name => {
    const options = { partitionAssignmentStrategy: [name] }
    const a = await join('a', options)
    await balanced([a], [4])
    const b = await join('b', options)
    await balanced([a, b], [2, 2])
    expect(heldBy(a).slice(0, 2)).toEqual(['assigned 0,1,2,3', 'revoked 0,1,2,3'])
    expect(a.events).toHaveLength(3)
    await world.run(a.consumer.close())
    await balanced([b], [4])
    await world.run(b.consumer.close())
  })

  test('not with members that know no assignor of ours', async () => {
    const a = await join('a', { partitionAssignmentStrategy: ['range'] })
    await balanced([a], [4])
    const b = world.consumer('b', { partitionAssignmentStrategy: ['roundrobin'] })
    await b.subscribe(['orders'])
    const error = await world.refusal(b.poll({ timeoutMs: 10_000 }))
    expect(error).toMatchObject({ code: 'INCONSISTENT_GROUP_PROTOCOL', at: { groupId: 'g' } })
    expect(error.message).toContain('roundrobin')
    await world.run(b.close())
    await world.run(a.consumer.close())
  })

  test('by an assignor of the user, whose error is told by the leader, which leaves the group to the others', async () => {
    const picky: Assignor = {
      name: 'picky',
      supportedProtocols: ['eager'],
      assign: (_cluster, members) => {
        if (members.length > 1) throw new Error('two are too many')
        return new Map(members.map(({ memberId }) => [memberId, [{ topic: 'orders', partitions: [2] }]]))
      },
    }
    const options = { partitionAssignmentStrategy: [picky] }
    const a = await join('a', options)
    await balanced([a], [1])
    const b = await join('b', options)
    const members = [a, b]
    await world.until(() => members.some(({ poller }) => poller.errors.length > 0))
    const failed = members.find(({ poller }) => poller.errors.length > 0)!
    const other = members.find(member => member !== failed)!
    expect(`${failed.poller.errors[0]}`).toContain('two are too many')
    const before = world.nowMs
    await world.until(() => numbersOf(other.consumer).length === 1 && failed.consumer.assignment().length === 0)
    await world.advance(5000)
    expect(numbersOf(other.consumer)).toEqual([2])
    expect(world.nowMs - before).toBeLessThan(12_000)
    for (const { consumer } of members) await world.run(consumer.close())
  })

  test('anew when a topic gets more partitions', async () => {
    const a = await join('a', { metadataMaxAgeMs: 10_000 })
    await balanced([a], [4])
    await world.run(world.admin.createPartitions([{ name: 'orders', partitions: 6 }]))
    await balanced([a], [6])
    expect(heldBy(a)).toEqual(['assigned 0,1,2,3', 'assigned 4,5'])
    await world.run(a.consumer.close())
  })

  test.each([true, false])('of a topic that comes later (created by asking: %s)', async allowAutoCreateTopics => {
    const consumer = world.consumer('a', { allowAutoCreateTopics })
    await consumer.subscribe(['later'])
    const poller = new Poller(consumer)
    await world.advance(5000)
    if (!allowAutoCreateTopics) {
      expect(consumer.assignment()).toEqual([])
      expect(world.simulation.log.some(({ message }) => message.includes('later'))).toBe(true)
      await world.topic('later')
    }
    await world.until(() => consumer.assignment().length === 1)
    await world.produce('later', 0, 1)
    await world.until(() => poller.records.length === 1)
    await world.run(consumer.close())
    expect(poller.errors).toEqual([])
  })
})

describe('a subscription', () => {
  test('to what cannot be a topic is told, and the other topics are read', async () => {
    await world.produce('orders', 0, 2)
    const consumer = world.consumer('a')
    await consumer.subscribe(['no such topic!', 'orders'])
    const polling = new Poller(consumer)
    await world.until(() => polling.records.length === 2 && polling.errors.length > 0)
    expect(polling.errors[0]).toMatchObject({ code: 'INVALID_TOPIC_EXCEPTION', at: { topic: 'no such topic!' } })
    await world.run(consumer.close())
  })

  test('changes to other topics and back, and what stays is kept', async () => {
    await world.topic('bills', 2)
    const consumer = world.consumer('a')
    const log: string[] = []
    const listener = {
      onPartitionsAssigned: (list: readonly TopicPartition[]) =>
        void log.push(`+${list.map(({ topic, partition }) => `${topic}-${partition}`).sort()}`),
      onPartitionsRevoked: (list: readonly TopicPartition[]) =>
        void log.push(`-${list.map(({ topic, partition }) => `${topic}-${partition}`).sort()}`),
    }
    await consumer.subscribe(['bills'], listener)
    const poller = new Poller(consumer)
    await world.until(() => consumer.assignment().length === 2)
    await consumer.subscribe(['bills', 'orders'], listener)
    await world.until(() => consumer.assignment().length === 6)
    await consumer.subscribe(['orders'], listener)
    await world.until(() => consumer.assignment().length === 4)
    expect(consumer.subscription()).toEqual(['orders'])
    expect(log).toEqual([
      '+bills-0,bills-1',
      '+orders-0,orders-1,orders-2,orders-3',
      '-bills-0,bills-1',
      ...(log.length === 4 ? ['+'] : []),
    ])
    await world.run(consumer.close())
    expect(poller.errors).toEqual([])
  })

  test('ends with unsubscribe, and may begin again', async () => {
    await world.produce('orders', 0, 3)
    const a = await join('a')
    const b = await join('b')
    await balanced([a, b], [2, 2])
    await world.run(a.consumer.unsubscribe())
    expect(a.consumer.subscription()).toEqual([])
    expect(a.consumer.assignment()).toEqual([])
    await balanced([b], [4])
    await a.consumer.subscribe(['orders'])
    await balanced([a, b], [2, 2])
    await world.run(a.consumer.unsubscribe())
    a.consumer.assign(orders(0))
    await world.run(a.consumer.close())
    await world.run(b.consumer.close())
    expect([...a.poller.records, ...b.poller.records]).toHaveLength(3)
  })

  test('ends once, however often that is asked for at the same time', async () => {
    const consumer = world.consumer('a')
    const log: string[] = []
    await consumer.subscribe(['orders'], {
      onPartitionsRevoked: async list => {
        log.push(`revoked ${list.length}`)
        await sleep(world.simulation.machine('a').world.clock, 500)
      },
    })
    await world.run(consumer.poll({ timeoutMs: 2000 }))
    await world.run(Promise.all([consumer.unsubscribe(), consumer.unsubscribe(), consumer.close()]))
    expect(log).toEqual(['revoked 4'])
  })

  test('may begin again while it still ends', async () => {
    const a = await join('a')
    await balanced([a], [4])
    const ending = a.consumer.unsubscribe()
    const beginning = a.consumer.subscribe(['orders'])
    await world.run(Promise.all([ending, beginning]))
    await balanced([a], [4])
    await world.run(a.consumer.close())
  })
})

describe('a rebalance listener', () => {
  test('is awaited: the new owner gets nothing before the old one has let go', async () => {
    await world.produce('orders', 0, 1)
    const log: string[] = []
    const a = world.consumer('a')
    await a.subscribe(['orders'], {
      onPartitionsRevoked: async list => {
        log.push(`a begins ${list.length}`)
        await sleep(world.simulation.machine('a').world.clock, 7000)
        log.push('a is done')
      },
    })
    const polling = new Poller(a)
    await world.until(() => a.assignment().length === 4)
    const b = world.consumer('b')
    await b.subscribe(['orders'], {
      onPartitionsAssigned: list => {
        if (list.length > 0) log.push(`b has ${list.length}`)
      },
    })
    const other = new Poller(b)
    await world.until(() => b.assignment().length === 2)
    expect(log).toEqual(['a begins 2', 'a is done', 'b has 2'])
    await world.run(b.close())
    polling.stop()
    await world.run(a.close())
    expect([polling.errors, other.errors]).toEqual([[], []])
  })

  test('without onPartitionsLost is told by onPartitionsRevoked', async () => {
    const consumer = world.consumer('a', { maxPollIntervalMs: 10_000 })
    const log: string[] = []
    await consumer.subscribe(['orders'], { onPartitionsRevoked: list => void log.push(`revoked ${list.length}`) })
    await world.run(consumer.poll({ timeoutMs: 2000 }))
    await world.advance(20_000)
    await world.run(consumer.poll({ timeoutMs: 0 }))
    expect(log).toEqual(['revoked 4'])
    await world.run(consumer.close())
  })

  test('may seek in onPartitionsAssigned', async () => {
    await world.produce('orders', 0, 10)
    const consumer = world.consumer('a')
    await consumer.subscribe(['orders'], { onPartitionsAssigned: () => consumer.seek(orders(0)[0]!, 7) })
    expect(places(await world.take(consumer, 3))).toEqual(range(7, 10))
    await world.run(consumer.close())
  })

  test('that throws surfaces in poll, once, and the consumer goes on', async () => {
    await world.produce('orders', 0, 2)
    const consumer = world.consumer('a')
    const trouble = new Error('my state is gone')
    await consumer.subscribe(['orders'], {
      onPartitionsAssigned: () => {
        throw trouble
      },
    })
    const error = await world.refusal(consumer.poll({ timeoutMs: 10_000 }))
    expect(error.message).toContain('my state is gone')
    expect(error.cause).toBe(trouble)
    expect(places(await world.take(consumer, 2))).toEqual(range(0, 2))
    await world.run(consumer.close())
  })
})

describe('a rebalance listener that does not return', () => {
  /** A consumer whose listener holds on to its partitions until it is told to go on. */
  async function hanging(options: Options = {}) {
    let goOn = () => {}
    const going = new Promise<void>(resolve => {
      goOn = resolve
    })
    const a = world.consumer('a', options)
    await a.subscribe(['orders'], { onPartitionsRevoked: () => going })
    await world.run(a.poll({ timeoutMs: 2000 }))
    expect(numbersOf(a)).toEqual([0, 1, 2, 3])
    return { a, goOn }
  }

  test('keeps a poll no longer than its timeout or signal, and nothing is read meanwhile', async () => {
    const { a, goOn } = await hanging()
    const b = await join('b')
    for (const timeoutMs of [0, 100, 10_000]) {
      const before = world.nowMs
      expect(await world.run(a.poll({ timeoutMs }))).toEqual([])
      expect(world.nowMs - before).toBeLessThan(timeoutMs + 10)
    }
    await world.produce('orders', 0, 4)
    await world.produce('orders', 3, 4)
    for (const loop of [a.poll({ timeoutMs: 100 }).then(records => records.length), Promise.resolve(0)])
      expect(await world.run(loop)).toBe(0)
    const ended = new AbortController()
    const batch = a.batches({ signal: ended.signal }).next()
    await world.advance(5000)
    ended.abort(new Error('enough'))
    await expect(world.run(batch)).rejects.toThrow('enough')
    goOn()
    const polling = new Poller(a)
    await world.until(() => polling.records.length + b.poller.records.length === 8)
    await balanced([b], [2])
    polling.stop()
    await world.run(b.consumer.close())
    await world.run(a.close({ timeoutMs: 0 }))
  })

  test.each(['next', 'poll'])('within maxPollIntervalMs costs the membership; when it returns the consumer joins again (%s)', async how => {
    const { a, goOn } = await hanging({ maxPollIntervalMs: 20_000 })
    const b = await join('b')
    const seen: string[] = []
    const reading = (async () => {
      if (how === 'next') for await (const record of a) seen.push(...places([record]))
      else for (;;) seen.push(...places(await a.poll({ timeoutMs: 500 })))
    })().catch(() => {})
    await world.until(() => b.consumer.assignment().length === 4)
    goOn()
    await world.until(() => a.assignment().length === 2 && b.consumer.assignment().length === 2)
    await world.produce('orders', numbersOf(a)[0]!, 3)
    await world.until(() => seen.length === 3)
    await world.run(a.close({ timeoutMs: 100 }))
    await world.run(reading)
    await world.run(b.consumer.close())
  })

  test('keeps neither unsubscribe nor subscribe for ever; what was begun ends when it returns', async () => {
    const { a, goOn } = await hanging({ defaultApiTimeoutMs: 5000 })
    expect((await world.refusal(a.unsubscribe())).message).toContain('does the rebalance listener return?')
    expect(await world.refusal(a.subscribe(['orders']))).toMatchObject({ code: 'REQUEST_TIMED_OUT' })
    const ended = new AbortController()
    const unsubscribing = a.unsubscribe({ signal: ended.signal })
    ended.abort(new Error('enough'))
    await expect(world.run(unsubscribing)).rejects.toThrow('enough')
    goOn()
    await world.run(a.subscribe(['orders']))
    await world.run(a.poll({ timeoutMs: 2000 }))
    expect(numbersOf(a)).toEqual([0, 1, 2, 3])
    await world.run(a.close())
  })

  test('keeps neither a close nor the loop beyond the close', async () => {
    const { a } = await hanging()
    const b = await join('b')
    const next = a[Symbol.asyncIterator]().next()
    await world.advance(10_000)
    await world.run(a.close({ timeoutMs: 1000 }))
    expect(await world.run(next)).toEqual({ done: true, value: undefined })
    await world.run(b.consumer.close())
  })
})

describe('a topic that is deleted', () => {
  test('is given up by its members, the others are read on, and it is read again when it is back', async () => {
    await world.topic('payments', 2)
    const topics = ['orders', 'payments']
    const options = { metadataMaxAgeMs: 5000, allowAutoCreateTopics: false }
    const consumers = [world.consumer('a', options), world.consumer('b', options)]
    for (const consumer of consumers) await consumer.subscribe(topics)
    const pollers = consumers.map(consumer => new Poller(consumer))
    const held = (topic: string) =>
      consumers.flatMap(consumer => consumer.assignment()).filter(partition => partition.topic === topic).length
    await world.until(() => held('orders') === 4 && held('payments') === 2)
    await world.run(world.admin.deleteTopics(['payments']))
    await world.until(() => held('orders') === 4 && held('payments') === 0)
    await world.produce('orders', 2, 3)
    await world.until(() => pollers.flatMap(({ records }) => records).length === 3)
    await world.topic('payments', 3)
    await world.produce('payments', 1, 2)
    await world.until(() => held('payments') === 3 && pollers.flatMap(({ records }) => records).length === 5)
    for (const consumer of consumers) await world.run(consumer.close())
    expect(pollers.flatMap(({ errors }) => errors)).toEqual([])
  })
})

describe('a member that', () => {
  test('is fenced while it was to give up its partitions may subscribe again at once', async () => {
    await world.produce('orders', 0, 1)
    const options = { partitionAssignmentStrategy: ['range'] }
    const a = world.consumer('a', { ...options, groupInstanceId: 'one' })
    await a.subscribe(['orders'])
    await world.take(a, 1)
    // It holds a record, so the rebalance waits for it.
    const b = await join('b', options)
    await world.advance(5000)
    const rival = await join('rival', { ...options, groupInstanceId: 'one' })
    await world.advance(10_000)
    await world.run(rival.consumer.close())
    await a.subscribe(['orders'])
    const polling = new Poller(a)
    await world.until(() => a.assignment().length === 2 && b.consumer.assignment().length === 2)
    await world.run(a.close())
    await world.run(b.consumer.close())
    expect(polling.errors).toEqual([])
  })

  test('dies is evicted after its session timeout, and its partitions are taken over from the last commit', async () => {
    await world.produce('orders', 0, 5)
    const options = { sessionTimeoutMs: 10_000 }
    const a = await join('a', options)
    await world.until(() => a.poller.records.length === 5)
    const b = await join('b', options)
    await balanced([a, b], [2, 2])
    await world.advance(6000)
    const before = world.nowMs
    world.simulation.machine('a').kill()
    await balanced([b], [4])
    expect(world.nowMs - before).toBeGreaterThan(5000)
    expect(world.nowMs - before).toBeLessThan(15_000)
    await world.advance(2000)
    expect(b.poller.records).toEqual([])
    await world.run(b.consumer.close())
  })

  test.each(['poll', 'iterator'] as const)('asks for nothing for maxPollIntervalMs leaves, and comes back with the next %s', async how => {
    await world.produce('orders', 0, 5)
    const slow = world.consumer('slow', { maxPollIntervalMs: 20_000, maxPollRecords: 2 })
    const log: string[] = []
    await slow.subscribe(['orders'], {
      onPartitionsAssigned: list => void log.push(`assigned ${list.length}`),
      onPartitionsRevoked: list => void log.push(`revoked ${list.length}`),
      onPartitionsLost: list => void log.push(`lost ${list.length}`),
    })
    const loop = slow[Symbol.asyncIterator]()
    await world.run<unknown>(how === 'poll' ? take(slow, 1) : loop.next())
    const b = await join('b')
    const before = world.nowMs
    await balanced([b], [4])
    expect(world.nowMs - before).toBeGreaterThan(15_000)
    expect(world.nowMs - before).toBeLessThan(30_000)
    // What is buffered of the lost partitions is not handed out.
    await world.until(() => b.poller.records.length > 0)
    await world.produce('orders', 0, 1, 5)
    const rest = how === 'poll' ? new Poller(slow) : null
    const next = how === 'iterator' ? loop.next() : null
    await world.until(() => slow.assignment().length === 2)
    expect(log.slice(0, 2)).toEqual(['assigned 4', 'lost 4'])
    // Another record for each of its partitions, to see that it reads.
    const [mine] = slow.assignment()
    await world.produce('orders', mine!.partition, 1, 6)
    if (next !== null) expect((await world.run(next)).done).toBe(false)
    else await world.until(() => rest!.records.length > 0)
    await world.run(slow.close())
    await world.run(b.consumer.close())
  })

  test('is static and comes back within its session keeps its partitions, and nobody else is disturbed', async () => {
    const a = await join('a', { groupInstanceId: 'one' })
    const b = await join('b', { groupInstanceId: 'two' })
    await balanced([a, b], [2, 2])
    const before = numbersOf(b.consumer)
    const told = a.events.length
    await world.run(b.consumer.close())
    await world.advance(10_000)
    expect(numbersOf(a.consumer)).toHaveLength(2)
    const again = await join('b', { groupInstanceId: 'two' })
    await balanced([a, again], [2, 2])
    expect(numbersOf(again.consumer)).toEqual(before)
    expect(a.events.length).toBe(told)
    await world.run(again.consumer.close())
    // It does not come back: its session ends.
    await balanced([a], [4])
    await world.run(a.consumer.close())
  })

  test('is static and is replaced by another one is told so, for good', async () => {
    const a = await join('a', { groupInstanceId: 'one' })
    await balanced([a], [4])
    const b = await join('b', { groupInstanceId: 'one' })
    await balanced([b], [4])
    await world.until(() => a.poller.errors.length > 1)
    expect(a.poller.errors[0]).toMatchObject({ code: 'FENCED_INSTANCE_ID' })
    expect(`${a.poller.errors[0]}`).toContain('"one"')
    expect(a.events.at(-1)).toMatchObject({ what: 'lost', partitions: [0, 1, 2, 3] })
    a.poller.stop()
    await world.run(a.consumer.close())
    expect(numbersOf(b.consumer)).toHaveLength(4)
    await world.run(b.consumer.close())
  })
})
