import {
  answerable,
  type FetchPartitionResponseInput,
  type FetchRequest,
  type FetchResponseInput,
  type FetchTopicResponseInput,
  fetchPartitionResponse,
  isolationLevels,
} from '@logwerk/protocol'
import { type BrokerErrorCode, KafkaError, type Timer, type World } from '@logwerk/runtime'
import type { BrokerState } from '../broker-state.ts'
import type { FetchPlan, FetchTarget } from '../fetch-session.ts'
import { epochRefusal } from '../leader-epoch.ts'
import { brokerCodeOf, type Partition } from '../partition.ts'
import type { RequestContext } from '../router.ts'

const TOPIC_ID_VERSION = 13

/** What one look at all partitions found. */
interface Reading {
  readonly responses: readonly {
    readonly target: FetchTarget
    readonly name: string
    readonly response: FetchPartitionResponseInput
    readonly byteCount: number
  }[]
  readonly byteCount: number
  readonly failed: boolean
}

/**
 * Reads whole batches as they lie in the files. With fewer than `minBytes` it waits, up to `maxWaitMs`, until records come, a topic goes
 * or something is wrong; a client that hangs up ends the wait.
 */
export function handleFetch(broker: BrokerState) {
  return async (request: FetchRequest, { version, signal }: RequestContext): Promise<FetchResponseInput> => {
    const byId = version >= TOPIC_ID_VERSION
    const plan = broker.fetchSessions.plan(request, byId, broker.world.clock.monotonicMs())
    if (typeof plan === 'string') return { errorCode: plan, responses: [] }
    let reading = read(broker, request, plan, byId)
    if (request.maxWaitMs > 0 && !isEnough(reading, request, plan)) {
      const deadlineMs = broker.world.clock.monotonicMs() + request.maxWaitMs
      while (!isEnough(reading, request, plan)) {
        const more = await nextChange(broker.world, partitionsOf(broker, plan, byId), deadlineMs, signal)
        reading = read(broker, request, plan, byId)
        if (!more) break
      }
    }
    return answer(plan, reading, byId)
  }
}

function isEnough(reading: Reading, request: FetchRequest, plan: FetchPlan): boolean {
  return reading.failed || reading.byteCount >= request.minBytes || plan.targets.length === 0
}

function partitionOf(broker: BrokerState, target: FetchTarget, byId: boolean): Partition | undefined {
  const name = byId ? broker.topics.getById(target.topicId)?.name : target.topic
  return name === undefined ? undefined : broker.topics.partition(name, target.partition)
}

function partitionsOf(broker: BrokerState, plan: FetchPlan, byId: boolean): Partition[] {
  return plan.targets.map(target => partitionOf(broker, target, byId)).filter(partition => partition !== undefined)
}

function read(broker: BrokerState, request: FetchRequest, plan: FetchPlan, byId: boolean): Reading {
  let budgetBytes = Math.min(request.maxBytes, broker.config.fetchMaxBytes)
  let byteCount = 0
  let failed = false
  const responses = plan.targets.map(target => {
    const partition = partitionOf(broker, target, byId)
    const failure = (code: BrokerErrorCode) => {
      failed = true
      return { target, name: target.topic, response: failureOf(target, code), byteCount: 0 }
    }
    if (partition === undefined)
      return failure(byId && broker.topics.getById(target.topicId) === undefined ? 'UNKNOWN_TOPIC_ID' : 'UNKNOWN_TOPIC_OR_PARTITION')
    const { log } = partition
    const refusal = epochRefusal(log, target.currentLeaderEpoch)
    if (refusal !== null) return failure(refusal)
    try {
      const records = log.read(target.fetchOffset, {
        maxBytes: Math.max(Math.min(target.maxBytes, budgetBytes), 0),
        // The first batch of the answer comes whole, whatever the limits say, or a reader with small limits would never move (KIP-74).
        minOneBatch: byteCount === 0,
        limitOffset: log.highWatermark,
      })
      byteCount += records.length
      budgetBytes -= records.length
      const response: FetchPartitionResponseInput = {
        partitionIndex: target.partition,
        errorCode: 'NONE',
        highWatermark: log.highWatermark,
        lastStableOffset: log.highWatermark,
        logStartOffset: log.logStartOffset,
        abortedTransactions: request.isolationLevel === isolationLevels.READ_COMMITTED ? [] : null,
        records,
      }
      return { target, name: target.topic, response, byteCount: records.length }
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error
      if (error.code !== 'OFFSET_OUT_OF_RANGE')
        broker.world.log.error('a fetch failed', { topic: partition.topic, partition: partition.index, error })
      return failure(brokerCodeOf(error))
    }
  })
  return { responses, byteCount, failed }
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

/** Resolves with true when something happened in one of the partitions, with false at the deadline or when nobody waits any more. */
function nextChange(world: World, partitions: readonly Partition[], deadlineMs: number, signal: AbortSignal): Promise<boolean> {
  return new Promise(resolve => {
    const subscriptions: (() => void)[] = []
    let timer: Timer | null = null
    let settled = false
    const settle = (changed: boolean) => {
      if (settled) return
      settled = true
      timer?.cancel()
      for (const unsubscribe of subscriptions) unsubscribe()
      signal.removeEventListener('abort', onAbort)
      resolve(changed)
    }
    const onAbort = () => settle(false)
    if (signal.aborted || world.clock.monotonicMs() >= deadlineMs) return settle(false)
    signal.addEventListener('abort', onAbort, { once: true })
    timer = world.clock.setTimer(deadlineMs - world.clock.monotonicMs(), () => settle(false))
    // At the end of the turn: what else arrives in it comes along.
    const onChange = () => world.clock.soon(() => settle(true))
    for (const partition of partitions) subscriptions.push(partition.log.onAdvance(onChange), partition.onGone(onChange))
  })
}

function answer(plan: FetchPlan, reading: Reading, byId: boolean): FetchResponseInput {
  const topics = new Map<string, FetchTopicResponseInput & { partitions: FetchPartitionResponseInput[] }>()
  for (const { target, response, byteCount } of reading.responses) {
    const news = plan.report(target, {
      highWatermark: response.highWatermark,
      logStartOffset: response.logStartOffset ?? -1,
      hasRecords: byteCount > 0,
      failed: response.errorCode !== 'NONE',
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
