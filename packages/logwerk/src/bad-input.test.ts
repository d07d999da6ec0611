import { createSimulation, type Simulation } from '@logwerk/runtime/simulated'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { avro, createAdmin, createConsumer, createProducer, type KafkaError, openBroker, SerdeError, string } from './index.ts'

// What a user may do wrong or meet, as the user sees it. Each error names the thing, the place and the way out; the process lives, and
// nothing that was acknowledged is lost. The parts' own tests go into the depth.

// What is compiled once takes real time, which simulations do not wait for.
await (await openBroker()).close()

const DATA = '/data'
const IMPATIENT = { requestTimeoutMs: 1000, deliveryTimeoutMs: 3000 }

let simulation: Simulation
beforeEach(async () => {
  simulation = createSimulation({ seed: 1 })
  await open()
  await send('kept')
})
// Whatever happened: the broker goes on, and what was acknowledged is there, also after a kill.
afterEach(async () => {
  await send('later')
  simulation.machine('localhost').kill()
  simulation.machine('localhost').restart()
  await open()
  expect(await valuesOf('orders')).toEqual(['kept', 'later'])
})

function run<T>(promise: Promise<T>): Promise<T> {
  return simulation.runUntil(promise)
}

async function open(): Promise<void> {
  await run(openBroker({ world: simulation.world, dataDir: DATA, host: 'localhost', port: 9092, autoCreateTopicsEnable: false }))
}

function clients() {
  return { world: simulation.world, bootstrapServers: ['localhost:9092'] }
}

async function send(value: string): Promise<void> {
  const admin = createAdmin(clients())
  if ((await run(admin.listTopics())).length === 0) await run(admin.createTopics([{ name: 'orders', partitions: 1 }]))
  await run(admin.close())
  const producer = createProducer({ ...clients(), ...IMPATIENT, value: string })
  await run(producer.send({ topic: 'orders', value }))
  await run(producer.close())
}

async function valuesOf(topic: string): Promise<(string | null)[]> {
  const consumer = createConsumer({ ...clients(), value: string, autoOffsetReset: 'earliest' })
  consumer.assign([{ topic, partition: 0 }])
  const values: (string | null)[] = []
  for (let records = await run(consumer.poll({ timeoutMs: 1000 })); records.length > 0; ) {
    values.push(...records.map(({ value }) => value))
    records = await run(consumer.poll({ timeoutMs: 1000 }))
  }
  await run(consumer.close())
  return values
}

/** What goes wrong, be it thrown or rejected. */
async function failureOf(action: () => unknown): Promise<KafkaError> {
  try {
    await run(Promise.resolve(action()))
  } catch (error) {
    return error as KafkaError
  }
  throw new Error('it should have failed')
}

async function failureOfSend(options: object, record: object): Promise<KafkaError> {
  const producer = createProducer({ ...clients(), ...IMPATIENT, value: string, ...options })
  const error = await failureOf(() => producer.send({ topic: 'orders', ...record } as never))
  await run(producer.close())
  return error
}

test('a wrong option: the one that was meant, and what it may be', async () => {
  const misspelt = await failureOf(() => createProducer({ ...clients(), lingerMS: 5 } as never))
  expect(misspelt).toMatchObject({ code: 'INVALID_CONFIG', message: expect.stringMatching(/createProducer.*lingerMS.*lingerMs/) })
  const outside = await failureOf(() => createProducer({ ...clients(), lingerMs: -1 }))
  expect(outside).toMatchObject({ code: 'INVALID_CONFIG', message: expect.stringMatching(/createProducer.*lingerMs.*at least 0.*-1/) })
  const word = await failureOf(() => openBroker({ world: simulation.world, fsync: 'sometimes' } as never))
  expect(word).toMatchObject({ code: 'INVALID_CONFIG', message: expect.stringMatching(/openBroker.*fsync.*'batch', 'interval', 'os'/) })
})

test('an unreachable server: the address, and why it cannot be reached', async () => {
  const options = { bootstrapServers: ['elsewhere:9092'], maxBlockMs: 2000 }
  const sent = await failureOfSend(options, { value: 'v' })
  expect(sent).toMatchObject({ name: 'TimeoutError', message: expect.stringMatching(/orders.*2000.*elsewhere:9092/) })
  const admin = createAdmin({ ...clients(), ...{ bootstrapServers: ['elsewhere:9092'] } })
  const asked = await failureOf(() => admin.listTopics({ timeoutMs: 2000 }))
  expect(asked).toMatchObject({ name: 'TimeoutError', message: expect.stringMatching(/listTopics.*2000 ms.*elsewhere:9092/) })
  await run(admin.close())
})

test('a server that is not Kafka: the address, what it looks like, and what to check', async () => {
  await run(
    simulation.world.network.listen({ host: 'localhost', port: 8080 }, connection => {
      connection.onData(
        () => new Uint8Array(1024),
        () => connection.write([Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')]),
      )
    }),
  )
  const error = await failureOfSend({ bootstrapServers: ['localhost:8080'] }, { value: 'v' })
  expect(error).toMatchObject({
    code: 'NOT_KAFKA',
    message: expect.stringMatching(/localhost:8080 does not speak the Kafka protocol.*HTTP.*check the port/),
  })
})

test('a full disk: the file, and to free some room; then it goes on', async () => {
  simulation.disk.settings.capacityBytes = 0
  const error = await failureOfSend({}, { value: 'lost' })
  expect(error).toMatchObject({
    name: 'TimeoutError',
    message: expect.stringMatching(/orders-0.*cannot write to \/data\/orders-0.*the disk is full; free some room/),
    cause: { code: 'KAFKA_STORAGE_ERROR' },
  })
  expect(await valuesOf('orders')).toEqual(['kept'])
  simulation.disk.settings.capacityBytes = Number.POSITIVE_INFINITY
})

test('a corrupt segment: the file and the byte; other topics live', async () => {
  const admin = createAdmin(clients())
  await run(admin.createTopics([{ name: 'rotten', partitions: 1 }]))
  await run(admin.close())
  const producer = createProducer({ ...clients(), value: string })
  for (const value of ['a', 'b', 'c']) await run(producer.send({ topic: 'rotten', value }))
  await run(producer.close())
  // What is synced is below the recovery point now, so damage is no torn tail.
  await simulation.advance(61_000)
  simulation.machine('localhost').kill()
  const file = [...simulation.disk.contents().keys()].find(path => path.startsWith('/data/rotten-0/') && path.endsWith('.log'))!
  simulation.disk.flipBit(file, 8 * (simulation.disk.contents().get(file)!.length / 2))
  simulation.machine('localhost').restart()
  await open()
  const error = await failureOfSend({}, { topic: 'rotten', value: 'd' })
  expect(error.message).toMatch(/rotten-0.*\/data\/rotten-0\/\d+\.log is corrupt at byte \d+/)
  expect(await valuesOf('orders')).toEqual(['kept'])
})

test('a schema that does not fit: the topic, the field, and what it wants', async () => {
  const value = avro({ type: 'record', name: 'Order', fields: [{ name: 'total', type: 'int' }] })
  const written = await failureOfSend({ value }, { value: { total: 'nine' } })
  expect(written).toBeInstanceOf(SerdeError)
  expect(written.message).toMatch(/orders.*value.*total.*int.*nine/)
  const consumer = createConsumer({ ...clients(), value, autoOffsetReset: 'earliest' })
  consumer.assign([{ topic: 'orders', partition: 0 }])
  const [record] = await run(consumer.poll({ timeoutMs: 1000 }))
  const read = await failureOf(() => record?.value)
  expect(read).toBeInstanceOf(SerdeError)
  expect(read.message).toMatch(/orders-0, offset 0, value/)
  await run(consumer.close())
})

test('a record that is too large: its size, and the limits to raise', async () => {
  const error = await failureOfSend({}, { value: 'x'.repeat(2_000_000) })
  expect(error).toMatchObject({
    code: 'MESSAGE_TOO_LARGE',
    message: expect.stringMatching(/orders-0.*2000\d+ bytes.*maxRequestSize is 1048576; raise it/),
  })
  const byTopic = await failureOfSend({ maxRequestSize: 4_000_000 }, { value: 'x'.repeat(2_000_000) })
  expect(byTopic).toMatchObject({ code: 'MESSAGE_TOO_LARGE', message: expect.stringMatching(/orders-0.*max\.message\.bytes/) })
})

test('a second process on the directory: who has it, and to choose another', async () => {
  const second = simulation.machine('localhost').startProcess()
  const error = await failureOf(() => openBroker({ world: second.world, dataDir: DATA }))
  expect(error).toMatchObject({
    code: 'DIRECTORY_LOCKED',
    message: expect.stringMatching(/^\/data.*is held by process.*stop that one or choose another directory/),
  })
})

test('an unknown topic: its name, and to create it', async () => {
  const sent = await failureOfSend({ maxBlockMs: 2000 }, { topic: 'ordres', value: 'v' })
  expect(sent.message).toMatch(/ordres.*(does not exist|UNKNOWN_TOPIC)/)
  const admin = createAdmin(clients())
  const asked = await failureOf(() => admin.describeTopics(['ordres']))
  expect(asked).toMatchObject({
    code: 'UNKNOWN_TOPIC_OR_PARTITION',
    message: expect.stringMatching(/topic ordres.*does not exist.*create it or check the name/),
  })
  await run(admin.close())
})
