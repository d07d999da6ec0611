import type { AssignorCluster, AssignorMember, GroupAssignment } from './assignor.ts'
import { placeEqually } from './equal-subscriptions.ts'
import { holdersOf } from './holders.ts'
import { compareMembers, subscribedTopics } from './member-order.ts'
import { placeMixed } from './mixed-subscriptions.ts'
import { assignmentOf, NOBODY } from './owners.ts'
import type { Claim } from './sticky-user-data.ts'

/**
 * As even as the subscriptions allow, and then with as few moves as possible.
 *
 * @param claimOf   What a member had before.
 * @param withhold  Leaves a partition that somebody else still claims to nobody: its holder sees that it is gone, lets go and rejoins,
 *                  and the next assignment, which is this one otherwise, gives it to its new owner (KIP-429).
 */
export function placeSticky(
  cluster: AssignorCluster,
  members: readonly AssignorMember[],
  claimOf: (member: AssignorMember) => Claim,
  withhold: boolean,
): GroupAssignment {
  const sorted = [...members].sort(compareMembers)
  const topics = subscribedTopics(cluster, sorted)
  const holders = holdersOf(sorted, topics, claimOf)
  const subscribers = new Set(topics.flatMap(topic => topic.subscribers))
  const equal = topics.every(topic => topic.subscribers.length === subscribers.size)
  const owners = equal ? placeEqually(holders, topics[0]?.subscribers ?? [], sorted.length) : placeMixed(topics, holders, sorted.length)
  if (withhold) {
    for (const [topic, owner] of owners.entries())
      for (const [partition, holder] of holders[topic]!.entries())
        if (holder !== NOBODY && holder !== owner[partition]) owner[partition] = NOBODY
  }
  return assignmentOf(sorted, topics, owners)
}
