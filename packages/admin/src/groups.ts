import {
  consumerProtocolAssignment,
  type DescribedGroup,
  type DescribedGroupMember,
  decodeVersioned,
  deleteGroups as deleteGroupsApi,
  describeGroups as describeGroupsApi,
  type ListedGroup,
  leaveGroup,
  listGroups as listGroupsApi,
} from '@logwerk/protocol'
import { brokerError, formatPlace, KafkaError } from '@logwerk/runtime'
import type { AdminCall, Settle } from './admin-call.ts'
import { checkList, checkText } from './check.ts'
import { askCoordinators, askEach, type TopicPartition } from './routing.ts'

/** Which groups `listGroups` lists; what is left out does not restrict. */
export interface GroupFilter {
  /** `Stable`, `Empty`, ... (KIP-518, Kafka 2.6). */
  readonly states?: readonly string[] | undefined
  /** `classic`, `consumer`, `share`, `streams` (KIP-848, Kafka 3.8). */
  readonly types?: readonly string[] | undefined
  /** `consumer` for groups of consumers, `connect`, ...; empty for groups that only store offsets. */
  readonly protocolTypes?: readonly string[] | undefined
}

/** A line of `listGroups`. */
export interface GroupListing {
  readonly groupId: string
  /** `classic`, `consumer`, ...; empty if the broker is too old to tell. */
  readonly type: string
  /** `Empty`, `PreparingRebalance`, `CompletingRebalance`, `Stable`, ...; empty if the broker is too old to tell. */
  readonly state: string
  /** `consumer` for groups of consumers; empty for a group that only stores offsets. */
  readonly protocolType: string
  /** Id of the broker that coordinates it. */
  readonly coordinator: number
}

/** What `describeGroups` tells about a group. */
export interface GroupDescription {
  readonly groupId: string
  /** `Empty`, `PreparingRebalance`, `CompletingRebalance` or `Stable`. */
  readonly state: string
  /** `consumer` for groups of consumers. */
  readonly protocolType: string
  /** The assignor in use, such as `cooperative-sticky`; empty unless the group is stable. */
  readonly assignor: string
  readonly coordinator: number
  readonly members: readonly GroupMember[]
}

/** A member of a group. */
export interface GroupMember {
  readonly memberId: string
  /** `group.instance.id` of a static member. */
  readonly groupInstanceId: string | null
  readonly clientId: string
  /** As the broker saw it connect, e.g. `/10.0.0.7`. */
  readonly host: string
  /** Partitions that it was given, by topic and number; null where they cannot be read, because its group is not one of consumers. */
  readonly assignment: readonly TopicPartition[] | null
}

/** A member to remove: by its id, or a static one by its `group.instance.id`. */
export type MemberRef = { readonly memberId: string } | { readonly groupInstanceId: string }

/** A member that was removed. */
export interface RemovedMember {
  readonly memberId: string
  readonly groupInstanceId: string | null
}

const GROUPS = { nameOf: (groupId: string) => formatPlace({ groupId }) }

export async function listGroups(call: AdminCall, { states = [], types = [], protocolTypes }: GroupFilter): Promise<GroupListing[]> {
  const { client, coordinators } = call
  await call.ask(() => client.refresh())
  const kind = { nameOf: (nodeId: number) => formatPlace({ broker: nodeId }), changes: false }
  const lists = await call.each([...client.metadata.nodes.keys()], kind, async (nodeIds, settle: Settle<number, GroupListing[]>) => {
    await askEach(
      nodeIds.map(nodeId => [nodeId, [nodeId]] as const),
      settle,
      async nodeId => {
        const request = { statesFilter: [...states], typesFilter: [...types] }
        const { errorCode, groups } = await client.send(nodeId, listGroupsApi, request)
        if (errorCode !== 'NONE') throw brokerError(errorCode, { broker: nodeId })
        // Whoever lists a group is going to ask for it.
        for (const { groupId } of groups) coordinators.remember(groupId, nodeId)
        settle(
          nodeId,
          groups.map(group => listingOf(group, nodeId)),
        )
      },
    )
  })
  return lists
    .flat()
    .filter(({ protocolType }) => protocolTypes === undefined || protocolTypes.includes(protocolType))
    .sort((a, b) => (a.groupId < b.groupId ? -1 : 1))
}

export async function describeGroups(call: AdminCall, groupIds: readonly string[]): Promise<GroupDescription[]> {
  checkGroups(call.name, groupIds)
  return await call.each(groupIds, { ...GROUPS, changes: false }, async (pending, settle: Settle<string, GroupDescription>) => {
    await askCoordinators(call, pending, settle, async (nodeId, ids, note) => {
      const { groups } = await call.client.send(nodeId, describeGroupsApi, { groups: [...ids] })
      for (const group of groups) {
        const { groupId, errorCode, errorMessage } = group
        if (errorCode !== 'NONE') note(groupId, brokerError(errorCode, { groupId }, errorMessage))
        // Before version 6 a group that does not exist was described, as dead.
        else if (group.groupState === 'Dead') note(groupId, brokerError('GROUP_ID_NOT_FOUND', { groupId }))
        else note(groupId, descriptionOf(group, nodeId))
      }
    })
  })
}

export async function deleteGroups(call: AdminCall, groupIds: readonly string[]): Promise<void> {
  checkGroups(call.name, groupIds)
  await call.each(groupIds, { ...GROUPS, changes: true }, async (pending, settle: Settle<string, undefined>) => {
    await askCoordinators(call, pending, settle, async (nodeId, ids, note) => {
      const { results } = await call.client.send(nodeId, deleteGroupsApi, { groupsNames: [...ids] })
      for (const { groupId, errorCode, errorMessage } of results) {
        note(groupId, errorCode === 'NONE' ? undefined : brokerError(errorCode, { groupId }, errorMessage))
      }
    })
  })
}

/** @param members  Null for all that there are. */
export async function removeMembersFromGroup(
  call: AdminCall,
  groupId: string,
  members: readonly MemberRef[] | null,
  reason: string | null,
): Promise<RemovedMember[]> {
  checkText(call.name, 'the id of a group', groupId)
  const given = members ?? (await membersOf(call, groupId))
  checkList(call.name, 'members: { memberId } or { groupInstanceId }', given)
  for (const member of given) {
    if (typeof member !== 'object') throw new TypeError(`${call.name}: a member is { memberId } or { groupInstanceId }, not ${member}`)
    checkText(call.name, 'the id of a member', 'groupInstanceId' in member ? member.groupInstanceId : member.memberId)
  }
  return await call.each(given, { nameOf: nameOfMember, changes: true }, async (pending, settle: Settle<MemberRef, RemovedMember>) => {
    await call.coordinators.at(groupId, async nodeId => {
      const { errorCode, members: answers } = await call.client.send(nodeId, leaveGroup, {
        groupId,
        members: pending.map(member => ({
          memberId: 'memberId' in member ? member.memberId : '',
          groupInstanceId: 'groupInstanceId' in member ? member.groupInstanceId : null,
          reason,
        })),
      })
      if (errorCode !== 'NONE') throw brokerError(errorCode, { groupId })
      for (const member of pending) {
        const answer = answers.find(candidate =>
          'groupInstanceId' in member ? candidate.groupInstanceId === member.groupInstanceId : candidate.memberId === member.memberId,
        )
        if (answer === undefined) continue
        const { memberId, groupInstanceId } = answer
        if (answer.errorCode === 'NONE') settle(member, { memberId, groupInstanceId })
        else
          settle(
            member,
            new KafkaError(answer.errorCode, `${nameOfMember(member)}: ${brokerError(answer.errorCode, { groupId }).message}`, {
              at: { groupId },
            }),
          )
      }
    })
  })
}

async function membersOf(call: AdminCall, groupId: string): Promise<MemberRef[]> {
  const [group] = await describeGroups(call, [groupId])
  return (group?.members ?? []).map(({ memberId, groupInstanceId }) => (groupInstanceId === null ? { memberId } : { groupInstanceId }))
}

function listingOf({ groupId, groupType, groupState, protocolType }: ListedGroup, coordinator: number): GroupListing {
  return { groupId, type: groupType, state: groupState, protocolType, coordinator }
}

/** Exported for its test. */
export function descriptionOf(group: DescribedGroup, coordinator: number): GroupDescription {
  const { groupId, groupState, protocolType, protocolData, members } = group
  return {
    groupId,
    state: groupState,
    protocolType,
    assignor: protocolData,
    coordinator,
    members: members.map(member => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      host: member.clientHost,
      assignment: protocolType === 'consumer' ? assignmentOf(member) : null,
    })),
  }
}

function assignmentOf({ memberAssignment }: DescribedGroupMember): TopicPartition[] | null {
  // Nothing is assigned while a rebalance is under way.
  if (memberAssignment.length === 0) return []
  try {
    const { value } = decodeVersioned(consumerProtocolAssignment, memberAssignment, { newer: 'asNewest' })
    return value.assignedPartitions.flatMap(({ topic, partitions }) => partitions.map(partition => ({ topic, partition })))
  } catch (error) {
    // What members write is their own affair: one that writes nonsense must not hide the others.
    if (error instanceof KafkaError) return null
    throw error
  }
}

function nameOfMember(member: MemberRef): string {
  return 'groupInstanceId' in member ? `member with instance id ${member.groupInstanceId}` : `member ${member.memberId}`
}

function checkGroups(call: string, groupIds: readonly string[]): void {
  checkList(call, 'group ids', groupIds)
  for (const groupId of groupIds) checkText(call, 'the id of a group', groupId)
}
