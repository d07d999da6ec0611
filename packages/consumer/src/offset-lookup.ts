import type { KafkaClient } from '@logwerk/client'
import { isolationLevels, listOffsets } from '@logwerk/protocol'
import { brokerError, KafkaError } from '@logwerk/runtime'
import type { WaitOptions } from './consumer-api.ts'
import type { ConsumerConfig } from './consumer-config.ts'
import { groupByTopic } from './group-by-topic.ts'
import { checkPartitions, formatPartition, type TopicPartition, type TopicPartitionOffset } from './topic-partition.ts'

/** An offset found by time. */
export interface OffsetAndTimestamp {
  readonly offset: number
  /** -1 for an end of the log. */
  readonly timestamp: number
  /** -1 if the broker does not tell. */
  readonly leaderEpoch: number
}

/** A partition, and milliseconds since 1970 or one of `listOffsetsTimestamps`. */
export type PartitionTime = TopicPartition & { readonly timestamp: number }

/** What one broker answered, by `topic-partition`; a partition that is in neither has no record so young. */
export interface OffsetAnswers {
  readonly found: ReadonlyMap<string, OffsetAndTimestamp>
  readonly failures: ReadonlyMap<string, KafkaError>
}

/** Asks for offsets by time (`ListOffsets`). */
export class OffsetLookup {
  readonly #client: KafkaClient
  readonly #config: ConsumerConfig

  constructor(client: KafkaClient, config: ConsumerConfig) {
    this.#client = client
    this.#config = config
  }

  /** Asks the leader of these partitions, once. @throws KafkaError if it cannot be reached */
  async ask(leader: number, wanted: readonly PartitionTime[]): Promise<OffsetAnswers> {
    const { isolationLevel, requestTimeoutMs } = this.#config
    const connection = await this.#client.connect(leader, 'coordinator')
    const answer = await connection.send(listOffsets, {
      replicaId: -1,
      isolationLevel: isolationLevel === 'read_committed' ? isolationLevels.READ_COMMITTED : isolationLevels.READ_UNCOMMITTED,
      timeoutMs: requestTimeoutMs,
      topics: groupByTopic(wanted).map(([name, ofTopic]) => ({
        name,
        partitions: ofTopic.map(({ partition, timestamp }) => ({ partitionIndex: partition, timestamp })),
      })),
    })
    const found = new Map<string, OffsetAndTimestamp>()
    const failures = new Map<string, KafkaError>()
    const answered = new Set<string>()
    for (const { name: topic, partitions } of answer.topics) {
      for (const { partitionIndex: partition, errorCode, offset, timestamp, leaderEpoch } of partitions) {
        const key = formatPartition({ topic, partition })
        if (errorCode !== 'NONE') failures.set(key, brokerError(errorCode, { topic, partition, broker: leader }))
        else if (offset >= 0) found.set(key, { offset, timestamp, leaderEpoch })
        answered.add(key)
      }
    }
    for (const { topic, partition } of wanted) {
      const key = formatPartition({ topic, partition })
      if (answered.has(key)) continue
      const at = { topic, partition, broker: leader }
      failures.set(key, new KafkaError('NETWORK_EXCEPTION', `${key}: broker ${leader} left it out of its answer`, { at }))
    }
    return { found, failures }
  }

  /**
   * Asks the leader of each partition until all have answered; by `topic-partition`, partitions without such a record are left out.
   *
   * @throws KafkaError; TimeoutError after `timeoutMs`, `defaultApiTimeoutMs` if left out; `signal.reason`
   */
  async find(wanted: readonly PartitionTime[], options: WaitOptions = {}): Promise<Map<string, OffsetAndTimestamp>> {
    const { timeoutMs = this.#config.defaultApiTimeoutMs, signal } = options
    const result = new Map<string, OffsetAndTimestamp>()
    let open = wanted
    await this.#client.retrying('looking up offsets', { timeoutMs, signal }, async () => {
      const failed = new Map<string, KafkaError>()
      await Promise.all(
        [...(await this.#byLeader(open, timeoutMs, signal))].map(async ([leader, partitions]) => {
          const { found, failures } = await this.ask(leader, partitions)
          for (const [key, offset] of found) result.set(key, offset)
          for (const [key, failure] of failures) failed.set(key, failure)
          const asked = new Set(partitions)
          open = open.filter(other => failures.has(formatPartition(other)) || !asked.has(other))
        }),
      )
      if (failed.size === 0) return
      await this.#client.refresh().catch(() => {})
      const all = [...failed.values()]
      throw all.find(failure => !failure.retriable) ?? all[0]!
    })
    return result
  }

  /** For each partition, read or not, the first record at or after the time. @throws TypeError; as {@link find} */
  async forTimes(times: readonly PartitionTime[], options: WaitOptions): Promise<(TopicPartition & OffsetAndTimestamp)[]> {
    checkPartitions(times)
    for (const { topic, partition, timestamp } of times) {
      if (!Number.isSafeInteger(timestamp) || timestamp < 0)
        throw new TypeError(`${topic}-${partition}: a timestamp is a whole number of milliseconds since 1970, not ${timestamp}`)
    }
    this.#client.addInterest(times.map(({ topic }) => topic))
    const found = await this.find(times, options)
    return times.flatMap(({ topic, partition }) => {
      const offset = found.get(formatPartition({ topic, partition }))
      return offset === undefined ? [] : [{ topic, partition, ...offset }]
    })
  }

  /** One end of each partition, read or not: `timestamp` is one of `listOffsetsTimestamps`. @throws as {@link forTimes} */
  async ends(partitions: readonly TopicPartition[], timestamp: number, options: WaitOptions): Promise<TopicPartitionOffset[]> {
    checkPartitions(partitions)
    this.#client.addInterest(partitions.map(({ topic }) => topic))
    const wanted = partitions.map(({ topic, partition }) => ({ topic, partition, timestamp }))
    const found = await this.find(wanted, options)
    return partitions.map(({ topic, partition }) => ({
      topic,
      partition,
      offset: found.get(formatPartition({ topic, partition }))!.offset,
    }))
  }

  async #byLeader<T extends TopicPartition>(
    partitions: readonly T[],
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<Map<number, T[]>> {
    const byLeader = new Map<number, T[]>()
    for (const partition of partitions) {
      const topic = await this.#client.topic(partition.topic, timeoutMs, signal)
      const leader = topic.partitions[partition.partition]?.leader
      if (leader === undefined) throw unknownPartition(partition, topic.partitions.length)
      if (leader < 0) throw brokerError('LEADER_NOT_AVAILABLE', { topic: partition.topic, partition: partition.partition })
      const ofLeader = byLeader.get(leader)
      if (ofLeader === undefined) byLeader.set(leader, [partition])
      else ofLeader.push(partition)
    }
    return byLeader
  }
}

/** The error for a partition that its topic does not have. */
export function unknownPartition({ topic, partition }: TopicPartition, count: number): KafkaError {
  return new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `topic ${topic} has the partitions 0 to ${count - 1}, not ${partition}`, {
    at: { topic, partition },
    retriable: false,
  })
}
