import type { SyncGroupRequest, SyncGroupResponseInput } from '@logwerk/protocol'
import type { BrokerState } from '../broker-state.ts'
import type { RequestContext } from '../router.ts'

/** From here on a member has to say which protocol it believes in (KIP-559). */
const PROTOCOL_VERSION = 5

/** Hands out the leader's assignment. The answer waits for the leader. */
export function handleSyncGroup(broker: BrokerState) {
  return async (request: SyncGroupRequest, { version }: RequestContext): Promise<SyncGroupResponseInput> => {
    if (version >= PROTOCOL_VERSION && (request.protocolType === null || request.protocolName === null)) {
      return { errorCode: 'INCONSISTENT_GROUP_PROTOCOL', assignment: Buffer.alloc(0) }
    }
    return broker.groups.sync(request)
  }
}
