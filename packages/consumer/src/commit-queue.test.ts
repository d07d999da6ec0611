import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { offsetCommit } from '@logwerk/protocol'
import { beforeEach, describe, expect, test } from 'vitest'
import { batchAt } from './batches.test-support.ts'
import { CommitQueue } from './commit-queue.ts'
import { resolveConsumerConfig } from './consumer-config.ts'
import { NO_MEMBER, type OffsetCommitter } from './offset-committer.ts'
import { ScriptedCluster, SILENCE } from './scripted-cluster.test-support.ts'
import { SubscriptionState } from './subscription-state.ts'

const orders = { topic: 'orders', partition: 0 }
const options = { groupId: 'g', maxPollRecords: 1, autoCommitIntervalMs: 500 }

let cluster: ScriptedCluster
beforeEach(async () => {
  cluster = await ScriptedCluster.start(1)
  cluster.topic('orders', 1)[0]!.batches.push(batchAt(0, ['a', 'b', 'c', 'd', 'e', 'f']))
})

/** A consumer that has finished so many records. */
async function reader(finishedCount: number, more: object = {}) {
  const consumer = cluster.consumer({ ...options, ...more })
  consumer.assign([orders])
  for (let count = 0; count <= finishedCount; ) count += (await cluster.run(consumer.poll({ timeoutMs: 1000 }))).length
  return consumer
}

describe('a coordinator that does not answer', () => {
  beforeEach(() => cluster.on(offsetCommit, () => SILENCE))

  test('keeps a commit no longer than its own timeout or signal, whatever waits before it', async () => {
    const consumer = await reader(3)
    await cluster.simulation.advance(2000)
    expect(cluster.requests(offsetCommit)).toHaveLength(1)
    const before = cluster.simulation.clock.monotonicMs()
    await expect(cluster.run(consumer.commit(undefined, { timeoutMs: 1000 }))).rejects.toMatchObject({ code: 'REQUEST_TIMED_OUT' })
    const ended = new AbortController()
    const commit = consumer.commit(undefined, { signal: ended.signal })
    ended.abort(new Error('enough'))
    await expect(cluster.run(commit)).rejects.toThrow('enough')
    expect(cluster.simulation.clock.monotonicMs() - before).toBeLessThan(1100)
    await cluster.run(consumer.close({ timeoutMs: 0 }))
  })

  test('has commits in the background wait for it one at a time', async () => {
    const consumer = await reader(1)
    for (let round = 0; round < 60; round++) await cluster.poll(consumer, 10_000)
    const offsets: number[] = []
    cluster.on(offsetCommit, ({ topics }) => {
      offsets.push(topics[0]!.partitions[0]!.committedOffset)
      return { topics: [{ name: 'orders', partitions: [{ partitionIndex: 0, errorCode: 'NONE' as const }] }] }
    })
    await cluster.poll(consumer, 70_000)
    expect(offsets.length).toBeLessThanOrEqual(2)
    expect(offsets.at(-1)).toBe(6)
    await cluster.run(consumer.close())
  })
})

test('what is sought back to while a commit is under way is committed when it has been read again', async () => {
  const answers: (() => void)[] = []
  cluster.on(offsetCommit, async ({ topics }) => {
    await new Promise<void>(resolve => answers.push(resolve))
    cluster.commits.set('orders-0', { offset: topics[0]!.partitions[0]!.committedOffset, leaderEpoch: 0 })
    return { topics: [{ name: 'orders', partitions: [{ partitionIndex: 0, errorCode: 'NONE' as const }] }] }
  })
  const consumer = await reader(5)
  await cluster.simulation.runUntil(() => answers.length === 1)
  consumer.seek(orders, 0)
  answers[0]!()
  await cluster.run(consumer.poll({ timeoutMs: 1000 }))
  await cluster.run(consumer.poll({ timeoutMs: 1000 }))
  await cluster.simulation.runUntil(() => answers.length === 2)
  answers[1]!()
  await cluster.simulation.advance(100)
  expect(cluster.commits.get('orders-0')?.offset).toBe(1)
  cluster.on(offsetCommit, () => SILENCE)
  await cluster.run(consumer.close({ timeoutMs: 0 }))
})

test('commits come in the order in which they were asked for, also behind one that gave up', async () => {
  const seen: number[] = []
  cluster.on(offsetCommit, async ({ topics }) => {
    await new Promise<void>(resolve => cluster.simulation.clock.setTimer(300, resolve))
    seen.push(topics[0]!.partitions[0]!.committedOffset)
    return { topics: [{ name: 'orders', partitions: [{ partitionIndex: 0, errorCode: 'NONE' as const }] }] }
  })
  const consumer = await reader(0, { enableAutoCommit: false })
  const commit = (offset: number, timeoutMs = 10_000) => consumer.commit([{ ...orders, offset }], { timeoutMs })
  const results = Promise.allSettled([commit(1), commit(2, 100), commit(3), commit(4)])
  expect((await cluster.run(results)).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled'])
  expect(seen).toEqual([1, 3, 4])
  await cluster.run(consumer.close())
})

test('commits leave nothing behind in those that follow', async () => {
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc') as () => void
  setFlagsFromString('--no-expose-gc')
  const failures: WeakRef<Error>[] = []
  const committer: Pick<OffsetCommitter, 'commit'> = {
    commit: () => {
      const failure = new Error('refused')
      failures.push(new WeakRef(failure))
      return Promise.reject(failure)
    },
  }
  const queue = new CommitQueue(cluster.simulation.world, {
    config: resolveConsumerConfig({ bootstrapServers: ['b1:9092'], groupId: 'g' }),
    committer: committer as OffsetCommitter,
    subscription: new SubscriptionState(),
    member: () => NO_MEMBER,
  })
  for (let offset = 0; offset < 100; offset++) await queue.commit([{ ...orders, offset }]).catch(() => {})
  await cluster.simulation.advance(1)
  collectGarbage()
  expect(failures).toHaveLength(100)
  expect(failures.filter(failure => failure.deref() !== undefined).length).toBeLessThan(10)
})
