import type { JoinGroupMemberInput, JoinGroupResponseInput } from '@logwerk/protocol'
import { type ClassicGroup, type ClassicMember, metadataOf } from './classic-group.ts'

type Generation = Pick<ClassicGroup, 'generationId' | 'protocolType' | 'protocolName' | 'leaderId' | 'members'>

/** What a member learns about the generation that it belongs to. Only the leader learns who else does: it assigns. */
export function joinedResponse(group: Generation, { memberId }: ClassicMember, skipAssignment = false): JoinGroupResponseInput {
  return {
    errorCode: 'NONE',
    generationId: group.generationId,
    protocolType: group.protocolType,
    protocolName: group.protocolName,
    leader: group.leaderId ?? '',
    skipAssignment,
    memberId,
    members: group.leaderId === memberId ? membersOf(group) : [],
  }
}

/** The answer to a JoinGroup request that does not end in a generation. */
export function refusal(errorCode: JoinGroupResponseInput['errorCode'], memberId: string): JoinGroupResponseInput {
  return { errorCode, protocolName: null, leader: '', memberId, members: [] }
}

function membersOf({ members, protocolName }: Generation): JoinGroupMemberInput[] {
  return [...members.values()].map(member => ({
    memberId: member.memberId,
    groupInstanceId: member.groupInstanceId,
    metadata: metadataOf(member, protocolName ?? ''),
  }))
}
