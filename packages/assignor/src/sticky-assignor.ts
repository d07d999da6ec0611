import type { Assignor } from './assignor.ts'
import { placeSticky } from './place-sticky.ts'
import { decodeStickyUserData, encodeStickyUserData } from './sticky-user-data.ts'

/**
 * As even as the subscriptions allow; among the even assignments, one that moves the fewest partitions. Members give everything up while
 * they rejoin, so what they had travels as user data, in the form of Kafka's `StickyAssignor`: members in Java can share the group.
 */
export const stickyAssignor: Assignor = {
  name: 'sticky',
  supportedProtocols: ['eager'],
  subscriptionUserData: ({ assignment, generationId }) =>
    assignment === null ? null : encodeStickyUserData({ partitions: assignment, generationId }),
  assign: (cluster, members) => placeSticky(cluster, members, member => decodeStickyUserData(member.userData), false),
}
