// Writing.

// Looking after topics and groups.
export type {
  Admin,
  AdminConfig,
  AdminOptions,
  ClusterDescription,
  ConfigChanges,
  ConfigDescription,
  ConfigEntry,
  CreatedTopic,
  GroupDescription,
  GroupListing,
  GroupOffset,
  NewTopic,
  PartitionLag,
  TopicDescription,
  TopicListing,
} from '@logwerk/admin'
export { adminFromProperties, createAdmin } from '@logwerk/admin'
// Who gets which partition.
export type { Assignor } from '@logwerk/assignor'
export { cooperativeStickyAssignor, rangeAssignor, roundRobinAssignor, stickyAssignor } from '@logwerk/assignor'
// The embedded broker.
export type { Broker, BrokerConfig, OpenBrokerOptions } from '@logwerk/broker'
export { openBroker } from '@logwerk/broker'
// Reading.
export type {
  Consumer,
  ConsumerBatch,
  ConsumerConfig,
  ConsumerOptions,
  ConsumerRecord,
  OffsetAndTimestamp,
  RebalanceListener,
  TopicPartition,
  TopicPartitionOffset,
} from '@logwerk/consumer'
export { consumerFromProperties, createConsumer } from '@logwerk/consumer'
export type { Partitioner, PartitionFunction, PartitionInput, StatefulPartitioner } from '@logwerk/partitioner'
export { javaDefault, librdkafkaConsistentRandom, manual, murmur2, roundRobin, toPartition } from '@logwerk/partitioner'
export type { DeliveryCallback, Producer, ProducerConfig, ProducerOptions, ProducerRecord, RecordMetadata } from '@logwerk/producer'
export { createProducer, producerFromProperties } from '@logwerk/producer'
// Errors, headers, and what tests put in place of the outside world.
export type {
  BrokerErrorCode,
  ClientErrorCode,
  ErrorPlace,
  Header,
  Headers,
  HeadersInput,
  KafkaErrorCode,
  Logger,
  World,
} from '@logwerk/runtime'
export { KafkaError, lastHeader, loggerTo, nodeWorld, RecordTooLargeError, StorageError, TimeoutError } from '@logwerk/runtime'
// Formats of keys and values.
export type { Deserializer, Serde, SerdeContext, Serializer } from '@logwerk/serde'
export { mapSerde, SerdeError, serdeOf } from '@logwerk/serde'
export type { AvroInput, AvroOutput, AvroSchema, AvroSerde } from '@logwerk/serde-avro'
export { avro } from '@logwerk/serde-avro'
export { boolean, bytes, float32, float64, int16, int32, int64, list, none, string, uuid } from '@logwerk/serde-bytes'
export type { JsonSerde, StandardSchema, ValidationOptions } from '@logwerk/serde-json'
export { json } from '@logwerk/serde-json'
