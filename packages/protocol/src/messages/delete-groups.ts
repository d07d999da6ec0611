import { array, errorCode, type Infer, type InferInput, int32, nullable, string, struct } from '../schema/field.ts'
import { defineApi, type RequestInputOf, type RequestOf, type ResponseInputOf, type ResponseOf } from '../schema/message.ts'

export const deletableGroupResult = struct({
  groupId: string(),
  errorCode: errorCode(
    'NONE',
    'UNKNOWN_SERVER_ERROR',
    'COORDINATOR_LOAD_IN_PROGRESS',
    'COORDINATOR_NOT_AVAILABLE',
    'NOT_COORDINATOR',
    'NON_EMPTY_GROUP',
    'GROUP_ID_NOT_FOUND',
    'INVALID_GROUP_ID',
    'GROUP_DELETION_FAILED',
    'REQUEST_TIMED_OUT',
    'GROUP_AUTHORIZATION_FAILED',
  ),
  errorMessage: nullable(string(), { since: 3, default: null, ignorable: true }),
})
export interface DeletableGroupResult extends Infer<typeof deletableGroupResult> {}
export interface DeletableGroupResultInput extends InferInput<typeof deletableGroupResult> {}

/** Deletes groups without members, with their offsets; a group that has any is NON_EMPTY_GROUP. */
export const deleteGroups = defineApi({
  key: 42,
  name: 'DeleteGroups',
  versions: [0, 3],
  flexibleFrom: 2,
  request: struct({
    groupsNames: array(string()),
  }),
  response: struct({
    throttleTimeMs: int32({ default: 0 }),
    results: array(deletableGroupResult),
  }),
})
export type DeleteGroupsRequest = RequestOf<typeof deleteGroups>
export type DeleteGroupsRequestInput = RequestInputOf<typeof deleteGroups>
export type DeleteGroupsResponse = ResponseOf<typeof deleteGroups>
export type DeleteGroupsResponseInput = ResponseInputOf<typeof deleteGroups>
