import type { DescribeGroupsRequest, DescribeGroupsResponseInput } from '@logwerk/protocol'
import type { BrokerState } from '../broker-state.ts'
import type { RequestContext } from '../router.ts'

/** READ, DELETE, DESCRIBE, DESCRIBE_CONFIGS and ALTER_CONFIGS by the numbers of Kafka's `AclOperation`: nobody is kept from anything. */
const ALL_GROUP_OPERATIONS = (1 << 3) | (1 << 6) | (1 << 8) | (1 << 10) | (1 << 11)

/** Shows state and members of groups. */
export function handleDescribeGroups(broker: BrokerState) {
  return ({ groups, includeAuthorizedOperations }: DescribeGroupsRequest, { version }: RequestContext): DescribeGroupsResponseInput => ({
    groups: groups.map(groupId => {
      const described = broker.groups.describe(groupId, version)
      return includeAuthorizedOperations && described.errorCode === 'NONE'
        ? { ...described, authorizedOperations: ALL_GROUP_OPERATIONS }
        : described
    }),
  })
}
