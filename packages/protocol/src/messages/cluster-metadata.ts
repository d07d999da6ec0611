import { array, int8, int16, int32, int64, nullable, string, struct, uuid } from '../schema/field.ts'
import { defineMessage, type MessageInputOf, type MessageOf } from '../schema/message.ts'

/**
 * Types of the records in `__cluster_metadata` that this implementation writes. A record's value is, as unsigned varints, the frame
 * version (1), the type and the message's version, followed by the message (Kafka's `AbstractApiMessageSerde`). Keys are null.
 */
export const clusterMetadataRecordTypes = {
  TOPIC: 2,
  PARTITION: 3,
  CONFIG: 4,
  PARTITION_CHANGE: 5,
  REMOVE_TOPIC: 9,
  FEATURE_LEVEL: 12,
  PRODUCER_IDS: 15,
} as const

/** A topic comes into being; its partitions follow as records of their own. */
export const topicRecord = defineMessage({
  name: 'TopicRecord',
  versions: [0, 0],
  flexibleFrom: 0,
  fields: struct({
    name: string(),
    topicId: uuid(),
  }),
})
export type TopicRecord = MessageOf<typeof topicRecord>
export type TopicRecordInput = MessageInputOf<typeof topicRecord>

/** A partition comes into being. */
export const partitionRecord = defineMessage({
  name: 'PartitionRecord',
  versions: [0, 2],
  flexibleFrom: 0,
  fields: struct({
    partitionId: int32({ default: -1 }),
    topicId: uuid(),
    replicas: array(int32()),
    isr: array(int32()),
    /** Replicas that a running reassignment takes away. */
    removingReplicas: array(int32()),
    /** Replicas that a running reassignment brings in. */
    addingReplicas: array(int32()),
    leader: int32({ default: -1 }),
    /** 1 while a leader that was not in sync recovers, else 0. */
    leaderRecoveryState: int8({ default: 0, tag: 0 }),
    leaderEpoch: int32({ default: -1 }),
    /** Counts every change of the partition. */
    partitionEpoch: int32({ default: -1 }),
    /** Log directory of each replica, in the order of `replicas`. */
    directories: array(uuid(), { since: 1, default: [] }),
    /** Replicas that left the in-sync set but hold all committed records (KIP-966). */
    eligibleLeaderReplicas: nullable(array(int32()), { since: 2, default: null, tag: 1 }),
    /** Eligible leaders that restarted without a clean shutdown (KIP-966). */
    lastKnownElr: nullable(array(int32()), { since: 2, default: null, tag: 2 }),
  }),
})
export type PartitionRecord = MessageOf<typeof partitionRecord>
export type PartitionRecordInput = MessageInputOf<typeof partitionRecord>

/** Sets one configuration value, or takes it away. */
export const configRecord = defineMessage({
  name: 'ConfigRecord',
  versions: [0, 0],
  flexibleFrom: 0,
  fields: struct({
    /** One of `configResourceTypes`. */
    resourceType: int8(),
    resourceName: string(),
    name: string(),
    /** Null to go back to the default. */
    value: nullable(string()),
  }),
})
export type ConfigRecord = MessageOf<typeof configRecord>
export type ConfigRecordInput = MessageInputOf<typeof configRecord>

/** A partition changes: what is null, or has its default, stays as it was. */
export const partitionChangeRecord = defineMessage({
  name: 'PartitionChangeRecord',
  versions: [0, 2],
  flexibleFrom: 0,
  fields: struct({
    partitionId: int32({ default: -1 }),
    topicId: uuid(),
    isr: nullable(array(int32()), { default: null, tag: 0 }),
    /** -1 for none, -2 for no change. */
    leader: int32({ default: -2, tag: 1 }),
    replicas: nullable(array(int32()), { default: null, tag: 2 }),
    removingReplicas: nullable(array(int32()), { default: null, tag: 3 }),
    addingReplicas: nullable(array(int32()), { default: null, tag: 4 }),
    /** -1 for no change. */
    leaderRecoveryState: int8({ default: -1, tag: 5 }),
    directories: nullable(array(uuid()), { since: 1, default: null, tag: 8 }),
    eligibleLeaderReplicas: nullable(array(int32()), { since: 2, default: null, tag: 6 }),
    lastKnownElr: nullable(array(int32()), { since: 2, default: null, tag: 7 }),
  }),
})
export type PartitionChangeRecord = MessageOf<typeof partitionChangeRecord>
export type PartitionChangeRecordInput = MessageInputOf<typeof partitionChangeRecord>

/** A topic is deleted, and its partitions and configuration with it. */
export const removeTopicRecord = defineMessage({
  name: 'RemoveTopicRecord',
  versions: [0, 0],
  flexibleFrom: 0,
  fields: struct({
    topicId: uuid(),
  }),
})
export type RemoveTopicRecord = MessageOf<typeof removeTopicRecord>
export type RemoveTopicRecordInput = MessageInputOf<typeof removeTopicRecord>

/** Sets the level of a feature such as `transaction.version`; 0 takes it away. */
export const featureLevelRecord = defineMessage({
  name: 'FeatureLevelRecord',
  versions: [0, 0],
  flexibleFrom: 0,
  fields: struct({
    name: string(),
    featureLevel: int16(),
  }),
})
export type FeatureLevelRecord = MessageOf<typeof featureLevelRecord>
export type FeatureLevelRecordInput = MessageInputOf<typeof featureLevelRecord>

/** A broker takes a block of producer ids: the ids below `nextProducerId` are never given out again, whatever crashes. */
export const producerIdsRecord = defineMessage({
  name: 'ProducerIdsRecord',
  versions: [0, 0],
  flexibleFrom: 0,
  fields: struct({
    brokerId: int32(),
    brokerEpoch: int64({ default: -1 }),
    nextProducerId: int64(),
  }),
})
export type ProducerIdsRecord = MessageOf<typeof producerIdsRecord>
export type ProducerIdsRecordInput = MessageInputOf<typeof producerIdsRecord>
