import type { InitProducerIdRequest, InitProducerIdResponseInput } from '@logwerk/protocol'
import { KafkaError } from '@logwerk/runtime'
import type { BrokerState } from '../broker-state.ts'
import { brokerCodeOf } from '../partition.ts'

/**
 * Gives an idempotent producer its id. Transactions are not part of this version: their producer gets a fatal error, not one that it
 * would try again after.
 */
export function handleInitProducerId(broker: BrokerState) {
  return async (request: InitProducerIdRequest): Promise<InitProducerIdResponseInput> => {
    const hasHalfAnIdentity = request.producerId < 0 !== request.producerEpoch < 0
    if (request.transactionalId === '' || hasHalfAnIdentity) return { errorCode: 'INVALID_REQUEST', producerEpoch: -1 }
    if (request.transactionalId !== null) return { errorCode: 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED', producerEpoch: -1 }
    try {
      return { errorCode: 'NONE', producerId: await broker.producerIds.next(), producerEpoch: 0 }
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error
      // The disk refused the record of a new block: worth trying again.
      return {
        errorCode: brokerCodeOf(error) === 'KAFKA_STORAGE_ERROR' ? 'COORDINATOR_NOT_AVAILABLE' : 'UNKNOWN_SERVER_ERROR',
        producerEpoch: -1,
      }
    }
  }
}
