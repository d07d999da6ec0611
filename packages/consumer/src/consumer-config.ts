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
  stringList,
  text,
} from '@logwerk/runtime'

/** Options of `createConsumer`. Names, units and defaults are the Java consumer's, unless the text says otherwise. */
export const consumerConfig = defineConfig({
  ...clientConfig,
  groupId: text({
    kafkaKey: 'group.id',
    default: null,
    doc: 'The group whose members share the partitions and the committed offsets. Needed for subscribe and commit.',
  }),
  groupInstanceId: text({
    kafkaKey: 'group.instance.id',
    default: null,
    doc: 'Makes a static member (KIP-345): a restart within sessionTimeoutMs keeps its partitions.',
  }),
  sessionTimeoutMs: durationMs({
    kafkaKey: 'session.timeout.ms',
    default: 45_000,
    min: 1,
    max: 0x7fff_ffff,
    doc: 'A member that is not heard of for this long loses its partitions.',
  }),
  heartbeatIntervalMs: durationMs({
    kafkaKey: 'heartbeat.interval.ms',
    default: 3000,
    min: 1,
    max: 0x7fff_ffff,
    doc: 'Time between two signs of life to the coordinator. Less than sessionTimeoutMs.',
  }),
  maxPollIntervalMs: durationMs({
    kafkaKey: 'max.poll.interval.ms',
    default: 300_000,
    min: 1,
    max: 0x7fff_ffff,
    doc: 'A consumer that asks for no records for this long is taken to be stuck: it leaves the group until it asks again.',
  }),
  partitionAssignmentStrategy: stringList({
    kafkaKey: 'partition.assignment.strategy',
    default: ['cooperative-sticky'],
    doc: 'Assignors that this member knows, best first: range, roundrobin, sticky, cooperative-sticky. createConsumer also takes objects of your own.',
  }),
  maxPollRecords: integer({
    kafkaKey: 'max.poll.records',
    default: 500,
    min: 1,
    max: 0x7fff_ffff,
    doc: 'Most records that one poll, or one batch of the batch iterator, gives.',
  }),
  autoOffsetReset: text({
    kafkaKey: 'auto.offset.reset',
    default: 'latest',
    doc: "Where to begin without a committed offset, or when it lies outside the log: 'earliest', 'latest', 'none' (an error), or 'by_duration:PT1H' (that long ago).",
  }),
  enableAutoCommit: flag({
    kafkaKey: 'enable.auto.commit',
    default: true,
    doc: 'Commit in the background what has been processed. Without a groupId there is nothing to commit to.',
  }),
  autoCommitIntervalMs: durationMs({
    kafkaKey: 'auto.commit.interval.ms',
    default: 5000,
    min: 1,
    max: 0x7fff_ffff,
    doc: 'Time between two commits in the background.',
  }),
  fetchMinBytes: sizeBytes({
    kafkaKey: 'fetch.min.bytes',
    default: 1,
    min: 0,
    max: 0x7fff_ffff,
    doc: 'The broker waits until it has this much, up to fetchMaxWaitMs.',
  }),
  fetchMaxWaitMs: durationMs({
    kafkaKey: 'fetch.max.wait.ms',
    default: 500,
    min: 0,
    max: 0x7fff_ffff,
    doc: 'Longest that the broker waits for fetchMinBytes.',
  }),
  fetchMaxBytes: sizeBytes({
    kafkaKey: 'fetch.max.bytes',
    default: 52_428_800,
    min: 0,
    max: 0x7fff_ffff,
    doc: 'Most bytes of one answer; its first batch may be larger.',
  }),
  maxPartitionFetchBytes: sizeBytes({
    kafkaKey: 'max.partition.fetch.bytes',
    default: 1_048_576,
    min: 0,
    max: 0x7fff_ffff,
    doc: 'Most bytes of one partition in one answer; the first batch may be larger.',
  }),
  maxBufferedBytes: sizeBytes({
    default: 67_108_864,
    min: 1,
    doc: 'Bytes of fetched records that wait to be asked for, beyond which nothing more is fetched.',
  }),
  isolationLevel: oneOf({
    kafkaKey: 'isolation.level',
    values: ['read_uncommitted', 'read_committed'],
    default: 'read_uncommitted',
    doc: "'read_committed' hides records of transactions that are open or were aborted.",
  }),
  checkCrcs: flag({ kafkaKey: 'check.crcs', default: true, doc: "Check each batch's CRC before its records are given out." }),
  allowAutoCreateTopics: flag({
    kafkaKey: 'allow.auto.create.topics',
    default: true,
    doc: 'Subscribing to a topic that does not exist may create it, if the broker does that.',
  }),
  clientRack: text({
    kafkaKey: 'client.rack',
    default: '',
    doc: "Where this consumer runs; told to the group's assignor. Records are read from leaders, wherever they are.",
  }),
  defaultApiTimeoutMs: durationMs({
    kafkaKey: 'default.api.timeout.ms',
    default: 60_000,
    min: 0,
    max: 0x7fff_ffff,
    doc: 'Longest that a call takes which has no timeout of its own.',
  }),
})

export type ConsumerConfig = ConfigOf<typeof consumerConfig>
export type ConsumerConfigInput = ConfigInputOf<typeof consumerConfig>

/** Where a partition without a position begins. */
export type ResetPolicy = { readonly kind: 'earliest' | 'latest' | 'none' } | { readonly kind: 'duration'; readonly ageMs: number }

/** @throws KafkaError `INVALID_CONFIG` */
export function resolveConsumerConfig(input: Readonly<Record<string, unknown>>): ConsumerConfig {
  const config = resolveConfig('createConsumer', consumerConfig, input)
  const bad = (why: string) => new KafkaError('INVALID_CONFIG', `createConsumer: ${why}`)
  parseResetPolicy(config.autoOffsetReset)
  if (config.groupId === '') throw bad('option "groupId" must not be empty')
  if (config.groupInstanceId === '') throw bad('option "groupInstanceId" must not be empty')
  if (config.groupInstanceId !== null && config.groupId === null) throw bad('option "groupInstanceId" needs a "groupId"')
  if (config.heartbeatIntervalMs >= config.sessionTimeoutMs) {
    throw bad(
      `option "heartbeatIntervalMs" (${config.heartbeatIntervalMs}) must be less than "sessionTimeoutMs" (${config.sessionTimeoutMs})`,
    )
  }
  if (config.groupId === null && input['enableAutoCommit'] === true) throw bad('option "enableAutoCommit" needs a "groupId"')
  return config.groupId === null ? { ...config, enableAutoCommit: false } : config
}

/** @throws KafkaError `INVALID_CONFIG` */
export function parseResetPolicy(value: string): ResetPolicy {
  if (value === 'earliest' || value === 'latest' || value === 'none') return { kind: value }
  const ageMs = value.startsWith('by_duration:') ? millisecondsOf(value.slice('by_duration:'.length)) : null
  if (ageMs !== null) return { kind: 'duration', ageMs }
  throw new KafkaError(
    'INVALID_CONFIG',
    `createConsumer: option "autoOffsetReset" must be 'earliest', 'latest', 'none' or 'by_duration:' and an ISO 8601 duration such as PT1H, not '${value}'`,
  )
}

/** The part of ISO 8601 durations that Java's `Duration` reads: days, hours, minutes and seconds. */
function millisecondsOf(duration: string): number | null {
  const match = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/.exec(duration)
  if (match === null || duration.endsWith('P') || duration.endsWith('T')) return null
  const [days, hours, minutes, seconds] = match.slice(1).map(part => Number(part ?? 0))
  return Math.round((((days! * 24 + hours!) * 60 + minutes!) * 60 + seconds!) * 1000)
}
