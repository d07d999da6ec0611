import { expect, test } from 'vitest'
import { batchAt } from './batches.test-support.ts'
import { ScriptedCluster } from './scripted-cluster.test-support.ts'

const orders = (...numbers: number[]) => numbers.map(partition => ({ topic: 'orders', partition }))

test.each(['records', 'batches'] as const)('%s that are left while the next ones are waited for take none', async way => {
  const cluster = await ScriptedCluster.start(1)
  const [log] = cluster.topic('orders', 1)
  const consumer = cluster.consumer({ groupId: 'g', autoOffsetReset: 'earliest' })
  consumer.assign(orders(0))
  const iterator = consumer[way]()
  const pending: Promise<unknown> = iterator.next()
  await cluster.simulation.advance(2000)
  await iterator.return!()
  // Asking anew is possible at once.
  expect(await cluster.run(consumer.poll({ timeoutMs: 0 }))).toEqual([])
  log!.batches.push(batchAt(0, ['a', 'b']))
  await cluster.simulation.advance(2000)
  expect(await cluster.run(pending)).toEqual({ done: true, value: undefined })
  expect((await cluster.run(consumer.poll({ timeoutMs: 1000 }))).map(({ offset }) => offset)).toEqual([0, 1])
  await cluster.run(consumer.close())
})
