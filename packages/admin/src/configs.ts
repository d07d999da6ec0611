import {
  configOperations,
  configResourceTypes,
  configSources,
  configTypes,
  type DescribedConfig,
  describeConfigs as describeConfigsApi,
  incrementalAlterConfigs as incrementalAlterConfigsApi,
} from '@logwerk/protocol'
import { type BrokerErrorCode, brokerError, type ErrorPlace, formatPlace, groupBy, KafkaError } from '@logwerk/runtime'
import type { AdminCall, Settle } from './admin-call.ts'
import { checkList, checkText } from './check.ts'
import { askEach, ensureNode } from './routing.ts'

const RESOURCE_TYPES = {
  topic: configResourceTypes.TOPIC,
  broker: configResourceTypes.BROKER,
  brokerLogger: configResourceTypes.BROKER_LOGGER,
  clientMetrics: configResourceTypes.CLIENT_METRICS,
  group: configResourceTypes.GROUP,
} as const

/** What has configs: a topic or group by its name, a broker by its id as text (empty: the default of all brokers), ... */
export interface ConfigResource {
  readonly type: keyof typeof RESOURCE_TYPES
  readonly name: string
}

/** A question of `describeConfigs`. */
export interface ConfigQuery extends ConfigResource {
  /** Default: all. */
  readonly configNames?: readonly string[] | undefined
}

/** Where a value comes from (Kafka's `ConfigEntry.ConfigSource`). */
export type ConfigSource = (typeof SOURCES)[keyof typeof SOURCES]
/** What kind of value a config has (Kafka's `ConfigEntry.ConfigType`). */
export type ConfigType = keyof typeof configTypes

/** A config and its value. */
export interface ConfigEntry {
  readonly name: string
  /** Null where it is not set, and where it is sensitive. */
  readonly value: string | null
  readonly source: ConfigSource
  /** Nobody has set it: the value is Kafka's own default. */
  readonly isDefault: boolean
  readonly isSensitive: boolean
  readonly isReadOnly: boolean
  readonly type: ConfigType
  /** With `includeSynonyms` all places that could set the value, the one that does first; otherwise empty. */
  readonly synonyms: readonly ConfigSynonymEntry[]
  /** With `includeDocumentation`, where the broker has any; otherwise null. */
  readonly documentation: string | null
}

/** One of the places that a config can be set in. */
export interface ConfigSynonymEntry {
  /** The broker's name of a config may differ from the topic's. */
  readonly name: string
  readonly value: string | null
  readonly source: ConfigSource
}

/** The configs of one resource. */
export interface ConfigDescription extends ConfigResource {
  readonly configs: readonly ConfigEntry[]
}

/** Changes to one resource; what is not named stays as it is. A config may be named once. */
export interface ConfigChanges extends ConfigResource {
  readonly set?: Readonly<Record<string, string | number | boolean>> | undefined
  /** Names that go back to their default. */
  readonly delete?: readonly string[] | undefined
  /** Parts to add to lists; several separated by commas. */
  readonly append?: Readonly<Record<string, string>> | undefined
  /** Parts to take out of lists; several separated by commas. */
  readonly subtract?: Readonly<Record<string, string>> | undefined
}

const SOURCES = {
  [configSources.UNKNOWN]: 'UNKNOWN',
  [configSources.TOPIC]: 'DYNAMIC_TOPIC_CONFIG',
  [configSources.DYNAMIC_BROKER]: 'DYNAMIC_BROKER_CONFIG',
  [configSources.DYNAMIC_DEFAULT_BROKER]: 'DYNAMIC_DEFAULT_BROKER_CONFIG',
  [configSources.STATIC_BROKER]: 'STATIC_BROKER_CONFIG',
  [configSources.DEFAULT]: 'DEFAULT_CONFIG',
  [configSources.DYNAMIC_BROKER_LOGGER]: 'DYNAMIC_BROKER_LOGGER_CONFIG',
  [configSources.CLIENT_METRICS]: 'DYNAMIC_CLIENT_METRICS_CONFIG',
  [configSources.GROUP]: 'DYNAMIC_GROUP_CONFIG',
} as const

const TYPE_NAMES = new Map<number, ConfigType>(Object.entries(configTypes).map(([name, number]) => [number, name as ConfigType]))

/** Stands for "whichever broker answers" where requests are grouped by broker. */
const ANY_BROKER = -1

export async function describeConfigs(
  call: AdminCall,
  queries: readonly ConfigQuery[],
  { includeSynonyms, includeDocumentation }: { readonly includeSynonyms: boolean; readonly includeDocumentation: boolean },
): Promise<ConfigDescription[]> {
  checkResources(call.name, queries)
  return await call.each(queries, { nameOf: nameOfResource, changes: false }, async (pending, settle) => {
    await askEach(groupBy(pending, brokerOf), settle, async (nodeId, items) => {
      const request = {
        resources: resourcesOf(items),
        includeSynonyms,
        includeDocumentation,
      }
      if (nodeId !== ANY_BROKER) await ensureNode(call, nodeId)
      const { results } = await (nodeId === ANY_BROKER
        ? call.client.sendToAny(describeConfigsApi, request)
        : call.client.send(nodeId, describeConfigsApi, request))
      const answers = new Map(results.map(answer => [keyOf(answer.resourceType, answer.resourceName), answer]))
      for (const item of items) {
        const { type, name } = item
        const answer = answers.get(keyOf(RESOURCE_TYPES[type], name))
        if (answer === undefined) continue
        const isWanted = ({ name: config }: DescribedConfig) => item.configNames?.includes(config) ?? true
        if (answer.errorCode === 'NONE') settle(item, { type, name, configs: answer.configs.filter(isWanted).map(entryOf) })
        else settle(item, refusal(item, answer.errorCode, answer.errorMessage))
      }
    })
  })
}

/** Each resource once, with all that is asked about it: the answers to two questions could not be told apart. */
function resourcesOf(queries: readonly ConfigQuery[]) {
  return [...groupBy(queries, ({ type, name }) => keyOf(RESOURCE_TYPES[type], name)).values()].map(some => {
    const { type, name } = some[0]!
    const names = some.flatMap(({ configNames }) => configNames ?? [])
    const wantsAll = some.some(({ configNames }) => configNames === undefined)
    return { resourceType: RESOURCE_TYPES[type], resourceName: name, configurationKeys: wantsAll ? null : [...new Set(names)] }
  })
}

export async function incrementalAlterConfigs(call: AdminCall, changes: readonly ConfigChanges[], validateOnly: boolean): Promise<void> {
  checkResources(call.name, changes)
  const kind = { nameOf: nameOfResource, changes: !validateOnly }
  await call.each(changes, kind, async (pending, settle: Settle<ConfigChanges, undefined>, attempt) => {
    if (attempt > 0) await call.client.refresh()
    await askEach(groupBy(pending, brokerOf), settle, async (nodeId, items) => {
      const request = {
        resources: items.map(item => ({ resourceType: RESOURCE_TYPES[item.type], resourceName: item.name, configs: operationsOf(item) })),
        validateOnly,
      }
      if (nodeId !== ANY_BROKER) await ensureNode(call, nodeId)
      const { responses } = await (nodeId === ANY_BROKER
        ? call.client.sendToController(incrementalAlterConfigsApi, request)
        : call.client.send(nodeId, incrementalAlterConfigsApi, request)
      ).catch(error => {
        throw error instanceof KafkaError && error.code === 'UNSUPPORTED_VERSION' ? tooOld(error) : error
      })
      const answers = new Map(responses.map(answer => [keyOf(answer.resourceType, answer.resourceName), answer]))
      for (const item of items) {
        const answer = answers.get(keyOf(RESOURCE_TYPES[item.type], item.name))
        if (answer === undefined) continue
        settle(item, answer.errorCode === 'NONE' ? undefined : refusal(item, answer.errorCode, answer.errorMessage))
      }
    })
  })
}

/** Only a broker itself knows the configs that it was started with, and its loggers. */
function brokerOf({ type, name }: ConfigResource): number {
  return (type === 'broker' || type === 'brokerLogger') && /^\d+$/.test(name) ? Number(name) : ANY_BROKER
}

function operationsOf({ set = {}, delete: deleted = [], append = {}, subtract = {} }: ConfigChanges) {
  const operation =
    (configOperation: number) =>
    ([name, value]: readonly [string, string | number | boolean]) => ({
      name,
      configOperation,
      value: String(value),
    })
  return [
    ...Object.entries(set).map(operation(configOperations.SET)),
    ...deleted.map(name => ({ name, configOperation: configOperations.DELETE, value: null })),
    ...Object.entries(append).map(operation(configOperations.APPEND)),
    ...Object.entries(subtract).map(operation(configOperations.SUBTRACT)),
  ]
}

/** Exported for its test. */
export function entryOf(config: DescribedConfig): ConfigEntry {
  const source = sourceOf(config.configSource)
  return {
    name: config.name,
    value: config.value,
    source,
    isDefault: source === 'DEFAULT_CONFIG',
    isSensitive: config.isSensitive,
    isReadOnly: config.readOnly,
    type: TYPE_NAMES.get(config.configType) ?? 'UNKNOWN',
    synonyms: config.synonyms.map(synonym => ({ name: synonym.name, value: synonym.value, source: sourceOf(synonym.source) })),
    documentation: config.documentation === '' ? null : config.documentation,
  }
}

function sourceOf(number: number): ConfigSource {
  return (SOURCES as Readonly<Record<number, ConfigSource>>)[number] ?? 'UNKNOWN'
}

function keyOf(type: number, name: string): string {
  return `${type} ${name}`
}

function checkResources(call: string, resources: readonly ConfigResource[]): void {
  checkList(call, 'resources: { type, name }', resources)
  for (const resource of resources) {
    checkText(call, 'the name of a resource', resource?.name)
    if (!Object.hasOwn(RESOURCE_TYPES, resource.type)) {
      throw new TypeError(`${call}: "${resource.type}" is no type of a resource; there are ${Object.keys(RESOURCE_TYPES).join(', ')}`)
    }
  }
}

function nameOfResource({ type, name }: ConfigResource): string {
  const place = placeOf({ type, name })
  return place === null ? `${type} ${name}` : formatPlace(place)
}

function placeOf({ type, name }: ConfigResource): ErrorPlace | null {
  if (type === 'topic') return { topic: name }
  if (type === 'group') return { groupId: name }
  return type === 'broker' && name !== '' ? { broker: name } : null
}

function refusal(resource: ConfigResource, code: BrokerErrorCode, detail: string | null): KafkaError {
  const place = placeOf(resource)
  if (place !== null) return brokerError(code, place, detail)
  return new KafkaError(code, `${nameOfResource(resource)}: ${brokerError(code, {}, detail).message}`)
}

function tooOld(cause: KafkaError): KafkaError {
  const message = `${cause.message}: single configs can be changed from Kafka 2.3 on; an older broker needs its own tools`
  return new KafkaError('UNSUPPORTED_VERSION', message, { at: cause.at, cause })
}
