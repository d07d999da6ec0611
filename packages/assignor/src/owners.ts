import type { AssignorMember, GroupAssignment, TopicPartitions } from './assignor.ts'
import type { SubscribedTopic } from './member-order.ts'

/** In a list of owners: a partition that goes to nobody. */
export const NOBODY = -1

/** The assignment in which partition p of topic t goes to member `owners[t][p]`. */
export function assignmentOf(
  members: readonly AssignorMember[],
  topics: readonly SubscribedTopic[],
  owners: readonly Int32Array[],
): GroupAssignment {
  const shares: TopicPartitions[][] = members.map(() => [])
  for (const [index, { topic }] of topics.entries()) {
    const partitionsOf = new Map<number, number[]>()
    for (const [partition, owner] of owners[index]!.entries()) {
      if (owner === NOBODY) continue
      const partitions = partitionsOf.get(owner)
      if (partitions === undefined) partitionsOf.set(owner, [partition])
      else partitions.push(partition)
    }
    for (const [owner, partitions] of partitionsOf) shares[owner]!.push({ topic, partitions })
  }
  return new Map(members.map((member, index) => [member.memberId, shares[index]!]))
}
