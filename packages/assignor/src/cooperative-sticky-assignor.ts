import type { Assignor } from './assignor.ts'
import { placeSticky } from './place-sticky.ts'
import { cooperativeClaimOf, encodeCooperativeUserData } from './sticky-user-data.ts'

/**
 * As {@link stickyAssignor}, without stopping the group: members keep their partitions while they rejoin, and only what moves is
 * interrupted. That takes two assignments: the first takes the moving partitions away, the second, which the members who lost some ask
 * for at once, gives them to their new owners. Source: KIP-429, Kafka's `CooperativeStickyAssignor`, whose members can share the group.
 */
export const cooperativeStickyAssignor: Assignor = {
  name: 'cooperative-sticky',
  supportedProtocols: ['cooperative', 'eager'],
  subscriptionUserData: ({ generationId }) => encodeCooperativeUserData(generationId),
  assign: (cluster, members) => placeSticky(cluster, members, cooperativeClaimOf, true),
}
