import type { Assignor } from './assignor.ts'
import { compareMembers, subscribedTopics } from './member-order.ts'
import { assignmentOf } from './owners.ts'

/**
 * Each topic by itself is cut into as many ranges as it has subscribers, the first ones longer by one where it does not come out even.
 * Topics of equal partition counts and subscribers are cut alike, so that a member gets the same partitions of each and can join them;
 * with many small topics the first members get more than the others. Source: Kafka's `RangeAssignor`; its rack awareness (KIP-881) is
 * left out.
 */
export const rangeAssignor: Assignor = {
  name: 'range',
  supportedProtocols: ['eager'],
  assign(cluster, members) {
    const sorted = [...members].sort(compareMembers)
    const topics = subscribedTopics(cluster, sorted)
    const owners = topics.map(({ partitionCount, subscribers }) => {
      const ownerOf = new Int32Array(partitionCount)
      const shortCount = Math.floor(partitionCount / subscribers.length)
      const longerCount = partitionCount % subscribers.length
      let start = 0
      for (const [index, subscriber] of subscribers.entries()) {
        const end = start + shortCount + (index < longerCount ? 1 : 0)
        ownerOf.fill(subscriber, start, end)
        start = end
      }
      return ownerOf
    })
    return assignmentOf(sorted, topics, owners)
  },
}
