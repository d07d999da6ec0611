import { type ConfigOption, type ConfigTable, fromProperties, messageOf, oneOf, parseEndpoint, stringList, text } from '@logwerk/runtime'
import type { Context } from './command.ts'
import { many, optional, toggle, withDefault } from './option.ts'
import { refuseProperties } from './resolve-options.ts'
import { UsageError } from './usage-error.ts'

const CONNECTION = 'Connection'

const DEFAULT_SERVER = 'localhost:9092'

const servers: ConfigOption<readonly string[]> = {
  ...stringList({ default: [DEFAULT_SERVER], doc: 'Addresses of some brokers, separated by commas; the others are found from there.' }),
  complaint: value =>
    Array.isArray(value) && value.length > 0 && value.every(server => parseEndpoint(server) !== null)
      ? null
      : 'must be addresses of the form HOST:PORT, separated by commas',
}

/** Options of every command that talks to a cluster. */
export const clientOptions = {
  bootstrapServer: {
    ...withDefault(servers, 'HOST:PORT'),
    section: CONNECTION,
    fromEnv: true,
    property: 'bootstrap.servers',
  },
  commandConfig: {
    ...optional(
      text({ default: undefined, doc: 'A file of properties for the client, such as bootstrap.servers or request.timeout.ms.' }),
      'FILE',
    ),
    section: CONNECTION,
    fromEnv: true,
    isFile: true,
  },
  commandProperty: { ...many('KEY=VALUE', 'One such property.'), section: CONNECTION },
  json: { ...toggle('JSON, one object a line, on a terminal too.'), section: 'Output' },
} as const

/** What {@link clientOptions} say. */
export interface ClientValues {
  readonly bootstrapServer: readonly string[]
  readonly commandProperty: readonly string[]
}

/** Addresses for messages: "a:9092, b:9092". */
export function serversOf({ bootstrapServer }: ClientValues): string {
  return bootstrapServer.join(', ')
}

/** The option to type in a next command so that it goes to the same cluster, with a space before it; empty where the default does. */
export function serverFlagOf({ bootstrapServer }: ClientValues): string {
  const servers = bootstrapServer.join(',')
  return servers === DEFAULT_SERVER ? '' : ` --bootstrap-server ${servers}`
}

/**
 * The options of a client: properties of flags, then of the environment (`LOGWERK_REQUEST_TIMEOUT_MS` for `request.timeout.ms`), then of
 * the file. A property that only other kinds of clients have is none of this one's business, so that one file serves all commands.
 *
 * @param owned  Properties that the command has options for.
 * @throws       UsageError for a property that no client has, or whose value does not fit.
 */
export async function clientSettings<T extends ConfigTable>(
  table: T,
  values: ClientValues,
  { command, io, properties }: Context,
  owned: readonly string[] = [],
): Promise<Readonly<Record<string, unknown>>> {
  const given: Record<string, string> = { ...properties }
  const keys = Object.values(table).flatMap(({ kafkaKey }) =>
    kafkaKey === undefined || kafkaKey === 'bootstrap.servers' ? [] : [kafkaKey],
  )
  for (const key of keys) {
    const variable = io.env[`LOGWERK_${key.replaceAll('.', '_').toUpperCase()}`]
    if (variable !== undefined && !owned.includes(key)) given[key] = variable
  }
  for (const [key, value] of pairsOf(command, '--command-property', values.commandProperty)) given[key] = value
  for (const key of Object.keys(given)) {
    if (key === 'bootstrap.servers' || owned.includes(key)) throw new UsageError(`the property ${key} is an option of the command`, command)
  }
  const foreign = Object.keys(given).filter(key => !keys.includes(key))
  if (foreign.length > 0) refuseProperties(command, foreign.filter(await isUnknown()), keys)
  for (const key of foreign) delete given[key]
  try {
    return { ...fromProperties('client', table, given), bootstrapServers: values.bootstrapServer }
  } catch (error) {
    throw new UsageError(messageOf(error).replace(/^client: /, ''), command)
  }
}

/** `KEY=VALUE` taken apart, in order. @throws UsageError */
export function pairsOf(command: string, flagName: string, texts: readonly string[]): [key: string, value: string][] {
  return texts.map(pair => {
    const at = pair.indexOf('=')
    if (at < 1) throw new UsageError(`${flagName} takes KEY=VALUE, not "${pair}"`, command)
    return [pair.slice(0, at).trim(), pair.slice(at + 1)]
  })
}

async function isUnknown(): Promise<(key: string) => boolean> {
  const [{ adminConfig }, { producerConfig }, { consumerConfig }] = await Promise.all([
    import('@logwerk/admin'),
    import('@logwerk/producer'),
    import('@logwerk/consumer'),
  ])
  const all = [adminConfig, producerConfig, consumerConfig] satisfies readonly ConfigTable[]
  return key => !all.some(table => Object.values(table).some(({ kafkaKey }) => kafkaKey === key))
}

/** `--format` with these values, the first where a person reads and the second in a pipe; null if it is not given. */
export function formatOption<const V extends string>(values: readonly V[], doc: string) {
  return optional(oneOf({ values, default: undefined, doc }), values.join('|'))
}
