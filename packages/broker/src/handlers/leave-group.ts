import type { LeaveGroupRequest, LeaveGroupResponseInput } from '@logwerk/protocol'
import type { BrokerState } from '../broker-state.ts'
import type { RequestContext } from '../router.ts'

/** First version that names several members (KIP-345). */
const LIST_VERSION = 3

/** Takes members out of their group. Before version 3 there is one, and its code is that of the answer. */
export function handleLeaveGroup(broker: BrokerState) {
  return async (request: LeaveGroupRequest, { version }: RequestContext): Promise<LeaveGroupResponseInput> => {
    const { groupId, memberId, members } = request
    if (version >= LIST_VERSION) return broker.groups.leave({ groupId, members })
    const { errorCode, members: [member] = [] } = await broker.groups.leave({
      groupId,
      members: [{ memberId, groupInstanceId: null, reason: null }],
    })
    return { errorCode: errorCode === 'NONE' && member !== undefined ? member.errorCode : errorCode }
  }
}
