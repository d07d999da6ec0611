import type { JoinGroupRequest, JoinGroupResponseInput } from '@logwerk/protocol'
import type { BrokerState } from '../broker-state.ts'
import type { RequestContext } from '../router.ts'

/** First version in which the protocol's name can be null. */
const NULL_PROTOCOL_NAME_VERSION = 7

/** Lets a member into its group. The answer may take as long as the slowest member needs to rejoin. */
export function handleJoinGroup(broker: BrokerState) {
  return async (request: JoinGroupRequest, { version, clientId, remote }: RequestContext): Promise<JoinGroupResponseInput> => {
    const response = await broker.groups.join(request, {
      apiVersion: version,
      clientId,
      // As Java writes an address.
      clientHost: `/${remote.host}`,
    })
    return version < NULL_PROTOCOL_NAME_VERSION ? { ...response, protocolName: response.protocolName ?? '' } : response
  }
}
