import { endOfParts, headersOfParts, keyOfParts, type MakeRecord, type RecordBatchView, valueOfParts } from '@logwerk/protocol'
import { type Headers, KafkaError, lastHeader, type MutableHeaders } from '@logwerk/runtime'
import { type Deserializer, deserializeWith, isThenable, type SerdeContext, SerdeError } from '@logwerk/serde'
import type { ConsumerRecord } from './consumer-record.ts'
import type { TopicPartition } from './topic-partition.ts'

/** How the records of one consumer are decoded. */
export interface RecordFormat<K, V> {
  readonly key: Deserializer<K>
  readonly value: Deserializer<V>
}

const UNREAD: unique symbol = Symbol('unread')

/** Makes the records of one batch. */
export function fetchedRecords<K, V>(
  { topic, partition }: TopicPartition,
  batch: RecordBatchView,
  format: RecordFormat<K, V>,
): MakeRecord<FetchedRecord<K, V>> {
  const timestampType = batch.isLogAppendTime ? 'LogAppendTime' : 'CreateTime'
  const leaderEpoch = batch.partitionLeaderEpoch
  return (bytes, offset, timestamp, partsAt) =>
    new FetchedRecord(topic, partition, offset, timestamp, timestampType, leaderEpoch, format, bytes, partsAt)
}

/** A record where it lies, the only object that is made for it: key, value and headers are made when they are asked for. */
export class FetchedRecord<K, V> implements ConsumerRecord<K, V> {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly timestampType: 'CreateTime' | 'LogAppendTime'
  readonly leaderEpoch: number
  readonly #format: RecordFormat<K, V>
  readonly #bytes: Buffer
  /** Where key, value and headers begin. */
  readonly #partsAt: number
  #key: K | null | SerdeFailure | typeof UNREAD = UNREAD
  #value: V | null | SerdeFailure | typeof UNREAD = UNREAD

  constructor(
    topic: string,
    partition: number,
    offset: number,
    timestamp: number,
    timestampType: 'CreateTime' | 'LogAppendTime',
    leaderEpoch: number,
    format: RecordFormat<K, V>,
    bytes: Buffer,
    partsAt: number,
  ) {
    this.topic = topic
    this.partition = partition
    this.offset = offset
    this.timestamp = timestamp
    this.timestampType = timestampType
    this.leaderEpoch = leaderEpoch
    this.#format = format
    this.#bytes = bytes
    this.#partsAt = partsAt
  }

  get key(): K | null {
    if (this.#key === UNREAD) this.#key = this.#decode(this.#format.key, this.keyBytes, true)
    return settled(this.#key)
  }

  get value(): V | null {
    if (this.#value === UNREAD) this.#value = this.#decode(this.#format.value, this.valueBytes, false)
    return settled(this.#value)
  }

  get keyBytes(): Uint8Array | null {
    return keyOfParts(this.#bytes, this.#partsAt)
  }

  get valueBytes(): Uint8Array | null {
    return valueOfParts(this.#bytes, this.#partsAt)
  }

  get headers(): Headers {
    return headersOfParts(this.#bytes, this.#partsAt)
  }

  header(name: string): Uint8Array | null | undefined {
    return lastHeader(this.headers, name)
  }

  copy(): ConsumerRecord<K, V> {
    const own = Buffer.from(this.#bytes.subarray(this.#partsAt, endOfParts(this.#bytes, this.#partsAt)))
    const { topic, partition, offset, timestamp, timestampType, leaderEpoch } = this
    const copy = new FetchedRecord(topic, partition, offset, timestamp, timestampType, leaderEpoch, this.#format, own, 0)
    // What takes its time to decode was decoded before, and cannot be when it is asked for.
    if (this.#format.key.isAsync === true) copy.#key = this.#key
    if (this.#format.value.isAsync === true) copy.#value = this.#value
    return copy
  }

  /** Decodes now what would be decoded later, for deserializers that take their time. A failure is kept for whoever asks. */
  async decodeLater(): Promise<void> {
    const { key, value } = this.#format
    if (key.isAsync === true) this.#key = await this.#decodeSlowly(key, this.keyBytes, true)
    if (value.isAsync === true) this.#value = await this.#decodeSlowly(value, this.valueBytes, false)
  }

  #decode<T>(deserializer: Deserializer<T>, bytes: Uint8Array | null, isKey: boolean): T | null | SerdeFailure {
    if (bytes === null) return null
    try {
      const decoded = deserializeWith(deserializer, bytes, this.#context(isKey), this.partition, this.offset)
      if (!isThenable(decoded))
        return decoded as T
        // The promise may reject, and nobody will listen to it.
      ;(decoded as Promise<T>).catch(() => {})
      throw new SerdeError('DECODE', 'the deserializer answered with a promise: set "isAsync: true" on it', {
        at: { topic: this.topic, partition: this.partition, offset: this.offset },
        isKey,
      })
    } catch (error) {
      return new SerdeFailure(error)
    }
  }

  async #decodeSlowly<T>(deserializer: Deserializer<T>, bytes: Uint8Array | null, isKey: boolean): Promise<T | null | SerdeFailure> {
    if (bytes === null) return null
    try {
      return await deserializeWith(deserializer, bytes, this.#context(isKey), this.partition, this.offset)
    } catch (error) {
      return new SerdeFailure(error)
    }
  }

  #context(isKey: boolean): SerdeContext {
    return new ReadContext(this.topic, isKey, this)
  }
}

/** What a deserializer is told. The headers are decoded only for one that looks at them, and are its own: what it adds, nobody sees. */
class ReadContext implements SerdeContext {
  readonly topic: string
  readonly isKey: boolean
  readonly #record: { readonly headers: Headers }
  #headers: MutableHeaders | null = null

  constructor(topic: string, isKey: boolean, record: { readonly headers: Headers }) {
    this.topic = topic
    this.isKey = isKey
    this.#record = record
  }

  get headers(): MutableHeaders {
    this.#headers ??= [...this.#record.headers]
    return this.#headers
  }
}

/** Stands for a value that could not be decoded, until somebody asks for it. */
class SerdeFailure {
  readonly error: unknown
  constructor(error: unknown) {
    this.error = error
  }
}

function settled<T>(state: T | SerdeFailure | typeof UNREAD): T {
  if (state === UNREAD) throw new KafkaError('ILLEGAL_STATE', 'the record has not been decoded')
  if (state instanceof SerdeFailure) throw state.error
  return state
}
