import { array, errorCode, type Infer, type InferInput, int32, string, struct } from '../schema/field.ts'
import { defineApi, type RequestInputOf, type RequestOf, type ResponseInputOf, type ResponseOf } from '../schema/message.ts'

export const listedGroup = struct({
  groupId: string(),
  /** Empty for a group that only stores offsets. */
  protocolType: string(),
  groupState: string({ since: 4, default: '', ignorable: true }),
  groupType: string({ since: 5, default: '', ignorable: true }),
})
export interface ListedGroup extends Infer<typeof listedGroup> {}
export interface ListedGroupInput extends InferInput<typeof listedGroup> {}

/** Lists the groups that the asked broker coordinates: a client asks every broker and puts the answers together. */
export const listGroups = defineApi({
  key: 16,
  name: 'ListGroups',
  versions: [0, 5],
  flexibleFrom: 3,
  request: struct({
    /** Empty for all states (KIP-518). */
    statesFilter: array(string(), { since: 4, default: [] }),
    /** Empty for all of "classic", "consumer", "share" and "streams" (KIP-848). */
    typesFilter: array(string(), { since: 5, default: [] }),
  }),
  response: struct({
    throttleTimeMs: int32({ since: 1, default: 0, ignorable: true }),
    errorCode: errorCode(
      'NONE',
      'UNKNOWN_SERVER_ERROR',
      'COORDINATOR_LOAD_IN_PROGRESS',
      'COORDINATOR_NOT_AVAILABLE',
      'NOT_COORDINATOR',
      'CLUSTER_AUTHORIZATION_FAILED',
      'GROUP_AUTHORIZATION_FAILED',
    ),
    groups: array(listedGroup),
  }),
})
export type ListGroupsRequest = RequestOf<typeof listGroups>
export type ListGroupsRequestInput = RequestInputOf<typeof listGroups>
export type ListGroupsResponse = ResponseOf<typeof listGroups>
export type ListGroupsResponseInput = ResponseInputOf<typeof listGroups>
