import { brokerConfig } from '@logwerk/broker'
import { type ConfigOption, integer, oneOf, text } from '@logwerk/runtime'
import { type CliOption, type OptionTable, optional, toggle, withDefault } from '../option.ts'

type BrokerOption = keyof typeof brokerConfig

const PLACEHOLDERS: Partial<Record<BrokerOption, string>> = {
  dataDir: 'DIR',
  host: 'HOST',
  port: 'PORT',
  advertisedHost: 'HOST',
  advertisedPort: 'PORT',
}

const PLACEHOLDERS_BY_KIND: Partial<Record<ConfigOption<unknown>['kind'], string>> = {
  string: 'TEXT',
  durationMs: 'MS',
  sizeBytes: 'BYTES',
  boolean: 'true|false',
}

/** Where the data lies unless somebody says otherwise. */
const DEFAULT_DATA_DIR = './logwerk-data'
/** Kafka's port. */
const DEFAULT_PORT = 9092

/** What most people need, in this order, after the two about the data; everything else of the broker's table has a section of its own. */
const COMMON = [
  'host',
  'port',
  'allowRemote',
  'advertisedHost',
  'advertisedPort',
  'fsync',
  'numPartitions',
] as const satisfies BrokerOption[]

/** Options that differ from the table's because a command differs from a library: it listens, and it keeps what it is given. */
const own = {
  dataDir: {
    ...text({ default: DEFAULT_DATA_DIR, doc: 'Directory that holds the data; made if it is missing.' }),
    // An empty one, as of a variable that is not set, would be the current directory.
    complaint: value => (typeof value === 'string' && value !== '' ? null : 'must be a directory'),
  },
  host: text({ default: brokerConfig.host.default, doc: 'Address to listen on. One that other machines can reach needs --allow-remote.' }),
  advertisedHost: text({
    default: null,
    doc: 'Host that clients are told to connect to, such as the name of a container. The one they came to if left out.',
  }),
  advertisedPort: integer({
    default: -1,
    min: -1,
    max: 65_535,
    doc: 'Port that clients are told to connect to. The one listened on if left out.',
  }),
  clusterId: text({ default: null, doc: 'Cluster id of a new data directory, 22 characters of URL-safe base64. One is made if left out.' }),
  port: integer({ default: DEFAULT_PORT, min: 0, max: 65_535, doc: 'Port to listen on; 0 picks a free one.' }),
  fsync: oneOf({
    values: ['batch', 'interval', 'os'],
    default: brokerConfig.fsync.default,
    doc: 'When a record is safe from a power cut: batch before it is acknowledged, interval soon after (--fsync-interval-ms), os whenever the system likes, as in Kafka. A killed process loses nothing in any of them.',
  }),
} satisfies Partial<Record<BrokerOption, ConfigOption<unknown>>>

const RARE = (Object.keys(brokerConfig) as BrokerOption[]).filter(
  name => name !== 'dataDir' && !(COMMON as readonly string[]).includes(name),
)

/** Every option of the broker as a flag, an environment variable and a property. */
export const brokerOptions = {
  dataDir: optionOf('dataDir'),
  memory: { ...toggle('Keep everything in memory; it is gone when the broker stops.'), fromEnv: true, property: 'logwerk.memory' },
  ...optionsOf(COMMON),
  config: {
    ...optional(text({ default: undefined, doc: 'A file of properties: num.partitions=6, logwerk.data.dir=/data, ...' }), 'FILE'),
    fromEnv: true,
    isFile: true,
  },
  json: toggle('JSON, one object a line, on a terminal too.'),
  ...optionsOf(RARE, 'More options'),
}

/** Kafka's name, or ours with the prefix `logwerk.`: what `configs describe --entity-type brokers` shows, too. */
export function propertyOf(name: BrokerOption): string {
  return brokerConfig[name].kafkaKey ?? `logwerk.${name.replace(/[A-Z]/g, letter => `.${letter.toLowerCase()}`)}`
}

/** Properties of Kafka's `server.properties` for which the embedded broker has others. */
export const PROPERTY_HINTS: Readonly<Record<string, string>> = {
  'log.dir': 'use logwerk.data.dir',
  'log.dirs': 'use logwerk.data.dir, one directory',
  listeners: 'use logwerk.host and logwerk.port',
  'advertised.listeners': 'use logwerk.advertised.host and logwerk.advertised.port',
  'process.roles': 'the embedded broker is a single node; leave it out',
  'controller.quorum.voters': 'the embedded broker is a single node; leave it out',
}

function optionsOf(names: readonly BrokerOption[], section?: string): OptionTable {
  return Object.fromEntries(names.map(name => [name, { ...optionOf(name), ...(section === undefined ? {} : { section }) }]))
}

function optionOf(name: BrokerOption): CliOption<unknown> {
  const config: ConfigOption<unknown> = (own as Partial<Record<BrokerOption, ConfigOption<unknown>>>)[name] ?? brokerConfig[name]
  const isToggle = config.kind === 'boolean' && config.default === false
  return {
    ...(isToggle ? toggle(config.doc) : withDefault(config, PLACEHOLDERS[name] ?? placeholderOf(config))),
    fromEnv: true,
    property: propertyOf(name),
  }
}

function placeholderOf({ kind, values }: ConfigOption<unknown>): string {
  if (values !== undefined) return values.join('|')
  return PLACEHOLDERS_BY_KIND[kind] ?? 'N'
}
