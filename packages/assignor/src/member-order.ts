import type { AssignorCluster, AssignorMember } from './assignor.ts'

/** By UTF-16 code units, as Java's `String.compareTo`: independent of any locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/**
 * Static members first, by instance id, then the others by member id: a static member that restarts with a new member id keeps its
 * place. Source: Kafka's `AbstractPartitionAssignor.MemberInfo`.
 */
export function compareMembers(a: AssignorMember, b: AssignorMember): number {
  const byInstance =
    a.groupInstanceId !== null && b.groupInstanceId !== null
      ? compareText(a.groupInstanceId, b.groupInstanceId)
      : Number(a.groupInstanceId === null) - Number(b.groupInstanceId === null)
  return byInstance || compareText(a.memberId, b.memberId)
}

/** A topic that exists, with its subscribers in the order of the members given. */
export interface SubscribedTopic {
  readonly topic: string
  readonly partitionCount: number
  /** Indexes into the list of members, ascending. */
  readonly subscribers: readonly number[]
}

/** The existing topics that somebody subscribes to, by name. */
export function subscribedTopics(cluster: AssignorCluster, members: readonly AssignorMember[]): SubscribedTopic[] {
  const subscribersOf = new Map<string, number[]>()
  for (const [index, member] of members.entries()) {
    for (const topic of new Set(member.topics)) {
      const subscribers = subscribersOf.get(topic)
      if (subscribers === undefined) subscribersOf.set(topic, [index])
      else subscribers.push(index)
    }
  }
  const topics: SubscribedTopic[] = []
  for (const topic of [...subscribersOf.keys()].sort(compareText)) {
    const partitionCount = cluster.partitionsOf(topic)?.partitionCount ?? 0
    if (partitionCount > 0) topics.push({ topic, partitionCount, subscribers: subscribersOf.get(topic)! })
  }
  return topics
}
