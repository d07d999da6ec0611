import { answerable, type DeleteGroupsRequest, type DeleteGroupsResponseInput, deletableGroupResult } from '@logwerk/protocol'
import type { BrokerState } from '../broker-state.ts'

/** Deletes groups that have no members, with their offsets. */
export function handleDeleteGroups(broker: BrokerState) {
  return async ({ groupsNames }: DeleteGroupsRequest): Promise<DeleteGroupsResponseInput> => ({
    results: await Promise.all(
      [...new Set(groupsNames)].map(async groupId => {
        const code = await broker.groups.delete(groupId)
        return { groupId, errorCode: answerable(deletableGroupResult.fields.errorCode, code), errorMessage: messageOf(groupId, code) }
      }),
    ),
  })
}

function messageOf(groupId: string, code: string): string | null {
  switch (code) {
    case 'GROUP_ID_NOT_FOUND':
      return `Group ${groupId} not found.`
    case 'NON_EMPTY_GROUP':
      return `Group ${groupId} has members; it can be deleted when they have left.`
    default:
      return null
  }
}
