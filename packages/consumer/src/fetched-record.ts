import type { BatchRecord } from '@logwerk/protocol'
import { type Headers, KafkaError, lastHeader, type MutableHeaders } from '@logwerk/runtime'
import { type Deserializer, deserializeWith, isThenable, type SerdeContext, SerdeError } from '@logwerk/serde'
import type { ConsumerRecord } from './consumer-record.ts'

/** How the records of one consumer are decoded. */
export interface RecordFormat<K, V> {
  readonly key: Deserializer<K>
  readonly value: Deserializer<V>
}

const UNREAD: unique symbol = Symbol('unread')

/** A record where it lies: key and value are made when they are asked for. */
export class FetchedRecord<K, V> implements ConsumerRecord<K, V> {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly timestampType: 'CreateTime' | 'LogAppendTime'
  readonly leaderEpoch: number
  readonly #raw: Pick<BatchRecord, 'key' | 'value' | 'headers'>
  readonly #format: RecordFormat<K, V>
  #key: K | null | SerdeFailure | typeof UNREAD = UNREAD
  #value: V | null | SerdeFailure | typeof UNREAD = UNREAD

  constructor(
    topic: string,
    partition: number,
    offset: number,
    timestamp: number,
    timestampType: 'CreateTime' | 'LogAppendTime',
    leaderEpoch: number,
    raw: Pick<BatchRecord, 'key' | 'value' | 'headers'>,
    format: RecordFormat<K, V>,
  ) {
    this.topic = topic
    this.partition = partition
    this.offset = offset
    this.timestamp = timestamp
    this.timestampType = timestampType
    this.leaderEpoch = leaderEpoch
    this.#raw = raw
    this.#format = format
  }

  get key(): K | null {
    if (this.#key === UNREAD) this.#key = this.#decode(this.#format.key, this.#raw.key, true)
    return settled(this.#key)
  }

  get value(): V | null {
    if (this.#value === UNREAD) this.#value = this.#decode(this.#format.value, this.#raw.value, false)
    return settled(this.#value)
  }

  get keyBytes(): Uint8Array | null {
    return this.#raw.key
  }

  get valueBytes(): Uint8Array | null {
    return this.#raw.value
  }

  get headers(): Headers {
    return this.#raw.headers
  }

  header(name: string): Uint8Array | null | undefined {
    return lastHeader(this.#raw.headers, name)
  }

  copy(): ConsumerRecord<K, V> {
    const { key, value, headers } = this.#raw
    const own = {
      key: key === null ? null : Buffer.from(key),
      value: value === null ? null : Buffer.from(value),
      headers: headers.map(header => ({ key: header.key, value: header.value === null ? null : Buffer.from(header.value) })),
    }
    const { topic, partition, offset, timestamp, timestampType, leaderEpoch } = this
    const copy = new FetchedRecord(topic, partition, offset, timestamp, timestampType, leaderEpoch, own, this.#format)
    // What takes its time to decode was decoded before, and cannot be when it is asked for.
    if (this.#format.key.isAsync === true) copy.#key = this.#key
    if (this.#format.value.isAsync === true) copy.#value = this.#value
    return copy
  }

  /** Decodes now what would be decoded later, for deserializers that take their time. A failure is kept for whoever asks. */
  async decodeLater(): Promise<void> {
    const { key, value } = this.#format
    if (key.isAsync === true) this.#key = await this.#decodeSlowly(key, this.#raw.key, true)
    if (value.isAsync === true) this.#value = await this.#decodeSlowly(value, this.#raw.value, false)
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
    return new ReadContext(this.topic, isKey, this.#raw)
  }
}

/** What a deserializer is told. The headers are decoded only for one that looks at them, and are its own: what it adds, nobody sees. */
class ReadContext implements SerdeContext {
  readonly topic: string
  readonly isKey: boolean
  readonly #raw: { readonly headers: Headers }
  #headers: MutableHeaders | null = null

  constructor(topic: string, isKey: boolean, raw: { readonly headers: Headers }) {
    this.topic = topic
    this.isKey = isKey
    this.#raw = raw
  }

  get headers(): MutableHeaders {
    this.#headers ??= [...this.#raw.headers]
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
