import { rangeAssignor } from '@logwerk/assignor'
import { beforeEach, describe, expect, test } from 'vitest'
import { batchAt } from './batches.test-support.ts'
import { consumerFromProperties, createConsumer } from './create-consumer.ts'
import { ScriptedCluster } from './scripted-cluster.test-support.ts'

const orders = (...numbers: number[]) => numbers.map(partition => ({ topic: 'orders', partition }))

let cluster: ScriptedCluster
beforeEach(async () => {
  cluster = await ScriptedCluster.start(1)
  cluster.topic('orders', 1, 1)
})

describe('partitionAssignmentStrategy', () => {
  test('comes from properties too, with the names of Java', () => {
    const properties = { 'group.id': 'g', 'partition.assignment.strategy': 'org.apache.kafka.clients.consumer.RangeAssignor, sticky' }
    const options = consumerFromProperties(properties)
    expect(options.partitionAssignmentStrategy).toEqual(['org.apache.kafka.clients.consumer.RangeAssignor', 'sticky'])
    expect(() => createConsumer({ ...options, bootstrapServers: ['localhost:9092'] })).not.toThrow()
  })

  test.each([
    [[], 'at least one assignor'],
    ['range', 'at least one assignor'],
    [['rang'], 'did you mean "range"'],
    [[{}], 'objects with a name'],
    [[null], 'objects with a name'],
    [[{ ...rangeAssignor, assign: undefined }], 'objects with a name'],
    [['range', rangeAssignor], 'has "range" twice'],
  ])('%j is refused', (partitionAssignmentStrategy, message) => {
    const options = { bootstrapServers: ['localhost:9092'], groupId: 'g', partitionAssignmentStrategy: partitionAssignmentStrategy as [] }
    expect(() => createConsumer(options)).toThrow(expect.objectContaining({ code: 'INVALID_CONFIG' }))
    expect(() => createConsumer(options)).toThrow(message)
  })
})

describe('what is no partition', () => {
  const wrong = [{ topic: 'orders', partition: -1 }, { topic: 'orders', partition: 1.5 }, { topic: '', partition: 0 }, { topic: 'orders' }]

  test.each(wrong)('%j is a TypeError in every call that takes one', async partition => {
    const consumer = cluster.consumer({ groupId: 'g' })
    const list = [partition as { topic: string; partition: number }]
    expect(() => consumer.assign(list)).toThrow(TypeError)
    for (const call of [
      () => consumer.committed(list),
      () => consumer.beginningOffsets(list),
      () => consumer.endOffsets(list),
      () => consumer.offsetsForTimes(list.map(place => ({ ...place, timestamp: 0 }))),
      () => consumer.commit(list.map(place => ({ ...place, offset: 0 }))),
    ])
      await expect(call()).rejects.toThrow(TypeError)
    expect(consumer.assignment()).toEqual([])
    await cluster.run(consumer.close())
  })
})

describe('two loops', () => {
  beforeEach(() => cluster.topics.get('orders')![0]!.batches.push(batchAt(0, ['a', 'b', 'c', 'd'])))

  test('take turns: each record goes to one of them', async () => {
    const consumer = cluster.consumer()
    consumer.assign(orders(0))
    const loops = [consumer[Symbol.asyncIterator](), consumer[Symbol.asyncIterator]()]
    const seen: number[] = []
    for (let turn = 0; turn < 4; turn++) seen.push((await cluster.run(loops[turn % 2]!.next())).value.offset)
    expect(seen).toEqual([0, 1, 2, 3])
    await cluster.run(consumer.close())
    expect(await Promise.all(loops.map(loop => loop.next()))).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
    ])
  })

  test('at once are an error for the second, and the first goes on', async () => {
    const consumer = cluster.consumer()
    consumer.assign(orders(0))
    const first = consumer[Symbol.asyncIterator]().next()
    await expect(consumer.batches().next()).rejects.toMatchObject({ code: 'ILLEGAL_STATE' })
    expect((await cluster.run(first)).value.offset).toBe(0)
    await cluster.run(consumer.close())
  })
})

describe('a poll in flight', () => {
  test('is given the records of a partition that is sought meanwhile, from there on, and none from before', async () => {
    const consumer = cluster.consumer()
    consumer.assign(orders(0))
    const poll = consumer.poll({ timeoutMs: 10_000 })
    await cluster.simulation.advance(1000)
    cluster.topics.get('orders')![0]!.batches.push(batchAt(0, ['a', 'b', 'c']))
    consumer.seek(orders(0)[0]!, 2)
    expect((await cluster.run(poll)).map(({ offset }) => offset)).toEqual([2])
    await cluster.run(consumer.close())
  })

  test('is given the records of a partition that is resumed meanwhile', async () => {
    cluster.topics.get('orders')![0]!.batches.push(batchAt(0, ['a', 'b', 'c']))
    const consumer = cluster.consumer({ maxPollRecords: 2 })
    consumer.assign(orders(0))
    expect(await cluster.run(consumer.poll({ timeoutMs: 1000 }))).toHaveLength(2)
    consumer.pause(orders(0))
    const poll = consumer.poll({ timeoutMs: 10_000 })
    await cluster.simulation.advance(5000)
    const before = cluster.simulation.clock.monotonicMs()
    consumer.resume(orders(0))
    expect((await cluster.run(poll)).map(({ offset }) => offset)).toEqual([2])
    expect(cluster.simulation.clock.monotonicMs()).toBe(before)
    await cluster.run(consumer.close())
  })

  test('ends when the consumer is closed', async () => {
    const consumer = cluster.consumer()
    consumer.assign(orders(0, 1))
    const poll = consumer.poll({ timeoutMs: 600_000 })
    await cluster.simulation.advance(5000)
    await cluster.run(consumer.close())
    expect(await cluster.run(poll)).toEqual([])
  })
})

test.each([Number.NaN, -1, '5' as never])('a close with a limit of %s is refused, and the consumer goes on', async timeoutMs => {
  const consumer = cluster.consumer()
  await expect(consumer.close({ timeoutMs })).rejects.toThrow(TypeError)
  consumer.assign(orders(0))
  cluster.topics.get('orders')![0]!.batches.push(batchAt(0, ['a']))
  expect(await cluster.poll(consumer, 1000)).toEqual(['0:0'])
  await cluster.run(consumer.close())
})
