import { apis, apiVersions } from '@logwerk/protocol'
import { describe, expect, test } from 'vitest'
import { headerBytes, requestBytes } from '../raw-client.test-support.ts'
import { TestBroker } from '../test-broker.test-support.ts'

const software = { clientSoftwareName: 'apache-kafka-java', clientSoftwareVersion: '4.4.0' }

test('a version that is not spoken is answered in version 0 with the one entry that helps (v99: 16 bytes)', async () => {
  const broker = await TestBroker.open()
  broker.client.sendFrame(Buffer.concat([headerBytes(18, 99, 7), Buffer.from('00', 'hex')]))
  const frame = await broker.run(broker.client.nextFrame())
  expect(frame.toString('hex')).toBe(['00000007', '0023', '00000001', '0012', '0000', '0005'].join(''))
})

test('the connection lives on after that, as clients ask again on it', async () => {
  const broker = await TestBroker.open()
  broker.client.sendFrame(Buffer.concat([headerBytes(18, 99), Buffer.from('00', 'hex')]))
  await broker.run(broker.client.nextFrame())
  expect((await broker.ask(apiVersions, 5, software)).errorCode).toBe('NONE')
})

test('the response header is version 0 even for flexible versions: no tagged fields before the error code', async () => {
  const broker = await TestBroker.open()
  broker.client.sendFrame(requestBytes(apiVersions, 4, software, { correlationId: 9 }))
  const frame = await broker.run(broker.client.nextFrame())
  expect(frame.subarray(0, 6).toString('hex')).toBe('000000090000')
})

describe('client software', () => {
  test.each([
    ['an empty name', { ...software, clientSoftwareName: '' }],
    ['an empty version', { ...software, clientSoftwareVersion: '' }],
    ['a name with other characters', { ...software, clientSoftwareName: 'a b' }],
    ['a name that ends in a dash', { ...software, clientSoftwareName: 'a-' }],
  ])('%s is INVALID_REQUEST with no keys', async (_name, request) => {
    const broker = await TestBroker.open()
    const response = await broker.ask(apiVersions, 3, request)
    expect(response).toMatchObject({ errorCode: 'INVALID_REQUEST', apiKeys: [] })
  })

  test('is not asked for before version 3', async () => {
    const broker = await TestBroker.open()
    for (const version of [0, 1, 2]) expect((await broker.ask(apiVersions, version, software)).errorCode).toBe('NONE')
  })
})

test('only what works is offered, in whole ranges, and Produce from version 0', async () => {
  const broker = await TestBroker.open()
  const { apiKeys } = await broker.ask(apiVersions, 5, software)
  const ranges = new Map(apiKeys.map(({ apiKey, minVersion, maxVersion }) => [apiKey, [minVersion, maxVersion]]))
  // librdkafka stops compressing where Produce does not start at 0 (apache/kafka#18727).
  expect(ranges.get(apis.produce.key)).toEqual([0, 13])
  for (const api of Object.values(apis)) {
    const range = ranges.get(api.key)
    if (range !== undefined && api !== apis.produce) expect(range, api.name).toEqual(api.versions)
  }
  expect([...ranges.keys()]).toEqual([...ranges.keys()].sort((a, b) => a - b))
  expect(ranges.has(24), 'AddPartitionsToTxn').toBe(false)
})

test('transaction.version is not finalized while there are no transactions', async () => {
  const broker = await TestBroker.open()
  const { finalizedFeatures, supportedFeatures } = await broker.ask(apiVersions, 4, software)
  expect(finalizedFeatures.map(({ name }) => name)).toEqual(['metadata.version'])
  expect(supportedFeatures.map(({ name }) => name)).toEqual(['metadata.version'])
})

describe('version 5 (KIP-1242)', () => {
  test('the right cluster and node', async () => {
    const broker = await TestBroker.open()
    const { clusterId, nodeId } = broker.broker
    expect((await broker.ask(apiVersions, 5, { ...software, clusterId, nodeId })).errorCode).toBe('NONE')
  })

  test('another cluster sends the client back to its bootstrap servers', async () => {
    const broker = await TestBroker.open()
    const response = await broker.ask(apiVersions, 5, { ...software, clusterId: 'elsewhere', nodeId: 1 })
    expect(response).toMatchObject({ errorCode: 'REBOOTSTRAP_REQUIRED', apiKeys: [] })
  })
})
