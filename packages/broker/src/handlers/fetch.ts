import {
  answerable,
  batchesOf,
  type FetchPartitionResponseInput,
  type FetchRequest,
  type FetchResponseInput,
  type FetchTopicResponseInput,
  fetchPartitionResponse,
  isolationLevels,
} from '@logwerk/protocol'
import { type BrokerErrorCode, brokerError, KafkaError, type World } from '@logwerk/runtime'
import type { Log } from '@logwerk/storage'
import type { BrokerState } from '../broker-state.ts'
import type { FetchPlan, FetchTarget } from '../fetch-session.ts'
import { epochRefusal } from '../leader-epoch.ts'
import { brokerCodeOf, type Partition } from '../partition.ts'
import type { RequestContext } from '../router.ts'

const TOPIC_ID_VERSION = 13

/** What one look at one partition found. */
interface PartitionReading {
  readonly target: FetchTarget
  readonly partition: Partition | undefined
  readonly response: FetchPartitionResponseInput
  /** Those of the response. */
  readonly records: Uint8Array
  /** Most bytes that it might have had. */
  readonly limitBytes: number
  /** Goes out at once, however little it is: an error, where two logs part, what a finished segment has left. */
  readonly isUrgent: boolean
}

/** What one look at all partitions found. */
interface Reading {
  readonly partitions: readonly PartitionReading[]
  readonly byteCount: number
  readonly isUrgent: boolean
}

/**
 * Reads whole batches as they lie in the files. With fewer than `minBytes` it waits, up to `maxWaitMs`, until records come, a topic goes
 * or something is wrong; a client that hangs up ends the wait. Source: Kafka's `DelayedFetch`.
 */
export function handleFetch(broker: BrokerState) {
  return async (request: FetchRequest, { version, signal }: RequestContext): Promise<FetchResponseInput> => {
    const byId = version >= TOPIC_ID_VERSION
    const { clock } = broker.world
    const plan = broker.fetchSessions.plan(request, byId, clock.monotonicMs())
    if (typeof plan === 'string') return { errorCode: plan, responses: [] }
    const deadlineMs = clock.monotonicMs() + request.maxWaitMs
    while (true) {
      // Looked at each time: others may have filled the room, or left it.
      const maxBytes = Math.min(request.maxBytes, broker.config.fetchMaxBytes, broker.answers.roomBytes)
      // Nobody waits for more than an answer holds. But for something: an answer without room holds one batch.
      const minBytes = Math.min(request.minBytes, Math.max(maxBytes, 1))
      const reading = read(broker, request, plan, byId, maxBytes)
      if (isEnough(reading, minBytes) || clock.monotonicMs() >= deadlineMs) return answer(plan, reading, byId)
      await enough(broker.world, reading, minBytes, deadlineMs, signal)
      // Whoever waited is gone, or is sent away with what was found last.
      if (signal.aborted) return answer(plan, reading, byId)
    }
  }
}

function isEnough({ partitions, byteCount, isUrgent }: Reading, minBytes: number): boolean {
  if (isUrgent || byteCount >= minBytes || partitions.length === 0) return true
  return partitions.reduce((sum, partition) => sum + countedBytesOf(partition), 0) >= minBytes
}

/**
 * What a partition adds to `minBytes`: a batch that lies there and did not fit fills its limit up, or a reader whose `minBytes` is about its
 * limit would wait in vain each time (Kafka sends the part that fits).
 */
function countedBytesOf({ target, response, records, limitBytes }: PartitionReading): number {
  if (response.errorCode !== 'NONE') return 0
  let nextOffset = target.fetchOffset
  for (const batch of batchesOf(records)) nextOffset = batch.nextOffset
  return nextOffset < response.highWatermark ? Math.max(limitBytes, records.length) : records.length
}

function partitionOf(broker: BrokerState, target: FetchTarget, byId: boolean): Partition | undefined {
  const name = byId ? broker.topics.getById(target.topicId)?.name : target.topic
  return name === undefined ? undefined : broker.topics.partition(name, target.partition)
}

function read(broker: BrokerState, request: FetchRequest, plan: FetchPlan, byId: boolean, maxBytes: number): Reading {
  let budgetBytes = maxBytes
  let byteCount = 0
  const partitions = plan.targets.map((target): PartitionReading => {
    const partition = partitionOf(broker, target, byId)
    const failure = (code: BrokerErrorCode): PartitionReading => ({
      target,
      partition,
      response: failureOf(target, code),
      records: EMPTY,
      limitBytes: 0,
      isUrgent: true,
    })
    if (partition === undefined)
      return failure(byId && broker.topics.getById(target.topicId) === undefined ? 'UNKNOWN_TOPIC_ID' : 'UNKNOWN_TOPIC_OR_PARTITION')
    const { log } = partition
    const refusal = epochRefusal(log, target.currentLeaderEpoch)
    if (refusal !== null) return failure(refusal)
    try {
      const divergingEpoch = divergenceOf(log, target)
      // The first batch of the answer comes whole, whatever the limits say, or a reader with small limits would never move (KIP-74).
      const minOneBatch = byteCount === 0
      const limitBytes = Math.max(Math.min(target.maxBytes, budgetBytes), 0)
      const records =
        divergingEpoch === null
          ? log.read(target.fetchOffset, { maxBytes: limitBytes, minOneBatch, limitOffset: log.highWatermark })
          : EMPTY
      byteCount += records.length
      budgetBytes -= records.length
      const response: FetchPartitionResponseInput = {
        partitionIndex: target.partition,
        errorCode: 'NONE',
        highWatermark: log.highWatermark,
        lastStableOffset: log.highWatermark,
        logStartOffset: log.logStartOffset,
        ...(divergingEpoch === null ? {} : { divergingEpoch }),
        abortedTransactions: request.isolationLevel === isolationLevels.READ_COMMITTED ? [] : null,
        records,
      }
      return {
        target,
        partition,
        response,
        records,
        limitBytes,
        isUrgent: divergingEpoch !== null || (records.length > 0 && isBehind(log, target.fetchOffset)),
      }
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error
      if (error.code !== 'OFFSET_OUT_OF_RANGE')
        broker.world.log.error('a fetch failed', { topic: partition.topic, partition: partition.index, error })
      return failure(brokerCodeOf(error))
    }
  })
  return { partitions, byteCount, isUrgent: partitions.some(({ isUrgent }) => isUrgent) }
}

/** Reads in a finished segment while there are records in a later one: an answer comes out of one segment and will not grow. */
function isBehind(log: Log, fetchOffset: number): boolean {
  return fetchOffset < log.activeSegmentBaseOffset && log.highWatermark > log.activeSegmentBaseOffset
}

/**
 * Where the reader's log leaves ours, if the epoch that it read last ended before the offset that it asks for (KIP-595); null if it does
 * not, or if the reader does not say. Source: Kafka's `Partition.readRecords`.
 *
 * @throws KafkaError `OFFSET_OUT_OF_RANGE` for an epoch that nobody knows here.
 */
function divergenceOf(log: Log, { fetchOffset, lastFetchedEpoch }: FetchTarget): { epoch: number; endOffset: number } | null {
  if (lastFetchedEpoch < 0) return null
  const { epoch, endOffset } = log.leaderEpochs.endOffsetOf(lastFetchedEpoch, log.logEndOffset)
  if (epoch < 0) {
    throw brokerError('OFFSET_OUT_OF_RANGE', { topic: log.topic, partition: log.partition }, `epoch ${lastFetchedEpoch} is not known here`)
  }
  return fetchOffset >= log.logStartOffset && (epoch < lastFetchedEpoch || endOffset < fetchOffset) ? { epoch, endOffset } : null
}

function failureOf(target: FetchTarget, code: BrokerErrorCode): FetchPartitionResponseInput {
  return {
    partitionIndex: target.partition,
    errorCode: answerable(fetchPartitionResponse.fields.errorCode, code),
    highWatermark: -1,
    // As Kafka has it (measured on 4.4.0).
    abortedTransactions: code === 'UNKNOWN_TOPIC_OR_PARTITION' || code === 'UNKNOWN_TOPIC_ID' ? [] : null,
    // Empty, not null: some clients fail on null.
    records: EMPTY,
  }
}

const EMPTY = new Uint8Array(0)

/**
 * Resolves when as much has come as `reading` lacks, a topic is gone, the deadline is there or nobody waits any more. Counts what comes and
 * does not read it: a reader that waits for a megabyte would otherwise read half of one for each batch. What lies beyond a partition's own
 * limit does not count.
 */
function enough(world: World, reading: Reading, minBytes: number, deadlineMs: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) return resolve()
    const unsubscribe: (() => void)[] = []
    let settled = false
    const settle = () => {
      if (settled) return
      settled = true
      timer.cancel()
      for (const stop of unsubscribe) stop()
      signal.removeEventListener('abort', settle)
      resolve()
    }
    signal.addEventListener('abort', settle, { once: true })
    const timer = world.clock.setTimer(deadlineMs - world.clock.monotonicMs(), settle)
    // At the end of the turn: what else arrives in it comes along.
    const settleSoon = () => world.clock.soon(settle)
    let missingBytes = minBytes
    for (const read of reading.partitions) {
      const { target, partition } = read
      if (partition === undefined) continue
      const { log } = partition
      const countedBytes = countedBytesOf(read)
      missingBytes -= countedBytes
      let roomBytes = Math.max(target.maxBytes - countedBytes, 0)
      let passedBytes = log.passedBytes
      const onAdvance = () => {
        const cameBytes = Math.min(log.passedBytes - passedBytes, roomBytes)
        passedBytes = log.passedBytes
        roomBytes -= cameBytes
        missingBytes -= cameBytes
        if (missingBytes <= 0) settleSoon()
      }
      unsubscribe.push(log.onAdvance(onAdvance), partition.onGone(settleSoon))
    }
  })
}

function answer(plan: FetchPlan, reading: Reading, byId: boolean): FetchResponseInput {
  const topics = new Map<string, FetchTopicResponseInput & { partitions: FetchPartitionResponseInput[] }>()
  for (const { target, response, records } of reading.partitions) {
    const news = plan.report(target, {
      highWatermark: response.highWatermark,
      logStartOffset: response.logStartOffset ?? -1,
      hasRecords: records.length > 0,
      failed: response.errorCode !== 'NONE' || response.divergingEpoch !== undefined,
    })
    if (!news) continue
    const key = byId ? target.topicId : target.topic
    let topic = topics.get(key)
    if (topic === undefined) {
      topic = { ...(byId ? { topicId: target.topicId } : { topic: target.topic }), partitions: [] }
      topics.set(key, topic)
    }
    topic.partitions.push(response)
  }
  return { errorCode: 'NONE', sessionId: plan.sessionId, responses: [...topics.values()] }
}
