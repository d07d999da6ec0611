import type { Assignor } from './assignor.ts'
import { compareMembers, subscribedTopics } from './member-order.ts'
import { assignmentOf } from './owners.ts'

/**
 * All partitions of all topics are dealt out in turn; a member that does not subscribe to the topic is passed over. Even where all
 * subscribe to the same topics, but every change of the group moves nearly everything. Source: Kafka's `RoundRobinAssignor`.
 */
export const roundRobinAssignor: Assignor = {
  name: 'roundrobin',
  supportedProtocols: ['eager'],
  assign(cluster, members) {
    const sorted = [...members].sort(compareMembers)
    const topics = subscribedTopics(cluster, sorted)
    let turn = 0
    const owners = topics.map(({ partitionCount, subscribers }) => {
      const subscribes = new Set(subscribers)
      return Int32Array.from({ length: partitionCount }, () => {
        while (!subscribes.has(turn)) turn = (turn + 1) % sorted.length
        const owner = turn
        turn = (turn + 1) % sorted.length
        return owner
      })
    })
    return assignmentOf(sorted, topics, owners)
  },
}
