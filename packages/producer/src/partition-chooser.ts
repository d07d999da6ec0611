import type { TopicMetadata } from '@logwerk/client'
import {
  announceNewBatch,
  choosePartition,
  createStickyPartitioner,
  murmur2,
  type Partitioner,
  type PartitionLoad,
  type StickyPartitioner,
  toPartition,
} from '@logwerk/partitioner'
import { brokerError, KafkaError, NO_HEADERS, type Random } from '@logwerk/runtime'
import type { PartitionQueue } from './partition-queue.ts'
import type { ProducerConfig } from './producer-config.ts'
import type { ProducerRecord } from './record.ts'
import type { RecordAccumulator } from './record-accumulator.ts'
import type { TopicState } from './topic-state.ts'

type Mutable<T> = { -readonly [P in keyof T]: T[P] }

/** Where a record goes: explicit partition, else the user's partitioner, else the key's hash, else the sticky partition (KIP-794). */
export class PartitionChooser<K, V> {
  readonly #accumulator: RecordAccumulator
  readonly #partitioner: Partitioner<K, V> | null
  readonly #ignoresKeys: boolean
  readonly #sticky: StickyPartitioner
  readonly #load: PartitionLoad
  /** Refilled for each record: partitioners may not keep it. */
  readonly #input: Mutable<Parameters<typeof choosePartition<K, V>>[1]> = {
    topic: '',
    key: null,
    keyBytes: null,
    value: null,
    valueBytes: null,
    headers: NO_HEADERS,
    partitionCount: 0,
    availablePartitions: [],
  }
  /** The sticky partitioner chose the partition of the record under way, so its bytes count for the turn. */
  #isSticky = false

  /** @param partitioner  The user's; null if there is none. */
  constructor(config: ProducerConfig, random: Random, accumulator: RecordAccumulator, partitioner: Partitioner<K, V> | null) {
    this.#accumulator = accumulator
    this.#partitioner = partitioner
    this.#ignoresKeys = config.partitionerIgnoreKeys
    this.#sticky = createStickyPartitioner({
      batchSizeBytes: config.batchSize,
      adaptive: config.partitionerAdaptivePartitioningEnable,
      random,
    })
    this.#load = { queueLength: (topic, partition) => accumulator.queueLength(topic, partition) }
  }

  /** True if `queueOf` may show the value's bytes to a partitioner of the user's. */
  get needsValueBytes(): boolean {
    return this.#partitioner !== null
  }

  /** @throws KafkaError `UNKNOWN_TOPIC_OR_PARTITION`, `PARTITIONER_FAILED` */
  queueOf(
    state: TopicState<K, V>,
    record: ProducerRecord<K, V>,
    keyBytes: Uint8Array | null,
    valueBytes: Uint8Array | null,
  ): PartitionQueue {
    this.#isSticky = false
    const topic = state.known
    if (topic === undefined) throw brokerError('UNKNOWN_TOPIC_OR_PARTITION', { topic: state.name })
    const partitionCount = topic.partitions.length
    const { partition } = record
    if (partition !== undefined) {
      if (!Number.isInteger(partition) || partition < 0 || partition >= partitionCount)
        throw outOfRange(state.name, partition, partitionCount)
      return this.#queueAt(state, partition)
    }
    const partitioner = this.#partitioner
    const chosen = partitioner === null ? null : this.#ask(partitioner, state, topic, record, keyBytes, valueBytes)
    if (chosen !== null) return chosen
    if (keyBytes !== null && !this.#ignoresKeys) return this.#queueAt(state, toPartition(murmur2(keyBytes), partitionCount))
    this.#isSticky = true
    return this.#queueAt(state, this.#sticky.current(state.name, partitionCount, topic.availablePartitions, this.#load))
  }

  /** The record that `queueOf` was asked for last is in its batch, and took so many bytes. */
  onAppended(queue: PartitionQueue, byteCount: number): void {
    if (this.#isSticky) this.#sticky.onAppended(queue.topic, queue.partition, byteCount, this.#accumulator.isLastBatchFull(queue))
  }

  /** A partition's last waiting batch left. */
  onDrained(queue: PartitionQueue): void {
    this.#sticky.onAppended(queue.topic, queue.partition, 0, true)
  }

  forget(topic: string): void {
    this.#sticky.forget(topic)
  }

  #queueAt(state: TopicState<K, V>, partition: number): PartitionQueue {
    return state.queues[partition] ?? this.#accumulator.queueOf(state.name, partition)
  }

  /** The user's partitioner decides; null if it has no opinion. */
  #ask(
    partitioner: Partitioner<K, V>,
    state: TopicState<K, V>,
    topic: TopicMetadata,
    record: ProducerRecord<K, V>,
    keyBytes: Uint8Array | null,
    valueBytes: Uint8Array | null,
  ): PartitionQueue | null {
    const { name } = state
    const input = this.#input
    input.topic = name
    input.key = record.key ?? null
    input.keyBytes = keyBytes
    input.value = record.value
    input.valueBytes = valueBytes
    input.headers = state.valueContext.headers
    input.partitionCount = topic.partitions.length
    input.availablePartitions = topic.availablePartitions
    const first = choosePartition(partitioner, input)
    if (first === null) return null
    const queue = this.#queueAt(state, first)
    if (typeof partitioner === 'function' || partitioner.onNewBatch === undefined || !this.#accumulator.wouldOpenBatch(queue)) return queue
    announceNewBatch(partitioner, name, first)
    const again = choosePartition(partitioner, input)
    return again === null ? null : this.#queueAt(state, again)
  }
}

function outOfRange(topic: string, partition: number, partitionCount: number): KafkaError {
  return new KafkaError(
    'UNKNOWN_TOPIC_OR_PARTITION',
    `topic ${topic} has ${partitionCount === 1 ? 'only partition 0' : `the partitions 0 to ${partitionCount - 1}`}, not ${partition}`,
    { at: { topic, partition }, retriable: false },
  )
}
