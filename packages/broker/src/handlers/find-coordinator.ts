import { type CoordinatorInput, coordinatorTypes, type FindCoordinatorRequest, type FindCoordinatorResponseInput } from '@logwerk/protocol'
import { messageOf } from '@logwerk/runtime'
import type { BrokerState } from '../broker-state.ts'
import type { RequestContext } from '../router.ts'

/** First version that asks for several keys at once. */
const LIST_VERSION = 4

type Answer = Omit<CoordinatorInput, 'key'>

/**
 * Names this broker as the coordinator of every group. The topic that groups are stored in is created first: Kafka answers
 * COORDINATOR_NOT_AVAILABLE until it is there, here the answer waits for it.
 *
 * There are no transactions in this version, so there is no coordinator for them; the code is one that producers take for final.
 */
export function handleFindCoordinator(broker: BrokerState) {
  return async (request: FindCoordinatorRequest, context: RequestContext): Promise<FindCoordinatorResponseInput> => {
    const { version } = context
    const answer = await find(broker, request.keyType, context)
    if (version >= LIST_VERSION) return { coordinators: request.coordinatorKeys.map(key => ({ key, ...answer })) }
    return answer
  }
}

async function find(broker: BrokerState, keyType: number, { advertised, version }: RequestContext): Promise<Answer> {
  switch (keyType) {
    case coordinatorTypes.GROUP:
      try {
        await broker.groups.ready()
        return { errorCode: 'NONE', errorMessage: version >= LIST_VERSION ? '' : 'NONE', nodeId: broker.nodeId, ...advertised }
      } catch (error) {
        broker.world.log.error('the topic for groups cannot be created', { error })
        return failure('COORDINATOR_NOT_AVAILABLE', messageOf(error))
      }
    case coordinatorTypes.TRANSACTION:
      return failure(
        'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
        'this broker has no transactions in this version; leave transactional.id out, or use Apache Kafka',
      )
    case coordinatorTypes.SHARE:
      return failure('INVALID_REQUEST', 'this broker has no share groups in this version')
    default:
      return failure('INVALID_REQUEST', `there is no coordinator of type ${keyType}`)
  }
}

function failure(errorCode: Answer['errorCode'], errorMessage: string): Answer {
  return { errorCode, errorMessage, nodeId: -1, host: '', port: -1 }
}
