import { array, boolean, errorCode, type Infer, type InferInput, int8, int32, nullable, string, struct } from '../schema/field.ts'
import { defineApi, type RequestInputOf, type RequestOf, type ResponseInputOf, type ResponseOf } from '../schema/message.ts'

export const alterableConfig = struct({
  name: string(),
  /** Null for the default. */
  value: nullable(string()),
})
export interface AlterableConfig extends Infer<typeof alterableConfig> {}

export const alterConfigsResource = struct({
  /** One of `configResourceTypes`. */
  resourceType: int8(),
  resourceName: string(),
  configs: array(alterableConfig),
})
export interface AlterConfigsResource extends Infer<typeof alterConfigsResource> {}

/** Also what IncrementalAlterConfigs answers. */
export const alterConfigsResult = struct({
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
})
export interface AlterConfigsResult extends Infer<typeof alterConfigsResult> {}
export interface AlterConfigsResultInput extends InferInput<typeof alterConfigsResult> {}

/**
 * Replaces the whole configuration of topics and brokers: what is not named falls back to its default. IncrementalAlterConfigs changes
 * single values; clients such as kafkajs know only this one.
 */
export const alterConfigs = defineApi({
  key: 33,
  name: 'AlterConfigs',
  versions: [0, 2],
  flexibleFrom: 2,
  request: struct({
    resources: array(alterConfigsResource),
    /** Checks everything and changes nothing. */
    validateOnly: boolean(),
  }),
  response: struct({
    throttleTimeMs: int32({ default: 0 }),
    responses: array(alterConfigsResult),
  }),
})
export type AlterConfigsRequest = RequestOf<typeof alterConfigs>
export type AlterConfigsRequestInput = RequestInputOf<typeof alterConfigs>
export type AlterConfigsResponse = ResponseOf<typeof alterConfigs>
export type AlterConfigsResponseInput = ResponseInputOf<typeof alterConfigs>
