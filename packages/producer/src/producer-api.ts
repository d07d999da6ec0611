import type { ClientOptions } from '@logwerk/client'
import type { Partitioner } from '@logwerk/partitioner'
import type { Serializer } from '@logwerk/serde'
import type { ProducerConfigInput } from './producer-config.ts'
import type { DeliveryCallback, ProducerRecord, RecordMetadata } from './record.ts'

export type ProducerOptions<K, V> = Omit<ProducerConfigInput, 'bootstrapServers'> &
  ClientOptions & {
    readonly bootstrapServers?: readonly string[] | undefined
    /** How keys become bytes. Default: bytes as they are, strings as UTF-8. */
    readonly key?: Serializer<K> | undefined
    /** How values become bytes. Default: bytes as they are, strings as UTF-8. */
    readonly value?: Serializer<V> | undefined
    /** Decides about records that name no partition. Default: Java's (murmur2 of the key; sticky without one). */
    readonly partitioner?: Partitioner<K, V> | undefined
    /** Hears of records that were not delivered and have no callback. Default: a line in the log. */
    readonly onDeliveryError?:
      | ((error: Error, lost: { readonly topic: string; readonly partition: number; readonly recordCount: number }) => void)
      | undefined
  }

export interface SendOptions {
  /** Stops the waiting, not the record: it may still be delivered. */
  readonly signal?: AbortSignal | undefined
}

/** Writes records to topics. Make one with {@link createProducer}; one serves a whole process. */
export interface Producer<K, V> extends AsyncDisposable {
  /**
   * Sends a record and resolves when it is stored as `acks` demands. Records sent without awaiting each travel together.
   *
   * @throws KafkaError: `RecordTooLargeError`; `SerdeError`; `TimeoutError` after `maxBlockMs` (no topic, no room) or
   *         `deliveryTimeoutMs`; `PARTITIONER_FAILED`; what the broker refused; `CLOSED`. TypeError for a record that is none;
   *         `signal.reason`.
   */
  send(record: ProducerRecord<K, V>, options?: SendOptions): Promise<RecordMetadata>
  /**
   * Sends records; resolves when all are stored, with their places in the order given. The first failure rejects, and the others go on:
   * an abort or an error says nothing about them.
   *
   * @throws as {@link send}, and what `records` throws while it is read.
   */
  sendBatch(records: Iterable<ProducerRecord<K, V>>, options?: SendOptions): Promise<RecordMetadata[]>
  /**
   * Takes a record without making a promise: the fast way. False means that the buffer is full and nothing was taken; `await ready()`
   * then. What becomes of the record reaches `callback`, else `onDeliveryError` if it fails.
   *
   * @throws TypeError for a record that is none, KafkaError `CLOSED`.
   */
  enqueue(record: ProducerRecord<K, V>, callback?: DeliveryCallback): boolean
  /** Resolves when `enqueue` takes records again. @throws KafkaError `CLOSED`; `signal.reason` */
  ready(options?: SendOptions): Promise<void>
  /** Resolves when everything sent so far is delivered or has failed; nothing lingers meanwhile. @throws `signal.reason` */
  flush(options?: SendOptions): Promise<void>
  /** Number of partitions of a topic. @throws TimeoutError after `maxBlockMs` */
  partitionsFor(topic: string, options?: SendOptions): Promise<number>
  /**
   * Flushes, then ends. After `timeoutMs` what is left fails with `CLOSED`. Default: no limit beyond `deliveryTimeoutMs`. Idempotent.
   *
   * @throws TypeError for a `timeoutMs` that is none; the producer then goes on.
   */
  close(options?: { readonly timeoutMs?: number | undefined }): Promise<void>
}
