import type { AssignorMember } from './assignor.ts'
import type { SubscribedTopic } from './member-order.ts'
import { NOBODY } from './owners.ts'
import type { Claim } from './sticky-user-data.ts'

/** In a list of holders: members of the same generation contend for the partition. */
export const CONTESTED = -2

/**
 * Who holds partition p of topic t before the assignment: the index of a member, {@link NOBODY}, or {@link CONTESTED}. A member that
 * missed a rebalance still claims what was given to others since, so the claim of the highest generation counts (KIP-341); where two
 * of that generation claim the same, one of them is wrong and neither keeps it, as in Kafka's `AbstractStickyAssignor`. A holder need
 * not subscribe to the topic any more.
 */
export function holdersOf(
  members: readonly AssignorMember[],
  topics: readonly SubscribedTopic[],
  claimOf: (member: AssignorMember) => Claim,
): Int32Array[] {
  const indexes = new Map(topics.map(({ topic }, index) => [topic, index]))
  const holders = topics.map(({ partitionCount }) => new Int32Array(partitionCount).fill(NOBODY))
  const generations = topics.map(({ partitionCount }) => new Int32Array(partitionCount))
  for (const [member, { partitions, generationId }] of members.map(claimOf).entries()) {
    for (const { topic, partitions: claimed } of partitions) {
      const index = indexes.get(topic)
      if (index === undefined) continue
      const holder = holders[index]!
      const generation = generations[index]!
      for (const partition of claimed) {
        // Partitions that are gone with an older, larger topic of this name.
        if (partition < 0 || partition >= holder.length || holder[partition] === member) continue
        if (holder[partition] === NOBODY || generationId > generation[partition]!) {
          holder[partition] = member
          generation[partition] = generationId
        } else if (generationId === generation[partition]) {
          holder[partition] = CONTESTED
        }
      }
    }
  }
  return holders
}
