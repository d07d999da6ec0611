import { ZERO_UUID } from '@logwerk/runtime'
import { array, bytes, type Infer, type InferInput, int32, int64, nullable, string, struct, uuid } from '../schema/field.ts'
import { defineMessage, type MessageInputOf, type MessageOf } from '../schema/message.ts'

/**
 * Types of the records in `__consumer_offsets`: the int16 in front of a key. Older brokers wrote offsets as type 0, with the same
 * fields. In front of a value stands its version, as an int16. A null value deletes.
 */
export const offsetsTopicRecordTypes = { LEGACY_OFFSET_COMMIT: 0, OFFSET_COMMIT: 1, GROUP_METADATA: 2 } as const

/** Key of a committed offset. */
export const offsetCommitKey = defineMessage({
  name: 'OffsetCommitKey',
  versions: [0, 0],
  flexibleFrom: null,
  fields: struct({
    group: string(),
    topic: string(),
    partition: int32(),
  }),
})
export type OffsetCommitKey = MessageOf<typeof offsetCommitKey>
export type OffsetCommitKeyInput = MessageInputOf<typeof offsetCommitKey>

/** A committed offset. Kafka 4.4 writes version 4, or 1 for a request that brought its own retention time. */
export const offsetCommitValue = defineMessage({
  name: 'OffsetCommitValue',
  versions: [0, 4],
  flexibleFrom: 4,
  fields: struct({
    offset: int64(),
    /** -1 if unknown. */
    leaderEpoch: int32({ since: 3, default: -1, ignorable: true }),
    metadata: string(),
    commitTimestamp: int64(),
    /** -1 for the broker's `offsets.retention.minutes`. */
    expireTimestamp: int64({ since: 1, until: 1, default: -1, ignorable: true }),
    /** Keeps a topic that is created anew from taking over the offsets of the deleted one. */
    topicId: uuid({ since: 4, default: ZERO_UUID, ignorable: true, tag: 0 }),
  }),
})
export type OffsetCommitValue = MessageOf<typeof offsetCommitValue>
export type OffsetCommitValueInput = MessageInputOf<typeof offsetCommitValue>

/** Key of a classic group. */
export const groupMetadataKey = defineMessage({
  name: 'GroupMetadataKey',
  versions: [0, 0],
  flexibleFrom: null,
  fields: struct({
    group: string(),
  }),
})
export type GroupMetadataKey = MessageOf<typeof groupMetadataKey>
export type GroupMetadataKeyInput = MessageInputOf<typeof groupMetadataKey>

export const groupMetadataMember = struct({
  memberId: string(),
  groupInstanceId: nullable(string(), { since: 3, default: null, ignorable: true }),
  clientId: string(),
  clientHost: string(),
  /** Milliseconds; -1 for the session timeout. */
  rebalanceTimeout: int32({ since: 1, default: -1, ignorable: true }),
  /** Milliseconds. */
  sessionTimeout: int32(),
  /** What the member sent in JoinGroup for the chosen protocol. */
  subscription: bytes(),
  /** What the leader sent in SyncGroup. */
  assignment: bytes(),
})
export interface GroupMetadataMember extends Infer<typeof groupMetadataMember> {}
export interface GroupMetadataMemberInput extends InferInput<typeof groupMetadataMember> {}

/** A classic group as of its last rebalance. Kafka 4.4 writes version 3. */
export const groupMetadataValue = defineMessage({
  name: 'GroupMetadataValue',
  versions: [0, 4],
  flexibleFrom: 4,
  fields: struct({
    protocolType: string(),
    generation: int32(),
    /** The assignor; null while the group is empty. */
    protocol: nullable(string()),
    /** A member id; null while the group is empty. */
    leader: nullable(string()),
    /** When the group took on its state; offsets of an empty group expire counted from here. */
    currentStateTimestamp: int64({ since: 2, default: -1, ignorable: true }),
    members: array(groupMetadataMember),
  }),
})
export type GroupMetadataValue = MessageOf<typeof groupMetadataValue>
export type GroupMetadataValueInput = MessageInputOf<typeof groupMetadataValue>
