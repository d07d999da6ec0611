import type { DescribedGroupInput, ListedGroupInput } from '@logwerk/protocol'
import { type ClassicGroup, groupStateNames, metadataOf, NO_BYTES } from './classic-group.ts'

/** From here on clients know that a group does not exist; before, it is one in the state "Dead" (KIP-1043). */
const GROUP_ID_NOT_FOUND_VERSION = 6

/** What DescribeGroups tells of a group. Metadata is shown only while the group is stable: until then it may still change. */
export function describeGroup(group: ClassicGroup | null, groupId: string, apiVersion: number): DescribedGroupInput {
  if (group === null) {
    const isKnown = apiVersion >= GROUP_ID_NOT_FOUND_VERSION
    return {
      errorCode: isKnown ? 'GROUP_ID_NOT_FOUND' : 'NONE',
      ...(isKnown ? { errorMessage: `Group ${groupId} not found.` } : {}),
      groupId,
      groupState: groupStateNames.dead,
      protocolType: '',
      protocolData: '',
      members: [],
    }
  }
  const protocol = group.state === 'stable' ? group.protocolName : null
  return {
    errorCode: 'NONE',
    groupId,
    groupState: groupStateNames[group.state],
    protocolType: group.protocolType ?? '',
    protocolData: protocol ?? '',
    members: [...group.members.values()].map(member => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      memberMetadata: protocol === null ? NO_BYTES : metadataOf(member, protocol),
      memberAssignment: member.assignment,
    })),
  }
}

/** What ListGroups is asked to leave out; empty lists leave out nothing. */
export interface GroupFilter {
  /** Names of states, in any case (KIP-518). */
  readonly states: readonly string[]
  /** "classic" and the types of the newer protocols, in any case (KIP-848). */
  readonly types: readonly string[]
}

const CLASSIC = 'classic'

/** The groups that pass the filter. A state or type that does not exist is had by none. */
export function listGroups(groups: Iterable<ClassicGroup>, filter: GroupFilter): ListedGroupInput[] {
  const states = new Set(filter.states.map(normal))
  if (filter.types.length > 0 && !filter.types.map(normal).includes(CLASSIC)) return []
  const listed: ListedGroupInput[] = []
  for (const { groupId, state, protocolType } of groups) {
    const groupState = groupStateNames[state]
    if (states.size > 0 && !states.has(normal(groupState))) continue
    listed.push({ groupId, protocolType: protocolType ?? '', groupState, groupType: CLASSIC })
  }
  return listed
}

function normal(name: string): string {
  return name.trim().toLowerCase()
}
