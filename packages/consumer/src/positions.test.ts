import { fetchApi, listOffsets, metadata, offsetForLeaderEpoch } from '@logwerk/protocol'
import { describe, expect, test } from 'vitest'
import { batchAt } from './batches.test-support.ts'
import { ScriptedCluster } from './scripted-cluster.test-support.ts'

const of = (topic: string, ...numbers: number[]) => numbers.map(partition => ({ topic, partition }))

describe('a partition of which nothing can be known keeps no other one from being read', () => {
  test('because it has no leader', async () => {
    const cluster = await ScriptedCluster.start(1)
    const [a, b] = cluster.topic('orders', 1, -1)
    a!.batches.push(batchAt(0, ['x', 'y']))
    const consumer = cluster.consumer()
    consumer.assign(of('orders', 0, 1))
    expect(await cluster.poll(consumer, 5000)).toEqual(['0:0', '0:1'])
    b!.leader = 1
    b!.batches.push(batchAt(0, ['z']))
    expect(await cluster.poll(consumer, 5000)).toEqual(['1:0'])
    await cluster.run(consumer.close())
  })

  test('because its topic does not exist, which is told after defaultApiTimeoutMs', async () => {
    const cluster = await ScriptedCluster.start(1)
    cluster.topic('orders', 1)[0]!.batches.push(batchAt(0, ['x', 'y']))
    const consumer = cluster.consumer({ defaultApiTimeoutMs: 10_000 })
    consumer.assign([...of('nowhere', 0), ...of('orders', 0)])
    expect(await cluster.poll(consumer, 5000)).toEqual(['0:0', '0:1'])
    await expect(cluster.poll(consumer, 60_000)).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC_OR_PARTITION', at: { topic: 'nowhere' } })
    await cluster.run(consumer.close())
  })

  test('because its topic has fewer partitions, which is told likewise', async () => {
    const cluster = await ScriptedCluster.start(1)
    cluster.topic('orders', 1)[0]!.batches.push(batchAt(0, ['x', 'y']))
    const consumer = cluster.consumer({ defaultApiTimeoutMs: 10_000 })
    consumer.assign(of('orders', 7, 0))
    expect(await cluster.poll(consumer, 5000)).toEqual(['0:0', '0:1'])
    await expect(cluster.poll(consumer, 60_000)).rejects.toMatchObject({
      code: 'UNKNOWN_TOPIC_OR_PARTITION',
      message: 'topic orders has the partitions 0 to 0, not 7',
    })
    await cluster.run(consumer.close())
  })

  test('because its leader leaves it out of the answer, which ends a question about it too', async () => {
    const cluster = await ScriptedCluster.start(1)
    const [, b] = cluster.topic('orders', 1, 1)
    b!.batches.push(batchAt(0, ['x', 'y']))
    cluster.on(listOffsets, ({ topics }) => ({
      topics: topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.flatMap(({ partitionIndex }) =>
          partitionIndex === 0 ? [] : [{ partitionIndex, errorCode: 'NONE' as const, offset: 0, timestamp: -1, leaderEpoch: 0 }],
        ),
      })),
    }))
    const consumer = cluster.consumer()
    consumer.assign(of('orders', 0, 1))
    expect(await cluster.poll(consumer, 5000)).toEqual(['1:0', '1:1'])
    const asked = consumer.endOffsets(of('orders', 0, 1), { timeoutMs: 3000 })
    await expect(cluster.run(asked)).rejects.toThrow(/orders-0: broker 1 left it out of its answer/)
    await cluster.run(consumer.close())
  })

  test('because its leader does not answer, when it is to be validated too', async () => {
    const cluster = await ScriptedCluster.start(1, 2)
    const [a, b] = cluster.topic('orders', 1, 2)
    a!.batches.push(batchAt(0, ['x', 'y']))
    b!.batches.push(batchAt(0, ['z']))
    cluster.simulation.machine('b2').kill()
    const consumer = cluster.consumer({ groupId: 'g' })
    // Committed with an epoch, so the leader is asked whether the log still holds what came before.
    for (const partition of [0, 1]) cluster.commits.set(`orders-${partition}`, { offset: 1, leaderEpoch: 0 })
    consumer.assign(of('orders', 1, 0))
    expect(await cluster.poll(consumer, 5000)).toEqual(['0:1'])
    await cluster.run(consumer.close())
  })
})

describe('positions', () => {
  test('are validated with one question to each leader', async () => {
    const cluster = await ScriptedCluster.start(1, 2)
    cluster.topic('orders', ...Array.from({ length: 40 }, (_, index) => 1 + (index % 2)))
    for (const [partition, { batches }] of cluster.topics.get('orders')!.entries()) {
      batches.push(batchAt(0, ['x', 'y']))
      cluster.commits.set(`orders-${partition}`, { offset: 1, leaderEpoch: 0 })
    }
    const consumer = cluster.consumer({ groupId: 'g' })
    consumer.assign(of('orders', ...Array.from({ length: 40 }, (_, index) => index)))
    expect(await cluster.poll(consumer, 3000)).toHaveLength(40)
    expect(cluster.requests(offsetForLeaderEpoch)).toHaveLength(2)
    await cluster.run(consumer.close())
  })

  test('that somebody sought need no coordinator, even while it is asked for the others', async () => {
    const cluster = await ScriptedCluster.start(1, 2)
    const [a] = cluster.topic('orders', 2, 2)
    a!.batches.push(batchAt(0, ['x', 'y']))
    cluster.simulation.machine('b1').kill()
    const consumer = cluster.consumer({ groupId: 'g' })
    consumer.assign(of('orders', 0, 1))
    await cluster.poll(consumer, 1000)
    consumer.seek(of('orders', 0)[0]!, 0)
    expect(await cluster.poll(consumer, 3000)).toEqual(['0:0', '0:1'])
    await cluster.run(consumer.close({ timeoutMs: 0 }))
  })

  test('that somebody seeks before records are asked for are no error with the policy none', async () => {
    const cluster = await ScriptedCluster.start(1)
    cluster.topic('orders', 1)[0]!.batches.push(batchAt(0, ['x', 'y']))
    const consumer = cluster.consumer({ autoOffsetReset: 'none' })
    consumer.assign(of('orders', 0))
    await cluster.simulation.advance(2000)
    await expect(cluster.run(consumer.position(of('orders', 0)[0]!))).rejects.toMatchObject({ code: 'NO_OFFSET' })
    await cluster.simulation.advance(2000)
    consumer.seek(of('orders', 0)[0]!, 1)
    expect(await cluster.poll(consumer, 1000)).toEqual(['0:1'])
    await cluster.run(consumer.close())
  })

  test('of a topic that was deleted are asked for less and less often', async () => {
    const cluster = await ScriptedCluster.start(1)
    cluster.topic('orders', 1)[0]!.batches.push(batchAt(0, ['x', 'y']))
    const consumer = cluster.consumer()
    consumer.assign(of('orders', 0))
    await cluster.poll(consumer, 1000)
    cluster.topics.delete('orders')
    const before = cluster.requests(metadata).length
    expect(await cluster.poll(consumer, 30_000)).toEqual([])
    expect(cluster.requests(metadata).length - before).toBeLessThan(50)
    await cluster.run(consumer.close())
  })

  test('lie no further back than the beginning of time by by_duration', async () => {
    const cluster = await ScriptedCluster.start(1)
    cluster.topic('orders', 1)
    const consumer = cluster.consumer({ autoOffsetReset: 'by_duration:P100000D' })
    consumer.assign(of('orders', 0))
    await cluster.poll(consumer, 1000)
    expect(cluster.requests(listOffsets)[0]!.request.topics[0]!.partitions[0]!.timestamp).toBe(0)
    await cluster.run(consumer.close())
  })

  test('in front of where the log was cut: what was fetched from behind the cut is not handed out, and what is there now is read', async () => {
    const cluster = await ScriptedCluster.start(1, 2)
    const [log] = cluster.topic('orders', 1)
    log!.batches.push(batchAt(0, ['a', 'b']), batchAt(2, ['lost', 'lost']))
    const consumer = cluster.consumer({ maxPollRecords: 2, metadataMaxAgeMs: 300 })
    consumer.assign(of('orders', 0))
    const textOf = (records: readonly { value: Uint8Array | null }[]) => records.map(({ value }) => Buffer.from(value!).toString())
    expect(textOf(await cluster.run(consumer.poll({ timeoutMs: 1000 })))).toEqual(['a', 'b'])
    // An unclean election: the new leader never had the second batch.
    Object.assign(log!, { leader: 2, epoch: 1, batches: [log!.batches[0], batchAt(2, ['new', 'new', 'new'], -1, 1)] })
    log!.epochEnds.set(0, 2)
    await cluster.simulation.advance(2000)
    expect(textOf(await cluster.run(consumer.poll({ timeoutMs: 1000 })))).toEqual(['new', 'new'])
    expect(textOf(await cluster.run(consumer.poll({ timeoutMs: 1000 })))).toEqual(['new'])
    expect(cluster.requests(fetchApi).some(({ nodeId }) => nodeId === 2)).toBe(true)
    await cluster.run(consumer.close())
  })
})
