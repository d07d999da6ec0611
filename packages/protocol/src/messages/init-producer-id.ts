import { errorCode, int16, int32, int64, nullable, string, struct } from '../schema/field.ts'
import { defineApi, type RequestInputOf, type RequestOf, type ResponseInputOf, type ResponseOf } from '../schema/message.ts'

/**
 * Gives a producer its id and epoch. With a transactional id the coordinator answers, fences earlier producers of that id and aborts what
 * they left open, saying CONCURRENT_TRANSACTIONS until that is done. Kafka 4.4 has a version 6 (two-phase commit) that it does not
 * advertise; neither do we.
 */
export const initProducerId = defineApi({
  key: 22,
  name: 'InitProducerId',
  versions: [0, 5],
  flexibleFrom: 2,
  request: struct({
    /** Null for a producer that is only idempotent, which any broker serves; an empty string is INVALID_REQUEST. */
    transactionalId: nullable(string()),
    /** From 1 to the broker's `transaction.max.timeout.ms`, else INVALID_TRANSACTION_TIMEOUT. */
    transactionTimeoutMs: int32(),
    /** The id held so far, to go on with a higher epoch (KIP-360); -1 for a new one. */
    producerId: int64({ since: 3, default: -1 }),
    /** The current epoch is answered with the next one; the one before, a retry, with the current; any other is PRODUCER_FENCED. */
    producerEpoch: int16({ since: 3, default: -1 }),
  }),
  response: struct({
    throttleTimeMs: int32({ default: 0, ignorable: true }),
    errorCode: errorCode(
      'NONE',
      'UNKNOWN_SERVER_ERROR',
      'COORDINATOR_LOAD_IN_PROGRESS',
      'COORDINATOR_NOT_AVAILABLE',
      'NOT_COORDINATOR',
      'INVALID_REQUEST',
      'INVALID_TRANSACTION_TIMEOUT',
      'CONCURRENT_TRANSACTIONS',
      'INVALID_PRODUCER_EPOCH',
      'PRODUCER_FENCED',
      'INVALID_PRODUCER_ID_MAPPING',
      'INVALID_TXN_STATE',
      'TRANSACTION_ABORTABLE',
      'REQUEST_TIMED_OUT',
      'BROKER_NOT_AVAILABLE',
      'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
      'CLUSTER_AUTHORIZATION_FAILED',
    ),
    /** -1 after an error. */
    producerId: int64({ default: -1 }),
    /** -1 after an error. */
    producerEpoch: int16(),
  }),
})
export type InitProducerIdRequest = RequestOf<typeof initProducerId>
export type InitProducerIdRequestInput = RequestInputOf<typeof initProducerId>
export type InitProducerIdResponse = ResponseOf<typeof initProducerId>
export type InitProducerIdResponseInput = ResponseInputOf<typeof initProducerId>
