import {
  decodeVersioned,
  encodeVersioned,
  type GroupMetadataValue,
  groupMetadataKey,
  groupMetadataValue,
  type Message,
  MessageReader,
  MessageWriter,
  type OffsetCommitValue,
  offsetCommitKey,
  offsetCommitValue,
  offsetsTopicRecordTypes,
} from '@logwerk/protocol'
import { type ClassicGroup, metadataOf, NO_BYTES } from './classic-group.ts'
import { type CommittedOffset, NO_EXPIRY, type OffsetChange } from './committed-offsets.ts'

/** A record of `__consumer_offsets`, decoded. A null value deletes. */
export type GroupRecord =
  | {
      readonly type: 'OFFSET_COMMIT'
      readonly groupId: string
      readonly topic: string
      readonly partition: number
      readonly value: OffsetCommitValue | null
    }
  | { readonly type: 'GROUP_METADATA'; readonly groupId: string; readonly value: GroupMetadataValue | null }

/** A record as the log holds it. */
export interface EncodedGroupRecord {
  readonly key: Buffer
  readonly value: Buffer | null
}

/** Written by Kafka 4.4, as measured; the expire timestamp exists in version 1 only. */
const OFFSET_VALUE_VERSION = 4
const OFFSET_VALUE_VERSION_WITH_EXPIRY = 1
const GROUP_VALUE_VERSION = 3

/** The bytes that Kafka 4.4 writes for this record. */
export function encodeGroupRecord(record: GroupRecord): EncodedGroupRecord {
  switch (record.type) {
    case 'OFFSET_COMMIT': {
      const { groupId: group, topic, partition, value } = record
      const version = value === null || value.expireTimestamp === NO_EXPIRY ? OFFSET_VALUE_VERSION : OFFSET_VALUE_VERSION_WITH_EXPIRY
      return {
        key: encodeKey(offsetsTopicRecordTypes.OFFSET_COMMIT, offsetCommitKey, { group, topic, partition }),
        value: value === null ? null : encodeVersioned(offsetCommitValue, version, value),
      }
    }
    case 'GROUP_METADATA':
      return {
        key: encodeKey(offsetsTopicRecordTypes.GROUP_METADATA, groupMetadataKey, { group: record.groupId }),
        value: record.value === null ? null : encodeVersioned(groupMetadataValue, GROUP_VALUE_VERSION, record.value),
      }
  }
}

/**
 * Reads a record of `__consumer_offsets`. `OTHER` is one of a kind that this version does not write: groups of the newer protocols.
 *
 * @throws KafkaError `MALFORMED_MESSAGE`, `UNSUPPORTED_VERSION` for a value that a later Kafka wrote.
 */
export function decodeGroupRecord(
  key: Uint8Array,
  value: Uint8Array | null,
): GroupRecord | { readonly type: 'OTHER'; readonly keyType: number } {
  const reader = new MessageReader(key)
  const keyType = reader.readInt16()
  switch (keyType) {
    case offsetsTopicRecordTypes.LEGACY_OFFSET_COMMIT:
    case offsetsTopicRecordTypes.OFFSET_COMMIT: {
      const { group: groupId, topic, partition } = offsetCommitKey.codec(0).decode(reader)
      return { type: 'OFFSET_COMMIT', groupId, topic, partition, value: value && decodeVersioned(offsetCommitValue, value).value }
    }
    case offsetsTopicRecordTypes.GROUP_METADATA: {
      const { group: groupId } = groupMetadataKey.codec(0).decode(reader)
      return { type: 'GROUP_METADATA', groupId, value: value && decodeVersioned(groupMetadataValue, value).value }
    }
    default:
      return { type: 'OTHER', keyType }
  }
}

/** The record of one committed, or deleted, offset. */
export function offsetRecordOf(groupId: string, { topic, partition, committed }: OffsetChange): GroupRecord {
  if (committed === null) return { type: 'OFFSET_COMMIT', groupId, topic, partition, value: null }
  const { offset, leaderEpoch, metadata, commitTimestampMs, expireTimestampMs, topicId } = committed
  const value = { offset, leaderEpoch, metadata, commitTimestamp: commitTimestampMs, expireTimestamp: expireTimestampMs, topicId }
  return { type: 'OFFSET_COMMIT', groupId, topic, partition, value }
}

/** What a record of an offset says. */
export function committedOffsetOf(value: OffsetCommitValue): CommittedOffset {
  const { offset, leaderEpoch, metadata, commitTimestamp, expireTimestamp, topicId } = value
  return { offset, leaderEpoch, metadata, commitTimestampMs: commitTimestamp, expireTimestampMs: expireTimestamp, topicId }
}

/** The record of a group in a state that lasts: stable or empty. */
export function groupRecordOf(group: ClassicGroup): GroupRecord {
  const { groupId, protocolType, generationId, protocolName, leaderId, stateSinceMs, members } = group
  return {
    type: 'GROUP_METADATA',
    groupId,
    value: {
      protocolType: protocolType ?? '',
      generation: generationId,
      protocol: protocolName,
      leader: leaderId,
      currentStateTimestamp: stateSinceMs,
      members: [...members.values()].map(member => ({
        memberId: member.memberId,
        groupInstanceId: member.groupInstanceId,
        clientId: member.clientId,
        clientHost: member.clientHost,
        rebalanceTimeout: member.rebalanceTimeoutMs,
        sessionTimeout: member.sessionTimeoutMs,
        subscription: protocolName === null ? NO_BYTES : metadataOf(member, protocolName),
        assignment: member.assignment,
      })),
    },
  }
}

/** The record that deletes a group; its offsets are deleted one by one before it. */
export function groupTombstoneOf(groupId: string): GroupRecord {
  return { type: 'GROUP_METADATA', groupId, value: null }
}

function encodeKey<In>(type: number, message: Message<unknown, In>, key: In): Buffer {
  const writer = new MessageWriter()
  // In a key the leading int16 says what kind of record it is, not which version.
  writer.writeInt16(type)
  message.codec(0).encode(writer, key)
  return writer.bytes()
}
