import { clientConfig } from '@logwerk/client'
import {
  type ConfigInputOf,
  type ConfigOf,
  defineConfig,
  durationMs,
  flag,
  integer,
  KafkaError,
  oneOf,
  resolveConfig,
  sizeBytes,
  text,
} from '@logwerk/runtime'

/** Options of `createProducer`. Names, units and defaults are the Java producer's, unless the text says otherwise. */
export const producerConfig = defineConfig({
  ...clientConfig,
  acks: oneOf({
    kafkaKey: 'acks',
    values: ['all', '-1', '1', '0'],
    default: 'all',
    doc: "Who has to have a record before it counts as delivered: 'all' in-sync replicas, '1' the leader, '0' nobody.",
  }),
  enableIdempotence: flag({
    kafkaKey: 'enable.idempotence',
    default: true,
    doc: 'Each record is stored exactly once and in order, also when requests are sent again. Needs acks all and at most 5 requests in flight.',
  }),
  lingerMs: durationMs({
    kafkaKey: 'linger.ms',
    default: 5,
    min: 0,
    doc: 'Longest that a partly filled batch waits for more records while others are in flight. When nothing is in flight to its broker it leaves at once (unlike in Java), so a single awaited send does not wait.',
  }),
  batchSize: sizeBytes({
    kafkaKey: 'batch.size',
    default: 16_384,
    min: 0,
    max: 0x7fff_ffff,
    doc: 'Bytes after which a batch need not wait any longer. A batch that has to wait for a free request goes on filling up to maxBatchFillBytes.',
  }),
  maxBatchFillBytes: sizeBytes({
    default: 262_144,
    min: 0,
    doc: 'Bytes up to which a waiting batch goes on filling: larger batches cost the broker less. batchSize if that is larger; maxRequestSize if that is smaller.',
  }),
  bufferMemory: sizeBytes({
    kafkaKey: 'buffer.memory',
    default: 33_554_432,
    min: 1,
    doc: 'Bytes of records that wait to be delivered. When they are used up, send waits, and enqueue returns false. Their buffers come in powers of two from 1 KiB, so they may take twice as much, and as much again is kept for reuse.',
  }),
  maxPendingRecords: integer({
    default: 100_000,
    min: 1,
    doc: 'Records that may wait for their topic to be found or for an asynchronous serializer, before they have bytes to count.',
  }),
  metadataMaxIdleMs: durationMs({
    kafkaKey: 'metadata.max.idle.ms',
    default: 300_000,
    min: 5000,
    doc: 'A topic that nothing was sent to for this long, at most twice, is no longer asked for: refreshes stay small, and do not create a topic anew that was deleted.',
  }),
  maxBlockMs: durationMs({
    kafkaKey: 'max.block.ms',
    default: 60_000,
    min: 0,
    doc: 'Longest that a record waits for its topic to be found, or for room in the buffer, before it fails.',
  }),
  maxRequestSize: sizeBytes({
    kafkaKey: 'max.request.size',
    default: 1_048_576,
    min: 0,
    max: 0x7fff_ffff,
    doc: 'Largest request, and so the largest record, uncompressed. A larger record is refused at once.',
  }),
  maxInFlightRequestsPerConnection: integer({
    kafkaKey: 'max.in.flight.requests.per.connection',
    default: 5,
    min: 1,
    max: 0x7fff_ffff,
    doc: 'Requests on their way to one broker. Without idempotence more than one can change the order of records when requests are sent again.',
  }),
  deliveryTimeoutMs: durationMs({
    kafkaKey: 'delivery.timeout.ms',
    default: 120_000,
    min: 0,
    max: 0x7fff_ffff,
    doc: 'Longest time from putting a record into a batch to knowing whether it was delivered, all attempts together; counted for a batch from its first record. At least lingerMs + requestTimeoutMs. Waiting for a topic or for room is bounded by maxBlockMs.',
  }),
  retries: integer({
    kafkaKey: 'retries',
    default: 0x7fff_ffff,
    min: 0,
    max: 0x7fff_ffff,
    doc: 'Attempts after the first. Better bounded by deliveryTimeoutMs than by a count.',
  }),
  compressionType: oneOf({
    kafkaKey: 'compression.type',
    values: ['none', 'gzip', 'snappy', 'lz4', 'zstd'],
    default: 'none',
    doc: 'How batches are compressed.',
  }),
  compressionGzipLevel: integer({
    kafkaKey: 'compression.gzip.level',
    default: -1,
    min: -1,
    max: 9,
    doc: 'Level of gzip, 1 to 9; -1 for its default.',
  }),
  compressionLz4Level: integer({
    kafkaKey: 'compression.lz4.level',
    default: 9,
    min: 1,
    max: 17,
    doc: 'Level of lz4. One speed serves all.',
  }),
  compressionZstdLevel: integer({ kafkaKey: 'compression.zstd.level', default: 3, min: -131_072, max: 22, doc: 'Level of zstd.' }),
  partitionerIgnoreKeys: flag({
    kafkaKey: 'partitioner.ignore.keys',
    default: false,
    doc: 'Spread records that have a key as if they had none.',
  }),
  partitionerAdaptivePartitioningEnable: flag({
    kafkaKey: 'partitioner.adaptive.partitioning.enable',
    default: true,
    doc: 'Give records without a key to brokers that are faster (KIP-794).',
  }),
  transactionalId: text({
    kafkaKey: 'transactional.id',
    default: null,
    doc: 'Transactions are not part of this version: anything but null is refused.',
  }),
})

export type ProducerConfig = ConfigOf<typeof producerConfig>
export type ProducerConfigInput = ConfigInputOf<typeof producerConfig>

const IDEMPOTENT_IN_FLIGHT = 5

/**
 * Validates the options one by one, and together as the Java producer does.
 *
 * @throws KafkaError `INVALID_CONFIG`
 */
export function resolveProducerConfig(input: Readonly<Record<string, unknown>>): ProducerConfig {
  const config = resolveConfig('createProducer', producerConfig, input)
  const bad = (why: string) => new KafkaError('INVALID_CONFIG', `createProducer: ${why}`)
  if (config.transactionalId !== null) throw bad('transactions are not part of this version; leave "transactionalId" out')
  if (config.compressionGzipLevel === 0) throw bad('option "compressionGzipLevel" must be -1, or 1 to 9')
  const leastDelivery = Math.min(config.lingerMs + config.requestTimeoutMs, 0x7fff_ffff)
  if (config.deliveryTimeoutMs < leastDelivery) {
    if (input['deliveryTimeoutMs'] !== undefined) {
      throw bad(`option "deliveryTimeoutMs" must be at least lingerMs + requestTimeoutMs, which is ${leastDelivery}`)
    }
    return resolveProducerConfig({ ...input, deliveryTimeoutMs: leastDelivery })
  }
  const acksAll = config.acks === 'all' || config.acks === '-1'
  const contradiction = !acksAll ? 'acks "all"' : config.retries === 0 ? 'retries above 0' : null
  if (config.enableIdempotence && contradiction !== null) {
    // As in Java: what was asked for wins over a default, and a contradiction between two wishes is an error.
    if (input['enableIdempotence'] === true) throw bad(`idempotence needs ${contradiction}`)
    return { ...config, enableIdempotence: false }
  }
  if (config.enableIdempotence && config.maxInFlightRequestsPerConnection > IDEMPOTENT_IN_FLIGHT) {
    throw bad(
      `idempotence needs "maxInFlightRequestsPerConnection" to be at most ${IDEMPOTENT_IN_FLIGHT}, not ${config.maxInFlightRequestsPerConnection}`,
    )
  }
  return config
}
