import { array, bytes, type Infer, int32, nullable, string, struct } from '../schema/field.ts'
import { defineMessage, type MessageInputOf, type MessageOf } from '../schema/message.ts'

export const consumerProtocolTopicPartitions = struct({
  topic: string(),
  partitions: array(int32()),
})
export interface ConsumerProtocolTopicPartitions extends Infer<typeof consumerProtocolTopicPartitions> {}

/**
 * What a consumer sends in JoinGroup. The version stands in front as an int16; a reader takes a newer version as the newest it knows and
 * ignores what is left.
 */
export const consumerProtocolSubscription = defineMessage({
  name: 'ConsumerProtocolSubscription',
  versions: [0, 3],
  flexibleFrom: null,
  fields: struct({
    topics: array(string()),
    /** The assignor's own. */
    userData: nullable(bytes(), { default: null }),
    /** What the member holds and, in a cooperative rebalance, keeps using (KIP-429). */
    ownedPartitions: array(consumerProtocolTopicPartitions, { since: 1, default: [], ignorable: true }),
    /** Generation in which it was given the partitions; an older claim loses against a newer one (KIP-792). */
    generationId: int32({ since: 2, default: -1, ignorable: true }),
    rackId: nullable(string(), { since: 3, default: null, ignorable: true }),
  }),
})
export type ConsumerProtocolSubscription = MessageOf<typeof consumerProtocolSubscription>
export type ConsumerProtocolSubscriptionInput = MessageInputOf<typeof consumerProtocolSubscription>

/**
 * What the leader of a consumer group sends to each member in SyncGroup. The version stands in front as an int16, as with the subscription.
 */
export const consumerProtocolAssignment = defineMessage({
  name: 'ConsumerProtocolAssignment',
  versions: [0, 3],
  flexibleFrom: null,
  fields: struct({
    assignedPartitions: array(consumerProtocolTopicPartitions),
    /** The assignor's own. */
    userData: nullable(bytes(), { default: null }),
  }),
})
export type ConsumerProtocolAssignment = MessageOf<typeof consumerProtocolAssignment>
export type ConsumerProtocolAssignmentInput = MessageInputOf<typeof consumerProtocolAssignment>
