import type { ListGroupsRequest, ListGroupsResponseInput } from '@logwerk/protocol'
import type { BrokerState } from '../broker-state.ts'

/** Lists all groups, or those of some states and types. */
export function handleListGroups(broker: BrokerState) {
  return ({ statesFilter, typesFilter }: ListGroupsRequest): ListGroupsResponseInput => ({
    errorCode: 'NONE',
    groups: broker.groups.list({ states: statesFilter, types: typesFilter }),
  })
}
