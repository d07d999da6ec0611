import { apiOfKey, apiVersions, describeCluster as describeClusterApi } from '@logwerk/protocol'
import { brokerError } from '@logwerk/runtime'
import type { AdminCall } from './admin-call.ts'
import { checkCount } from './check.ts'
import { ensureNode } from './routing.ts'

/** A broker. */
export interface Node {
  readonly id: number
  readonly host: string
  readonly port: number
  readonly rack: string | null
}

/** What `describeCluster` tells. */
export interface ClusterDescription {
  readonly clusterId: string
  /** The broker that takes changes; in KRaft any of them, which passes them on. -1 for none. */
  readonly controller: number
  /** By id. */
  readonly nodes: readonly Node[]
}

/** A kind of request that a broker takes. */
export interface BrokerApi {
  readonly apiKey: number
  /** Null for one that this client does not speak. */
  readonly name: string | null
  readonly minVersion: number
  readonly maxVersion: number
}

/** Later versions also carry features, and want to know the name of the client. */
const API_VERSIONS_PLAIN = 2

export async function describeCluster(call: AdminCall): Promise<ClusterDescription> {
  return await call.ask(async () => {
    const answer = await call.client.sendToAny(describeClusterApi, { includeClusterAuthorizedOperations: false })
    const { errorCode, errorMessage, clusterId, controllerId, brokers } = answer
    if (errorCode !== 'NONE') throw brokerError(errorCode, {}, errorMessage)
    const nodes = brokers.map(({ brokerId, host, port, rack }) => ({ id: brokerId, host, port, rack }))
    return { clusterId, controller: controllerId, nodes: nodes.sort((a, b) => a.id - b.id) }
  })
}

export async function describeBrokerApis(call: AdminCall, nodeId: number): Promise<BrokerApi[]> {
  checkCount(call.name, 'the id of a broker', nodeId)
  return await call.ask(async () => {
    await ensureNode(call, nodeId)
    const { errorCode, apiKeys } = await call.client.send(nodeId, apiVersions, {}, { maxVersion: API_VERSIONS_PLAIN })
    if (errorCode !== 'NONE') throw brokerError(errorCode, { broker: nodeId })
    return apiKeys
      .map(({ apiKey, minVersion, maxVersion }) => ({ apiKey, name: apiOfKey(apiKey)?.name ?? null, minVersion, maxVersion }))
      .sort((a, b) => a.apiKey - b.apiKey)
  })
}
