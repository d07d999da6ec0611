import { array, boolean, errorCode, type Infer, type InferInput, int8, int32, nullable, string, struct } from '../schema/field.ts'
import { defineApi, type RequestInputOf, type RequestOf, type ResponseInputOf, type ResponseOf } from '../schema/message.ts'

/** What a configuration belongs to (Kafka's `ConfigResource.Type`). */
export const configResourceTypes = { UNKNOWN: 0, TOPIC: 2, BROKER: 4, BROKER_LOGGER: 8, CLIENT_METRICS: 16, GROUP: 32 } as const

/** Where a value comes from (Kafka's `DescribeConfigsResponse.ConfigSource`). */
export const configSources = {
  UNKNOWN: 0,
  TOPIC: 1,
  DYNAMIC_BROKER: 2,
  DYNAMIC_DEFAULT_BROKER: 3,
  STATIC_BROKER: 4,
  DEFAULT: 5,
  DYNAMIC_BROKER_LOGGER: 6,
  CLIENT_METRICS: 7,
  GROUP: 8,
} as const

/** The type of a value (Kafka's `DescribeConfigsResponse.ConfigType`). */
export const configTypes = {
  UNKNOWN: 0,
  BOOLEAN: 1,
  STRING: 2,
  INT: 3,
  SHORT: 4,
  LONG: 5,
  DOUBLE: 6,
  LIST: 7,
  CLASS: 8,
  PASSWORD: 9,
} as const

export const describeConfigsResource = struct({
  /** One of {@link configResourceTypes}. */
  resourceType: int8(),
  /** A topic, a group, or a broker's id as text. */
  resourceName: string(),
  /** Null for all. */
  configurationKeys: nullable(array(string())),
})
export interface DescribeConfigsResource extends Infer<typeof describeConfigsResource> {}

export const configSynonym = struct({
  name: string(),
  value: nullable(string()),
  /** One of {@link configSources}. */
  source: int8(),
})
export interface ConfigSynonym extends Infer<typeof configSynonym> {}

export const describedConfig = struct({
  name: string(),
  /** Null for a sensitive one. */
  value: nullable(string()),
  readOnly: boolean(),
  /** One of {@link configSources}. */
  configSource: int8({ default: -1, ignorable: true }),
  isSensitive: boolean(),
  /** All places that could set the value, in the order in which they are asked; the broker's name of it may differ from the topic's. */
  synonyms: array(configSynonym, { ignorable: true }),
  /** One of {@link configTypes}. */
  configType: int8({ since: 3, default: 0, ignorable: true }),
  documentation: nullable(string({ default: '' }), { since: 3, ignorable: true }),
})
export interface DescribedConfig extends Infer<typeof describedConfig> {}
export interface DescribedConfigInput extends InferInput<typeof describedConfig> {}

export const describeConfigsResult = struct({
  errorCode: errorCode(
    'NONE',
    'UNKNOWN_SERVER_ERROR',
    'INVALID_CONFIG',
    'INVALID_REQUEST',
    'INVALID_TOPIC_EXCEPTION',
    'UNKNOWN_TOPIC_OR_PARTITION',
    'INVALID_GROUP_ID',
    'RESOURCE_NOT_FOUND',
    'BROKER_NOT_AVAILABLE',
    'POLICY_VIOLATION',
    'UNSUPPORTED_VERSION',
    'NOT_CONTROLLER',
    'REQUEST_TIMED_OUT',
    'KAFKA_STORAGE_ERROR',
    'TOPIC_AUTHORIZATION_FAILED',
    'CLUSTER_AUTHORIZATION_FAILED',
    'GROUP_AUTHORIZATION_FAILED',
  ),
  errorMessage: nullable(string()),
  resourceType: int8(),
  resourceName: string(),
  configs: array(describedConfig),
})
export interface DescribeConfigsResult extends Infer<typeof describeConfigsResult> {}
export interface DescribeConfigsResultInput extends InferInput<typeof describeConfigsResult> {}

/** The configuration of topics, brokers and groups, with where each value comes from. */
export const describeConfigs = defineApi({
  key: 32,
  name: 'DescribeConfigs',
  versions: [1, 4],
  flexibleFrom: 4,
  request: struct({
    resources: array(describeConfigsResource),
    includeSynonyms: boolean({ default: false }),
    includeDocumentation: boolean({ since: 3, default: false }),
  }),
  response: struct({
    throttleTimeMs: int32({ default: 0 }),
    results: array(describeConfigsResult),
  }),
})
export type DescribeConfigsRequest = RequestOf<typeof describeConfigs>
export type DescribeConfigsRequestInput = RequestInputOf<typeof describeConfigs>
export type DescribeConfigsResponse = ResponseOf<typeof describeConfigs>
export type DescribeConfigsResponseInput = ResponseInputOf<typeof describeConfigs>
