import type { GroupMetadataValue } from '@logwerk/protocol'
import { type ClassicGroup, type ClassicMember, newClassicGroup } from './classic-group.ts'
import type { CommittedOffset } from './committed-offsets.ts'
import { subscribedTopicsOf } from './group-protocols.ts'
import { committedOffsetOf, type GroupRecord } from './group-records.ts'

interface Loaded {
  metadata: GroupMetadataValue | null
  readonly offsets: Map<string, Map<number, CommittedOffset>>
  /** False once the group was deleted; offsets that are committed later bring it back. */
  exists: boolean
}

/**
 * Makes groups of the records of `__consumer_offsets`, applied in the order of the log. What a rebalance under way had come to is not
 * stored: its group is the one before it, and the members rejoin.
 */
export class GroupLoader {
  readonly #groups = new Map<string, Loaded>()

  apply(record: GroupRecord): void {
    const { groupId } = record
    let group = this.#groups.get(groupId)
    if (group === undefined) {
      group = { metadata: null, offsets: new Map(), exists: false }
      this.#groups.set(groupId, group)
    }
    if (record.type === 'GROUP_METADATA') {
      group.metadata = record.value
      group.exists = record.value !== null
    } else if (record.value !== null) {
      let partitions = group.offsets.get(record.topic)
      if (partitions === undefined) {
        partitions = new Map()
        group.offsets.set(record.topic, partitions)
      }
      partitions.set(record.partition, committedOffsetOf(record.value))
      group.exists = true
    } else {
      const partitions = group.offsets.get(record.topic)
      partitions?.delete(record.partition)
      if (partitions?.size === 0) group.offsets.delete(record.topic)
    }
  }

  /** The groups that the records add up to. */
  groups(nowMs: number): ClassicGroup[] {
    const groups: ClassicGroup[] = []
    for (const [groupId, { metadata, offsets, exists }] of this.#groups) {
      if (!exists) continue
      const base = metadata === null ? newClassicGroup(groupId, nowMs) : storedGroup(groupId, metadata)
      groups.push({ ...base, offsets })
    }
    return groups
  }
}

function storedGroup(groupId: string, value: GroupMetadataValue): ClassicGroup {
  const members = new Map(value.members.map(member => [member.memberId, storedMember(member, value.protocol)]))
  const group: ClassicGroup = {
    groupId,
    state: members.size === 0 ? 'empty' : 'stable',
    stateSinceMs: value.currentStateTimestamp,
    generationId: value.generation,
    protocolType: value.protocolType === '' ? null : value.protocolType,
    protocolName: value.protocol,
    leaderId: value.leader,
    members,
    pendingMembers: new Set(),
    pendingSyncs: new Set(),
    initialRebalance: null,
    subscribedTopics: null,
    offsets: new Map(),
  }
  return { ...group, subscribedTopics: subscribedTopicsOf(group) }
}

function storedMember(member: GroupMetadataValue['members'][number], protocol: string | null): ClassicMember {
  return {
    memberId: member.memberId,
    groupInstanceId: member.groupInstanceId,
    clientId: member.clientId,
    clientHost: member.clientHost,
    sessionTimeoutMs: member.sessionTimeout,
    rebalanceTimeoutMs: member.rebalanceTimeout < 0 ? member.sessionTimeout : member.rebalanceTimeout,
    // Copied: what is decoded is a view of the log's bytes.
    protocols: [{ name: protocol ?? '', metadata: new Uint8Array(member.subscription) }],
    assignment: new Uint8Array(member.assignment),
    awaitingJoin: null,
    awaitingSync: null,
    isNew: false,
  }
}
