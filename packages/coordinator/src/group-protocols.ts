import { consumerProtocolSubscription, type JoinGroupProtocol, MessageReader } from '@logwerk/protocol'
import { KafkaError } from '@logwerk/runtime'
import { type ClassicGroup, type ClassicMember, type Membership, metadataOf } from './classic-group.ts'

/** The protocol type of consumers; others, such as Kafka Connect's, use groups for their own ends. */
export const CONSUMER_PROTOCOL_TYPE = 'consumer'

/** True if a member with these protocols can live in the group: same type, and one protocol that all its members know. */
export function supportsProtocols(
  group: Pick<ClassicGroup, 'state' | 'protocolType' | 'members'>,
  protocolType: string,
  protocols: readonly JoinGroupProtocol[],
): boolean {
  if (group.state === 'empty') return protocolType !== '' && protocols.length > 0
  return group.protocolType === protocolType && protocols.some(({ name }) => allKnow(group, name))
}

/**
 * The protocol of the next generation: each member votes for the first on its list that all know, most votes win, and among equals the one
 * voted for first. Null in a group without members.
 */
export function selectProtocol(group: Membership): string | null {
  const votes = new Map<string, number>()
  const common = new Map<string, boolean>()
  for (const { protocols } of group.members.values()) {
    for (const { name } of protocols) {
      let isCommon = common.get(name)
      if (isCommon === undefined) {
        isCommon = allKnow(group, name)
        common.set(name, isCommon)
      }
      if (!isCommon) continue
      votes.set(name, (votes.get(name) ?? 0) + 1)
      break
    }
  }
  let winner: string | null = null
  for (const [name, count] of votes) if (winner === null || count > votes.get(winner)!) winner = name
  return winner
}

/** True if the member's list is this one, to the byte. */
export function hasSameProtocols(member: ClassicMember, protocols: readonly JoinGroupProtocol[]): boolean {
  return (
    member.protocols.length === protocols.length &&
    member.protocols.every(({ name, metadata }, index) => {
      const other = protocols[index]!
      return name === other.name && Buffer.compare(metadata, other.metadata) === 0
    })
  )
}

/**
 * The topics that the members of a consumer group read. Null for a group of another type, and for members that cannot be understood:
 * nothing is known then. Only the part of a subscription that every version begins with is read, as in Kafka.
 */
export function subscribedTopicsOf(group: Pick<ClassicGroup, 'protocolType' | 'protocolName' | 'members'>): ReadonlySet<string> | null {
  if (group.protocolType !== CONSUMER_PROTOCOL_TYPE) return null
  const topics = new Set<string>()
  if (group.members.size === 0) return topics
  if (group.protocolName === null) return null
  try {
    for (const member of group.members.values()) {
      const reader = new MessageReader(metadataOf(member, group.protocolName))
      reader.readInt16()
      for (const topic of consumerProtocolSubscription.codec(0).decode(reader).topics) topics.add(topic)
    }
    return topics
  } catch (error) {
    if (error instanceof KafkaError) return null
    throw error
  }
}

/** Whether offsets of this topic are in use. Where the subscriptions are not known, those of a consumer group all are. */
export function isSubscribedTo(group: Pick<ClassicGroup, 'protocolType' | 'subscribedTopics'>, topic: string): boolean {
  return group.subscribedTopics?.has(topic) ?? group.protocolType === CONSUMER_PROTOCOL_TYPE
}

function allKnow({ members }: Membership, name: string): boolean {
  for (const { protocols } of members.values()) if (!protocols.some(protocol => protocol.name === name)) return false
  return true
}
