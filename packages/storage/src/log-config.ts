import { type ConfigOf, defineConfig, durationMs, integer, oneOf, sizeBytes } from '@logwerk/runtime'

/**
 * When an appended batch counts as durable against a power cut. A killed process loses nothing in any mode: the operating system holds
 * what was written.
 */
export type FsyncMode = 'batch' | 'interval' | 'os'

/** Options of one partition's log. The dotted names are Kafka's topic configs. */
export const logConfig = defineConfig({
  segmentBytes: sizeBytes({
    kafkaKey: 'segment.bytes',
    default: 1 << 30,
    min: 14,
    max: 0x7fff_ffff,
    doc: 'Size at which a new segment file is begun.',
  }),
  segmentMs: durationMs({
    kafkaKey: 'segment.ms',
    default: 7 * 24 * 3_600_000,
    min: 1,
    doc: "Age at which a new segment file is begun, in record time: between a segment's first batch and the one that comes.",
  }),
  indexIntervalBytes: sizeBytes({
    kafkaKey: 'index.interval.bytes',
    default: 4096,
    min: 0,
    max: 0x7fff_ffff,
    doc: 'Bytes of log between two index entries; fewer make look-ups shorter and indexes larger.',
  }),
  segmentIndexBytes: sizeBytes({
    kafkaKey: 'segment.index.bytes',
    default: 10 << 20,
    min: 24,
    max: 0x7fff_ffff,
    doc: 'Size of an index at which a new segment file is begun.',
  }),
  producerIdExpirationMs: durationMs({
    kafkaKey: 'producer.id.expiration.ms',
    default: 86_400_000,
    min: 1,
    doc: 'Time after which the sequence numbers of a producer that no longer writes are forgotten, with the next new segment file. Counted from its last batch, whatever the timestamps of its records, and anew from a restart.',
  }),
  fsync: oneOf({
    values: ['batch', 'interval', 'os'],
    default: 'batch',
    doc: "'batch': acknowledge when the disk has the bytes, one sync serving all batches that wait; 'interval': sync every fsyncIntervalMs, at most that much is lost in a power cut; 'os': leave it to the operating system, as Kafka does.",
  }),
  fsyncIntervalMs: durationMs({ default: 1000, min: 1, doc: "Time between two syncs with fsync: 'interval'." }),
  maxPendingSyncBytes: sizeBytes({
    default: 64 << 20,
    min: 1,
    doc: "With fsync: 'batch', bytes that may wait for a sync before further appends are refused as THROTTLING_QUOTA_EXCEEDED: a disk that stalls must not fill the memory.",
  }),
  maxOpenSegments: integer({
    default: 4,
    min: 1,
    doc: 'Finished segments that one log keeps open, those used last: one file each, and up to 5 MiB of indexes with the default sizes. Others are opened when they are needed.',
  }),
  maxProducersPerPartition: integer({
    default: 100_000,
    min: 1,
    doc: 'Producers whose sequence numbers one partition remembers; the one that wrote least recently is forgotten beyond it.',
  }),
})

export type LogConfig = ConfigOf<typeof logConfig>
