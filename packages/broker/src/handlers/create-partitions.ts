import {
  answerable,
  type CreatePartitionsRequest,
  type CreatePartitionsResponseInput,
  type CreatePartitionsTopic,
  createPartitionsTopicResult,
} from '@logwerk/protocol'
import { type BrokerErrorCode, groupBy, messageOf } from '@logwerk/runtime'
import type { BrokerState } from '../broker-state.ts'
import { loggedCodeOf } from '../failures.ts'

/** Adds partitions. Keys are spread over all of them from then on, so most keys move. */
export function handleCreatePartitions(broker: BrokerState) {
  return async (request: CreatePartitionsRequest): Promise<CreatePartitionsResponseInput> => {
    const results: { name: string; errorCode: ReturnType<typeof known>; errorMessage: string | null }[] = []
    for (const [name, [topic, ...others]] of groupBy(request.topics, ({ name }) => name)) {
      const { code, message } =
        others.length > 0
          ? { code: 'INVALID_REQUEST' as const, message: 'Duplicate topic name.' }
          : await grow(broker, topic!, request.validateOnly)
      results.push({ name, errorCode: known(code), errorMessage: message })
    }
    return { results }
  }
}

async function grow(
  broker: BrokerState,
  { name, count, assignments }: CreatePartitionsTopic,
  validateOnly: boolean,
): Promise<{ readonly code: BrokerErrorCode; readonly message: string | null }> {
  const current = broker.topics.get(name)?.partitionCount
  if (assignments !== null && current !== undefined && count > current) {
    if (assignments.length !== count - current) {
      return {
        code: 'INVALID_REPLICA_ASSIGNMENT',
        message: `Attempted to add ${count - current} additional partition(s), but only ${assignments.length} assignment(s) were specified.`,
      }
    }
    if (assignments.some(({ brokerIds }) => brokerIds.length !== 1 || brokerIds[0] !== broker.nodeId)) {
      return {
        code: 'INVALID_REPLICA_ASSIGNMENT',
        message: `Each partition needs exactly one replica, on broker ${broker.nodeId}, the only one.`,
      }
    }
  }
  try {
    await broker.topics.createPartitions(name, count, validateOnly)
    return { code: 'NONE', message: null }
  } catch (error) {
    return { code: loggedCodeOf(broker.world.log, error), message: messageOf(error) }
  }
}

function known(code: BrokerErrorCode) {
  return answerable(createPartitionsTopicResult.fields.errorCode, code)
}
