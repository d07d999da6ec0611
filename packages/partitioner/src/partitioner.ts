import { type Headers, KafkaError, messageOf } from '@logwerk/runtime'

/**
 * What a partitioner sees of a record. The producer refills one object for every record: read it, do not keep it.
 *
 * `K` and `V` are what the application sends; a missing key and the value of a tombstone are null.
 */
export interface PartitionInput<K = unknown, V = unknown> {
  readonly topic: string
  readonly key: K | null
  /** The serialized key; null for a record without one, empty for a key of no bytes. */
  readonly keyBytes: Uint8Array | null
  readonly value: V | null
  readonly valueBytes: Uint8Array | null
  readonly headers: Headers
  /** All partitions of the topic, numbered from 0; at least 1. A hash goes over these, or keys move when a leader is away. */
  readonly partitionCount: number
  /** Ascending numbers of the partitions that have a leader now; empty if none has. */
  readonly availablePartitions: readonly number[]
}

/**
 * Answers the partition of a record, in [0, partitionCount), or null for "no opinion": then the default decides, which is
 * {@link javaDefault} and, without a key, the sticky partition. Has to answer at once and the same way for the same key. The
 * function's `name` stands for it in errors.
 */
export type PartitionFunction<K = unknown, V = unknown> = (input: PartitionInput<K, V>) => number | null

/** A partitioner that keeps state, e.g. one whose choice lasts for a batch. One object serves one producer. */
export interface StatefulPartitioner<K = unknown, V = unknown> {
  /** Stands for it in errors. */
  readonly name: string
  /** As {@link PartitionFunction}. */
  partition(input: PartitionInput<K, V>): number | null
  /**
   * Called when a record would open a new batch in the partition that was answered for it. The producer then asks once more for the
   * same record and abides by that answer, so a partitioner that sticks to one partition per batch moves on here. Source: KIP-480.
   */
  onNewBatch?(topic: string, partition: number): void
}

/** Decides which partition of its topic a record goes to, when the record itself does not say. */
export type Partitioner<K = unknown, V = unknown> = PartitionFunction<K, V> | StatefulPartitioner<K, V>

/**
 * Asks `partitioner` and checks the answer.
 *
 * @returns The partition, or null for "no opinion".
 * @throws  KafkaError `PARTITIONER_FAILED` that names the partitioner and the topic, if it threw (see `cause`) or answered anything
 *          but null or a partition of the topic.
 */
export function choosePartition<K, V>(partitioner: Partitioner<K, V>, input: PartitionInput<K, V>): number | null {
  let answer: number | null
  try {
    answer = typeof partitioner === 'function' ? partitioner(input) : partitioner.partition(input)
  } catch (error) {
    throw failure(partitioner, input.topic, `failed: ${messageOf(error)}`, error)
  }
  if (answer === null) return null
  // 0 added, so that nobody ever sees a partition -0.
  if (Number.isInteger(answer) && answer >= 0 && answer < input.partitionCount) return answer + 0
  const range = input.partitionCount === 1 ? 'only partition 0' : `partitions 0 to ${input.partitionCount - 1}`
  throw failure(partitioner, input.topic, `answered ${shown(answer)}; the topic has ${range}`)
}

/**
 * Tells `partitioner` that a record would open a new batch in the partition it answered, if it wants to hear of it.
 *
 * @throws KafkaError `PARTITIONER_FAILED` that names the partitioner and the topic, if it threw (see `cause`) or answered with a promise.
 */
export function announceNewBatch<K, V>(partitioner: Partitioner<K, V>, topic: string, partition: number): void {
  if (typeof partitioner === 'function' || partitioner.onNewBatch === undefined) return
  let answer: unknown
  try {
    answer = partitioner.onNewBatch(topic, partition)
  } catch (error) {
    throw failure(partitioner, topic, `failed in onNewBatch: ${messageOf(error)}`, error)
  }
  if (answer !== undefined && isPromise(answer)) throw failure(partitioner, topic, `answered ${shown(answer)} to onNewBatch`)
}

/** True if `value` has the shape of a {@link Partitioner}: the check of a `partitioner` option. */
export function isPartitioner(value: unknown): value is Partitioner {
  if (typeof value === 'function') return true
  if (typeof value !== 'object' || value === null) return false
  const { name, partition, onNewBatch } = value as Partial<Record<keyof StatefulPartitioner, unknown>>
  return typeof name === 'string' && typeof partition === 'function' && (onNewBatch === undefined || typeof onNewBatch === 'function')
}

function failure<K, V>(partitioner: Partitioner<K, V>, topic: string, what: string, cause?: unknown): KafkaError {
  const name = partitioner.name === '' ? 'an anonymous partitioner' : `partitioner "${partitioner.name}"`
  return new KafkaError('PARTITIONER_FAILED', `topic ${topic}: ${name} ${what}`, { at: { topic }, cause })
}

const SHOWN_LENGTH = 60

/** The answers that are mistakes of a kind say what was probably meant. */
function shown(answer: unknown): string {
  if (isPromise(answer)) {
    // Its own failure, if any, is beside the point, and must not end the process.
    answer.then(undefined, () => {})
    return 'a promise (a partitioner cannot wait)'
  }
  switch (typeof answer) {
    case 'undefined':
      return 'undefined ("no opinion" is null)'
    case 'string':
      return JSON.stringify(answer.length > SHOWN_LENGTH ? `${answer.slice(0, SHOWN_LENGTH)}…` : answer)
    case 'bigint':
      return 'a bigint (a partition is a number)'
    case 'object':
      return Array.isArray(answer) ? 'an array' : 'an object'
    case 'function':
      return 'a function'
    default:
      return String(answer)
  }
}

function isPromise(answer: unknown): answer is PromiseLike<unknown> {
  return typeof answer === 'object' && answer !== null && typeof (answer as { then?: unknown }).then === 'function'
}
