import {
  answerable,
  type ProducePartitionResponseInput,
  type ProduceRequest,
  type ProduceResponseInput,
  producePartitionResponse,
  RECORDS_AT,
  RecordBatchView,
} from '@logwerk/protocol'
import { type BrokerErrorCode, ZERO_UUID } from '@logwerk/runtime'
import type { BrokerState } from '../broker-state.ts'
import type { Partition, ProduceOutcome } from '../partition.ts'
import { CLOSE, type Reply, type RequestContext, SILENCE } from '../router.ts'

/** First version that goes by topic id. */
const TOPIC_ID_VERSION = 13
/** First version whose clients know zstd. */
const ZSTD_VERSION = 7
/** Produce is offered from version 0 although 0 to 2 are refused: older librdkafka stops compressing without (apache/kafka#18727). */
export const PRODUCE_ADVERTISED_FROM = 0

/**
 * Appends one batch per partition. With acks=0 nothing is answered, and an error closes the connection, so that the client looks up the
 * metadata again (as Kafka does; measured).
 */
export function handleProduce(broker: BrokerState) {
  return async (request: ProduceRequest, { version }: RequestContext): Promise<Reply<ProduceResponseInput>> => {
    const { acks } = request
    const refusal = acks !== 0 && acks !== 1 && acks !== -1 ? 'INVALID_REQUIRED_ACKS' : null
    let failed = refusal !== null
    const responses = await Promise.all(
      request.topicData.map(async ({ name, topicId, partitionData }) => {
        const topicName = version >= TOPIC_ID_VERSION ? broker.topics.getById(topicId)?.name : name
        const unknown = version >= TOPIC_ID_VERSION ? 'UNKNOWN_TOPIC_ID' : 'UNKNOWN_TOPIC_OR_PARTITION'
        const partitionResponses = await Promise.all(
          partitionData.map(async ({ index, records }) => {
            const partition = topicName === undefined ? undefined : broker.topics.partition(topicName, index)
            const response =
              refusal !== null
                ? errorResponse(index, refusal)
                : partition === undefined
                  ? errorResponse(index, topicName === undefined ? unknown : 'UNKNOWN_TOPIC_OR_PARTITION')
                  : await produceTo(broker, partition, records, version, request.transactionalId, unknown)
            failed ||= response.errorCode !== 'NONE'
            return response
          }),
        )
        return { name, topicId: version >= TOPIC_ID_VERSION ? topicId : ZERO_UUID, partitionResponses }
      }),
    )
    if (acks === 0) return failed ? CLOSE : SILENCE
    return { responses }
  }
}

async function produceTo(
  broker: BrokerState,
  partition: Partition,
  records: Uint8Array | null,
  version: number,
  transactionalId: string | null,
  unknown: BrokerErrorCode,
): Promise<ProducePartitionResponseInput> {
  const { index } = partition
  const bytes = records === null ? EMPTY : Buffer.from(records.buffer, records.byteOffset, records.length)
  const complaint = requestComplaint(broker, partition, bytes, version, transactionalId)
  if (complaint !== null) return errorResponse(index, complaint.code, complaint.message)
  const outcome = await partition.produce(bytes)
  if (outcome.ok) return success(partition, outcome)
  // The topic was deleted while the batch was on its way to the disk.
  if (partition.isGone) return errorResponse(index, unknown)
  return { ...errorResponse(index, outcome.errorCode, outcome.errorMessage), recordErrors: [...outcome.recordErrors] }
}

/** What is wrong with the request rather than with the batch. */
function requestComplaint(
  broker: BrokerState,
  partition: Partition,
  bytes: Buffer,
  version: number,
  transactionalId: string | null,
): { readonly code: BrokerErrorCode; readonly message: string } | null {
  if (broker.isInternal(partition.topic)) return { code: 'INVALID_TOPIC_EXCEPTION', message: `clients do not write to ${partition.topic}` }
  if (transactionalId !== null) {
    return { code: 'UNSUPPORTED_VERSION', message: 'this broker has no transactions in this version; leave transactional.id out' }
  }
  const batch = firstBatch(bytes)
  if (batch === null) return null
  if (batch.isTransactional)
    return { code: 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED', message: 'a transactional batch without a transactional id' }
  if ((batch.attributes & 7) === 4 && version < ZSTD_VERSION) {
    return { code: 'UNSUPPORTED_COMPRESSION_TYPE', message: `Produce version ${version} does not know zstd; ${ZSTD_VERSION} and later do` }
  }
  return null
}

function firstBatch(bytes: Buffer) {
  if (bytes.length < RECORDS_AT || bytes[16] !== 2) return null
  return new RecordBatchView(bytes)
}

function success(partition: Partition, { result }: Extract<ProduceOutcome, { ok: true }>): ProducePartitionResponseInput {
  return {
    index: partition.index,
    errorCode: 'NONE',
    baseOffset: result.baseOffset,
    logAppendTimeMs: result.logAppendTime,
    logStartOffset: partition.log.logStartOffset,
  }
}

function errorResponse(index: number, code: BrokerErrorCode, errorMessage: string | null = null): ProducePartitionResponseInput {
  // A disk that stalls is a matter of time; producers know this code as one to try again after.
  const known = code === 'THROTTLING_QUOTA_EXCEEDED' ? 'REQUEST_TIMED_OUT' : code
  return { index, errorCode: answerable(producePartitionResponse.fields.errorCode, known), baseOffset: -1, errorMessage }
}

const EMPTY = Buffer.alloc(0)
