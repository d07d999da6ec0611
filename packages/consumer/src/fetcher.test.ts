import { apiVersions, fetchApi, listOffsets, metadata } from '@logwerk/protocol'
import { expect, test } from 'vitest'
import { batchAt } from './batches.test-support.ts'
import { ScriptedCluster } from './scripted-cluster.test-support.ts'

const orders = (...numbers: number[]) => numbers.map(partition => ({ topic: 'orders', partition }))

test('reads from leaders: a consumer that named its rack would be sent to a follower, with no records (KIP-392)', async () => {
  const cluster = await ScriptedCluster.start(1)
  cluster.topic('orders', 1)[0]!.batches.push(batchAt(0, ['a']))
  const consumer = cluster.consumer({ clientRack: 'east' })
  consumer.assign(orders(0))
  expect(await cluster.poll(consumer, 1000)).toEqual(['0:0'])
  expect(cluster.requests(fetchApi).map(({ request }) => request.rackId)).not.toContain('east')
  await cluster.run(consumer.close())
})

test('goes on at the new leader after a leader change, whoever told of it', async () => {
  const cluster = await ScriptedCluster.start(1, 2)
  const [log] = cluster.topic('orders', 1)
  log!.batches.push(batchAt(0, ['a']))
  const consumer = cluster.consumer()
  consumer.assign(orders(0))
  expect(await cluster.poll(consumer, 1000)).toEqual(['0:0'])
  Object.assign(log!, { leader: 2, epoch: 1 })
  log!.batches.push(batchAt(1, ['b'], -1, 1))
  const asked = cluster.requests(metadata).length
  expect(await cluster.poll(consumer, 2000)).toEqual(['0:1'])
  // The error named the new leader (KIP-951).
  expect(cluster.requests(metadata)).toHaveLength(asked)
  await cluster.run(consumer.close())
})

test('waits longer and longer where every answer is an error, and tells one that does not pass', async () => {
  const cluster = await ScriptedCluster.start(1)
  cluster.topic('orders', 1)
  let errorCode: 'INCONSISTENT_TOPIC_ID' | 'UNKNOWN_SERVER_ERROR' = 'INCONSISTENT_TOPIC_ID'
  cluster.on(fetchApi, () => ({ errorCode, responses: [] }))
  const consumer = cluster.consumer()
  consumer.assign(orders(0))
  expect(await cluster.poll(consumer, 30_000)).toEqual([])
  expect(cluster.requests(fetchApi).length).toBeLessThan(50)
  errorCode = 'UNKNOWN_SERVER_ERROR'
  await expect(cluster.poll(consumer, 5000)).rejects.toMatchObject({ code: 'UNKNOWN_SERVER_ERROR', at: { broker: 1 } })
  await cluster.run(consumer.close())
})

test('begins a session anew when the broker does not know it any more, and loses nothing', async () => {
  const cluster = await ScriptedCluster.start(1)
  const [log] = cluster.topic('orders', 1)
  log!.batches.push(batchAt(0, ['a']))
  cluster.on(fetchApi, async (request, nodeId) => {
    if (request.sessionEpoch > 0) return { errorCode: 'FETCH_SESSION_ID_NOT_FOUND' as const, responses: [] }
    return { ...(await cluster.fetch(request, nodeId)), sessionId: 7 }
  })
  const consumer = cluster.consumer()
  consumer.assign(orders(0))
  expect(await cluster.poll(consumer, 3000)).toEqual(['0:0'])
  log!.batches.push(batchAt(1, ['b']))
  expect(await cluster.poll(consumer, 3000)).toEqual(['0:1'])
  await cluster.run(consumer.close())
})

test.each([
  ['read_committed', 3],
  ['read_uncommitted', 8],
] as const)('lag with %s counts the records that can be seen', async (isolationLevel, lag) => {
  const cluster = await ScriptedCluster.start(1)
  cluster.topic('orders', 1)[0]!.batches.push(batchAt(0, ['a', 'b']))
  // A transaction is open behind offset 5.
  cluster.on(fetchApi, async (request, nodeId) => {
    const answer = await cluster.fetch(request, nodeId)
    const responses = answer.responses!.map(({ topic, partitions }) => ({
      topic: topic!,
      partitions: partitions.map(partition => ({ ...partition, highWatermark: 10, lastStableOffset: 5 })),
    }))
    return { ...answer, responses }
  })
  const consumer = cluster.consumer({ isolationLevel })
  consumer.assign(orders(0))
  await cluster.poll(consumer, 1000)
  expect(consumer.currentLag(orders(0)[0]!)).toBe(lag)
  await cluster.run(consumer.close())
})

test('drops an answer to a question from before a seek', async () => {
  const cluster = await ScriptedCluster.start(1)
  const [log] = cluster.topic('orders', 1)
  log!.batches.push(batchAt(0, ['a', 'b', 'c', 'd']))
  let answer = () => {}
  cluster.on(fetchApi, async (request, nodeId) => {
    await new Promise<void>(resolve => (answer = resolve))
    return await cluster.fetch(request, nodeId)
  })
  const consumer = cluster.consumer()
  consumer.assign(orders(0))
  const poll = consumer.poll({ timeoutMs: 5000 })
  await cluster.simulation.runUntil(() => cluster.requests(fetchApi).length === 1)
  consumer.seek(orders(0)[0]!, 2)
  answer()
  await cluster.simulation.runUntil(() => cluster.requests(fetchApi).length === 2)
  answer()
  expect((await cluster.run(poll)).map(({ offset }) => offset)).toEqual([2, 3])
  await cluster.run(consumer.close())
})

test('asks a broker that has no Fetch for us now and then, not without a pause', async () => {
  const cluster = await ScriptedCluster.start(1)
  cluster.topic('orders', 1)
  cluster.on(apiVersions, () => {
    const apiKeys = [metadata, listOffsets].map(({ key, versions: [minVersion, maxVersion] }) => ({ apiKey: key, minVersion, maxVersion }))
    return { errorCode: 'NONE' as const, apiKeys }
  })
  const consumer = cluster.consumer()
  consumer.assign(orders(0))
  await expect(cluster.run(consumer.poll({ timeoutMs: 1000 }))).rejects.toMatchObject({ code: 'UNSUPPORTED_VERSION' })
  await cluster.simulation.advance(10_000)
  await expect(cluster.run(consumer.poll({ timeoutMs: 1000 }))).rejects.toMatchObject({ code: 'UNSUPPORTED_VERSION' })
  await cluster.run(consumer.close())
})
