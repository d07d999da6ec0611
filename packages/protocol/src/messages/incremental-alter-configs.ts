import { array, boolean, type Infer, int8, int32, nullable, string, struct } from '../schema/field.ts'
import { defineApi, type RequestInputOf, type RequestOf, type ResponseInputOf, type ResponseOf } from '../schema/message.ts'
import { alterConfigsResult } from './alter-configs.ts'

/** What to do with a value; the last two are for lists (Kafka's `AlterConfigOp.OpType`). */
export const configOperations = { SET: 0, DELETE: 1, APPEND: 2, SUBTRACT: 3 } as const

export const incrementalAlterableConfig = struct({
  name: string(),
  /** One of {@link configOperations}. */
  configOperation: int8(),
  /** Null only to delete. */
  value: nullable(string()),
})
export interface IncrementalAlterableConfig extends Infer<typeof incrementalAlterableConfig> {}

export const incrementalAlterConfigsResource = struct({
  /** One of `configResourceTypes`. */
  resourceType: int8(),
  resourceName: string(),
  configs: array(incrementalAlterableConfig),
})
export interface IncrementalAlterConfigsResource extends Infer<typeof incrementalAlterConfigsResource> {}

/** Changes single values of configurations and leaves the rest as it is (KIP-339). All changes to one resource happen, or none. */
export const incrementalAlterConfigs = defineApi({
  key: 44,
  name: 'IncrementalAlterConfigs',
  versions: [0, 1],
  flexibleFrom: 1,
  request: struct({
    resources: array(incrementalAlterConfigsResource),
    /** Checks everything and changes nothing. */
    validateOnly: boolean(),
  }),
  response: struct({
    throttleTimeMs: int32({ default: 0 }),
    responses: array(alterConfigsResult),
  }),
})
export type IncrementalAlterConfigsRequest = RequestOf<typeof incrementalAlterConfigs>
export type IncrementalAlterConfigsRequestInput = RequestInputOf<typeof incrementalAlterConfigs>
export type IncrementalAlterConfigsResponse = ResponseOf<typeof incrementalAlterConfigs>
export type IncrementalAlterConfigsResponseInput = ResponseInputOf<typeof incrementalAlterConfigs>
