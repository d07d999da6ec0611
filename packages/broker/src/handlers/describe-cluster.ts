import { type DescribeClusterRequest, type DescribeClusterResponseInput, endpointTypes } from '@logwerk/protocol'
import type { BrokerState } from '../broker-state.ts'
import type { RequestContext } from '../router.ts'

/** Names the cluster and its one broker. */
export function handleDescribeCluster(broker: BrokerState) {
  return (request: DescribeClusterRequest, { advertised }: RequestContext): DescribeClusterResponseInput => {
    const { clusterId, nodeId } = broker
    if (request.endpointType !== endpointTypes.BROKER) {
      const known = request.endpointType === endpointTypes.CONTROLLER
      return {
        errorCode: known ? 'MISMATCHED_ENDPOINT_TYPE' : 'UNSUPPORTED_ENDPOINT_TYPE',
        errorMessage: known ? 'this is the address of a broker, not of a controller' : `unknown endpoint type ${request.endpointType}`,
        clusterId,
        brokers: [],
      }
    }
    return { errorCode: 'NONE', clusterId, controllerId: nodeId, brokers: [{ brokerId: nodeId, ...advertised }] }
  }
}
