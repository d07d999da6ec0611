import { initProducerId } from '@logwerk/protocol'
import { describe, expect, test } from 'vitest'
import { TestBroker } from '../test-broker.test-support.ts'

const idempotent = { transactionalId: null, transactionTimeoutMs: 60_000 }

async function nextId(broker: TestBroker): Promise<number> {
  const { errorCode, producerId, producerEpoch } = await broker.ask(initProducerId, 5, idempotent)
  expect({ errorCode, producerEpoch }).toEqual({ errorCode: 'NONE', producerEpoch: 0 })
  return producerId
}

test('every call gets an id of its own, over blocks too', async () => {
  const broker = await TestBroker.open()
  const ids = new Set<number>()
  for (let count = 0; count < 1100; count++) ids.add(await nextId(broker))
  expect(ids.size).toBe(1100)
})

test('many at once get different ids', async () => {
  const broker = await TestBroker.open({ dataDir: '/data' })
  const clients = []
  for (let count = 0; count < 20; count++) clients.push(await broker.connect())
  const answers = await broker.run(Promise.all(clients.map(client => client.ask(initProducerId, 5, idempotent))))
  expect(new Set(answers.map(({ producerId }) => producerId)).size).toBe(20)
})

describe('no id is given out twice', () => {
  test.each(['batch', 'interval', 'os'] as const)('whatever ends the broker, with fsync %s', async fsync => {
    const broker = await TestBroker.open({ dataDir: '/data', fsync })
    // A power cut may not take the block back: the worst disk.
    broker.simulation.disk.settings.dataLoss = 'lose'
    const ids: number[] = []
    for (const end of ['kill', 'crash', 'crash', 'kill'] as const) {
      ids.push(await nextId(broker), await nextId(broker))
      await broker.restartAfter(end)
    }
    ids.push(await nextId(broker))
    await broker.restartCleanly()
    ids.push(await nextId(broker))
    expect(new Set(ids).size).toBe(ids.length)
  })
})

test('a disk that refuses the block is COORDINATOR_NOT_AVAILABLE, which producers try again after', async () => {
  const broker = await TestBroker.open({ dataDir: '/data' })
  const { settings } = broker.simulation.disk
  settings.capacityBytes = 0
  expect(await broker.ask(initProducerId, 5, idempotent)).toMatchObject({ errorCode: 'COORDINATOR_NOT_AVAILABLE', producerId: -1 })
  settings.capacityBytes = Number.POSITIVE_INFINITY
  expect(await nextId(broker)).toBeGreaterThanOrEqual(0)
})

test('an id without an epoch, or an epoch without an id, is INVALID_REQUEST', async () => {
  const broker = await TestBroker.open()
  const ask = (producerId: number, producerEpoch: number) => broker.ask(initProducerId, 5, { ...idempotent, producerId, producerEpoch })
  expect((await ask(5, -1)).errorCode).toBe('INVALID_REQUEST')
  expect((await ask(-1, 0)).errorCode).toBe('INVALID_REQUEST')
  expect((await ask(5, 0)).errorCode).toBe('NONE')
})

test('an empty transactional id is INVALID_REQUEST', async () => {
  const broker = await TestBroker.open()
  const response = await broker.ask(initProducerId, 5, { ...idempotent, transactionalId: '' })
  expect(response).toMatchObject({ errorCode: 'INVALID_REQUEST', producerId: -1, producerEpoch: -1 })
})

test('a transactional producer gets a fatal error, not one that it would try again after', async () => {
  const broker = await TestBroker.open()
  for (let version = 0; version <= 5; version++) {
    const response = await broker.ask(initProducerId, version, { ...idempotent, transactionalId: 'tx' })
    expect(response).toMatchObject({ errorCode: 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED', producerId: -1 })
  }
})
