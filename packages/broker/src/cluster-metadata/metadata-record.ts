import {
  type ConfigRecord,
  type ConfigRecordInput,
  clusterMetadataRecordTypes,
  configRecord,
  type Message,
  MessageReader,
  MessageWriter,
  type PartitionRecord,
  type PartitionRecordInput,
  type ProducerIdsRecord,
  type ProducerIdsRecordInput,
  partitionRecord,
  producerIdsRecord,
  type RemoveTopicRecord,
  type RemoveTopicRecordInput,
  removeTopicRecord,
  type TopicRecord,
  type TopicRecordInput,
  topicRecord,
} from '@logwerk/protocol'

/** A decoded record of `__cluster_metadata`. `OTHER` is one of a kind that this version does not write. */
export type MetadataRecord =
  | { readonly type: 'TOPIC'; readonly value: TopicRecord }
  | { readonly type: 'PARTITION'; readonly value: PartitionRecord }
  | { readonly type: 'CONFIG'; readonly value: ConfigRecord }
  | { readonly type: 'REMOVE_TOPIC'; readonly value: RemoveTopicRecord }
  | { readonly type: 'PRODUCER_IDS'; readonly value: ProducerIdsRecord }
  | { readonly type: 'OTHER'; readonly apiKey: number }

export type MetadataRecordInput =
  | { readonly type: 'TOPIC'; readonly value: TopicRecordInput }
  | { readonly type: 'PARTITION'; readonly value: PartitionRecordInput }
  | { readonly type: 'CONFIG'; readonly value: ConfigRecordInput }
  | { readonly type: 'REMOVE_TOPIC'; readonly value: RemoveTopicRecordInput }
  | { readonly type: 'PRODUCER_IDS'; readonly value: ProducerIdsRecordInput }

/** Version of the frame around a record (Kafka's `AbstractApiMessageSerde`). */
const FRAME_VERSION = 1

type Kind = Exclude<MetadataRecord['type'], 'OTHER'>

// The value of each kind is typed by the unions above; here only its codec matters.
const messages: Readonly<Record<Kind, Message<unknown, never>>> = {
  TOPIC: topicRecord as Message<unknown, never>,
  PARTITION: partitionRecord as Message<unknown, never>,
  CONFIG: configRecord as Message<unknown, never>,
  REMOVE_TOPIC: removeTopicRecord as Message<unknown, never>,
  PRODUCER_IDS: producerIdsRecord as Message<unknown, never>,
}
const kindOfKey = new Map<number, Kind>((Object.keys(messages) as Kind[]).map(kind => [clusterMetadataRecordTypes[kind], kind]))

/** The value of a record of `__cluster_metadata`: frame version, record type and version as varints, then the message. */
export function encodeMetadataRecord(record: MetadataRecordInput): Buffer {
  const message = messages[record.type]
  const version = message.versions[1]
  const writer = new MessageWriter()
  writer.writeUnsignedVarint(FRAME_VERSION)
  writer.writeUnsignedVarint(clusterMetadataRecordTypes[record.type])
  writer.writeUnsignedVarint(version)
  message.codec(version).encode(writer, record.value as never)
  return writer.bytes()
}

/** @throws KafkaError `MALFORMED_MESSAGE`, `UNSUPPORTED_VERSION` for a record of a later Kafka. */
export function decodeMetadataRecord(bytes: Uint8Array): MetadataRecord {
  const reader = new MessageReader(bytes)
  const frameVersion = reader.readUnsignedVarint()
  if (frameVersion !== FRAME_VERSION) throw reader.malformed(`a metadata record of frame version ${frameVersion}`, 0)
  const apiKey = reader.readUnsignedVarint()
  const version = reader.readUnsignedVarint()
  const type = kindOfKey.get(apiKey)
  if (type === undefined) return { type: 'OTHER', apiKey }
  return { type, value: messages[type].codec(version).decode(reader) } as MetadataRecord
}
