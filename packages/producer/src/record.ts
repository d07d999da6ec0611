import type { HeadersInput } from '@logwerk/runtime'

/** A record to send. */
export interface ProducerRecord<K, V> {
  readonly topic: string
  /** Null or left out: no key. */
  readonly key?: K | null | undefined
  /** Null is a tombstone: it deletes the key in a compacted topic. */
  readonly value: V | null
  /** The partition to use, whatever the partitioner would say. */
  readonly partition?: number | undefined
  /** Milliseconds since 1970; now if left out. */
  readonly timestamp?: number | undefined
  readonly headers?: HeadersInput | undefined
}

/** Where a record was stored. */
export interface RecordMetadata {
  readonly topic: string
  readonly partition: number
  /** -1 where the broker does not tell: with acks 0, and for a batch that it had stored before and no longer remembers. */
  readonly offset: number
  /** Milliseconds since 1970: the record's, or the broker's where the topic stamps it (LogAppendTime). */
  readonly timestamp: number
}

/** Called once per record with its fate: an error, or where it was stored. */
export type DeliveryCallback = (error: Error | null, metadata: RecordMetadata | null) => void
