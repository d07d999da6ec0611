import { describeCluster, endpointTypes } from '@logwerk/protocol'
import { expect, test } from 'vitest'
import { TestBroker } from '../test-broker.test-support.ts'

test('names the cluster, its controller and its one broker', async () => {
  const broker = await TestBroker.open({ nodeId: 3 })
  for (let version = 0; version <= 2; version++) {
    expect(await broker.ask(describeCluster, version, { includeClusterAuthorizedOperations: false })).toMatchObject({
      errorCode: 'NONE',
      clusterId: broker.broker.clusterId,
      controllerId: 3,
      brokers: [{ brokerId: 3, host: 'embedded', port: 9092 }],
      clusterAuthorizedOperations: -2_147_483_648,
    })
  }
})

test('controllers are not to be found here', async () => {
  const broker = await TestBroker.open()
  const ask = (endpointType: number) => broker.ask(describeCluster, 1, { includeClusterAuthorizedOperations: false, endpointType })
  expect(await ask(endpointTypes.CONTROLLER)).toMatchObject({ errorCode: 'MISMATCHED_ENDPOINT_TYPE', brokers: [] })
  expect(await ask(9)).toMatchObject({ errorCode: 'UNSUPPORTED_ENDPOINT_TYPE', brokers: [] })
})
