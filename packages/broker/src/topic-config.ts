import { configTypes } from '@logwerk/protocol'
import { nearest } from '@logwerk/runtime'

/** A config of a topic: what Kafka calls it, and what a value of it has to be. */
export interface TopicConfigKey {
  readonly name: string
  readonly type: 'BOOLEAN' | 'STRING' | 'INT' | 'LONG' | 'DOUBLE' | 'LIST'
  /** As Kafka prints it. */
  readonly default: string
  /** The broker config that gives the default where it is set; its name differs. None where Kafka shows none. */
  readonly synonym?: string
  readonly min?: number
  readonly max?: number
  readonly values?: readonly string[]
  /** False: accepted and stored, and it has no effect in this version; whoever sets it is told. */
  readonly effective: boolean
  /** What of it has no effect, where only a part has one; whoever sets it is told. */
  readonly lacking?: string
  readonly doc: string
}

/** Kafka's "no limit" for a long. It is beyond 2^53, so in numbers the largest safe integer stands for it. */
const NO_LIMIT = '9223372036854775807'

const keys: readonly TopicConfigKey[] = [
  {
    name: 'cleanup.policy',
    type: 'LIST',
    default: 'delete',
    synonym: 'log.cleanup.policy',
    values: ['compact', 'delete'],
    effective: true,
    lacking: 'nothing is deleted by age or size and nothing is compacted in this version',
    doc: 'What happens to old records: "delete" drops them by age and size, "compact" keeps the newest of each key, nothing keeps everything. Records without a key are refused by a compacted topic; the cleaning itself is not part of this version.',
  },
  {
    name: 'compression.gzip.level',
    type: 'INT',
    default: '-1',
    synonym: 'compression.gzip.level',
    min: -1,
    max: 9,
    effective: true,
    doc: 'Level for compression.type gzip; -1 is the default of zlib.',
  },
  {
    name: 'compression.lz4.level',
    type: 'INT',
    default: '9',
    synonym: 'compression.lz4.level',
    min: 1,
    max: 17,
    effective: true,
    doc: 'Level for compression.type lz4.',
  },
  {
    name: 'compression.type',
    type: 'STRING',
    default: 'producer',
    synonym: 'compression.type',
    values: ['uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'],
    effective: true,
    doc: 'How batches are stored. "producer" keeps what the producer chose; any other value compresses anew.',
  },
  {
    name: 'compression.zstd.level',
    type: 'INT',
    default: '3',
    synonym: 'compression.zstd.level',
    min: -131072,
    max: 22,
    effective: true,
    doc: 'Level for compression.type zstd.',
  },
  {
    name: 'delete.retention.ms',
    type: 'LONG',
    default: '86400000',
    synonym: 'log.cleaner.delete.retention.ms',
    min: 0,
    effective: false,
    doc: 'How long tombstones of a compacted topic stay readable.',
  },
  {
    name: 'errors.deadletterqueue.group.enable',
    type: 'BOOLEAN',
    default: 'false',
    effective: false,
    doc: 'Lets share groups use this topic for records that cannot be processed.',
  },
  {
    name: 'file.delete.delay.ms',
    type: 'LONG',
    default: '60000',
    synonym: 'log.segment.delete.delay.ms',
    min: 0,
    effective: false,
    doc: 'Time between dropping a segment and removing its file.',
  },
  {
    name: 'flush.messages',
    type: 'LONG',
    default: NO_LIMIT,
    synonym: 'log.flush.interval.messages',
    min: 1,
    effective: false,
    doc: 'Records after which the log is synced. The broker option fsync decides here.',
  },
  {
    name: 'flush.ms',
    type: 'LONG',
    default: NO_LIMIT,
    min: 0,
    effective: false,
    doc: 'Time after which the log is synced. The broker option fsync decides here.',
  },
  {
    name: 'follower.replication.throttled.replicas',
    type: 'LIST',
    default: '',
    effective: false,
    doc: 'Replicas whose replication is slowed down. There is no replication here.',
  },
  {
    name: 'index.interval.bytes',
    type: 'INT',
    default: '4096',
    synonym: 'log.index.interval.bytes',
    min: 0,
    effective: true,
    doc: 'Bytes of log between two index entries.',
  },
  {
    name: 'leader.replication.throttled.replicas',
    type: 'LIST',
    default: '',
    effective: false,
    doc: 'Replicas whose replication is slowed down. There is no replication here.',
  },
  {
    name: 'local.retention.bytes',
    type: 'LONG',
    default: '-2',
    synonym: 'log.local.retention.bytes',
    min: -2,
    effective: false,
    doc: 'Size kept locally with tiered storage.',
  },
  {
    name: 'local.retention.ms',
    type: 'LONG',
    default: '-2',
    synonym: 'log.local.retention.ms',
    min: -2,
    effective: false,
    doc: 'Time kept locally with tiered storage.',
  },
  {
    name: 'max.compaction.lag.ms',
    type: 'LONG',
    default: NO_LIMIT,
    synonym: 'log.cleaner.max.compaction.lag.ms',
    min: 1,
    effective: false,
    doc: 'Longest that a record may stay uncompacted.',
  },
  {
    name: 'max.decompressed.message.bytes',
    type: 'INT',
    default: '2147483639',
    synonym: 'max.decompressed.message.bytes',
    min: 1,
    max: 2147483639,
    effective: true,
    doc: 'Largest size of a batch after decompression.',
  },
  {
    name: 'max.message.bytes',
    type: 'INT',
    default: '1048588',
    synonym: 'message.max.bytes',
    min: 0,
    effective: true,
    doc: 'Largest batch that is accepted, as it comes, compressed or not.',
  },
  {
    name: 'message.timestamp.after.max.ms',
    type: 'LONG',
    default: '3600000',
    synonym: 'log.message.timestamp.after.max.ms',
    min: 0,
    effective: true,
    doc: "How far a record's timestamp may lead the broker's clock.",
  },
  {
    name: 'message.timestamp.before.max.ms',
    type: 'LONG',
    default: NO_LIMIT,
    synonym: 'log.message.timestamp.before.max.ms',
    min: 0,
    effective: true,
    doc: "How far a record's timestamp may be behind the broker's clock.",
  },
  {
    name: 'message.timestamp.type',
    type: 'STRING',
    default: 'CreateTime',
    synonym: 'log.message.timestamp.type',
    values: ['CreateTime', 'LogAppendTime'],
    effective: true,
    doc: "Whose time a record carries: the producer's or the broker's.",
  },
  {
    name: 'min.cleanable.dirty.ratio',
    type: 'DOUBLE',
    default: '0.5',
    synonym: 'log.cleaner.min.cleanable.ratio',
    min: 0,
    max: 1,
    effective: false,
    doc: 'Share of uncompacted log at which compaction starts.',
  },
  {
    name: 'min.compaction.lag.ms',
    type: 'LONG',
    default: '0',
    synonym: 'log.cleaner.min.compaction.lag.ms',
    min: 0,
    effective: false,
    doc: 'Shortest that a record stays uncompacted.',
  },
  {
    name: 'min.insync.replicas',
    type: 'INT',
    default: '1',
    synonym: 'min.insync.replicas',
    min: 1,
    effective: false,
    doc: 'Replicas that have to have a record before acks=all is answered. This broker is the only replica.',
  },
  {
    name: 'preallocate',
    type: 'BOOLEAN',
    default: 'false',
    synonym: 'log.preallocate',
    effective: false,
    doc: 'Reserve the disk space of a segment when it is begun.',
  },
  {
    name: 'remote.copy.lag.bytes',
    type: 'LONG',
    default: '-1',
    synonym: 'log.remote.copy.lag.bytes',
    min: -1,
    effective: false,
    doc: 'Bytes kept back from tiered storage.',
  },
  {
    name: 'remote.copy.lag.ms',
    type: 'LONG',
    default: '0',
    synonym: 'log.remote.copy.lag.ms',
    min: -1,
    effective: false,
    doc: 'Time kept back from tiered storage.',
  },
  { name: 'remote.log.copy.disable', type: 'BOOLEAN', default: 'false', effective: false, doc: 'Stop copying to tiered storage.' },
  {
    name: 'remote.log.delete.on.disable',
    type: 'BOOLEAN',
    default: 'false',
    effective: false,
    doc: 'Delete the tiered log when tiered storage is switched off.',
  },
  { name: 'remote.storage.enable', type: 'BOOLEAN', default: 'false', effective: false, doc: 'Copy segments to tiered storage.' },
  {
    name: 'retention.bytes',
    type: 'LONG',
    default: '-1',
    synonym: 'log.retention.bytes',
    effective: false,
    doc: 'Size of a partition above which old segments go; -1 for no limit.',
  },
  {
    name: 'retention.ms',
    type: 'LONG',
    default: '604800000',
    min: -1,
    effective: false,
    doc: 'Age at which segments go; -1 for never.',
  },
  {
    name: 'segment.bytes',
    type: 'INT',
    default: '1073741824',
    synonym: 'log.segment.bytes',
    min: 1048576,
    effective: true,
    doc: 'Size at which a new segment file is begun.',
  },
  {
    name: 'segment.index.bytes',
    type: 'INT',
    default: '10485760',
    synonym: 'log.index.size.max.bytes',
    min: 4,
    effective: true,
    doc: 'Size of an index at which a new segment file is begun.',
  },
  {
    name: 'segment.jitter.ms',
    type: 'LONG',
    default: '0',
    min: 0,
    effective: false,
    doc: 'Random part taken off segment.ms, so that segments do not all roll at once.',
  },
  {
    name: 'segment.ms',
    type: 'LONG',
    default: '604800000',
    min: 1,
    effective: true,
    doc: 'Age at which a new segment file is begun.',
  },
  {
    name: 'unclean.leader.election.enable',
    type: 'BOOLEAN',
    default: 'false',
    synonym: 'unclean.leader.election.enable',
    effective: false,
    doc: 'Whether a replica that lags may become leader. This broker is the only replica.',
  },
]

/** Every config that a topic of Kafka 4.4 has, by name. */
export const topicConfigKeys: ReadonlyMap<string, TopicConfigKey> = new Map(keys.map(key => [key.name, key]))

/** What is wrong with setting `name` to `value`; null if nothing is. */
export function topicConfigComplaint(name: string, value: string): string | null {
  const key = topicConfigKeys.get(name)
  if (key === undefined) {
    const guess = nearest(name, topicConfigKeys.keys())
    return `unknown topic config name: ${name}${guess === null ? '' : `; did you mean ${guess}?`}`
  }
  const bad = (must: string) => `invalid value ${value} for configuration ${name}: it must be ${must}`
  switch (key.type) {
    case 'BOOLEAN':
      return /^(true|false)$/i.test(value) ? null : bad('true or false')
    case 'INT':
    case 'LONG':
    case 'DOUBLE': {
      const number = Number(value)
      const fits = key.type === 'DOUBLE' ? value.trim() !== '' && Number.isFinite(number) : isWhole(value, BITS[key.type])
      if (!fits) return bad(key.type === 'DOUBLE' ? 'a number' : `a whole number of ${BITS[key.type]} bits`)
      if (key.min !== undefined && number < key.min) return bad(`at least ${key.min}`)
      if (key.max !== undefined && number > key.max) return bad(`at most ${key.max}`)
      return name === 'compression.gzip.level' && number === 0 ? bad('-1, or 1 to 9') : null
    }
    default: {
      if (key.values === undefined) return null
      const parts = key.type === 'LIST' ? listOf(value) : [value]
      const unknown = parts.find(part => !key.values!.includes(part))
      return unknown !== undefined ? bad(`${key.type === 'LIST' ? 'some' : 'one'} of ${key.values.join(', ')}`) : null
    }
  }
}

const BITS = { INT: 32, LONG: 64 } as const

function isWhole(value: string, bits: number): boolean {
  // Not any text: a number of a million digits takes its time.
  return /^-?\d{1,19}$/.test(value) && BigInt.asIntN(bits, BigInt(value)) === BigInt(value)
}

/** The parts of a comma-separated value. */
export function listOf(value: string): string[] {
  return value
    .split(',')
    .map(part => part.trim())
    .filter(part => part !== '')
}

/** What is wrong with values that are fine each by itself; null if nothing is. Source: Kafka's `LogConfig.validate`. */
export function topicConfigConflict(configs: TopicConfigs): string | null {
  const min = configs.number('min.compaction.lag.ms')
  const max = configs.number('max.compaction.lag.ms')
  return min > max ? `conflict topic config setting min.compaction.lag.ms (${min}) > max.compaction.lag.ms (${max})` : null
}

/** The number that Kafka's protocol uses for a config's type. */
export function configTypeId(key: TopicConfigKey): number {
  return configTypes[key.type]
}

/** A topic's own values over the broker's over Kafka's defaults. */
export class TopicConfigs {
  readonly #own: ReadonlyMap<string, string>
  readonly #brokerDefaults: ReadonlyMap<string, string>

  constructor(own: ReadonlyMap<string, string>, brokerDefaults: ReadonlyMap<string, string>) {
    this.#own = own
    this.#brokerDefaults = brokerDefaults
  }

  text(name: string): string {
    return this.#own.get(name) ?? this.#brokerDefaults.get(name) ?? topicConfigKeys.get(name)!.default
  }

  number(name: string): number {
    return Math.min(Number(this.text(name)), Number.MAX_SAFE_INTEGER)
  }

  isCompacted(): boolean {
    return listOf(this.text('cleanup.policy')).includes('compact')
  }
}
