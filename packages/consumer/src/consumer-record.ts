import type { Headers } from '@logwerk/runtime'

/**
 * A record as it was read. Key and value are decoded when they are first asked for, and then kept. The record stays valid for as long as
 * it is held, and keeps in memory what it lies in: its batch if that was compressed, else the broker's whole answer (up to `fetchMaxBytes`).
 * `copy` frees that.
 */
export interface ConsumerRecord<K, V> {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Milliseconds since 1970; -1 if the producer gave none. */
  readonly timestamp: number
  /** 'LogAppendTime' if the timestamp is the broker's. */
  readonly timestampType: 'CreateTime' | 'LogAppendTime'
  /** Epoch of the leader that wrote it; -1 if not known. */
  readonly leaderEpoch: number
  /** Null for a record without a key. @throws SerdeError, each time it is asked for */
  readonly key: K | null
  /** Null for a tombstone. @throws SerdeError, each time it is asked for */
  readonly value: V | null
  /** The key as it lies in the batch, decodable or not. */
  readonly keyBytes: Uint8Array | null
  /** The value as it lies in the batch, decodable or not. */
  readonly valueBytes: Uint8Array | null
  /** In order, duplicates kept. */
  readonly headers: Headers
  /** The value of the last header of that name; undefined if there is none. */
  header(name: string): Uint8Array | null | undefined
  /** The same record with bytes of its own, which keeps nothing else in memory. */
  copy(): ConsumerRecord<K, V>
}

/** Records of one partition that follow each other. */
export interface ConsumerBatch<K, V> {
  readonly topic: string
  readonly partition: number
  /** At least one. */
  readonly records: readonly ConsumerRecord<K, V>[]
  /** Offset behind the last record that this consumer could see when the batch was fetched: with `read_committed`, the last stable offset. */
  readonly highWatermark: number
}
